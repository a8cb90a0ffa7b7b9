"""What any event store does: the contract suite on the store in memory and on the one in a file."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from specify_cli.spec_kitty_events import InMemoryEventStore
from specify_cli.telemetry import JsonlEventStore, SimpleJsonStore
from specify_cli.telemetry.testing import (
    DurableEventStoreContract,
    EventStoreContract,
    ProcessSafeEventStoreContract,
    ThreadSafeEventStoreContract,
)

from ..support.events import make_event
from .working_stores import PerhapsUnclocked


class TestInMemoryEventStore(EventStoreContract):
    """The store in memory promises the contract and no more."""

    @pytest.fixture
    def store(self) -> InMemoryEventStore:
        """Return an empty store."""
        return InMemoryEventStore()


class TestSimpleJsonStore(ThreadSafeEventStoreContract, ProcessSafeEventStoreContract):
    """The store in a file promises everything."""

    @pytest.fixture
    def open_store(self, log: Path) -> Callable[[], SimpleJsonStore]:
        """Return what opens a store on one log."""
        return partial(SimpleJsonStore, log)

    @pytest.fixture
    def store(self, open_store: Callable[[], SimpleJsonStore]) -> SimpleJsonStore:
        """Return an empty store."""
        return open_store()


class TestSimpleJsonStoreWithFsync(DurableEventStoreContract):
    """Waiting for the device changes nothing else."""

    @pytest.fixture
    def open_store(self, log: Path) -> Callable[[], SimpleJsonStore]:
        """Return what opens a store on one log."""
        return partial(SimpleJsonStore, log, fsync=True)

    @pytest.fixture
    def store(self, open_store: Callable[[], SimpleJsonStore]) -> SimpleJsonStore:
        """Return an empty store."""
        return open_store()


class PerhapsUnclockedStore(JsonlEventStore[PerhapsUnclocked]):
    """A store for such events."""

    event_model = PerhapsUnclocked


class TestPerhapsUnclockedStore(DurableEventStoreContract):
    """A store for another model promises the same, and has an order for events without clock."""

    event_model = PerhapsUnclocked

    @pytest.fixture
    def open_store(self, log: Path) -> Callable[[], PerhapsUnclockedStore]:
        """Return what opens a store on one log."""
        return partial(PerhapsUnclockedStore, log)

    @pytest.fixture
    def store(self, open_store: Callable[[], PerhapsUnclockedStore]) -> PerhapsUnclockedStore:
        """Return an empty store."""
        return open_store()


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
