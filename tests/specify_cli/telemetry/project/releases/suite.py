"""The tests of a store for one release of spec-kitty-events, whichever can be imported."""

from __future__ import annotations

import json
import os
import random
import uuid
from collections.abc import Callable, Iterable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import spec_kitty_events
from ulid import ULID

from specify_cli.spec_kitty_events import StorageError
from specify_cli.telemetry import JsonlEventStore
from specify_cli.telemetry.testing import (
    EventStoreContract,
    ProcessSafeEventStoreContract,
    ThreadSafeEventStoreContract,
)

from .kitty_store import KittyStore

FIELDS = spec_kitty_events.Event.model_fields
PROJECT = uuid.UUID("6f1f0f1e-5a5b-4c3d-9e8f-0123456789ab")
CORRELATION = "01KHJVJWDM0HGAGYGXJYKD1JQG"

# What any of the releases asks for beyond the first form of the contract.
MORE_FIELDS = {"build_id": "main", "project_uuid": PROJECT, "correlation_id": CORRELATION}


class Contract(EventStoreContract):
    """The contract with the events of the release."""

    event_model = spec_kitty_events.Event

    def make_event(self, **fields: Any) -> Any:
        """Return an event of the release."""
        more = {name: value for name, value in MORE_FIELDS.items() if name in FIELDS}
        return super().make_event(**(more | fields))


class TestKittyStore(Contract, ThreadSafeEventStoreContract, ProcessSafeEventStoreContract):
    """The store in a file; what its order should be is what the release's own store says."""

    @pytest.fixture
    def open_store(self, tmp_path: Path) -> Callable[[], KittyStore]:
        """Return what opens a store on one log."""
        return partial(KittyStore, tmp_path / "events.jsonl")

    @pytest.fixture
    def store(self, open_store: Callable[[], KittyStore]) -> KittyStore:
        """Return an empty store."""
        return open_store()

    def in_order(self, events: Iterable[Any]) -> list[Any]:
        """Return events in the order of the release's own store."""
        return in_their_order(events)


class TestTheirInMemoryEventStore(Contract):
    """The release's own store keeps the contract, and the suite has its order right."""

    @pytest.fixture
    def store(self) -> spec_kitty_events.InMemoryEventStore:
        """Return an empty store."""
        return spec_kitty_events.InMemoryEventStore()


def in_their_order(events: Iterable[spec_kitty_events.Event]) -> list[spec_kitty_events.Event]:
    """Return events as the release's own store loads them."""
    theirs = spec_kitty_events.InMemoryEventStore()
    for event in events:
        theirs.save_event(event)
    return theirs.load_all_events()


def make_event(**fields: Any) -> spec_kitty_events.Event:
    """Return an event of the release."""
    event: spec_kitty_events.Event = Contract().make_event(**fields)
    return event


@pytest.fixture
def store(tmp_path: Path) -> KittyStore:
    """Return an empty store."""
    return KittyStore(tmp_path / "events.jsonl")


def test_the_release_is_the_one_meant() -> None:
    """Nothing else of that name was imported."""
    assert version("spec-kitty-events") == os.environ["SPEC_KITTY_EVENTS_VERSION"]
    location = Path(spec_kitty_events.__file__)
    assert location.is_relative_to(os.environ["SPEC_KITTY_EVENTS_FOLDER"])


def test_it_is_their_store(store: KittyStore) -> None:
    """Whoever takes an EventStore of the package takes this one, and gets the package's events."""
    theirs: spec_kitty_events.EventStore = store
    event = make_event()
    theirs.save_event(event)
    loaded: list[spec_kitty_events.Event] = store.load_all_events()
    assert loaded == list(store.iter_events()) == [event]
    assert isinstance(store, spec_kitty_events.EventStore)
    assert type(loaded[0]) is spec_kitty_events.Event


def test_what_is_no_event_is_refused_by_type_and_by_error(store: KittyStore) -> None:
    """The type checker and the store know which events are meant."""
    with pytest.raises(TypeError, match="not an event of this store"):
        store.save_event("text")  # type: ignore[arg-type]  # what a type checker has to find
    assert not store.file_path.exists()


def test_no_field_is_lost(store: KittyStore) -> None:
    """Every field the release knows is in the line, under its name, and comes back."""
    others = {"causation_id": CORRELATION, "project_slug": "kitty", "data_tier": 3}
    own = {"payload": {"n": [1, None]}, "schema_version": "3.1.4"} | others
    event = make_event(**own)
    assert event.model_fields_set == set(FIELDS)
    store.save_event(event)
    (loaded,) = store.load_all_events()
    assert loaded == event
    assert loaded.model_fields_set == set(FIELDS)
    line = store.file_path.read_bytes()
    record = json.loads(line)
    assert list(record) == sorted(FIELDS)
    assert line == json.dumps(record, sort_keys=True).encode() + b"\n"
    assert record == json.loads(event.model_dump_json()) | {"timestamp": record["timestamp"]}


def test_the_order_is_theirs(store: KittyStore) -> None:
    """Events with few clocks and nodes, and many ties, are in the release's own order."""
    chance = random.Random(11)
    clocks = [None, 0, 1, 2, 10] if accepts_no_clock() else [0, 1, 2, 10]
    events = [
        make_event(
            event_id=str(ULID.from_int(chance.getrandbits(127))),
            lamport_clock=chance.choice(clocks),
            node_id=chance.choice("ab"),
            aggregate_id=chance.choice("xy"),
        )
        for _ in range(100)
    ]
    assert store.save_events(events) == len(events)
    assert store.load_all_events() == in_their_order(events)
    own = [event for event in events if event.aggregate_id == "x"]
    assert store.load_events("x") == in_their_order(own)


def accepts_no_clock() -> bool:
    """Return whether the release has events without a clock."""
    return not FIELDS["lamport_clock"].is_required()


def test_clocks_are_optional_from_11_on() -> None:
    """The tests of events without clocks run where they should."""
    assert accepts_no_clock() == (int(version("spec-kitty-events").split(".")[0]) >= 11)


IDS = {
    "upper case": ("01KHJVJWDM0HGAGYGXJYKD1JQG", "01khjvjwdm0hgagygxjykd1jqg"),
    "uuid": ("6f1f0f1e-5a5b-4c3d-9e8f-0123456789ab", "6F1F0F1E-5A5B-4C3D-9E8F-0123456789AB"),
    "bare": ("6f1f0f1e-5a5b-4c3d-9e8f-0123456789ab", "6f1f0f1e5a5b4c3d9e8f0123456789ab"),
}


@pytest.mark.parametrize("others", [0, 1, 2], ids=["searching", "indexing", "indexed"])
@pytest.mark.parametrize("kind", IDS)
def test_an_id_in_another_spelling_is_one_event_where_the_release_says_so(
    kind: str, others: int, store: KittyStore
) -> None:
    """A log of another writer may hold ids as the release would not write them."""
    normal, spelled = IDS[kind]
    try:
        event = make_event(event_id=normal)
        same = make_event(event_id=spelled).event_id == normal
    except ValueError:
        pytest.skip("this release has no such ids")
    line = event.model_dump_json().replace(normal, spelled).encode() + b"\n"
    store.file_path.write_bytes(line)
    for _ in range(others):
        store.save_event(make_event())
    for _ in range(2):
        store.save_event(event)
    assert store.file_path.read_bytes().count(b"\n") == 1 + others + (not same)
    assert store.file_path.read_bytes().startswith(line)
    assert sum(event == loaded for loaded in store.load_all_events()) == 1


def test_errors_are_theirs_or_ours(store: KittyStore, tmp_path: Path) -> None:
    """Without the second line, what is raised is the error of the vendored contract."""

    class Short(JsonlEventStore[spec_kitty_events.Event], spec_kitty_events.EventStore):
        event_model = spec_kitty_events.Event

    event = make_event(payload={"n": float("nan")})
    with pytest.raises(spec_kitty_events.StorageError, match="cannot store event"):
        store.save_event(event)
    with pytest.raises(StorageError, match="cannot store event"):
        Short(store.file_path).save_event(event)
    with pytest.raises(spec_kitty_events.StorageError, match="cannot read"):
        KittyStore(tmp_path).load_all_events()
    assert not store.file_path.exists()
