"""Programs of system calls made up by chance, for the real and the simulated operating system.

A program is a list of steps; a step names a process, a call, and what it is given, with files by
their paths and open files by their turn. What is compared is what each step returns, without what
may well differ: inode numbers and descriptors.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .descriptors import Process
from .disk import Disk
from .kernel import Kernel
from .made_up_calls import OF_PATHS, Step

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_FAR = 1 << 40

Caller = Callable[..., Any]


class Player:
    """One process that plays its steps, whether it is real or not.

    Args:
        caller: What makes a call, given its name and arguments.
        folder: What paths are below of.
    """

    def __init__(self, caller: Caller, folder: str) -> None:
        """Begin without open files."""
        self.files: list[int] = []
        self._call = caller
        self._folder = folder

    def play(self, call: str, arguments: tuple[Any, ...]) -> Any:
        """Make a call; return what it returned, or the number of its error."""
        try:
            return self._play(call, arguments)
        except OSError as error:
            # Wine tells any error where Windows says that the bytes are locked.
            is_untold = call in {"locking", "unlocking"}
            # Which error it is differs with the size.
            is_untold |= call == "ftruncate" and sys.platform == "win32"
            return "error", None if is_untold else error.errno

    def _play(self, call: str, arguments: tuple[Any, ...]) -> Any:
        if call in {*OF_PATHS, "open", "truncate", "symlink"}:
            return self._by_path(call, arguments)
        if not self.files:
            return None
        number = arguments[0] % len(self.files)
        fd = self.files.pop(number) if call == "close" else self.files[number]
        play = getattr(self, f"_{call}", None)
        if play is not None:
            return play(fd, *arguments[1:])
        return _told(self._call(call, fd, *arguments[1:]))

    def _same(self, fd: int, name: str) -> bool:
        one, other = self._call("fstat", fd), self._call("stat", self._path(name))
        return bool(one.st_ino == other.st_ino)

    def _dup(self, fd: int) -> None:
        self.files.append(self._call("dup", fd))

    def _dup2(self, fd: int, other: int) -> None:
        self._call("dup2", fd, self.files[other % len(self.files)])

    def _lseek(self, fd: int, offset: int, whence: int) -> Any:
        # How long a directory is, each file system says differently.
        is_directory = stat.S_ISDIR(self._call("fstat", fd).st_mode)
        return None if is_directory else self._call("lseek", fd, offset, whence)

    def _read(self, fd: int, size: int) -> Any:
        if sys.platform == "win32":
            # As the log reads; without it, the C library remembers where a file ended once.
            self._call("lseek", fd, 0, os.SEEK_SET)
        return self._call("read", fd, size)

    def _locking(self, fd: int, mode: int = 2) -> None:
        self._call("lseek", fd, _FAR, os.SEEK_SET)
        try:
            self._call("locking", fd, mode, 1)
        finally:
            self._call("lseek", fd, 0, os.SEEK_SET)

    def _unlocking(self, fd: int) -> None:
        self._locking(fd, 0)

    def _by_path(self, call: str, arguments: tuple[Any, ...]) -> Any:
        if call == "open":
            self.files.append(self._call(call, self._path(arguments[0]), arguments[1], 0o666))
            return None
        if call == "symlink":
            return self._call(call, arguments[0], self._path(arguments[1]))
        if call == "truncate":
            return self._call(call, self._path(arguments[0]), arguments[1])
        return _told(self._call(call, *map(self._path, arguments)))

    def _path(self, name: str) -> str:
        return f"{self._folder}/{name}"


def _told(result: Any) -> Any:
    if isinstance(result, os.stat_result):
        kind = stat.S_IFMT(result.st_mode)
        is_file = kind == stat.S_IFREG
        return kind, result.st_size if is_file else 0, result.st_nlink if is_file else 0
    return result


def real_call(name: str, *arguments: Any) -> Any:
    """Make a call to the real operating system."""
    if sys.platform == "win32":
        if name == "locking":
            return msvcrt.locking(*arguments)
        if name == "open":
            path, flags, mode = arguments
            return os.open(path, flags | os.O_BINARY, mode)
    elif name == "flock":
        return fcntl.flock(*arguments)
    return getattr(os, name)(*arguments)


class SimulatedMachine:
    """Processes that play on a simulated operating system."""

    def __init__(self, kind: type[Kernel]) -> None:
        """Boot it."""
        disk = Disk()
        disk.make("/t", "directory", 0o755)
        self.kernel = kind(disk)
        self._players = [self._player(self.kernel.start("0"))]
        self._processes = [self.kernel.processes[0]]

    def _player(self, process: Process) -> Player:
        def call(name: str, *arguments: Any) -> Any:
            return getattr(self.kernel, name)(process, *arguments)

        return Player(call, "/t")

    def fork(self) -> None:
        """Fork the first process."""
        child = self.kernel.fork(self._processes[0], str(len(self._processes)))
        self._processes.append(child)
        self._players.append(self._player(child))
        self._players[-1].files = list(self._players[0].files)

    def kill(self, number: int) -> None:
        """End a process."""
        self.kernel.kill(self._processes[number])

    def play(self, step: Step) -> Any:
        """Play a step; return what it returned."""
        return self._players[step.process].play(step.call, step.arguments)

    def close(self) -> None:
        """Leave it."""


def contents(folder: Path) -> dict[str, bytes | None]:
    """Return what is in a folder, None for directories; of links, where they point."""
    found: dict[str, bytes | None] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = os.readlink(path).encode()  # noqa: PTH115  # a text as it is
        else:
            found[name] = None if path.is_dir() else path.read_bytes()
    return found


def simulated_contents(kernel: Kernel) -> dict[str, bytes | None]:
    """Return what is in the folder of the simulated operating system."""
    return {
        path.removeprefix("/t/"): {
            "file": inode.data,
            "directory": None,
            "link": inode.target.encode(),
        }[inode.kind]
        for path, inode in sorted(kernel.disk.everything())
        if path.startswith("/t/")
    }
