"""A file-backed event store: one JSON line per event, append-only, nothing acknowledged is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import _contract
from ._contract import Event, EventStore, StorageError
from ._version import __version__ as __version__
from .jsonl import (
    JsonlEventStore,
    JsonlLog,
    LockTimeoutError,
    MalformedLineError,
    NewEvents,
    Transaction,
)
from .store import SimpleJsonStore

__all__ = [
    "Event",
    "EventStore",
    "InMemoryEventStore",
    "JsonlEventStore",
    "JsonlLog",
    "LockTimeoutError",
    "MalformedLineError",
    "NewEvents",
    "SimpleJsonStore",
    "StorageError",
    "Transaction",
    "check_log",
    "repair_log",
]

if TYPE_CHECKING:
    # A contract of one's own need not have this one.
    from ._contract import InMemoryEventStore  # type: ignore[attr-defined, unused-ignore]
    from .check import check_log
    from .repair import repair_log
else:

    def __getattr__(name: str) -> object:
        """Import what a program that only records events does without."""
        if name == "check_log":
            from .check import check_log  # noqa: PLC0415

            return check_log
        if name == "repair_log":
            from .repair import repair_log  # noqa: PLC0415

            return repair_log
        if name == "InMemoryEventStore":
            return _contract.package.InMemoryEventStore
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
