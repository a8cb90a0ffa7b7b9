"""The values that the contract suite tries: each of them is one that some store has changed."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated, Any

import pytest
from pydantic import Field

from specify_cli.spec_kitty_events import Event
from specify_cli.telemetry.testing import DurableEventStoreContract, EventStoreContract

from .working_stores import LockedStore, PerhapsUnclocked

WHEN = datetime(2026, 2, 16, 9, 12, 58, 36834, tzinfo=UTC)
AGGREGATES = [
    *("one", "One", "ONE", "one ", " one", "on", "one1", "on_", "on%", "on?", "o.e", "*", "^"),
    *("one/two", "../one", "one\\two", ".", "'one'", '"one"', "one\ntwo", "one\r\n", "one\n"),
    *("null", "None", "true", "0", "00", "0.0", "1", "1.0", "1e0", " ", "\u00a0", "one\u200b"),
    *("öne", "o\u0308ne", "\uff4fne", "strasse", "straße", "\U0001f431", "\uffee"),
    *("one" * 100, "one" * 100 + "1"),
]
NO_AGGREGATES = [
    *("unknown", "", "%", "_ne", "o*", "[o]ne", "oNe", "one  ", ".*", "' OR ''='", "on\0"),
]
VALUES: list[Any] = [
    *(None, True, False, 0, 1, 1.0, 0.0, 0.1, 1e300, 5e-324, -(2**53) - 1, 2**63 - 1),
    'é \U0001f431 \n\r\t\0\x0b\x0c\x1c\x1e\x85\u2028\u2029 "quoted" \\ \' %s ${x} <b>',
    *("", " ", " x ", "null", "NaN", "1e5", "2026-02-16T09:12:58Z", "\ufeff", "e\u0301", "\u212a"),
    "x" * 2**21,
    *([], {}, [[], {}, [1, True, 1.0, [2.5, {"deep": [None]}]], {"": {}}], ["same"] * 3),
]
KEYS = [
    *("z", "a", "", "null", "1", "0.0", "key with spaces", "a.b", "$set", "\0", "é", "e\u0301"),
    *("É", "ss", "ß", "k", "\u212a", "k ", "event_id", "aggregate_id", "lamport_clock"),
    "payload",
]
TIMES = [
    WHEN.replace(microsecond=0),
    WHEN.replace(microsecond=1),
    WHEN.astimezone(timezone(timedelta(hours=-3, minutes=-30))),
    datetime(2999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(1969, 7, 20, 20, 17, 40, 1, tzinfo=UTC),
]
NODES = ["b", "\U0001f431", "a10", "ö", "a9", "B", "a", "\uffee", "o\u0308", "a "]
CLOCKS = [9, 10, 0, 100, 2, 2**31, 2**53, 2**53 + 1]


class Recording(LockedStore):
    """A store that knows what it was given, and what it was asked for."""

    def __init__(self) -> None:
        """Start empty."""
        super().__init__()
        self.given: list[Event] = []
        self.asked_for: list[str] = []

    def opened(self) -> Recording:
        """Return the store, which is the only one over its data."""
        return self

    def save_event(self, event: Event) -> None:
        """Keep one event."""
        self.given.append(event)
        super().save_event(event)

    def load_events(self, aggregate_id: str) -> list[Event]:
        """Return the events of one aggregate."""
        self.asked_for.append(aggregate_id)
        return super().load_events(aggregate_id)


@pytest.fixture
def store() -> Recording:
    """Return an empty store."""
    return Recording()


@pytest.fixture
def suite() -> EventStoreContract:
    """Return the suite."""
    return EventStoreContract()


def exactly(values: Iterable[Any]) -> list[str]:
    """Return values as they are written, so that 1 is not 1.0."""
    return [repr(value) for value in values]


def test_aggregates_that_look_alike(store: Recording, suite: EventStoreContract) -> None:
    """All of them are saved to, twice, and all and others are asked for."""
    suite.test_aggregates_are_apart(store)
    assert [event.aggregate_id for event in store.given] == AGGREGATES * 2
    clocks = [event.lamport_clock for event in store.given]
    assert clocks == [0] * len(AGGREGATES) + [1] * len(AGGREGATES)
    assert {str(event.payload) for event in store.given} == {
        "{'aggregate_id': 'one'}",
        "{'aggregate_id': 'One'}",
    }
    assert store.asked_for == AGGREGATES + NO_AGGREGATES


def test_payloads_and_fields(store: Recording, suite: EventStoreContract) -> None:
    """Every kind of value that JSON has, and what the other fields may be."""
    suite.test_every_field_comes_back(store)
    empty, of_keys, *rest = store.given
    assert empty.payload == {}
    assert list(of_keys.payload.items()) == [(key, place) for place, key in enumerate(KEYS)]
    of_values, others = rest[: len(VALUES)], rest[len(VALUES) :]
    assert exactly(event.payload for event in of_values) == exactly(
        {"value": value} for value in VALUES
    )
    assert exactly(event.timestamp for event in others[:5]) == exactly(TIMES)
    assert [event.node_id for event in others[5:7]] == ["ö/'\"\\\n\U0001f431", " A "]
    assert [event.lamport_clock for event in others[7:10]] == [2**31 + 1, 2**53 + 1, 2**63 - 1]
    assert [event.causation_id is None for event in others] == [True] * 10 + [False]


def test_what_a_store_may_refuse(store: Recording, suite: EventStoreContract) -> None:
    """Values that not every format has, and that none may change."""
    suite.test_a_save_keeps_an_event_or_refuses_it(store)
    nested: list[Any] = []
    for _ in range(200):
        nested = [nested]
    values = [
        *(math.nan, [math.inf, -math.inf], 2**64, 10**4000, nested),
        *("\ud800", "x" * 2**17 + "\udfff", ...),
    ]
    others = store.given[-3:]
    assert exactly(event.payload for event in store.given[:-3]) == exactly(
        [
            {1: "a number", "1": "a text"},
            {"lone \udce9": "surrogate"},
            *({"value": value} for value in values),
        ]
    )
    assert others[0].lamport_clock == 2**64 + 1
    assert others[1].aggregate_id == "one\0"
    assert others[2].node_id == "a\0"


def test_clocks_and_nodes_in_an_order_of_their_own(
    store: Recording, suite: EventStoreContract
) -> None:
    """Each clock with each node, in either of two aggregates, and nothing else that rises."""
    suite.test_loads_are_in_causal_order(store)
    given = store.given
    assert [(event.node_id, event.lamport_clock, event.aggregate_id) for event in given] == [
        (node, clock, aggregate_id)
        for node in NODES
        for clock in CLOCKS
        for aggregate_id in ("One", "one")
    ]
    assert [event.event_type for event in given[:8]] == [
        *(f"Tested{number}" for number in range(7)),
        "Tested0",
    ]
    assert [event.timestamp.second for event in given[:8]] == [0, 17, 34, 51, 8, 25, 42, 59]
    assert [event.payload for event in given[:6]] == [
        {"number": number} for number in (0, 4, 3, 2, 1, 0)
    ]
    assert store.asked_for == ["one"]


def test_ids_that_look_alike(store: Recording, suite: EventStoreContract) -> None:
    """Each is an event of its own, where the model has such ids."""
    suite.test_ids_are_apart(store)
    first = store.given[0].event_id
    unlike = "2" if first[-1] == "1" else "1"
    assert [event.event_id for event in store.given] == [
        *(first, first.lower(), first[:-1] + unlike),
        *(first[:-1] + last for last in (" ", "\n", "_", "%", "*")),
        *(" " + first[1:], "0" * 25 + "1", "0" * 23 + "1.0", "0" * 23 + "1e0", "0" * 26),
    ] * 2
    assert all(event.payload == {"id": event.event_id} for event in store.given)


def test_events_that_nothing_but_the_order_saved_can_sort(
    store: Recording, suite: EventStoreContract
) -> None:
    """Neither their ids nor their timestamps rise or fall all along."""
    suite.test_ties_are_in_the_contracts_order(store)
    ids = sorted(event.event_id for event in store.given)
    assert [ids.index(event.event_id) for event in store.given] == [4, 3, 2, 1, 0, 9, 8, 7, 6, 5]
    assert [event.timestamp for event in store.given] == [
        WHEN.replace(second=second) for second in (4, 5, 6, 7, 8, 9, 0, 1, 2, 3)
    ]


def test_events_that_are_saved_again(store: Recording, suite: EventStoreContract) -> None:
    """At once, and after others, and all of them."""
    suite.test_saving_again_changes_nothing(store)
    ids = [event.event_id for event in store.given[:4]]
    assert [ids.index(event.event_id) for event in store.given] == [0, 1, 2, 3, 3, 0, 1, 2, 3, 0]


def test_other_events_under_an_id(store: Recording, suite: EventStoreContract) -> None:
    """Each field of an event may be another when its id is saved again, after one between."""
    suite.test_one_event_stays_under_an_id(store)
    changes: list[dict[str, Any]] = [
        {"payload": {"version": 2}},
        {"event_type": "Changed"},
        {"timestamp": WHEN.replace(year=2025)},
        {"lamport_clock": 0},
        {"node_id": "A"},
        {"aggregate_id": "One"},
    ]
    firsts, others, lasts = store.given[::3], store.given[1::3], store.given[2::3]
    assert lasts == [
        first.model_copy(update=change) for first, change in zip(firsts, changes, strict=True)
    ]
    assert not [*filter(lasts.__contains__, firsts)]
    assert len({event.event_id for event in (*firsts, *others)}) == 12


def test_an_event_that_is_mentioned_before_it_is_saved(
    store: Recording, suite: EventStoreContract
) -> None:
    """As the cause of another, and in its payload."""
    suite.test_an_event_that_is_only_mentioned_can_be_saved(store)
    mention, event = store.given
    assert (mention.causation_id, mention.payload) == (event.event_id, {"event_id": event.event_id})
    assert (event.lamport_clock, mention.lamport_clock) == (1, 2)


def test_events_one_after_another(store: Recording, suite: EventStoreContract) -> None:
    """Both loads are asked after each, and later for more than fit on a page."""
    suite.test_what_is_saved_is_loaded(store)
    assert [event.lamport_clock for event in store.given] == [*range(5)]
    assert store.asked_for == ["one"] * 5
    suite.test_many_events_are_loaded(store := Recording())
    assert [event.lamport_clock for event in store.given] == [*range(150)]


def test_events_and_lists_that_are_the_callers(store: Recording, suite: EventStoreContract) -> None:
    """The event is saved twice, with text and numbers that may be changed, in no order."""
    suite.test_a_save_does_not_change_the_event(store)
    payload = {"z": [3, 1, {"b": None, "a": True}], "a": {}, "text": " x ", "number": 1.0}
    assert exactly(event.payload for event in store.given) == exactly([payload] * 2)
    suite.test_what_a_load_returns_is_the_callers(store := Recording())
    assert [event.lamport_clock for event in store.given] == [0, 1]


def test_events_of_several_stores() -> None:
    """A few by one, each by another, and by two that take turns."""
    suite = DurableEventStoreContract()
    for test, places in (
        (suite.test_another_store_has_what_was_saved, [0, 1, 2]),
        (suite.test_another_store_knows_the_ids, [0, 1, 2, 0, 1, 2]),
        (suite.test_stores_take_turns, [*range(6), *range(6)]),
    ):
        store = Recording()
        test(store.opened)
        ids = list(dict.fromkeys(event.event_id for event in store.given))
        assert [ids.index(event.event_id) for event in store.given] == places


class Unclocked(EventStoreContract):
    """The suite for events that may have no clock."""

    event_model = PerhapsUnclocked


class UnclockedFirst(Recording):
    """A store for events that may have no clock."""

    def load_all_events(self) -> list[Event]:
        """Return every event."""
        return Unclocked().in_order(self.events)


class UnclockedAsSaved(Recording):
    """A store that has no order for them."""

    def load_all_events(self) -> list[Event]:
        """Return every event."""
        return self.events.copy()


def test_events_without_clock(suite: EventStoreContract) -> None:
    """Each of two nodes has one between others; where none can be, there is nothing to try."""
    store = UnclockedFirst()
    with contextlib.suppress(pytest.skip.Exception):  # which would skip this test, too
        Unclocked().test_events_without_clock_are_first(store)
    assert [(event.lamport_clock, event.node_id) for event in store.given] == [
        *((0, "b"), (0, "a"), (None, "b"), (None, "a"), (1, "b"), (1, "a")),
    ]
    with pytest.raises(pytest.fail.Exception, match=r"(?s)load_all_events\(\) is wrong.*order is"):
        Unclocked().test_events_without_clock_are_first(UnclockedAsSaved())
    with pytest.raises(pytest.skip.Exception, match="every event of this model has a clock"):
        suite.test_events_without_clock_are_first(Recording())


class Narrow(Event):
    """An event of a model that has few clocks and ids."""

    event_id: Annotated[str, Field(pattern="^[0-9A-Z]{26}$")]
    lamport_clock: Annotated[int, Field(lt=2**64)]


def test_what_a_model_does_not_have_is_not_tried(store: Recording) -> None:
    """A suite whose events are narrower tries the others."""

    class Suite(EventStoreContract):
        event_model = Narrow

    Suite().test_a_save_keeps_an_event_or_refuses_it(store)
    assert [event.node_id for event in store.given[-2:]] == ["a", "a\0"]
    assert len(store.given) == 12
    Suite().test_ids_are_apart(store := Recording())
    assert len(store.given) == 8
