"""What every part of the suite is made of: events, saves and expectations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from ulid import ULID

from .._codec import codec_of
from .._contract import Event, EventStore
from .difference import difference

WHEN = datetime(2026, 2, 16, 9, 12, 58, 36834, tzinfo=UTC)


class Suite:
    """What a suite can be told of the store under test.

    Attributes:
        event_model: The model of the events.
        aggregate_ids: Aggregates to keep apart. Override it if the model allows none of these.
        deadline: How many seconds a test of several stores, threads or processes may take.
    """

    event_model: type[Any] = Event
    aggregate_ids: Sequence[str] = (
        *("one", "One", "ONE", "one ", " one", "on", "one1", "on_", "on%", "on?", "o.e", "*", "^"),
        *("one/two", "../one", "one\\two", ".", "'one'", '"one"', "one\ntwo", "one\r\n", "one\n"),
        *("null", "None", "true", "0", "00", "0.0", "1", "1.0", "1e0", " ", "\u00a0", "one\u200b"),
        *("öne", "o\u0308ne", "\uff4fne", "strasse", "straße", "\U0001f431", "\uffee"),
        *("one" * 100, "one" * 100 + "1"),
    )
    deadline: float = 60.0

    def make_event(self, **fields: Any) -> Any:
        """Return an event with these fields, and others as the model needs them.

        Args:
            fields: Any of ``event_id`` (by default a new one), ``event_type``, ``aggregate_id``,
                ``node_id``, ``lamport_clock``, ``causation_id``, ``payload`` and ``timestamp``.
        """
        others = {
            "event_id": str(ULID()),
            "event_type": "Tested",
            "aggregate_id": self.aggregate_ids[0],
            "timestamp": WHEN,
            "node_id": "a",
            "lamport_clock": 1,
        }
        return self.event_model(**(others | fields))

    def in_order(self, events: Iterable[Any]) -> list[Any]:
        """Return events in the order in which a store loads them.

        By default this is by ``(lamport_clock, node_id)``, ties in the order saved. Where the model
        has an optional clock, events without one come first and ties are sorted by event id.

        Args:
            events: The events in the order saved.
        """
        return codec_of(self.event_model).in_order(events)

    def _patience(self) -> float:
        """Return how many seconds a part of a test may take; what it waits for is said in time."""
        return self.deadline / 2

    def _tied(self, count: int) -> list[Any]:
        """Return events with the same clock and node that nothing but the order saved can sort.

        Neither their ids nor their timestamps rise or fall all along.
        """
        ids = sorted(str(ULID()) for _ in range(count))
        middle, begin = count // 2, count // 3 + 1
        return [
            self.make_event(
                event_id=event_id, timestamp=WHEN.replace(second=(begin + number) % count)
            )
            for number, event_id in enumerate([*ids[middle:], *ids[:middle]][::-1])
        ]

    def _next_two(self, clock: int) -> tuple[Any, Any]:
        """Return two events that are in order after those with smaller clocks."""
        return self.make_event(lamport_clock=clock), self.make_event(lamport_clock=clock + 1)

    def _shares(self, count: int) -> list[list[Any]]:
        """Return lists of events, each of a node of its own, so that their order is certain."""
        return [
            [self.make_event(node_id=f"node-{n}", lamport_clock=clock) for clock in range(25)]
            for n in range(count)
        ]


def save(store: EventStore, events: Iterable[Any]) -> None:
    """Save copies of events one by one, so that nothing a store does can change the events."""
    for event in events:
        store.save_event(event.model_copy(deep=True))


def expect(loaded: object, expected: Sequence[Any], what: str) -> None:
    """Fail the test unless a load has returned a list of just these events, in this order."""
    __tracebackhide__ = True
    if not isinstance(loaded, list):
        pytest.fail(f"{what} is wrong: a {type(loaded).__name__}, not a list")
    wrong = difference(loaded, expected)
    if wrong is not None:
        pytest.fail(f"{what} is wrong:\n{wrong}")


def expect_loads(store: EventStore, events: Sequence[Any], aggregate_id: str) -> None:
    """Fail the test unless both loads return just these events, all of one aggregate."""
    __tracebackhide__ = True
    expect(store.load_all_events(), events, "load_all_events()")
    expect(store.load_events(aggregate_id), events, f"load_events({aggregate_id!r})")


def expect_at_least(loaded: Sequence[Any], events: Sequence[Any], what: str) -> None:
    """Fail the test unless these events are loaded in this order, whatever comes between them."""
    __tracebackhide__ = True
    ids = {event.event_id for event in events}
    found = [event for event in loaded if event.event_id in ids]
    if found != events:  # quicker, and there are many such loads
        expect(found, events, what)
