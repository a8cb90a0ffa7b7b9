"""The modules that the code under test imports, over simulated system calls."""

from __future__ import annotations

import datetime as dt
import secrets
import sys
import threading
from functools import partial
from types import ModuleType, SimpleNamespace
from typing import Any

from .computer import Computer, RLock
from .images import Defect, Image
from .machine import Program
from .os_module import Os, SimulatedPath
from .threads import Call

_NOW = dt.datetime(2026, 2, 16, 9, 12, 58, tzinfo=dt.UTC)


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
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
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


class _Datetime(dt.datetime):
    @classmethod
    def now(cls, tz: dt.tzinfo | None = None) -> Any:
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
    system, clock = Os(computer, windows=windows), _time(computer)
    system.sched_yield = partial(clock.sleep, 0.0)
    path = type("Path", (SimulatedPath,), {"system": system, "__slots__": ()})
    modules: dict[str, Any] = {
        "os": system,
        "sys": _Given(sys, platform="win32" if windows else "linux"),
        "time": clock,
        "pathlib": SimpleNamespace(Path=path),
        "threading": SimpleNamespace(
            RLock=lambda: RLock(computer),
            TIMEOUT_MAX=threading.TIMEOUT_MAX,
            get_ident=lambda: computer.thread.ident,
        ),
        "secrets": _Given(secrets, token_hex=lambda _: computer.instant("token_hex", _token)),
        "datetime": _Given(dt, datetime=_Datetime),
        "msvcrt" if windows else "fcntl": (_msvcrt if windows else _fcntl)(computer),
    }
    image = Image(name, modules, *defects)
    image.computer = computer
    computer.loaded()
    return image
