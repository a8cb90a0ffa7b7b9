"""Stopping a call at each of its steps, to make others meanwhile."""

from __future__ import annotations

import dis
import sys
import time
from collections import Counter
from collections.abc import Callable
from functools import cache
from types import CodeType, FrameType
from typing import Any, Protocol, TypeVar

# What may change something that others see comes after a step.
_CHANGING = ("STORE_ATTR", "STORE_DEREF", "STORE_GLOBAL", "STORE_S", "DELETE_")
# A loop is stopped in its first turn and in its second.
_MAX_VISITS = 2
# A function that is called more often is not looked into: its calls are much alike.
_MAX_CALLS = 6
# Bounds for stores with thousands of steps; one of a few hundred lines is stopped at each.
_MAX_STOPS = 800
_MAX_SECONDS = 10.0

# Nothing of a store happens in these.
_ELSEWHERE = {"contextlib", "typing"}
_OWN = f"{__package__}."

T = TypeVar("T")
# The id of a code object, the offset in it, what happens there, and for which time.
Step = tuple[int, int, str, int]


class Interruption(Protocol):
    """What happens while a call stands still."""

    def begin(self) -> bool:
        """Begin, and return whether all is done; if not, it waits for the call to go on."""

    def finished(self) -> bool:
        """Return whether all is done now."""


class Steps:
    """The steps at which a call was stopped, over many times that it is made.

    A step is a line of Python that is about to run, a return, a call, or an assignment to something
    that is not local. Each time the call is made it is stopped once, at the first step at which it
    was never stopped. When all is done that is to happen meanwhile, or waits for the call itself,
    as for a lock, the call goes on. The steps that it then takes until the others wait no more are
    done with: to stop at any of them would only be to wait again. Since the others take their time
    to go on, even on a busy machine much of it, the last of these steps is tried nevertheless, and
    then the one before, until the others wait there.

    Args:
        in_lines: Whether calls and assignments in the middle of a line are steps too.

    Attributes:
        more: Whether the last call was stopped, so that another one may be.
    """

    def __init__(self, *, in_lines: bool = True) -> None:
        """Start without steps."""
        self.more = True
        self._in_lines = in_lines
        self._known: set[Step] = set()
        self._visits: Counter[tuple[int, int, str]] = Counter()
        self._calls: Counter[int] = Counter()
        self._stopped_at: Step | None = None
        self._passed: list[Step] = []
        self._to_try: list[Step] = []
        self._tried: Step | None = None
        self._stops = 0
        self._until = time.monotonic() + _MAX_SECONDS

    def interrupt(self, call: Callable[[], T], meanwhile: Interruption) -> T:
        """Make a call, stop it at one new step for what is to happen meanwhile; return its value.

        Args:
            call: What to call.
            meanwhile: What happens while the call stands still. It may be that it does not begin,
                if there is no new step.
        """
        self.more = self._others_wait = False
        self._visits.clear()
        self._calls.clear()
        self._passed.clear()
        self._meanwhile = meanwhile
        before = sys.gettrace()
        sys.settrace(self.trace)
        try:
            return call()
        finally:
            sys.settrace(before)
            self._choose_what_to_try()

    def trace(self, frame: FrameType, event: str, _: Any) -> Callable[..., Any] | None:
        """Look at what is about to happen, as ``sys.settrace`` has it."""
        # Not to call sys.settrace(None) here, which brings Python 3.12 down.
        if self.more and not self._others_wait:
            frame.f_trace_opcodes = False
            return None
        if event == "call" and not self._enters(frame):
            frame.f_trace = None  # of a generator it is there from the last time
            return None
        frame.f_trace_opcodes = self._in_lines
        if event in {"line", "return"} or (
            event == "opcode" and frame.f_lasti in _changes(frame.f_code)
        ):
            self._reach((id(frame.f_code), frame.f_lasti, event))
        return self.trace

    def _enters(self, frame: FrameType) -> bool:
        self._calls[id(frame.f_code)] += 1
        module = str(frame.f_globals.get("__name__"))
        elsewhere = module in _ELSEWHERE or module.startswith(_OWN)
        return self._calls[id(frame.f_code)] <= _MAX_CALLS and not elsewhere

    def _reach(self, place: tuple[int, int, str]) -> None:
        self._visits[place] += 1
        step = (*place, self._visits[place])
        if self._visits[place] > _MAX_VISITS:
            return
        if self._others_wait:
            if step not in self._known:
                self._passed.append(step)
            if place[2] != "opcode":  # between lines is often enough to look
                self._others_wait = not self._meanwhile.finished()
        elif step not in self._known and self._may_stop():
            self._known.add(step)
            self.more = True
            self._stops += 1
            self._stopped_at = step
            self._others_wait = not self._meanwhile.begin()
            if step == self._tried and self._others_wait:
                self._to_try = []

    def _choose_what_to_try(self) -> None:
        """Take back one of the steps that were passed while the others waited, perhaps no more."""
        self._known.update(self._passed)
        if self._stopped_at != self._tried:
            if not self._passed:
                return
            self._to_try = self._passed.copy()
        self._tried = self._to_try.pop() if self._to_try else None
        if self._tried is not None:
            self._known.remove(self._tried)

    def _may_stop(self) -> bool:
        return self._stops < _MAX_STOPS and time.monotonic() < self._until


@cache
def _changes(code: CodeType) -> frozenset[int]:
    """Return the offsets of the instructions that may change what others see."""
    offsets = set()
    is_first = True
    for instruction in dis.get_instructions(code):
        is_first = is_first or instruction.starts_line not in {None, False}
        if instruction.opname.startswith("CALL"):
            if not is_first:  # before the first call of a line, the line itself was a step
                offsets.add(instruction.offset)
            is_first = False
        elif instruction.opname.startswith(_CHANGING):
            offsets.add(instruction.offset)
    return frozenset(offsets)
