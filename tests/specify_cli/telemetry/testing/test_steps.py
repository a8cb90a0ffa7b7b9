"""How the suite stops a call at each of its steps while others are made."""

from __future__ import annotations

import dis
import sys
from collections.abc import Callable, Iterator
from functools import partial
from types import FrameType, SimpleNamespace
from typing import cast

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


def change(thing: SimpleNamespace) -> None:
    """Change something, and call something, and something else."""
    thing.name = id(id(thing))


def reach(steps: Steps, *places: tuple[str, int], name: str = __name__) -> list[bool]:
    """Reach events at offsets in a function, and return whether each is looked at further.

    No tool measures what runs in a trace function, so it is called here as the interpreter does.
    """
    frame = SimpleNamespace(f_code=change.__code__, f_globals={"__name__": name})
    looked_at = []
    for event, frame.f_lasti in places:
        looked_at.append(steps.trace(cast("FrameType", frame), event, None) is not None)
    return looked_at


CHANGE = max(steps_module._changes(change.__code__))
EVENTS = [
    *[("call", 0), ("line", 1), ("line", 2), ("line", 2), ("line", 2), ("opcode", 3)],
    *[("opcode", CHANGE), ("exception", CHANGE), ("return", 4)],
]


@pytest.mark.parametrize(("looks", "stopped"), [(0, 5), (1, 4), (2, 2), (1000, 2)])
def test_lines_returns_and_calls_are_steps(
    looks: int, stopped: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exceptions are none, nor is what changes nothing, nor a loop's third turn."""
    monkeypatch.setattr(sys, "settrace", lambda _: None)
    steps = Steps()
    found = []
    while steps.more:
        meanwhile = Recorded([], looks)
        steps.interrupt(partial(reach, steps, *EVENTS), meanwhile)
        found += meanwhile.found
    assert len(found) == stopped


def test_the_step_before_is_tried_until_the_others_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the last one they did not wait, at the one before they did."""
    monkeypatch.setattr(sys, "settrace", lambda _: None)
    steps = Steps()
    for looks in (1000, 0, 1000):
        assert steps.more
        meanwhile = Recorded([], looks)
        steps.interrupt(partial(reach, steps, *EVENTS), meanwhile)
        assert meanwhile.found
    steps.interrupt(partial(reach, steps, *EVENTS), meanwhile)
    assert not steps.more


@pytest.mark.parametrize("looks", [0, 1])
def test_a_step_that_was_not_there_before_keeps_none_from_being_tried(
    looks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that were passed while the others waited are tried after it."""
    monkeypatch.setattr(sys, "settrace", lambda _: None)
    steps = Steps()
    known = [("call", 0), *(("line", number) for number in range(1, 5))]
    stops = []
    for more, waits in ((0, 1000), (1, looks), (1, 0), (1, 0), (1, 0), (1, 0)):
        meanwhile = Recorded([], waits)
        events = [known[0], *[("line", 9)] * more, *known[1:]]
        steps.interrupt(partial(reach, steps, *events), meanwhile)
        stops.append(steps._stopped_at[1] if steps._stopped_at and meanwhile.found else None)
    assert stops == [1, 9, 4, 3, 2, None]


changed: object = None


def changing(thing: dict[object, object]) -> None:
    """Change what others see, in all the ways in which a function can."""
    global changed  # noqa: PLW0603  # to change it
    inner = 0

    def change_inner() -> None:
        nonlocal inner
        inner = 1

    changed = thing
    thing[0] = id(id(inner))
    del thing[0]
    setattr(changing, "thing", thing)  # noqa: B010  # a call
    changing.thing = change_inner  # type: ignore[attr-defined]  # as it is
    del changing.thing  # type: ignore[attr-defined]  # as it is


def test_what_may_change_something_that_others_see_is_a_step() -> None:
    """So is a call, except the first of a line, before which the line was one."""
    offsets = steps_module._changes(changing.__code__)
    found = [step.opname for step in dis.get_instructions(changing) if step.offset in offsets]
    assert [name for name in found if name != "STORE_DEREF"] == [
        *("STORE_GLOBAL", "CALL", "STORE_SUBSCR", "DELETE_SUBSCR", "STORE_ATTR", "DELETE_ATTR"),
    ]
    assert "STORE_DEREF" in found


def test_a_call_that_was_stopped_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """When nothing waits any more there is nothing to look at."""
    monkeypatch.setattr(sys, "settrace", lambda _: None)
    looked_at = Steps()
    assert looked_at.interrupt(partial(reach, looked_at, *EVENTS), Recorded([])) == (
        [True, True] + [False] * 7
    )


def test_only_the_store_is_looked_into() -> None:
    """Neither the suite itself is, nor a function that is called again and again."""
    steps = Steps()
    steps.more = False
    assert reach(steps, ("call", 0), name="contextlib") == [False]
    assert reach(steps, ("call", 0), name="specify_cli.telemetry.testing.suite") == [False]
    assert reach(steps, *[("call", 0)] * 6) == [True] * 4 + [False] * 2
    other = Steps()
    other.more = False
    assert reach(other, ("call", 0), name="typing") == [False]


def append_nine(done: list[int]) -> None:
    """Append in nine lines, in a function that is called once."""
    nine(done)


def nine(done: list[int]) -> None:
    """Append in nine lines."""
    done.append(1)
    done.append(2)
    done.append(3)
    done.append(4)
    done.append(5)
    done.append(6)
    done.append(7)
    done.append(8)
    done.append(9)


def test_how_often_a_function_is_called_is_counted_in_each_call_anew() -> None:
    """All of its lines are stopped at, however many calls that takes."""
    found = stops(append_nine, Steps())
    assert [list(range(1, count + 1)) in found for count in range(10)] == [True] * 10


def test_what_was_passed_while_the_others_waited_is_tried_in_that_call_only() -> None:
    """And not again after each step at which they did not wait."""
    steps = Steps()
    first = Recorded([], 3)
    steps.interrupt(partial(append_nine, first.done), first)
    found = first.found + stops(append_nine, steps)
    assert [len(done) for done in found] == [0, 2, 1, 0, *range(3, 10), 9]


def drain(done: list[int]) -> None:
    """Append in a generator that is gone on with nine times."""
    list(numbers(done))


def numbers(done: list[int]) -> Iterator[None]:
    """Append between nine yields."""
    done.append(1)
    yield
    done.append(2)
    yield
    done.append(3)
    yield
    done.append(4)
    yield
    done.append(5)
    yield
    done.append(6)
    yield
    done.append(7)
    yield
    done.append(8)
    yield
    done.append(9)
    yield


def test_a_generator_is_left_alone_once_it_has_gone_on_often_enough() -> None:
    """As a function is that was called so often."""
    found = stops(drain, Steps())
    assert [list(range(1, count + 1)) in found for count in range(10)] == [
        *(True,) * 7,
        *(False,) * 2,
        True,
    ]
