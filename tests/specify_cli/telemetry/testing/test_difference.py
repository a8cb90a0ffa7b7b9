"""What a failure of the contract suite says."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from pydantic import ConfigDict

from specify_cli.spec_kitty_events import Event
from specify_cli.telemetry.testing.difference import difference, same_event

from ..support.events import make_event, make_events


def test_a_failure_says_what_was_lost_added_and_repeated() -> None:
    """Each event that should or should not be there is named, with what places it."""
    lost, kept, added, repeated = make_events(4)
    assert difference([kept, added, repeated, repeated], [lost, kept, repeated]) == (
        f"not loaded: event {lost.event_id} (clock 1, node 'cli:WP01', "
        "aggregate '043-telemetry-foundation')\n"
        f"does not belong here: event {added.event_id} (clock 3, node 'cli:WP01', "
        "aggregate '043-telemetry-foundation')\n"
        f"loaded 2 times: event {repeated.event_id} (clock 4, node 'cli:WP01', "
        "aggregate '043-telemetry-foundation')"
    )


def test_a_failure_says_what_was_changed() -> None:
    """Each field that differs is named, with both values."""
    event = make_event(payload={"n": 1})
    loaded = event.model_copy(update={"payload": {"n": 1.5}, "node_id": "b"})
    found = difference([loaded], [event])
    assert found is not None
    payload, node = sorted(found.splitlines(), reverse=True)
    assert payload.startswith(f"changed: payload of event {event.event_id} (")
    assert payload.endswith("): saved {'n': 1}, loaded {'n': 1.5}")
    assert node.startswith("changed: node_id of")


def test_a_long_value_is_cut() -> None:
    """A payload of any length leaves a message that can be read."""
    whole, cut = "x" * (200 - len("{'text': ''}")), "x" * 10_000
    for text, shown in ((whole, f"{{'text': '{whole}'}}"), (whole + "x", None), (cut, None)):
        event = make_event(payload={"text": text})
        found = difference([event.model_copy(update={"payload": {}})], [event])
        assert found is not None
        _, _, values = found.partition(": saved ")
        assert values == f"{shown or repr(event.payload)[:200] + '...'}, loaded {{}}"


def test_a_failure_says_which_order_is_right() -> None:
    """Where all events are there, both orders are shown."""
    events = make_events(2)
    found = difference(events[::-1], events)
    assert found is not None
    assert re.sub(r"event .*? \((.*?),.*\)", r"\1", found).splitlines() == [
        *("the order is", "  clock 2", "  clock 1"),
        *("and should be", "  clock 1", "  clock 2"),
    ]


def test_a_long_failure_is_cut() -> None:
    """Ten facts are enough to see what is wrong."""
    assert [line[:12] for line in (difference([], make_events(10)) or "").splitlines()] == [
        "not loaded: "
    ] * 10
    for count in (11, 12):
        lines = (difference([], make_events(count)) or "").splitlines()
        assert [line[:12] for line in lines] == [*["not loaded: "] * 10, "and more"]


def test_no_difference_is_none() -> None:
    """The same events in the same order are as expected, whatever sequences they are in."""
    events = make_events(2)
    assert difference(tuple(events), events) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, True),
        (1, 1.0),
        (0, False),
        ("1", 1),
        ([], ()),
        ({"n": [1]}, {"n": [True]}),
        ([1], [1, 1]),
        ([1, 2], [1, 3]),
        (float("nan"), 1.0),
        (1.0, float("nan")),
    ],
)
def test_values_are_compared_with_their_types(one: object, other: object) -> None:
    """What Python takes for equal may be a different value in JSON."""
    assert not same_event(
        make_event("0" * 26, payload={"n": one}), make_event("0" * 26, payload={"n": other})
    )
    assert same_event(
        make_event("0" * 26, payload={"n": one}), make_event("0" * 26, payload={"n": one})
    )


def test_keys_are_compared_with_their_types() -> None:
    """A key that is a number is not the text of it, nor a truth value."""
    one, other = make_event("0" * 26), make_event("0" * 26)
    one.payload[1] = other.payload[True] = "value"  # type: ignore[index]  # as a caller may
    assert not same_event(one, other)


def test_what_is_not_a_number_is_itself() -> None:
    """A store that gives it back has kept it, though it equals nothing."""
    one, other = (make_event("0" * 26, payload={"n": float("nan")}) for _ in range(2))
    assert same_event(one, other)


def test_the_same_moment_in_another_zone_is_the_same() -> None:
    """Whether the offset stays is the store's own business, as it is for the event."""
    here = datetime.fromisoformat("2026-02-16T09:00:00+09:00")
    one, other = (
        make_event("0" * 26, timestamp=here),
        make_event("0" * 26, timestamp=here.astimezone(UTC)),
    )
    assert one == other
    assert same_event(one, other)


class Own(Event):
    """An event of another type."""


def test_an_event_of_another_type_is_another() -> None:
    """The types are named, since nothing else differs."""
    event = make_event()
    found = difference([Own(**dict(event))], [event])
    assert found is not None
    assert found.startswith(f"changed: type of event {event.event_id} (")
    assert found.endswith(f"): saved {Event}, loaded {Own}")


class Open(Event):
    """An event that keeps what it does not know."""

    model_config = ConfigDict(extra="allow")


def test_what_an_event_keeps_beside_its_fields_is_compared_too() -> None:
    """It is saved and loaded like them."""
    saved = Open(**{**vars(make_event()), "build": 1})
    loaded = saved.model_copy(update={"build": 2})
    assert same_event(saved, saved.model_copy())
    assert not same_event(loaded, saved)
    found = difference([loaded], [saved])
    assert found is not None
    assert re.fullmatch(rf"changed: build of event {saved.event_id} .*: saved 1, loaded 2", found)
