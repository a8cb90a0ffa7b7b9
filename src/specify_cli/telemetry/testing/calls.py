"""Calls in threads, which begin at one moment or while another call stands still."""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from functools import partial, wraps
from itertools import chain
from typing import Concatenate, ParamSpec, Protocol, TypeVar

# A call that takes longer waits for one that stands still, as far as can be told from outside.
_SECONDS_TO_END = 0.25
# How long to look, each time the other has gone one step further, whether it waits no more.
_SECONDS_TO_LOOK = 0.001


class Call(threading.Thread):
    """A call in a thread of its own, which keeps no program from ending.

    Args:
        function: What to call.
    """

    def __init__(self, function: Callable[[], object]) -> None:
        """Begin."""
        super().__init__(daemon=True)
        self.function = function
        self._error: BaseException | None = None
        self.start()

    def run(self) -> None:
        """Call the function."""
        try:
            self.function()
        except BaseException as error:  # noqa: BLE001  # `end` raises it
            self._error = error

    def end(self, deadline: float) -> None:
        """Wait for the end of the call, and raise what it has raised.

        Args:
            deadline: When to wait no longer, as ``time.monotonic`` tells it.

        Raises:
            TimeoutError: The call has not ended. The message says where it is.
        """
        self.join(max(0.0, deadline - time.monotonic()))
        if self.is_alive():
            frames = sys._current_frames().items()  # noqa: SLF001  # as documented
            here = [traceback.format_stack(frame) for ident, frame in frames if ident == self.ident]
            raise TimeoutError(f"still waiting, or at work, here:\n{''.join(chain(*here))}")
        if self._error is not None:
            raise self._error


class Others:
    """Calls to make while another stands still, each in a thread.

    Args:
        functions: What to call. To call it again changes nothing.
    """

    def __init__(self, *functions: Callable[[], object]) -> None:
        """Remember what to call."""
        self._functions = functions
        self._calls: list[Call] = []
        self._ended: list[Call] = []

    def begin(self) -> bool:
        """Make the calls, and return whether they have all ended without waiting."""
        self._calls = [Call(function) for function in self._functions]
        return self._have_ended(self._calls, within=_SECONDS_TO_END)

    def finished(self) -> bool:
        """Return whether all calls have ended, after a moment.

        Those that did not wait are made again: what they find may be different now.
        """
        if self._have_ended(self._calls, within=_SECONDS_TO_LOOK):
            return True
        again = []
        for place, call in enumerate(self._calls):
            if not call.is_alive():
                self._ended.append(call)
                self._calls[place] = Call(call.function)
                again.append(self._calls[place])
        self._have_ended(again, within=_SECONDS_TO_END)
        return False

    def end(self, seconds: float) -> None:
        """Make the calls if none was made, wait for their end, and raise what one has raised.

        Raises:
            TimeoutError: One has not ended within ``seconds``.
        """
        if not self._calls:
            self.begin()
        deadline = time.monotonic() + seconds
        for call in (*self._ended, *self._calls):
            call.end(deadline)

    @staticmethod
    def _have_ended(calls: Sequence[Call], *, within: float) -> bool:
        deadline = time.monotonic() + within
        for call in calls:
            call.join(max(0.0, deadline - time.monotonic()))
        return not any(call.is_alive() for call in calls)


def in_threads(functions: Sequence[Callable[[], object]], seconds: float) -> None:
    """Call all ``functions`` at once, in threads that take turns often; raise what one raises.

    Raises:
        TimeoutError: One has not ended within ``seconds``.
    """
    begin = threading.Event()

    def call(function: Callable[[], object]) -> None:
        begin.wait()
        function()

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        calls = [Call(partial(call, function)) for function in functions]
        begin.set()
        deadline = time.monotonic() + seconds
        for running in calls:
            running.end(deadline)
    finally:
        sys.setswitchinterval(interval)


class HasDeadline(Protocol):
    """A suite whose tests have to end."""

    deadline: float


SuiteT = TypeVar("SuiteT", bound=HasDeadline)
Fixtures = ParamSpec("Fixtures")


def within_deadline(
    test: Callable[Concatenate[SuiteT, Fixtures], None],
) -> Callable[Concatenate[SuiteT, Fixtures], None]:
    """Return the test in a thread of its own, and failing when the suite's time is up."""

    @wraps(test)
    def bounded(suite: SuiteT, /, *args: Fixtures.args, **kwargs: Fixtures.kwargs) -> None:
        __tracebackhide__ = True
        Call(partial(test, suite, *args, **kwargs)).end(time.monotonic() + suite.deadline)

    return bounded
