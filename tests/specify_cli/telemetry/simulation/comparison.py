"""Programs of system calls made by chance, run on the real operating system and on the simulated one.

A program is a list of steps; a step names a process, a call, and what it is given, with files by
their paths and open files by their turn. What is compared is what each step returns, without what
may well differ: inode numbers and descriptors.
"""

from __future__ import annotations

import os
import random
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from .descriptors import Process
from .disk import Disk
from .kernel import Kernel

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

PATHS = ["a", "b", "d", "d/x", "l"]
_FAR = 1 << 40


class Step(NamedTuple):
    """A system call to make.

    Attributes:
        process: The number of the process that makes it.
        call: Its name.
        arguments: What it is given: a path below the folder, the number of an open file, or else.
    """

    process: int
    call: str
    arguments: tuple[Any, ...]


def program(seed: int, length: int, *, windows: bool, processes: int) -> list[Step]:
    """Make up a program."""
    chance = random.Random(seed)
    steps = [Step(0, "open", ("a", os.O_RDWR | os.O_CREAT | os.O_APPEND))]
    for _ in range(length):
        process = chance.randrange(processes)
        call = chance.choice(list(_CHOICES if not windows else _ON_WINDOWS))
        steps.append(Step(process, call, _arguments(call, chance)))
    return steps


_FLAGS = [
    os.O_RDONLY,
    os.O_RDWR,
    os.O_RDWR | os.O_CREAT,
    os.O_RDWR | os.O_CREAT | os.O_APPEND,
    os.O_WRONLY | os.O_APPEND,
    os.O_WRONLY | os.O_CREAT | os.O_EXCL,
    os.O_WRONLY | os.O_CREAT | os.O_TRUNC,
]
_BOTH = """open open open close close dup write write write read lseek ftruncate fstat fstat stat stat
lstat unlink replace rename link mkdir rmdir fsync same truncate""".split()
_CHOICES = [*_BOTH, *"pread pread dup2 flock flock flock flock symlink readlink".split()]
_ON_WINDOWS = [*_BOTH, *"locking locking locking unlocking".split()]
_OF_PATHS = {"stat", "lstat", "unlink", "mkdir", "rmdir", "readlink"}
_OF_TWO = {"replace", "rename", "link"}
_NUMBERS = {"ftruncate": (0, 3, 9), "read": (1, 4, 100)}


def _arguments(call: str, chance: random.Random) -> tuple[Any, ...]:
    if call == "open":
        return chance.choice(PATHS), chance.choice(_FLAGS)
    if call in _OF_PATHS:
        return (chance.choice(PATHS),)
    if call in _OF_TWO:
        return chance.choice(PATHS), chance.choice(PATHS)
    if call == "truncate":
        return chance.choice(PATHS), chance.choice((0, 2, 7))
    if call == "symlink":
        return chance.choice(["a", "b", "d", "l", "none"]), chance.choice(PATHS)
    file = chance.randrange(6)
    if call == "same":
        return file, chance.choice(PATHS)
    if call == "dup2":
        return file, chance.randrange(6)
    if call == "write":
        return file, bytes(chance.choice(b"abc") for _ in range(chance.randrange(1, 6)))
    if call == "pread":
        return file, chance.choice((1, 4, 100)), chance.choice((0, 2, 5))
    if call == "lseek":
        return file, chance.choice((0, 2, 7)), chance.choice((os.SEEK_SET, os.SEEK_END))
    if call == "flock":
        return file, chance.choice((1 | 4, 2 | 4, 2 | 4, 8))
    return (file, chance.choice(_NUMBERS[call])) if call in _NUMBERS else (file,)


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
            # Wine tells no error where Windows says that the bytes are locked.
            return "error", error.errno or 13

    def _play(self, call: str, arguments: tuple[Any, ...]) -> Any:
        if call in {*_OF_PATHS, *_OF_TWO, "open", "truncate", "symlink"}:
            return self._by_path(call, arguments)
        if not self.files:
            return None
        number = arguments[0] % len(self.files)
        fd = self.files[number]
        if call == "close":
            self.files.pop(number)
        if call == "same":
            one, other = self._call("fstat", fd), self._call("stat", self._path(arguments[1]))
            return one.st_ino == other.st_ino
        if call == "dup2":
            self._call(call, fd, self.files[arguments[1] % len(self.files)])
            return None
        if call in {"locking", "unlocking"}:
            self._call("lseek", fd, _FAR, os.SEEK_SET)
            return self._call("locking", fd, 2 if call == "locking" else 0, 1)
        if call == "lseek" and stat.S_ISDIR(self._call("fstat", fd).st_mode):
            return None  # how long a directory is, each file system says differently
        result = self._call(call, fd, *arguments[1:])
        if call == "dup":
            self.files.append(result)
            return None
        return _told(result)

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
