"""What one copy of the code runs on: the process that has it, and the locks of its threads."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from .machine import Program
from .threads import Call, Thread, tested


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
        call = Call(name, arguments, partial(do, program.process, *arguments))
        if program.machine.tells_places:
            frame = tested(sys._getframe(1))
            call = call._replace(place=(frame, frame.f_lasti if frame is not None else 0))
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

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:  # noqa: FBT001, FBT002
        """Wait until it is free, or this thread's own, or so many seconds have passed."""
        if not blocking:
            timeout = 0.0
        thread = self._computer.thread
        program = self._computer.program
        assert program is not None
        disk = program.machine.kernel.disk
        end = disk.clock_ns + int(timeout * 1e9) if timeout >= 0 else None

        def is_free() -> bool:
            return self.owner in {None, thread.ident}

        def is_ready() -> bool:
            return is_free() or (end is not None and disk.clock_ns >= end)

        if len(program.threads) > 1 or not is_free():
            thread.wakes_ns = end
            is_taken = thread.call(Call("acquire", (), is_free, is_ready))
            thread.wakes_ns = None
            if not is_taken:
                return False
        self.owner = thread.ident
        self._depth += 1
        return True

    def release(self) -> None:
        """Give it back."""
        self._depth -= 1
        if not self._depth:
            self.owner = None

    def __enter__(self) -> bool:
        """Wait until it is free, or this thread's own."""
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        """Give it back."""
        self.release()

    def reset(self) -> None:
        """Let it be free."""
        self.owner, self._depth = None, 0
