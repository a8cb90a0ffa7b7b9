"""Stores in memory that threads cannot share.

``test_broken_in_threads.py`` says which tests each of the classes here has to fail. None
of them waits for chance: the suite finds each race by itself.
"""

from __future__ import annotations

import threading

from specify_cli.spec_kitty_events import Event
from specify_cli.telemetry.testing import ThreadSafeEventStoreContract

from .broken_values import ChangingTheCallersPayload
from .working_stores import LockedStore, Store


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


class ReplacingInOneLine(Store):
    """Replaces its dictionary in one line, in which nothing is called."""

    def __init__(self) -> None:
        """Start empty."""
        super().__init__()
        self.by_id: dict[str, Event] = {}

    def save_event(self, event: Event) -> None:
        """Keep one event."""
        self.by_id = {**self.by_id, event.event_id: event}

    def load_all_events(self) -> list[Event]:
        """Return every event."""
        self.events = list(self.by_id.values())
        return super().load_all_events()


class NewestFirstInThreads(LockedStore):
    """Loads by places, which change when a later event is saved."""

    def load_all_events(self) -> list[Event]:
        """Return every event."""
        events = []
        for place in range(len(self.events)):
            newest_first = sorted(self.events, key=lambda event: -event.lamport_clock)
            events.append(newest_first[place])
        return sorted(events, key=lambda event: (event.lamport_clock, event.node_id))


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
        lock = threading.Lock()
        with lock:
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


class ChangingTheCallersEvents(ChangingTheCallersPayload, LockedStore):
    """Does so, which is for others to find, where threads may share it."""


class OfTheFirstThread(LockedStore):
    """Keeps what the thread saves that was the first to save, and nothing of others."""

    def __init__(self) -> None:
        """Start empty."""
        super().__init__()
        self.threads: list[threading.Thread] = []

    def is_new(self, event: Event) -> bool:
        """Return whether no such event is kept yet."""
        self.threads.append(threading.current_thread())
        return self.threads[0] is self.threads[-1] and super().is_new(event)


class KnowingTheIdsOfItsThread(LockedStore):
    """Looks for an id among those that the same thread has saved."""

    def __init__(self) -> None:
        """Start empty."""
        super().__init__()
        self.known: set[tuple[threading.Thread, str]] = set()

    def is_new(self, event: Event) -> bool:
        """Return whether no such event is kept yet."""
        own = (threading.current_thread(), event.event_id)
        new = own not in self.known
        self.known.add(own)
        return new


class ShowingNothingWhileSaving(LockedStore):
    """Shows no event to one thread while others save, which wait until it has looked twice."""

    def __init__(self) -> None:
        """Start empty."""
        super().__init__()
        self.savers: set[threading.Thread] = set()
        self.looks = threading.Semaphore(0)

    def save_event(self, event: Event) -> None:
        """Keep one event."""
        if threading.current_thread() in self.savers:
            self.looks.acquire(timeout=1)
            self.looks.acquire(timeout=1)
        super().save_event(event)
        self.savers.add(threading.current_thread())

    def load_all_events(self) -> list[Event]:
        """Return no event."""
        if self.savers:
            self.looks.release()
        return []


class InventingInThreads(LockedStore):
    """Makes up an event where a load finds more than there was when it began."""

    def load_all_events(self) -> list[Event]:
        """Return every event."""
        before = len(self.events)
        events = super().load_all_events()
        if len(self.events) != before:
            self.events.append(ThreadSafeEventStoreContract().make_event())
        return events


class HangingForASecondThread(Store):
    """Never gives back what the first thread that saves has taken."""

    def __init__(self) -> None:
        """Start empty."""
        super().__init__()
        self.lock = threading.Lock()
        # Not its number, which the next thread may have.
        self.owner: threading.Thread | None = None

    def save_event(self, event: Event) -> None:
        """Keep one event."""
        if self.owner is not threading.current_thread():
            self.lock.acquire()
            self.owner = threading.current_thread()
        super().save_event(event)
