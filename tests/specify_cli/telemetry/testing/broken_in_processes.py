"""Stores in files that processes cannot use at once.

``test_contract_suite.py`` runs the classes here and says which tests each of them has to fail. None
of them waits for chance: the suite finds each race by itself.
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
    EventStoreContract,
    ProcessSafeEventStoreContract,
    ThreadSafeEventStoreContract,
)

from .working_stores import FileStore, LockedFileStore, file_suite, only


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
        with self.lock, self.path.with_suffix(".lock").open("ab") as file:
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


class DyingInProcesses(LockedFileStore):
    """Ends the process that saves."""

    def save_event(self, event: Event) -> None:
        """Keep one event."""
        super().save_event(event)
        if multiprocessing.parent_process() is not None:
            os._exit(3)


class NewestFirst(LockedFileStore):
    """Writes the newest line first, and loads line by line."""

    def write(self, event: Event) -> None:
        """Write one line, before the others."""
        new = self.path.with_suffix(".new")
        lines = self.path.read_text(encoding="utf-8")
        new.write_text(event.model_dump_json() + "\n" + lines, encoding="utf-8")
        new.replace(self.path)

    def refresh(self) -> None:
        """Read the lines, one after another."""
        lines = [self.lines()[number] for number in range(len(self.lines()))]
        self.events = [Event.model_validate_json(line) for line in reversed(lines)]

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep the other savers waiting."""
        with self.path.with_suffix(".lock").open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


class KeepingTheLastBack(LockedFileStore):
    """Writes an event when the next one comes."""

    def __init__(self, path: Path) -> None:
        """Have nothing to write."""
        super().__init__(path)
        self.unwritten: list[Event] = []

    def write(self, event: Event) -> None:
        """Write the line before."""
        for waiting in self.unwritten:
            super().write(waiting)
        self.unwritten = [event]


class RefusingANode(LockedFileStore):
    """Fails in one of several processes."""

    def save_event(self, event: Event) -> None:
        """Keep one event."""
        if event.node_id == "node-4":
            raise RuntimeError("not this one")
        super().save_event(event)


class InventingWhileLoading(LockedFileStore):
    """Makes up an event where a load finds more than there was when it began."""

    def load_all_events(self) -> list[Event]:
        """Return every event."""
        before = len(self.lines())
        events = super().load_all_events()
        if len(events) != before:
            with self.locked():
                self.write(EventStoreContract().make_event())
        return events


class InventingWhileSaving(LockedFileStore):
    """Makes up an event where another one was saved after a save had begun."""

    def save_event(self, event: Event) -> None:
        """Keep one event."""
        before = len(self.lines())
        super().save_event(event)
        if len(self.lines()) > before + 1:
            super().save_event(EventStoreContract().make_event())


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


class OfBoth(ThreadSafeEventStoreContract, ProcessSafeEventStoreContract):
    """What is promised to threads and processes."""


OfProcesses = only(
    ProcessSafeEventStoreContract,
    "processes_lose_and_repeat_nothing",
    "a_save_may_be_interrupted_by_processes",
    "a_load_may_be_interrupted_by_processes",
    "threads_may_each_open_a_store",
)
OfASave = only(OfProcesses, "a_save_may_be_interrupted_by_processes")


class HurriedDurable(DurableEventStoreContract):
    """A suite that does not wait for long."""

    deadline = 0.1


class Hurried(OfProcesses):  # type: ignore[misc, valid-type]  # made above
    """A suite that does not wait for long, but for a process to start on a busy machine."""

    deadline = 4.0


TestLockedFileStore = file_suite(LockedFileStore, OfBoth)
TestUnlockedFile = file_suite(FileStore, OfASave)
TestLockingThreadsOnly = file_suite(LockingThreadsOnly, OfASave)
TestLockingWritesOnly = file_suite(LockingWritesOnly, OfASave)
TestWritingInParts = file_suite(WritingInParts, OfASave)
TestRewriting = file_suite(Rewriting, OfASave)
TestBuffered = file_suite(Buffered, OfProcesses)
TestOfOneProcess = file_suite(OfOneProcess, OfProcesses)
TestFailingInProcesses = file_suite(FailingInProcesses, OfProcesses)
TestDyingInProcesses = file_suite(DyingInProcesses, OfProcesses)
TestNewestFirst = file_suite(
    NewestFirst, only(OfProcesses, "a_load_may_be_interrupted_by_processes")
)
TestExclusiveForLife = file_suite(ExclusiveForLife, HurriedDurable)
TestHangingInProcesses = file_suite(HangingInProcesses, Hurried)
TestLockingProcessesOnly = file_suite(
    LockingProcessesOnly, only(OfBoth, "threads_may_each_open_a_store")
)
