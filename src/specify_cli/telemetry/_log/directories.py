"""Making the names of a file durable: the directories that lead to it, synced when they change."""

from __future__ import annotations

import os
import time
from typing import TypeAlias

from . import files

# Some file systems tell times in steps of two seconds.
_SETTLED_NS = 2_000_000_000

# Device, inode and the time of the last change of what is in it.
_State: TypeAlias = tuple[int, int, int]


class DirectorySync:
    """Syncs the directories that lead to a file, unless the one it is in is as it was last time.

    Whoever made a directory, and whether or not that was synced then, the file is lost with it. So
    all of them count: those of the path as it is given and, of a symbolic link, those of the file
    it names; up to one that this process may not list and write to, or that is on another device.
    None of them can be made anew without the one that the file is in.

    Args:
        path: The file.
    """

    def __init__(self, path: str) -> None:
        """Start with every directory to be synced."""
        self._path = path
        self._synced: dict[str, _State] = {}

    def sync(self) -> None:
        """Wait until the names of the file are on the device.

        Raises:
            OSError: A directory could not be synced; the next call tries again.
        """
        # A change made just before may share its time with one that is yet to come, while the
        # device is waited for or later.
        settled = time.time_ns() - _SETTLED_NS
        # Through a link, the file is in one directory and its name in another. Which those are,
        # the working directory or another link on the way may have changed.
        nearest = [os.path.dirname(name) for name in _names_of(self._path)]  # noqa: PTH120  # a str
        states = {name: _state(name) for name in nearest}
        if states == self._synced:
            return
        for name in _with_those_above(nearest):
            files.sync_directory(name)
        self._synced = states if all(state[2] < settled for state in states.values()) else {}


def _names_of(path: str) -> tuple[str, str]:
    return os.path.realpath(path), os.path.abspath(path)  # noqa: PTH100  # as given


def _state(directory: str) -> _State:
    status = os.stat(directory)  # noqa: PTH116  # a str, as everywhere at this level
    return status.st_dev, status.st_ino, status.st_ctime_ns


def _with_those_above(nearest: list[str]) -> list[str]:
    found: dict[str, None] = {}
    for directory in nearest:
        device = _state(directory)[0]
        name = directory
        while name not in found:
            found[name] = None
            name = os.path.dirname(name)  # noqa: PTH120  # a str
            if not os.access(name, os.R_OK | os.W_OK) or _state(name)[0] != device:
                break
    return list(found)
