"""The contract: the package beside this one or, in an install, the one inside it."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING

__all__ = ["Event", "EventStore", "StorageError", "package"]

package: ModuleType

if TYPE_CHECKING:
    # A star takes nothing from a package that is not there, so the types are those of the other.
    # If a type checker finds both, the one inside counts: it belongs to this package alone.
    from ..spec_kitty_events import *  # noqa: F403
    from .spec_kitty_events import *  # type: ignore[import-not-found, unused-ignore]  # noqa: F403
else:
    try:
        from .. import spec_kitty_events as package
    except ImportError:  # pragma: no cover  # tested in an install
        from . import spec_kitty_events as package

    Event = package.Event
    EventStore = package.EventStore
    StorageError = package.StorageError
