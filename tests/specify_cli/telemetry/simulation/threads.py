"""The threads of simulated processes: each stops before every system call, and goes on when told.

A thread is a greenlet: the code under test runs on a stack of its own, and passing the turn takes
0.15 microseconds; a lock and a real thread take 20.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Any, NamedTuple

import greenlet

if TYPE_CHECKING:
    from .machine import Machine


class Killed(BaseException):
    """The process has ended: what is left of its code is unwound, and has no effect."""


class Call(NamedTuple):
    """A system call that a thread is about to make.

    Attributes:
        name: Its name.
        arguments: What it is given.
        do: What it does.
        is_ready: Whether it could be done now.
        place: Where in the code it is made: the frame, and the step in it.
    """

    name: str
    arguments: tuple[Any, ...]
    do: Callable[[], Any]
    is_ready: Callable[[], bool] | None = None
    place: tuple[FrameType | None, int] = (None, 0)


class Outcome(NamedTuple):
    """How a call ended, as the thread saw it.

    Attributes:
        value: What it returned.
        error: What it raised.
        interrupt: Whether a signal came before the next step of the code.
    """

    value: Any = None
    error: BaseException | None = None
    interrupt: bool = False


# Instead of an outcome: before the call, a signal comes; the call is still to be made.
SIGNAL = Outcome("signal")


class Thread:
    """One thread of a simulated process.

    Attributes:
        name: What traces call it.
        ident: What ``threading.get_ident`` returns in it.
        pending: The call that it is about to make; None when it has ended.
        is_dead: Whether its process has been killed.
        history: A number made of all that it has seen: two runs in which it has seen the same are
            the same to it.
        outcomes: All that it has seen.
        replay: What it is still to see again, if it is a forked copy.
        wakes_ns: When it wakes, while it sleeps.
        seen: How often something had been released when it last tried in vain.
        handler: What a signal calls; None raises ``KeyboardInterrupt``.
        error: What has ended it that should not have.
        on_turn: What to do when it makes its next call.
        looked: How often the log had been replaced when it last used a path.
        place: Where in the code its last call was made.
        measured: What others had in the log when its last call, if it was that one, asked for the
            size.
    """

    def __init__(self, machine: Machine, name: str, ident: int, body: Callable[[], None]) -> None:
        """Prepare it; ``resume`` runs it up to its first call."""
        self.machine = machine
        self.name = name
        self.ident = ident
        self.pending: Call | None = None
        self.is_dead = False
        self.history = 0
        self.outcomes: list[Outcome] = []
        self.replay: list[Outcome] = []
        self.wakes_ns: int | None = None
        self.seen = -1
        self.handler: Callable[[], None] | None = None
        self.error: BaseException | None = None
        self.on_turn: Callable[[], None] | None = None
        self.looked = 0
        self.place: tuple[FrameType | None, int] = (None, 0)
        self.measured: list[bytes] | None = None
        self._body = body
        self._greenlet = greenlet.greenlet(self._run)

    def key(self) -> tuple[object, ...]:
        """Return all that tells one state of it from another."""
        return self.history, self.looked, self.pending is None

    def note(self, *seen: object) -> None:
        """Take into its history what it was told by other means than a call."""
        self.history = hash((self.history, seen))

    def resume(self, action: Callable[[], Outcome]) -> None:
        """Let it do its call as ``action`` says, and run up to the next one."""
        self.pending = None
        self.machine.current = self
        self._greenlet.switch(action)

    def end(self) -> None:
        """Unwind its code without any effect."""
        self.is_dead = True
        self.pending = None
        if self._greenlet and not self._greenlet.dead:
            self.machine.current = self
            self._greenlet.throw(Killed)

    def call(self, call: Call) -> Any:
        """Stop before a call until it is this thread's turn; return what the call returns."""
        while True:
            if self.is_dead:
                raise Killed
            self.pending = call
            outcome = self.machine.hub.switch()()
            self.place = call.place
            if outcome is not SIGNAL:
                return self._see(call.name, outcome)
            self._see("signal", outcome)
            if self.handler is None:
                raise KeyboardInterrupt
            self.handler()

    def instant(self, name: str, ask: Callable[[], Any]) -> Any:
        """Return what needs no turn, such as the time, and is seen all the same."""
        if self.is_dead:
            raise Killed
        return self._see(name, self.replay.pop(0) if self.replay else Outcome(ask()))

    def _see(self, name: str, outcome: Outcome) -> Any:
        self.outcomes.append(outcome)
        error = repr(outcome.error) if outcome.error else None
        self.history = hash((self.history, name, outcome.value, error, outcome.interrupt))
        if outcome.interrupt:
            _interrupt(sys._getframe(2))
        if outcome.error is not None:
            raise outcome.error
        return outcome.value

    def _run(self, _: object) -> None:
        try:
            self._body()
        except Killed:
            pass
        except BaseException as error:  # noqa: BLE001  # reported by whoever runs the machine
            self.error = error
        finally:
            self.pending = None


def tested(frame: FrameType | None) -> FrameType | None:
    """Return the innermost frame of the code under test."""
    while frame is not None and not frame.f_code.co_filename.startswith("image"):
        frame = frame.f_back
    return frame


def _interrupt(frame: FrameType | None) -> None:
    """Raise KeyboardInterrupt before the next step of the code under test, as Python does."""
    frame = tested(frame)
    if frame is None:
        raise KeyboardInterrupt

    def trace(at: FrameType, event: str, _: object) -> Any:
        if at is stopped and event == "opcode":
            raise KeyboardInterrupt
        return trace

    stopped = frame
    stopped.f_trace = trace
    stopped.f_trace_opcodes = True
    sys.settrace(lambda *_: None)
