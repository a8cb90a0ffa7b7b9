"""Stores that break what is promised to several stores, threads and processes.

``test_contract_suite.py`` runs this module and says which tests each class has to fail. None of
them waits for chance: the suite finds each race by itself.
"""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from specify_cli.spec_kitty_events import Event
from specify_cli.telemetry.testing import (
    DurableEventStoreContract,
    ProcessSafeEventStoreContract,
    ThreadSafeEventStoreContract,
)

from .working_stores import (
    FileStore,
    LockedFileStore,
    LockedStore,
    Store,
    file_suite,
    suite,
    without_inherited_tests,
)


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


class LossyInItsFile(FileStore):
    """Remembers more than it writes."""

    def refresh(self) -> None:
        """Read what another store has written."""
        known = {event.event_id for event in self.events}
        read = [Event.model_validate_json(line) for line in self.lines()]
        self.events += [event for event in read if event.event_id not in known]

    def write(self, event: Event) -> None:
        """Write one line."""
        super().write(event.model_copy(update={"causation_id": None}))


class KeepingTheCallersEvent(LossyInItsFile):
    """Remembers the object that it was given."""

    def write(self, event: Event) -> None:
        """Write one line."""
        FileStore.write(self, event)


class ExclusiveForLife(FileStore):
    """Locks its file when it is opened, so that another store waits for ever."""

    def __init__(self, path: Path) -> None:
        """Lock the file."""
        super().__init__(path)
        self.descriptor = os.open(path, os.O_RDONLY)
        fcntl.flock(self.descriptor, fcntl.LOCK_EX)

    def __del__(self) -> None:
        """Unlock the file."""
        os.close(self.descriptor)


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


class LockingThreadsOnly(FileStore):
    """Has a lock that no other store knows of."""

    def __init__(self, path: Path) -> None:
        """Make a lock."""
        super().__init__(path)
        self.lock = threading.Lock()

    def save_event(self, event: Event) -> None:
        """Keep one event."""
        with self.lock:
            super().save_event(event)

    def __reduce__(self) -> tuple[type[LockingThreadsOnly], tuple[Path]]:
        """Return how to make one in another process."""
        return type(self), (self.path,)


class LockingWritesOnly(LockedFileStore):
    """Looks before it has the lock."""

    def save_event(self, event: Event) -> None:
        """Keep one event."""
        self.refresh()
        if self.is_new(event):
            with self.locked():
                self.write(event)


class WritingInParts(LockedFileStore):
    """Writes a line in two parts, which a load may come between."""

    def refresh(self) -> None:
        """Read the lines, without the last if it is not whole."""
        text = self.path.read_text(encoding="utf-8")
        lines = [line for line in text.split("\n") if line.endswith("}")]
        self.events = [Event.model_validate_json(line) for line in lines]

    def save_event(self, event: Event) -> None:
        """Keep one event."""
        self.refresh()
        if self.is_new(event):
            line = event.model_dump_json() + "\n"
            for part in (line[:40], line[40:]):
                with self.locked(), self.path.open("a", encoding="utf-8") as file:
                    file.write(part)


class Rewriting(LockedFileStore):
    """Writes everything again, while loads do not wait."""

    def write(self, event: Event) -> None:  # noqa: ARG002  # it is one of the events
        """Write all lines."""
        lines = [event.model_dump_json() + "\n" for event in self.events]
        self.path.write_text("".join(lines), encoding="utf-8")


class LockingProcessesOnly(LockedFileStore):
    """Has locks that belong to the process, and do not keep its other threads waiting."""

    def __init__(self, path: Path) -> None:
        """Make a lock for the threads that share this store."""
        super().__init__(path)
        self.lock = threading.Lock()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep the other savers waiting."""
        with self.lock, self.path.open("ab") as file:
            fcntl.lockf(file, fcntl.LOCK_EX)
            yield


class FailingInProcesses(LockedFileStore):
    """Saves in one process only."""

    def save_event(self, event: Event) -> None:
        """Keep one event."""
        if multiprocessing.parent_process() is not None:
            raise RuntimeError("not in this process")
        super().save_event(event)


class HangingInProcesses(LockedFileStore):
    """Waits for what never comes."""

    def save_event(self, event: Event) -> None:
        """Keep one event."""
        if multiprocessing.parent_process() is not None:
            threading.Event().wait()
        super().save_event(event)


class ForThreadsAndProcesses(ThreadSafeEventStoreContract, ProcessSafeEventStoreContract):
    """Everything that can be promised."""


OfThreads = without_inherited_tests(ThreadSafeEventStoreContract)
OfProcesses = without_inherited_tests(ProcessSafeEventStoreContract)


class OfThreadsAndProcesses(OfThreads, OfProcesses):  # type: ignore[misc, valid-type]  # made above
    """What is promised to both."""


class HurriedDurable(DurableEventStoreContract):
    """A suite that does not wait for long."""

    deadline = 0.1


class HurriedThreads(OfThreads):  # type: ignore[misc, valid-type]  # made above
    """A suite that does not wait for long."""

    deadline = 0.2


class HurriedProcesses(OfProcesses):  # type: ignore[misc, valid-type]  # made above
    """A suite that does not wait for long."""

    deadline = 2.0


TestLockedStore = suite(LockedStore, ThreadSafeEventStoreContract)
TestFileStore = file_suite(FileStore, DurableEventStoreContract)
TestLockedFileStore = file_suite(LockedFileStore, ForThreadsAndProcesses)

TestSplittingText = file_suite(SplittingText, DurableEventStoreContract)
TestNotDurable = file_suite(NotDurable, DurableEventStoreContract)
TestNotIdempotentWhenOpened = file_suite(NotIdempotentWhenOpened, DurableEventStoreContract)
TestStale = file_suite(Stale, DurableEventStoreContract)
TestLossyInItsFile = file_suite(LossyInItsFile, DurableEventStoreContract)
TestKeepingTheCallersEvent = file_suite(KeepingTheCallersEvent, DurableEventStoreContract)
TestExclusiveForLife = file_suite(ExclusiveForLife, HurriedDurable)
TestUnlocked = suite(Store, OfThreads)
TestLosingInThreads = suite(LosingInThreads, OfThreads)
TestLosingInOneLine = suite(LosingInOneLine, OfThreads)
TestCountingInThreads = suite(CountingInThreads, OfThreads)
TestLockingInParts = suite(LockingInParts, OfThreads)
TestLockingForItself = suite(LockingForItself, OfThreads)
TestEmptyWhileSaving = suite(EmptyWhileSaving, OfThreads)
TestIteratingInThreads = suite(IteratingInThreads, OfThreads)
TestFailingInThreads = suite(FailingInThreads, OfThreads)
TestHangingInThreads = suite(HangingInThreads, HurriedThreads)
TestUnlockedFile = file_suite(FileStore, OfProcesses)
TestBuffered = file_suite(Buffered, OfProcesses)
TestOfOneProcess = file_suite(OfOneProcess, OfProcesses)
TestLockingThreadsOnly = file_suite(LockingThreadsOnly, OfProcesses)
TestLockingWritesOnly = file_suite(LockingWritesOnly, OfProcesses)
TestWritingInParts = file_suite(WritingInParts, OfProcesses)
TestRewriting = file_suite(Rewriting, OfProcesses)
TestFailingInProcesses = file_suite(FailingInProcesses, OfProcesses)
TestHangingInProcesses = file_suite(HangingInProcesses, HurriedProcesses)
TestLockingProcessesOnly = file_suite(LockingProcessesOnly, OfThreadsAndProcesses)
