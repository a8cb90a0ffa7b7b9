"""The calls that the code makes to the operating system: watched, counted, and made to fail."""

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

# What a save or a load asks for, by the name the code uses.
CALLS = ["open", LOCK, "fstat", "stat", READ, "write", "dup", "ftruncate", "fsync", "close"]
# What a repair asks for beyond that.
_MORE = [
    *("lstat", "lseek", "read", "fchown", "fchmod", "link", "rename", "replace", "truncate"),
    "unlink",
]
_BY_PATH = {"open", "stat", "lstat", "link", "rename", "replace", "truncate", "unlink"}

ERRORS = [errno.ENOSPC, errno.EIO, errno.EACCES, errno.EINTR]

Action = Callable[[], None]


def failing(number: int) -> Action:
    """Return an action that raises as the operating system does."""

    def fail() -> None:
        raise OSError(number, os.strerror(number))

    return fail


class SystemCalls:
    """Watches the calls made for one file, for a folder and what is in it, or for every file.

    Attributes:
        made: The calls, in order: name, and path of the file.
        fired: Whether the last action has been taken.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, path: Path | None = None) -> None:
        """Begin to watch.

        Args:
            monkeypatch: What ends it.
            path: A file, or a folder; by default every file that is opened.
        """
        self.made: list[tuple[str, Path]] = []
        self.fired = False
        self._path = path
        self._paths: dict[int, Path] = {}
        self._armed: dict[str, tuple[int, Action, bool]] = {}
        self._any: tuple[int, Action] | None = None
        self._size_read = 0
        for name in dict.fromkeys([*CALLS, *_MORE]):
            module = locks if name == LOCK else os
            if hasattr(module, name):
                monkeypatch.setattr(module, name, self._watched(name, getattr(module, name)))

    @property
    def calls(self) -> list[str]:
        """The names of the calls, in order."""
        return [name for name, _ in self.made]

    def at(self, call: str, number: int, action: Action, *, after: bool = False) -> None:
        """Take ``action`` instead of (or after) the ``number``-th ``call`` from now on."""
        self.fired = False
        self._armed[call] = (number, action, after)

    def at_any(self, number: int, action: Action) -> None:
        """Take ``action`` at the ``number``-th call from now on; a write is half done by then."""
        self.fired = False
        self._any = (number, action)

    def disarm(self) -> None:
        """Let every call through from now on."""
        self._armed.clear()
        self._any = None

    def short_writes(self, monkeypatch: pytest.MonkeyPatch, *sizes: int, then: Action) -> None:
        """Let the next writes take only so many bytes, and the one after them do ``then``."""
        left = list(sizes)
        write = os.write

        def short(fd: int, data: bytes) -> int:
            if fd not in self._paths:
                return write(fd, data)
            if not left:
                then()
                return write(fd, data)
            size = left.pop(0)
            return write(fd, bytes(data[:size])) if size else 0

        monkeypatch.setattr(os, "write", short)

    def taken(self, *names: str) -> list[tuple[str, Path]]:
        """Return the calls of these names since the last time, and forget all."""
        made, self.made = self.made, []
        return [call for call in made if call[0] in names]

    def read(self, use: Callable[[], object]) -> int:
        """Return how many bytes ``use`` reads."""
        self._size_read = 0
        use()
        return self._size_read

    def _watched(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            path = self._path_of(name, arguments[0])
            if path is None:
                return real(*arguments, **options)
            self.made.append((name, path))
            action, after = self._due(name)
            if action is not None and not after:
                self._do_in_part(name, real, arguments)
                self.fired = True
                action()
            result = real(*arguments, **options)
            self._follow(name, path, arguments, result)
            if action is not None and after:
                self.fired = True
                action()
            return result

        return call

    def _do_in_part(self, name: str, real: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        if name == "close":
            # A close that reports an error has closed the descriptor all the same.
            self._paths.pop(arguments[0])
            real(*arguments)
        elif name == "write" and self._any is not None:
            real(arguments[0], bytes(arguments[1][: len(arguments[1]) // 2]))

    def _due(self, name: str) -> tuple[Action | None, bool]:
        """Count a call; return the action if this is the one it is for."""
        if self._any is not None:
            number, action = self._any
            self._any = (number - 1, action)
            return (action, False) if number == 1 else (None, False)
        if name not in self._armed:
            return None, False
        number, action, after = self._armed.pop(name)
        if number == 1:
            return action, after
        self._armed[name] = (number - 1, action, after)
        return None, False

    def _path_of(self, name: str, file: int | str | Path) -> Path | None:
        """Return the path a call is for, if it is one to watch."""
        if name not in _BY_PATH or isinstance(file, int):
            return self._paths.get(int(file)) if isinstance(file, int) else None
        path = Path(file)
        return path if self._path in {None, path, path.parent} else None

    def _follow(self, name: str, path: Path, arguments: tuple[Any, ...], result: Any) -> None:
        if name in {"open", "dup"}:
            self._paths[result] = path
        elif name == "close":
            self._paths.pop(arguments[0], None)
        elif name in {"read", "pread"}:
            self._size_read += len(result)
