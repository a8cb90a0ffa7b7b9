"""The modules ``os`` and ``pathlib`` over simulated system calls."""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

from .computer import Computer
from .windows import BINARY, TEMPORARY

PURE_OS = {
    "PathLike",
    "fsdecode",
    "fsencode",
    "fspath",
    "strerror",
    "sep",
    "stat_result",
    "R_OK",
    "W_OK",
}


class Os:
    """The module ``os``, as far as it is asked for; what is not simulated is an error."""

    sched_yield: Callable[[], None]

    def __init__(self, computer: Computer, *, windows: bool) -> None:
        """Offer the calls of one platform."""
        self._computer = computer
        self.path = Paths(self)
        self.name = "nt" if windows else "posix"
        names = "access close dup dup2 fstat fsync ftruncate link lseek lstat mkdir read readlink"
        names += " rename replace rmdir stat symlink truncate unlink"
        if windows:
            self.O_BINARY, self.O_TEMPORARY, self.O_NONBLOCK = BINARY, TEMPORARY, 0
        else:
            names += " fchmod fchown pread"
            self.O_NONBLOCK = 0
            self.register_at_fork = self._register_at_fork
        for name in names.split():
            setattr(self, name, self._calling(name))

    def _calling(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **_: Any) -> Any:
            plain = [os.fspath(a) if isinstance(a, os.PathLike) else a for a in arguments]
            return self._computer.call(name, *plain)

        return call

    def __getattr__(self, name: str) -> Any:
        """Return what touches no file."""
        is_pure = name in PURE_OS or name.startswith(("O_", "SEEK_"))
        if is_pure and hasattr(os, name):
            return getattr(os, name)
        raise AttributeError(f"os.{name} is not simulated")

    def open(self, path: Any, flags: int, mode: int = 0o777) -> int:
        """Open a file."""
        fd: int = self._computer.call("open", os.fspath(path), flags, mode)
        return fd

    def write(self, fd: int, data: bytes | memoryview) -> int:
        """Write to a file."""
        written: int = self._computer.call("write", fd, bytes(data))
        return written

    def getpid(self) -> int:
        """Return the number of the process."""
        pid: int = self._computer.instant("getpid", lambda program: hash(program.process.name))
        return pid

    def _register_at_fork(self, **hooks: Callable[[], None]) -> None:
        self._computer.hooks.append(hooks)


class Paths:
    """The module ``os.path``."""

    def __init__(self, system: Os) -> None:
        """Go by a simulated ``os``."""
        self._os = system

    def __getattr__(self, name: str) -> Any:
        """Return what only works on texts."""
        if name not in {"basename", "dirname", "isabs", "join", "normpath", "split"}:
            raise AttributeError(f"os.path.{name} is not simulated")
        return getattr(posixpath, name)

    def abspath(self, path: str) -> str:
        """Return a path from the root on."""
        return posixpath.normpath(path)

    def realpath(self, path: Any) -> str:
        """Return where a path leads, links followed."""
        path = os.fspath(path)
        found = ""
        for part in path.split("/")[1:]:
            here = f"{found}/{part}"
            try:
                target = self._os.readlink(here)
            except OSError:
                found = here
            else:
                found = self.realpath(posixpath.join(found or "/", target))
        return found or "/"

    def sameopenfile(self, one: int, other: int) -> bool:
        """Return whether two descriptors are for the same file."""
        return self.samestat(self._os.fstat(one), self._os.fstat(other))

    def samestat(self, one: os.stat_result, other: os.stat_result) -> bool:
        """Return whether two statuses are of the same file."""
        return (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)

    def exists(self, path: Any) -> bool:
        """Return whether there is something."""
        try:
            self._os.stat(path)
        except OSError:
            return False
        return True


class SimulatedPath(PurePosixPath):
    """``pathlib.Path``, as far as it is asked for."""

    system: Any

    def mkdir(self, mode: int = 0o777, parents: bool = False, exist_ok: bool = False) -> None:  # noqa: FBT001, FBT002
        """Make a directory, as pathlib does."""
        try:
            self.system.mkdir(self, mode)
        except FileNotFoundError:
            if not parents or self.parent == self:
                raise
            self.parent.mkdir(parents=True, exist_ok=True)
            self.mkdir(mode, parents=False, exist_ok=exist_ok)
        except OSError:
            if not exist_ok or not stat.S_ISDIR(self.system.stat(self).st_mode):
                raise

    def lstat(self) -> Any:
        """Return the status of what is here."""
        return self.system.lstat(self)

    def stat(self) -> Any:
        """Return the status of what this leads to."""
        return self.system.stat(self)

    def is_symlink(self) -> bool:
        """Return whether this is a symbolic link."""
        try:
            return stat.S_ISLNK(self.lstat().st_mode)
        except OSError:
            return False

    def resolve(self) -> SimulatedPath:
        """Return where this leads."""
        return type(self)(self.system.path.realpath(self))

    def unlink(self, missing_ok: bool = False) -> None:  # noqa: FBT001, FBT002
        """Take the name away."""
        try:
            self.system.unlink(self)
        except FileNotFoundError:
            if not missing_ok:
                raise

    def rename(self, target: Any) -> None:
        """Give the file another name; on Windows there must be nothing under it."""
        self.system.rename(self, target)
