"""The modules that the code under test imports, over simulated system calls."""

from __future__ import annotations

import datetime
import os
import posixpath
import secrets
import stat
import sys
from collections.abc import Callable
from pathlib import PurePosixPath
from types import ModuleType, SimpleNamespace
from typing import Any

from .images import Defect, Image
from .machine import Program
from .threads import Call, Thread, tested
from .windows import BINARY, TEMPORARY

PURE_OS = {"PathLike", "fsdecode", "fsencode", "fspath", "strerror", "sep", "stat_result"}
_NOW = datetime.datetime(2026, 2, 16, 9, 12, 58, tzinfo=datetime.UTC)


class Computer:
    """What one copy of the code runs on: the process that has it at the moment.

    Attributes:
        program: That process.
        hooks: What it does around a fork.
        locks: The locks that its modules have made.
    """

    def __init__(self) -> None:
        """Begin without a process."""
        self.program: Program | None = None
        self.hooks: list[dict[str, Callable[[], None]]] = []
        self.locks: list[RLock] = []
        self._locks_of_modules = 0

    def loaded(self) -> None:
        """Take note that all modules are loaded."""
        self._locks_of_modules = len(self.locks)

    def take(self, program: Program) -> None:
        """Let another process have it."""
        self.program = program
        del self.locks[self._locks_of_modules :]
        for lock in self.locks:
            lock.reset()

    @property
    def thread(self) -> Thread:
        """The thread whose turn it is."""
        assert self.program is not None
        assert self.program.machine.current is not None
        return self.program.machine.current

    def call(self, name: str, *arguments: Any) -> Any:
        """Make a system call when it is this thread's turn."""
        program = self.program
        assert program is not None
        do = getattr(program.machine.kernel, name)
        frame = tested(sys._getframe(1))
        place = frame, frame.f_lasti if frame is not None else 0
        call = Call(name, arguments, lambda: do(program.process, *arguments), None, place)
        return self.thread.call(call)

    def instant(self, name: str, ask: Callable[[Program], Any]) -> Any:
        """Ask what does not depend on whose turn it is."""
        program = self.program
        assert program is not None
        return self.thread.instant(name, lambda: ask(program))


class RLock:
    """A reentrant lock of a simulated process."""

    def __init__(self, computer: Computer) -> None:
        """Make a free one."""
        self._computer = computer
        self.owner: int | None = None
        self._depth = 0
        computer.locks.append(self)

    def acquire(self) -> bool:
        """Wait until it is free, or this thread's own."""
        thread = self._computer.thread
        program = self._computer.program
        assert program is not None
        if len(program.threads) > 1 or self.owner not in {None, thread.ident}:
            call = Call("acquire", (), lambda: True, lambda: self.owner in {None, thread.ident})
            thread.call(call)
        self.owner = thread.ident
        self._depth += 1
        return True

    def release(self) -> None:
        """Give it back."""
        self._depth -= 1
        if not self._depth:
            self.owner = None

    __enter__ = acquire

    def __exit__(self, *_: object) -> None:
        """Give it back."""
        self.release()

    def reset(self) -> None:
        """Let it be free."""
        self.owner, self._depth = None, 0


class Os:
    """The module ``os``, as far as it is asked for; what is not simulated is an error."""

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
        if name in PURE_OS or name.startswith(("O_", "SEEK_")) or name in {"R_OK", "W_OK"}:
            if hasattr(os, name):
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
        return self._computer.instant("getpid", lambda program: hash(program.process.name))

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


def _fcntl(computer: Computer) -> SimpleNamespace:
    def flock(fd: int, operation: int) -> None:
        try:
            computer.call("flock", fd, operation)
        except BlockingIOError:
            _note_refusal(computer)
            raise

    return SimpleNamespace(flock=flock, LOCK_SH=1, LOCK_EX=2, LOCK_NB=4, LOCK_UN=8)


def _msvcrt(computer: Computer) -> SimpleNamespace:
    def locking(fd: int, mode: int, size: int) -> None:
        try:
            computer.call("locking", fd, mode, size)
        except OSError:
            _note_refusal(computer)
            raise

    return SimpleNamespace(locking=locking, LK_UNLCK=0, LK_LOCK=1, LK_NBLCK=2)


def _note_refusal(computer: Computer) -> None:
    program = computer.program
    assert program is not None
    computer.thread.seen = program.machine.kernel.descriptors.locks.released


def _time(computer: Computer) -> SimpleNamespace:
    def now(program: Program) -> int:
        return program.machine.kernel.disk.clock_ns

    def sleep(seconds: float) -> None:
        thread, program = computer.thread, computer.program
        assert program is not None
        locks = program.machine.kernel.descriptors.locks
        wakes = now(program) + int(seconds * 1e9)
        thread.wakes_ns = wakes

        def is_ready() -> bool:
            return locks.released != thread.seen or now(program) > wakes

        def wake() -> None:
            thread.seen = locks.released
            thread.wakes_ns = None

        thread.call(Call("sleep", (seconds,), wake, is_ready))

    return SimpleNamespace(
        sleep=sleep,
        time_ns=lambda: computer.instant("time_ns", now),
        monotonic=lambda: computer.instant("monotonic", now) / 1e9,
        time=lambda: computer.instant("time", now) / 1e9,
    )


def _token(program: Program) -> str:
    program.tokens += 1
    return f"{program.process.name}{program.tokens}"


class _Datetime(datetime.datetime):
    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> Any:
        del tz
        return _NOW


class _Given(ModuleType):
    """A module in which some names are simulated, and the others are the real ones."""

    def __init__(self, real: ModuleType, **names: Any) -> None:
        super().__init__(real.__name__)
        vars(self).update(vars(real), **names)


def image_of(name: str, *defects: Defect, windows: bool = False) -> Image:
    """Load a copy of the code for one platform.

    Args:
        name: A name for it.
        defects: What to change in it.
        windows: Whether it is to think that it runs on Windows.
    """
    computer = Computer()
    system = Os(computer, windows=windows)
    path = type("Path", (SimulatedPath,), {"system": system, "__slots__": ()})
    modules: dict[str, Any] = {
        "os": system,
        "sys": _Given(sys, platform="win32" if windows else "linux"),
        "time": _time(computer),
        "pathlib": SimpleNamespace(Path=path),
        "threading": SimpleNamespace(
            RLock=lambda: RLock(computer),
            get_ident=lambda: computer.thread.ident,
        ),
        "secrets": _Given(
            secrets, token_hex=lambda _: computer.instant("token_hex", _token)
        ),
        "datetime": _Given(datetime, datetime=_Datetime),
        "msvcrt" if windows else "fcntl": (_msvcrt if windows else _fcntl)(computer),
    }
    image = Image(name, modules, *defects)
    image.computer = computer
    computer.loaded()
    return image


