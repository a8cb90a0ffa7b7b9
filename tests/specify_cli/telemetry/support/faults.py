"""Faults at the calls that the store makes to the operating system, for one file only."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

if sys.platform == "win32":
    import msvcrt as locks

    LOCK = "locking"
    READ = "read"
else:
    import fcntl as locks

    LOCK = "flock"
    READ = "pread"

# The calls by the name the store uses; all but open and stat take a descriptor first.
CALLS = ["open", LOCK, "fstat", "stat", READ, "write", "dup", "ftruncate", "fsync", "close"]

Action = Callable[[], None]


def failing(number: int) -> Action:
    """Return an action that raises as the operating system does."""

    def fail() -> None:
        raise OSError(number, os.strerror(number))

    return fail


class Faults:
    """Watches the calls made for one file, and does something at one of them.

    Attributes:
        calls: The names of the calls made for the file, in order.
        fired: Whether the action has been taken.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
        """Begin to watch."""
        self.calls: list[str] = []
        self.fired = False
        self._path = path
        self._fds: set[int] = set()
        self._armed: dict[str, tuple[int, Action, bool]] = {}
        for name in CALLS:
            module = locks if name == LOCK else os
            monkeypatch.setattr(module, name, self._watched(name, getattr(module, name)))

    def at(self, call: str, number: int, action: Action, *, after: bool = False) -> None:
        """Take ``action`` instead of (or after) the ``number``-th ``call`` from now on."""
        self.fired = False
        self._armed[call] = (number, action, after)

    def disarm(self) -> None:
        """Let every call through from now on."""
        self._armed.clear()

    def short_writes(self, monkeypatch: pytest.MonkeyPatch, *sizes: int, then: Action) -> None:
        """Let the next writes take only so many bytes, and the one after them do ``then``."""
        left = list(sizes)
        write = os.write

        def short(fd: int, data: bytes) -> int:
            if fd not in self._fds:
                return write(fd, data)
            if not left:
                then()
                return write(fd, data)
            size = left.pop(0)
            return write(fd, bytes(data[:size])) if size else 0

        monkeypatch.setattr(os, "write", short)

    def _watched(self, name: str, real: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: Any, **options: Any) -> object:
            if not self._is_ours(name, arguments):
                return real(*arguments, **options)
            self.calls.append(name)
            action, after = self._due(name)
            if action is not None and not after:
                self.fired = True
                if name == "close":
                    # A close that reports an error has closed the descriptor all the same.
                    real(*arguments)
                    self._fds.discard(arguments[0])
                action()
            result = real(*arguments, **options)
            self._follow(name, arguments, result)
            if action is not None and after:
                self.fired = True
                action()
            return result

        return call

    def _due(self, name: str) -> tuple[Action | None, bool]:
        """Count a call; return the action if this is the one it is for."""
        if name not in self._armed:
            return None, False
        number, action, after = self._armed.pop(name)
        if number == 1:
            return action, after
        self._armed[name] = (number - 1, action, after)
        return None, False

    def _is_ours(self, name: str, arguments: tuple[Any, ...]) -> bool:
        if name in {"open", "stat"}:
            return isinstance(arguments[0], (str, Path)) and Path(arguments[0]) == self._path
        return arguments[0] in self._fds

    def _follow(self, name: str, arguments: tuple[Any, ...], result: Any) -> None:
        if name in {"open", "dup"}:
            self._fds.add(result)
        elif name == "close":
            self._fds.discard(arguments[0])


ERRORS = [errno.ENOSPC, errno.EIO, errno.EACCES, errno.EINTR]
