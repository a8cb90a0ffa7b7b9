"""What any event store does: the same tests for the store in memory and the one in a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from specify_cli.spec_kitty_events import Event, EventStore, InMemoryEventStore
from specify_cli.telemetry import SimpleJsonStore

from .events import make_event, make_events


@pytest.fixture(params=["in memory", "in a file"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> EventStore:
    """Return one of the two stores, empty."""
    make: dict[str, Callable[[], EventStore]] = {
        "in memory": InMemoryEventStore,
        "in a file": lambda: SimpleJsonStore(tmp_path / "events.jsonl"),
    }
    return make[request.param]()


def test_an_empty_store_loads_nothing(store: EventStore) -> None:
    """A new store has no events."""
    assert store.load_all_events() == []
    assert store.load_events("feature") == []


def test_what_is_saved_is_loaded(store: EventStore) -> None:
    """Every field of a saved event comes back as it was."""
    event = make_event(payload={"nested": {"list": [1, 2.5, None, True, "é \U0001f431"]}})
    caused = event.model_copy(update={"event_id": "C" * 26, "causation_id": event.event_id})
    store.save_event(event)
    store.save_event(caused)
    assert store.load_all_events() == [event, caused]


def test_saving_again_is_idempotent(store: EventStore) -> None:
    """An event saved twice is loaded once."""
    event = make_event()
    store.save_event(event)
    store.save_event(event)
    assert store.load_all_events() == [event]


def test_loads_are_in_causal_order(store: EventStore) -> None:
    """Events are sorted by Lamport clock and node; those equal in both stay in the order saved."""
    events = [
        make_event(lamport_clock=clock, node_id=node, aggregate_id=aggregate)
        for clock in (3, 1, 2, 1)
        for node in ("b", "a", "b")
        for aggregate in ("x", "y")
    ]
    for event in events:
        store.save_event(event)

    def in_order(chosen: list[Event]) -> list[Event]:
        return sorted(chosen, key=lambda event: (event.lamport_clock, event.node_id))

    assert store.load_all_events() == in_order(events)
    assert store.load_events("x") == in_order([e for e in events if e.aggregate_id == "x"])


def test_a_repeated_id_keeps_the_first_position(store: EventStore) -> None:
    """Saving an id again does not move it behind events with the same clock and node."""
    first, second = make_event(), make_event()
    for event in (first, second, first):
        store.save_event(event)
    assert store.load_all_events() == [first, second]


def test_what_a_load_returns_is_the_callers(store: EventStore) -> None:
    """Changing a returned list changes nothing in the store."""
    events = make_events(3)
    for event in events:
        store.save_event(event)
    store.load_all_events().clear()
    assert store.load_all_events() == events


def test_a_repeated_id_overwrites_in_memory_and_is_skipped_in_a_file(tmp_path: Path) -> None:
    """The one difference: in a file the first event of an id stays, in memory the last does."""
    first = make_event(payload={"n": 1})
    other = make_event()
    second = first.model_copy(update={"payload": {"n": 2}})
    in_memory, in_file = InMemoryEventStore(), SimpleJsonStore(tmp_path / "events.jsonl")
    for event in (first, other, second):
        in_memory.save_event(event)
        in_file.save_event(event)
    assert in_memory.load_all_events() == [second, other]
    assert in_file.load_all_events() == [first, other]
