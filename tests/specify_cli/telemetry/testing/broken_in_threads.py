"""Stores in memory that threads cannot share.

``test_contract_suite.py`` runs the classes here and says which tests each of them has to fail. None
of them waits for chance: the suite finds each race by itself.
"""

from __future__ import annotations

import threading

from specify_cli.spec_kitty_events import Event
from specify_cli.telemetry.testing import ThreadSafeEventStoreContract

from .working_stores import LockedStore, Store, only, suite


class LosingInThreads(Store):
    """Replaces its list by a longer one, whatever happened meanwhile."""

    def save_event(self, event: Event) -> None:
        """Keep one event."""
        events = self.events.copy()
        if self.is_new(event):
            self.events = [*events, event]


class LosingInOneLine(Store):
    """Replaces its list in one line."""

    def save_event(self, event: Event) -> None:
        """Keep one event."""
        self.events = self.events + [event] * self.is_new(event)


class CountingInThreads(LockedStore):
    """Takes the next place without a lock."""

    def __init__(self) -> None:
        """Start empty."""
        super().__init__()
        self.places: dict[int, Event] = {}
        self.next = 0

    def save_event(self, event: Event) -> None:
        """Keep one event."""
        with self.lock:
            if event.event_id in {known.event_id for known in self.places.values()}:
                return
        self.next += 1
        self.places[self.next] = event
        self.events = list(self.places.values())


class LockingInParts(LockedStore):
    """Looks under a lock, and appends under it again."""

    def save_event(self, event: Event) -> None:
        """Keep one event."""
        with self.lock:
            new = self.is_new(event)
        if new:
            with self.lock:
                self.events.append(event)


class LockingForItself(Store):
    """Makes a lock whenever it needs one."""

    def save_event(self, event: Event) -> None:
        """Keep one event."""
        with threading.Lock():
            super().save_event(event)


class EmptyWhileSaving(LockedStore):
    """Takes its list away while it makes a longer one, which only savers wait for."""

    def save_event(self, event: Event) -> None:
        """Keep one event."""
        with self.lock:
            events, self.events = self.events, []
            new = all(event.event_id != known.event_id for known in events)
            self.events = [*events, event] if new else events


class IteratingInThreads(LockedStore):
    """Loads from what others change meanwhile."""

    def __init__(self) -> None:
        """Start empty."""
        super().__init__()
        self.by_id: dict[str, Event] = {}

    def save_event(self, event: Event) -> None:
        """Keep one event."""
        with self.lock:
            self.by_id.setdefault(event.event_id, event)

    def load_all_events(self) -> list[Event]:
        """Return every event."""
        self.events = []
        for event in self.by_id.values():
            self.events.append(event)
        return super().load_all_events()


class FailingInThreads(LockedStore):
    """Saves for one thread only."""

    def save_event(self, event: Event) -> None:
        """Keep one event."""
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("not in this thread")
        super().save_event(event)


class HangingInThreads(LockedStore):
    """Never gives back what one thread has taken."""

    def save_event(self, event: Event) -> None:
        """Keep one event."""
        if threading.current_thread() is not threading.main_thread():
            self.lock.acquire()
        super().save_event(event)


OfThreads = only(
    ThreadSafeEventStoreContract,
    *("threads_lose_nothing", "threads_repeat_nothing", "threads_load_what_is_saved"),
    *("a_save_may_be_interrupted_by_threads", "a_load_may_be_interrupted_by_threads"),
)


class Hurried(OfThreads):  # type: ignore[misc, valid-type]  # made above
    """A suite that does not wait for long."""

    deadline = 0.2


TestLockedStore = suite(LockedStore, ThreadSafeEventStoreContract)
TestUnlocked = suite(Store, OfThreads)
TestLosingInThreads = suite(LosingInThreads, OfThreads)
TestLosingInOneLine = suite(LosingInOneLine, OfThreads)
TestCountingInThreads = suite(CountingInThreads, OfThreads)
TestLockingInParts = suite(LockingInParts, OfThreads)
TestLockingForItself = suite(LockingForItself, OfThreads)
TestEmptyWhileSaving = suite(EmptyWhileSaving, OfThreads)
TestIteratingInThreads = suite(IteratingInThreads, OfThreads)
TestFailingInThreads = suite(FailingInThreads, OfThreads)
TestHangingInThreads = suite(HangingInThreads, Hurried)
