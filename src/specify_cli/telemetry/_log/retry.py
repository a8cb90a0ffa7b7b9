"""Trying again for a while what Windows refuses as long as another program has the file open."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

_T = TypeVar("_T")

# The first tries follow each other closely; later ones leave the other program more room.
_STEP = 0.005


def retried(action: Callable[[], _T], *, seconds: float) -> _T:
    """Return what ``action`` returns as soon as it does not raise.

    Args:
        action: Raises PermissionError or FileExistsError while somebody is in the way.
        seconds: For how long it is tried, about.

    Raises:
        OSError: What it raises at last.
    """
    delay = waited = 0.0
    while True:
        try:
            return action()
        except (PermissionError, FileExistsError):
            if waited >= seconds:
                raise
        time.sleep(delay)
        waited += delay
        delay += _STEP
