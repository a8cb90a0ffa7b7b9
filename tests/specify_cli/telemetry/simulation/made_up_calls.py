"""Programs of system calls, made up by chance."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from typing import Any, NamedTuple

PATHS = ["a", "b", "d", "d/x", "l"]
OF_ONE_PATH = {"stat", "lstat", "unlink", "mkdir", "rmdir", "readlink"}
OF_PATHS = {*OF_ONE_PATH, "replace", "rename", "link"}

_FLAGS = [
    os.O_RDONLY,
    os.O_RDWR,
    os.O_RDWR | os.O_CREAT,
    os.O_RDWR | os.O_CREAT | os.O_APPEND,
    os.O_WRONLY | os.O_APPEND,
    os.O_WRONLY | os.O_CREAT | os.O_EXCL,
    os.O_WRONLY | os.O_CREAT | os.O_TRUNC,
]
# How often each is made, among so many.
_BOTH = {"open": 3, "close": 2, "dup": 1, "write": 3, "read": 1, "lseek": 1, "ftruncate": 1}
_BOTH |= {"fstat": 2, "stat": 2, "lstat": 1, "unlink": 1, "replace": 1, "rename": 1, "link": 1}
_BOTH |= {"mkdir": 1, "rmdir": 1, "fsync": 1, "same": 1, "truncate": 1}
_ON_POSIX = {"pread": 2, "dup2": 1, "flock": 4, "symlink": 1, "readlink": 1}
# Of directories and hard links Wine tells other errors than Windows does.
_ON_WINDOWS = {"locking": 3, "unlocking": 1, "mkdir": 0, "rmdir": 0, "link": 0}
_FILES = ["a", "b", "l"]


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
    counts = _BOTH | (_ON_WINDOWS if windows else _ON_POSIX)
    calls = [call for call, count in counts.items() for _ in range(count)]
    steps = [Step(0, "open", ("a", os.O_RDWR | os.O_CREAT | os.O_APPEND))]
    for _ in range(length):
        process, call = chance.randrange(processes), chance.choice(calls)
        made = tuple(make(chance) for make in _ARGUMENTS.get(call, (_file,)))
        if windows:
            made = tuple(chance.choice(_FILES) if part in PATHS else part for part in made)
        steps.append(Step(process, call, made))
    return steps


_Make = Callable[[random.Random], Any]


def _file(chance: random.Random) -> int:
    return chance.randrange(6)


def _path(chance: random.Random) -> str:
    return chance.choice(PATHS)


def _data(chance: random.Random) -> bytes:
    return bytes(chance.choice(b"abc") for _ in range(chance.randrange(1, 6)))


def _one_of(*values: Any) -> _Make:
    return lambda chance: chance.choice(values)


_ARGUMENTS: dict[str, tuple[_Make, ...]] = {
    **dict.fromkeys(OF_ONE_PATH, (_path,)),
    **dict.fromkeys(OF_PATHS - OF_ONE_PATH, (_path, _path)),
    "open": (_path, _one_of(*_FLAGS)),
    "truncate": (_path, _one_of(0, 2, 7)),
    "symlink": (_one_of("a", "b", "d", "l", "none"), _path),
    "same": (_file, _path),
    "dup2": (_file, _file),
    "write": (_file, _data),
    "read": (_file, _one_of(1, 4, 100)),
    "pread": (_file, _one_of(1, 4, 100), _one_of(0, 2, 5)),
    "lseek": (_file, _one_of(0, 2, 7), _one_of(os.SEEK_SET, os.SEEK_END)),
    "ftruncate": (_file, _one_of(0, 3, 9)),
    "flock": (_file, _one_of(1 | 4, 2 | 4, 2 | 4, 8)),
}
