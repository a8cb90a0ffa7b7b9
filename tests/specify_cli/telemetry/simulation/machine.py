"""A simulated machine: it decides which thread makes its system call next, and how that ends."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import greenlet

from .descriptors import Process
from .images import Copies, Image
from .kernel import Kernel
from .threads import SIGNAL, Call, Killed, Outcome, Thread

# So often time may pass, nothing else being possible, before this counts as a deadlock.
_PATIENCE = 400


class Violation(Exception):  # noqa: N818  # the simulator's finding, not an error
    """A promise that is not kept."""


class Fault(NamedTuple):
    """What comes in the way of a call.

    Attributes:
        name: What it is, for traces.
        outcome: What the thread sees, given its call.
        ends: Whether it ends the process.
    """

    name: str
    outcome: Callable[[Program, Call], Outcome] | None
    ends: bool = False


class Option(NamedTuple):
    """What can happen next: a thread makes its call, with a fault or without.

    Attributes:
        program: The process of the thread.
        thread: The thread.
        fault: The fault; None for none.
    """

    program: Program
    thread: Thread
    fault: Fault | None = None


class Program:
    """A running process: its code, its threads, and what the operating system knows of it.

    Attributes:
        machine: Where it runs.
        image: Its copy of the code.
        process: What the operating system knows of it.
        threads: Its threads, the first the one it started with.
        start: What makes the bodies of its threads.
        is_reliving: Whether it is a forked copy that only sees again what its parent has seen.
        tokens: How many random texts it has made.
        inherited_locks: How many locks it has copies of, whose owners do not exist in it.
    """

    def __init__(self, machine: Machine, image: Image, process: Process, start: Start) -> None:
        """Load its code anew."""
        self.machine = machine
        self.image = image
        self.process = process
        self.start = start
        self.threads: list[Thread] = []
        self.order: list[int] = []
        self.is_reliving = False
        self.tokens = 0
        self.inherited_locks = 0
        image.reset()
        image.computer.take(self)

    def begin(self) -> None:
        """Start its threads, and let each come to its first call."""
        for thread in self._threads():
            thread.resume(Outcome)

    def _threads(self) -> list[Thread]:
        for number, body in enumerate(self.start(self)):
            name = self.process.name if not number else f"{self.process.name}.{number}"
            self.threads.append(Thread(self.machine, name, 100 + number, body))
        return self.threads

    def key(self) -> tuple[object, ...]:
        """Return all that its threads have seen, on which alone it depends what they do next."""
        # Threads share memory, so it counts in what order they had their turns.
        order = tuple(self.order) if len(self.threads) > 1 else ()
        return order, *(thread.key() for thread in self.threads)

    def begin_again(self, parent: Program) -> None:
        """Start its threads, and let them see all that those of its parent have seen."""
        self.is_reliving = True
        for thread, twin in zip(parent.threads, self._threads(), strict=True):
            twin.replay = list(thread.outcomes)
        for thread in self.threads:
            thread.resume(Outcome)
        self.order = parent.order[:-1]
        for number in self.order:
            twin = self.threads[number]
            twin.resume(lambda twin=twin: twin.replay.pop(0))  # type: ignore[misc]  # bound early
        self.is_reliving = False


Start = Callable[[Program], list[Callable[[], None]]]


class Machine:
    """An operating system, and the programs that run on it.

    Args:
        kernel: The operating system.
        images: Copies of the code, one for each process that may be started.

    Attributes:
        current: The thread whose turn it is.
        steps: What has happened, for a trace.
        watch: What is told of every call before it is made.
        tells_places: Whether it matters where in the code calls are made.
    """

    def __init__(self, kernel: Kernel, images: Copies) -> None:
        """Switch it on."""
        self.kernel = kernel
        self.programs: list[Program] = []
        self.current: Thread | None = None
        self.hub = greenlet.getcurrent()
        self.steps: list[tuple[str, str, tuple[Any, ...], str, Outcome | None]] = []
        self.watch: Callable[[Thread, Call], None] = lambda _thread, _call: None
        self.tells_places = False
        self._images = images
        self._idle = 0
        self._released = 0

    def start(self, name: str, start: Start) -> Program:
        """Start a process."""
        return self._load(self.kernel.start(name), start)

    def _load(self, process: Process, start: Start) -> Program:
        program = Program(self, self._images[len(self.programs)], process, start)
        self.programs.append(program)
        program.begin()
        return program

    @property
    def options(self) -> list[Option]:
        """What can happen next: the thread whose turn it was first, if it can go on."""
        waiting: list[Option] = []
        ready: list[Option] = []
        for program in self.programs:
            for thread in program.threads:
                call = thread.pending
                if call is None or thread.is_dead:
                    continue
                option = Option(program, thread)
                if call.is_ready is not None and not call.is_ready():
                    waiting.append(option)
                elif thread is self.current:
                    ready.insert(0, option)
                else:
                    ready.append(option)
        if not ready and waiting:
            ready.append(self._pass_time(waiting))
        return ready

    def _pass_time(self, waiting: list[Option]) -> Option:
        """Let time pass until somebody wakes."""
        sleeping = [option for option in waiting if option.thread.wakes_ns is not None]
        released = self.kernel.descriptors.locks.released
        self._idle = self._idle + 1 if released == self._released else 0
        self._released = released
        if not sleeping or self._idle > _PATIENCE:
            names = ", ".join(option.thread.name for option in waiting)
            raise Violation(f"deadlock: nobody can go on of {names}")
        first = min(sleeping, key=lambda option: option.thread.wakes_ns or 0)
        self.kernel.disk.clock_ns = max(self.kernel.disk.clock_ns, first.thread.wakes_ns or 0)
        return first

    def take(self, option: Option) -> None:
        """Let a thread make its call."""
        program, thread, fault = option
        call = thread.pending
        assert call is not None
        self.watch(thread, call)
        name = fault.name if fault else ""
        self.steps.append((thread.name, call.name, call.arguments, name, None))
        if fault is not None and fault.ends:
            if fault.outcome is not None:
                fault.outcome(program, call)
            self.kill(program)
            return
        program.order.append(program.threads.index(thread))
        if call.name == "fork":
            self._fork(program, thread)
            return

        def act() -> Outcome:
            if fault is not None and fault.outcome is not None:
                outcome = fault.outcome(program, call)
            else:
                outcome = perform(call)
            self.steps[-1] = (*self.steps[-1][:4], outcome)
            return outcome

        before = sys.gettrace()
        thread.resume(act)
        if fault is not None and sys.gettrace() is not before:
            sys.settrace(before)
        if thread.error is not None:
            raise thread.error

    def _fork(self, program: Program, thread: Thread) -> None:
        """Let a child live through what its parent has seen, up to here, and both go on."""
        process = self.kernel.fork(program.process, f"{program.process.name}'")
        child = Program(self, self._images[len(self.programs)], process, program.start)
        self.programs.append(child)
        child.begin_again(program)
        child.inherited_locks = len(child.image.computer.locks)
        twin = child.threads[program.threads.index(thread)]
        for other in child.threads:
            if other is not twin:
                other.pending = None
        thread.resume(lambda: Outcome(1))
        twin.resume(lambda: Outcome(0))

    def kill(self, program: Program) -> None:
        """End a process wherever it is."""
        self.kernel.kill(program.process)
        for thread in program.threads:
            thread.end()

    def end(self) -> None:
        """Switch it off: nothing that is left has any effect."""
        for program in self.programs:
            for thread in program.threads:
                thread.end()

    def key(self) -> int:
        """Return all that tells one state of it from another."""
        return hash((self.kernel.key(), tuple(program.key() for program in self.programs)))


def perform(call: Call) -> Outcome:
    """Do a call as the operating system does it."""
    try:
        return Outcome(call.do())
    except (OSError, ValueError) as error:
        return Outcome(error=error)


__all__ = ["SIGNAL", "Fault", "Killed", "Machine", "Option", "Program", "Start", "Violation"]
