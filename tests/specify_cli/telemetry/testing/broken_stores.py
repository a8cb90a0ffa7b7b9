"""Stores that break the contract, one promise each, under its suite: every class here must fail.

``test_contract_suite.py`` runs this module and says which tests each class has to fail.
"""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from specify_cli.spec_kitty_events import Event, EventStore
from specify_cli.telemetry.testing import (
    DurableEventStoreContract,
    EventStoreContract,
    ProcessSafeEventStoreContract,
    ThreadSafeEventStoreContract,
)

ROOT = Path(__file__).parents[4]


class Store(EventStore):
    """A store in memory that keeps the contract, in parts to break."""

    def __init__(self) -> None:
        """Start empty."""
        self.events: list[Event] = []

    def save_event(self, event: Event) -> None:
        """Keep one event."""
        if self.is_new(event):
            self.events.append(self.kept(event))

    def load_events(self, aggregate_id: str) -> list[Event]:
        """Return the events of one aggregate."""
        return [event for event in self.load_all_events() if self.belongs(event, aggregate_id)]

    def load_all_events(self) -> list[Event]:
        """Return every event."""
        return sorted(self.events, key=lambda event: (event.lamport_clock, event.node_id))

    def is_new(self, event: Event) -> bool:
        """Return whether no such event is kept yet."""
        return all(event.event_id != known.event_id for known in self.events)

    def kept(self, event: Event) -> Event:
        """Return an event as it comes back."""
        return event

    def belongs(self, event: Event, aggregate_id: str) -> bool:
        """Return whether an event is of an aggregate."""
        return event.aggregate_id == aggregate_id


class Unsorted(Store):
    """Loads in the order saved."""

    def load_all_events(self) -> list[Event]:
        """Return every event."""
        return list(self.events)


class SortedByClockOnly(Store):
    """Forgets the node."""

    def load_all_events(self) -> list[Event]:
        """Return every event."""
        return sorted(self.events, key=lambda event: event.lamport_clock)


class SortedByText(Store):
    """Takes 10 for less than 9."""

    def load_all_events(self) -> list[Event]:
        """Return every event."""
        return sorted(self.events, key=lambda event: (str(event.lamport_clock), event.node_id))


class SortedById(Store):
    """Sorts ties by id although every event has a clock."""

    def load_all_events(self) -> list[Event]:
        """Return every event."""
        return sorted(self.events, key=lambda e: (e.lamport_clock, e.node_id, e.event_id))


class KeepingRepeats(Store):
    """Appends whatever comes."""

    def is_new(self, event: Event) -> bool:  # noqa: ARG002  # as it is
        """Return whether no such event is kept yet."""
        return True


class KeepingVersions(Store):
    """Drops only what is the same in every field."""

    def is_new(self, event: Event) -> bool:
        """Return whether no such event is kept yet."""
        return event not in self.events


class MovingRepeats(Store):
    """Puts an event that is saved again at the end."""

    def save_event(self, event: Event) -> None:
        """Keep one event."""
        self.events = [known for known in self.events if known.event_id != event.event_id]
        self.events.append(event)


class TakingMentionsForEvents(Store):
    """Looks for the id anywhere."""

    def is_new(self, event: Event) -> bool:
        """Return whether no such event is kept yet."""
        return all(event.event_id not in known.model_dump_json() for known in self.events)


class MixingAlike(Store):
    """Compares aggregates without case."""

    def belongs(self, event: Event, aggregate_id: str) -> bool:
        """Return whether an event is of an aggregate."""
        return event.aggregate_id.lower() == aggregate_id.lower()


class MixingPrefixes(Store):
    """Compares the beginning."""

    def belongs(self, event: Event, aggregate_id: str) -> bool:
        """Return whether an event is of an aggregate."""
        return event.aggregate_id.startswith(aggregate_id)


class MixingAll(Store):
    """Does not look at the aggregate."""

    def belongs(self, event: Event, aggregate_id: str) -> bool:  # noqa: ARG002  # as it is
        """Return whether an event is of an aggregate."""
        return True


class LosingPayloads(Store):
    """Keeps the envelope only."""

    def kept(self, event: Event) -> Event:
        """Return an event as it comes back."""
        return event.model_copy(update={"payload": {}})


class LosingCauses(Store):
    """Forgets a field that is seldom there."""

    def kept(self, event: Event) -> Event:
        """Return an event as it comes back."""
        return event.model_copy(update={"causation_id": None})


class ReturningAnotherType(Store):
    """Returns events of its own, which equal no others."""

    class Own(Event):
        """An event by another name."""

    def kept(self, event: Event) -> Event:
        """Return an event as it comes back."""
        return self.Own(**dict(event))


class Late(Store):
    """Shows an event only when the next one comes."""

    def load_all_events(self) -> list[Event]:
        """Return every event."""
        return super().load_all_events()[:-1]


class Leaking(Store):
    """Hands out its own list."""

    def load_all_events(self) -> list[Event]:
        """Return every event."""
        self.events.sort(key=lambda event: (event.lamport_clock, event.node_id))
        return self.events


class Inventing(Store):
    """Has events that nobody saved."""

    def __init__(self) -> None:
        """Start with one."""
        super().__init__()
        self.events.append(EventStoreContract().make_event(event_type="Created"))


class LosingInThreads(Store):
    """Replaces its list by a longer one, whatever happened meanwhile."""

    def save_event(self, event: Event) -> None:
        """Keep one event."""
        events = self.events.copy()
        time.sleep(0.0001)
        if self.is_new(event):
            self.events = [*events, event]


class RepeatingInThreads(Store):
    """Looks first and appends later."""

    def save_event(self, event: Event) -> None:
        """Keep one event."""
        if self.is_new(event):
            time.sleep(0.0001)
            self.events.append(event)


class EmptyWhileSaving(Store):
    """Takes its list away while it makes a longer one, which only savers wait for."""

    def __init__(self) -> None:
        """Start empty."""
        super().__init__()
        self.lock = threading.Lock()

    def save_event(self, event: Event) -> None:
        """Keep one event."""
        with self.lock:
            events, self.events = self.events, []
            time.sleep(0.0001)
            self.events = events
            super().save_event(event)


class FileStore(Store):
    """A store in a file of lines that keeps the contract for one process, in parts to break."""

    def __init__(self, path: Path) -> None:
        """Remember where the lines are."""
        super().__init__()
        self.path = path
        path.touch()

    def save_event(self, event: Event) -> None:
        """Keep one event."""
        self.refresh()
        if self.is_new(event):
            self.events.append(event)
            self.write(event)

    def load_all_events(self) -> list[Event]:
        """Return every event."""
        self.refresh()
        return super().load_all_events()

    def refresh(self) -> None:
        """Read the lines."""
        self.events = [Event.model_validate_json(line) for line in self.lines()]

    def lines(self) -> list[str]:
        """Return the lines."""
        return self.path.read_text(encoding="utf-8").split("\n")[:-1]

    def write(self, event: Event) -> None:
        """Write one line."""
        with self.path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(event.model_dump_json() + "\n")


class SplittingText(FileStore):
    """Takes characters in a payload for line ends."""

    def lines(self) -> list[str]:
        """Return the lines."""
        text = self.path.read_text(encoding="utf-8")
        return [line for line in text.splitlines() if line.endswith("}")]


class NotDurable(FileStore):
    """Keeps everything in memory."""

    def refresh(self) -> None:
        """Read nothing."""

    def write(self, event: Event) -> None:
        """Write nothing."""


class NotIdempotentWhenOpened(FileStore):
    """Knows the ids it saved itself."""

    def __init__(self, path: Path) -> None:
        """Know no ids."""
        super().__init__(path)
        self.ids: set[str] = set()

    def is_new(self, event: Event) -> bool:
        """Return whether no such event is kept yet."""
        new = event.event_id not in self.ids
        self.ids.add(event.event_id)
        return new


class Stale(FileStore):
    """Reads the file when it is opened, and no more."""

    def __init__(self, path: Path) -> None:
        """Read the file."""
        super().__init__(path)
        super().refresh()

    def refresh(self) -> None:
        """Read nothing."""


class Buffered(FileStore):
    """Writes what it has saved when it is read or closed, which a process that dies does not do."""

    def __init__(self, path: Path) -> None:
        """Keep the file open."""
        super().__init__(path)
        self.unwritten: list[Event] = []

    def write(self, event: Event) -> None:
        """Write one line, sooner or later."""
        self.unwritten.append(event)
        if multiprocessing.parent_process() is None:
            for waiting in self.unwritten:
                super().write(waiting)
            self.unwritten.clear()


class OfOneProcess(FileStore):
    """Cannot be used in another process."""

    def __init__(self, path: Path) -> None:
        """Look where we are."""
        if multiprocessing.parent_process() is not None:
            raise RuntimeError("not in this process")
        super().__init__(path)


def suite(make: type[Store], contract: type[EventStoreContract]) -> type[EventStoreContract]:
    """Return the contract's tests of a store in memory."""

    class Suite(contract):  # type: ignore[misc, valid-type]  # whichever it is
        @pytest.fixture
        def store(self) -> EventStore:
            return make()

    return Suite


def file_suite(
    make: Callable[[Path], FileStore], contract: type[EventStoreContract]
) -> type[EventStoreContract]:
    """Return the contract's tests of a store in a file."""

    class Suite(contract):  # type: ignore[misc, valid-type]  # whichever it is
        @pytest.fixture
        def open_store(
            self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
        ) -> Callable[[], EventStore]:
            monkeypatch.syspath_prepend(str(ROOT))  # for other processes, which import this module
            return partial(make, tmp_path / "events")

        @pytest.fixture
        def store(self, open_store: Callable[[], EventStore]) -> EventStore:
            return open_store()

    return Suite


TestStore = suite(Store, EventStoreContract)
TestFileStore = file_suite(FileStore, DurableEventStoreContract)

TestUnsorted = suite(Unsorted, EventStoreContract)
TestSortedByClockOnly = suite(SortedByClockOnly, EventStoreContract)
TestSortedByText = suite(SortedByText, EventStoreContract)
TestSortedById = suite(SortedById, EventStoreContract)
TestKeepingRepeats = suite(KeepingRepeats, EventStoreContract)
TestKeepingVersions = suite(KeepingVersions, EventStoreContract)
TestMovingRepeats = suite(MovingRepeats, EventStoreContract)
TestTakingMentionsForEvents = suite(TakingMentionsForEvents, EventStoreContract)
TestMixingAlike = suite(MixingAlike, EventStoreContract)
TestMixingPrefixes = suite(MixingPrefixes, EventStoreContract)
TestMixingAll = suite(MixingAll, EventStoreContract)
TestLosingPayloads = suite(LosingPayloads, EventStoreContract)
TestLosingCauses = suite(LosingCauses, EventStoreContract)
TestReturningAnotherType = suite(ReturningAnotherType, EventStoreContract)
TestLate = suite(Late, EventStoreContract)
TestLeaking = suite(Leaking, EventStoreContract)
TestInventing = suite(Inventing, EventStoreContract)
TestLosingInThreads = suite(LosingInThreads, ThreadSafeEventStoreContract)
TestRepeatingInThreads = suite(RepeatingInThreads, ThreadSafeEventStoreContract)
TestEmptyWhileSaving = suite(EmptyWhileSaving, ThreadSafeEventStoreContract)
TestSplittingText = file_suite(SplittingText, DurableEventStoreContract)
TestNotDurable = file_suite(NotDurable, DurableEventStoreContract)
TestNotIdempotentWhenOpened = file_suite(NotIdempotentWhenOpened, DurableEventStoreContract)
TestStale = file_suite(Stale, DurableEventStoreContract)
TestBuffered = file_suite(Buffered, ProcessSafeEventStoreContract)
TestOfOneProcess = file_suite(OfOneProcess, ProcessSafeEventStoreContract)
