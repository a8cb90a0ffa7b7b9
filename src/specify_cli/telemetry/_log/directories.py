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
    """Syncs the directories that lead to a file, each only if it may have changed since.

    Whoever made a directory, and whether or not that was synced then, the file is lost with it. So
    all of them count: those of the path as it is given and, of a symbolic link, those of the file
    it names; up to one that this process may not list and write to, or that is on another device.

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
        if self._synced and all(_state(name) == state for name, state in self._synced.items()):
            return
        states = {name: _state(name) for name in _directories_of(self._path)}
        for name, state in states.items():
            if self._synced.get(name) != state:
                files.sync_directory(name)
        # A change made just before may share its time with one that is yet to come.
        settled = time.time_ns() - _SETTLED_NS
        self._synced = states if all(state[2] < settled for state in states.values()) else {}


def _state(directory: str) -> _State:
    status = os.stat(directory)  # noqa: PTH116  # a str, as everywhere at this level
    return status.st_dev, status.st_ino, status.st_ctime_ns


def _directories_of(path: str) -> list[str]:
    found: dict[str, None] = {}
    for name in (os.path.realpath(path), os.path.abspath(path)):  # noqa: PTH100  # as given
        directory = os.path.dirname(name)  # noqa: PTH120  # a str
        device = os.stat(directory).st_dev  # noqa: PTH116  # the same
        while directory not in found:
            found[directory] = None
            directory = os.path.dirname(directory)  # noqa: PTH120  # the same
            if not os.access(directory, os.R_OK | os.W_OK) or os.stat(directory).st_dev != device:  # noqa: PTH116  # the same
                break
    return list(found)
