"""How the suite stops a call at each of its steps while others are made."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import partial
from types import FrameType

import pytest

from specify_cli.telemetry.testing import steps as steps_module
from specify_cli.telemetry.testing.steps import Steps


class Recorded:
    """What happens meanwhile: it notes what the call has done, and may wait for it to go on."""

    def __init__(self, done: list[int], looks: int = 0) -> None:
        """Wait for so many further steps."""
        self.done = done
        self.looks = looks
        self.found: list[list[int]] = []

    def begin(self) -> bool:
        """Note what is done, and return whether that is all."""
        self.found.append(self.done.copy())
        return not self.looks

    def finished(self) -> bool:
        """Return whether that was the last of the further steps."""
        self.looks -= 1
        return not self.looks


def stops(call: Callable[[list[int]], object], steps: Steps, looks: int = 0) -> list[list[int]]:
    """Return what a call had done at each of the steps at which it was stopped."""
    found = []
    while steps.more:
        meanwhile = Recorded([], looks)
        steps.interrupt(partial(call, meanwhile.done), meanwhile)
        found += meanwhile.found
    return found


def append_twice(done: list[int]) -> None:
    """Append in two lines."""
    done.append(1)
    done.append(2)


def append_in_one_line(done: list[int]) -> None:
    """Append in one line."""
    _ = [*map(done.append, [1]), *map(done.append, [2])]


def append_often(done: list[int]) -> None:
    """Append in a loop."""
    for number in range(50):
        done.append(number)  # noqa: PERF402  # a loop


def append_by_function(done: list[int]) -> None:
    """Append in a function that is called often."""
    for number in range(50):
        append(done, number)


def append(done: list[int], number: int) -> None:
    """Append a number."""
    done.append(number)


def test_a_call_is_stopped_before_each_line_and_its_return() -> None:
    """Each time it is made it is stopped once, until there is no step left."""
    steps = Steps(in_lines=False)
    found = stops(append_twice, steps)
    assert found == [[], [1], [1, 2]]
    assert not steps.more


def test_a_call_is_stopped_in_the_middle_of_a_line() -> None:
    """What a line does in several calls may be interrupted between them."""
    assert [1] in stops(append_in_one_line, Steps())
    assert [1] not in stops(append_in_one_line, Steps(in_lines=False))


def test_a_loop_is_stopped_in_its_first_turns() -> None:
    """The number of steps does not follow the number of events."""
    found = stops(append_often, Steps(in_lines=False))
    assert max(map(len, found[:-1])) < 5
    assert len(found[-1]) == 50
    assert len(stops(append_by_function, Steps(in_lines=False))) < 20


def test_what_the_others_wait_for_is_no_further_stop() -> None:
    """Steps that a call takes until the others wait no more are done with."""
    alone = stops(append_twice, Steps())
    waiting = stops(append_twice, Steps(), looks=2)
    assert alone == [[], [1], [1, 2]]
    assert waiting == [[], [1, 2]]


class Late(Recorded):
    """What waits for the first append, and is too late to be seen to go on after it."""

    def begin(self) -> bool:
        """Note what is done, and return whether there is nothing to wait for."""
        self.found.append(self.done.copy())
        return bool(self.done)

    def finished(self) -> bool:
        """Return that there is still something to wait for, even if there is not."""
        return False


def test_steps_are_tried_at_which_the_others_wait_no_more() -> None:
    """However late the others are, a call is stopped after what they have waited for."""
    steps, found = Steps(), []
    while steps.more:
        meanwhile = Late([])
        steps.interrupt(partial(append_four, meanwhile.done), meanwhile)
        found += meanwhile.found
    assert found == [[], [1, 2, 3, 4], [1, 2, 3], [1, 2], [1], []]


def append_four(done: list[int]) -> None:
    """Append in four lines, after some in which others have to wait."""
    _ = 0
    _ = 1
    done.append(1)
    done.append(2)
    done.append(3)
    done.append(4)


def test_the_value_of_the_call_is_returned_and_its_error_raised() -> None:
    """And the trace function is what it was."""
    before = sys.gettrace()
    assert Steps().interrupt(lambda: 7, Recorded([])) == 7
    with pytest.raises(ValueError, match="invalid literal"):
        Steps().interrupt(lambda: int("x"), Recorded([]))
    assert sys.gettrace() is before


def test_there_is_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """A store with more steps than that is stopped at the first of them."""
    monkeypatch.setattr(steps_module, "_MAX_STOPS", 2)
    assert len(stops(append_twice, Steps())) == 2
    monkeypatch.setattr(steps_module, "_MAX_SECONDS", 0.0)
    assert stops(append_twice, Steps()) == []


def test_what_is_reached_is_looked_at_by_event(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines, returns and calls are steps; exceptions, and what changes nothing, are not.

    No tool measures what runs in a trace function, so it is called here as the interpreter does.
    """
    traced: list[object] = []
    monkeypatch.setattr(sys, "settrace", traced.append)
    steps, meanwhile = Steps(), Recorded([], looks=1)

    def reach(frame: FrameType, *events: str) -> None:
        for event in events:
            steps.trace(frame, event, None)

    def call() -> None:
        frame = sys._getframe()
        assert steps.trace(not_begun(), "exception", None) == steps.trace
        reach(not_begun(), "opcode", *["call"] * 10)
        assert not meanwhile.found
        reach(frame, "call", "line")
        assert len(meanwhile.found) == 1
        reach(frame, "opcode", "return", *["line"] * 3)
        assert len(meanwhile.found) == 1
        assert steps.trace(frame, "call", None) is None

    steps.interrupt(call, meanwhile)
    assert meanwhile.looks == 0
    assert len(traced) == 2


def not_begun() -> FrameType:
    """Return the frame of a generator that has not begun."""

    def generate() -> Iterator[None]:
        yield

    generator = generate()
    frame: FrameType = generator.gi_frame  # type: ignore[attr-defined]  # a generator
    frames.append(generator)
    return frame


frames: list[Iterator[None]] = []
