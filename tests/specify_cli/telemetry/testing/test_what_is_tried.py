"""The values that the contract suite tries: each of them is one that some store has changed."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from specify_cli.spec_kitty_events import Event
from specify_cli.telemetry.testing import EventStoreContract

from .working_stores import Store

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


class Recording(Store):
    """A store that knows what it was given, and what it was asked for."""

    def __init__(self) -> None:
        """Start empty."""
        super().__init__()
        self.given: list[Event] = []
        self.asked_for: list[str] = []

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
