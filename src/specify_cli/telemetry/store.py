"""The event store over one append-only JSONL file."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterable, Iterator
from operator import attrgetter
from pathlib import Path
from weakref import WeakSet

from ..spec_kitty_events import Event, EventStore, StorageError
from ._appendlog import AppendLog
from ._codec import encode
from ._knownids import KnownIds
from ._lockedlog import LockedLog
from ._payload import UnstorableError
from ._reading import read_events, without_collector
from ._recent import RecentIds
from ._scan import loads_as

logger = logging.getLogger(__name__)

_causal_order = attrgetter("lamport_clock", "node_id")


class SimpleJsonStore(EventStore):
    """An event store that appends one JSON line per event to a file.

    Any number of stores, threads and processes on one machine may use the same file at once. Every
    call goes by what is at the path at that moment; nothing stays open between calls, and there are
    no files beside the log. Creating a store touches nothing on disk. A store can be pickled and
    copied: the copy uses the same file.

    Args:
        file_path: The log. It need not exist; the first save makes it and its directories.
        fsync: Whether a save waits until the event is on the device, so that it survives not only
            the death of the process but a loss of power too.
    """

    def __init__(self, file_path: str | os.PathLike[str], *, fsync: bool = False) -> None:
        """Remember where the log is."""
        self._log = AppendLog(Path(file_path), fsync=fsync)
        self._known_ids: KnownIds | None = None
        self._lock = threading.RLock()
        self._saving = False
        _stores.add(self)

    @property
    def file_path(self) -> Path:
        """Where the log is, as given."""
        return self._log.path

    def __repr__(self) -> str:
        """Return how to make a store like this one."""
        return f"{type(self).__name__}({str(self.file_path)!r}, fsync={self._log.fsync})"

    def __getstate__(self) -> dict[str, object]:
        """Return what a copy starts from; locks and what was learnt of the file stay behind."""
        return {"file_path": self.file_path, "fsync": self._log.fsync}

    def __setstate__(self, state: dict[str, object]) -> None:
        """Start a copy on the same file."""
        SimpleJsonStore.__init__(self, **state)  # type: ignore[arg-type]  # as __getstate__ made it

    def save_event(self, event: Event) -> None:
        """Append one event to the log, unless its id is there already.

        When this returns, the event is in the file, whole: killing the process loses nothing. With
        ``fsync=True`` it is on the device too. An id that is known already, whoever saved it, is
        not written again; the first event saved under an id stays. A missing file is created, with
        its directories. An incomplete last line, left by a writer that died, is closed off with a
        newline; neither it nor any other malformed line is changed, or taken for a saved event.

        Args:
            event: The event to save.

        Raises:
            StorageError: The event cannot be stored so that it would load again, or the operating
                system refused. The file is as it was; saving again later is safe.
        """
        event_id = getattr(event, "event_id", None)
        if isinstance(event_id, str) and self._is_surely_known(event_id):
            return
        line = self._encode(event)
        self._append({event.event_id: line})

    def save_events(self, events: Iterable[Event]) -> int:
        """Append several events to the log under one lock and in one write.

        The events whose ids are not in the log yet are written in the order given, the first of
        each id. All are encoded before anything is written. When this returns, all of them are in
        the file, as after ``save_event``. A crash meanwhile may leave the first few of them there,
        as whole lines.

        Args:
            events: The events to save.

        Returns:
            How many of them were new.

        Raises:
            StorageError: One of the events cannot be stored, or the operating system refused. The
                file is as it was: none of the events was saved.
        """
        lines: dict[str, bytes] = {}
        for event in events:
            line = self._encode(event)
            lines.setdefault(event.event_id, line)
        return self._append(lines) if lines else 0

    def load_events(self, aggregate_id: str) -> list[Event]:
        """Return the events of one aggregate in causal order.

        Malformed lines, in the whole log, are skipped with a warning each, at most ten, and then
        one that counts them all. A missing or empty file gives an empty list. Memory: the events
        returned. Nothing is written.

        Args:
            aggregate_id: The aggregate; an unknown one gives an empty list.

        Returns:
            The events sorted by ``(lamport_clock, node_id)``, ties in file order, each id once: the
            first event in the file under an id is the one that counts.

        Raises:
            StorageError: The operating system refused to read the file.
        """
        found: dict[str, Event] = {}
        for event in self.iter_events(aggregate_id):
            found.setdefault(event.event_id, event)
        return sorted(found.values(), key=_causal_order)

    def load_all_events(self) -> list[Event]:
        """Return every event in the log in causal order.

        Malformed lines, a missing file and repeated ids are dealt with as in ``load_events``.

        Returns:
            The events sorted by ``(lamport_clock, node_id)``, ties in file order, each id once.

        Raises:
            StorageError: The operating system refused to read the file.
        """
        found: dict[str, Event] = {}
        with without_collector():
            for event in read_events(self._log, logger):
                found.setdefault(event.event_id, event)
            return sorted(found.values(), key=_causal_order)

    def iter_events(self, aggregate_id: str | None = None) -> Iterator[Event]:
        """Yield events in file order, in constant memory however long the log is.

        The log is read as it was when iteration began. Malformed lines and a missing file are dealt
        with as in ``load_events``. Saving while iterating is fine.

        A repeated id, which only editing or merging a log by other means can leave there, is
        yielded once as long as no more than 30,000 other ids lie between; the loads have no such
        bound.

        Args:
            aggregate_id: The aggregate to yield events of; by default, all of them.

        Yields:
            The events, as they come in the file.

        Raises:
            StorageError: The operating system refused to read the file. Raised on iteration.
        """
        recent = RecentIds()
        for event in read_events(self._log, logger):
            if recent.is_new(event.event_id) and aggregate_id in (None, event.aggregate_id):
                yield event

    def _encode(self, event: Event) -> bytes:
        try:
            return encode(event)
        except UnstorableError as error:
            event_id = getattr(event, "event_id", type(event).__name__)
            raise StorageError(
                f'cannot store event "{event_id}" in "{self.file_path}": {error}'
            ) from error

    def _is_surely_known(self, event_id: str) -> bool:
        """Return whether the id's line stands where it was found before, without any lock.

        Saving a known event takes a quarter of the time so. An append that is under way, and may
        yet be rolled back, cannot be mistaken for the line: lines are found under the lock only.
        With ``fsync`` the file has to be synced first, so this leaves it to the save proper.
        """
        known_ids = self._known_ids
        if known_ids is None or self._log.fsync:
            return False
        start = known_ids.start_of(event_id)
        return start is not None and loads_as(self._log.line_at(start)) == event_id

    def _append(self, lines: dict[str, bytes]) -> int:
        with self._lock:
            if self._saving:
                # A signal or log handler has interrupted a save in this very thread. Waiting for
                # the file lock would be waiting for oneself.
                raise StorageError(f'cannot append to "{self.file_path}" during another append')
            try:
                self._saving = True
                return self._append_new(lines)
            finally:
                self._saving = False

    def _append_new(self, lines: dict[str, bytes]) -> int:
        """Append the lines whose ids are not in the log; return how many those are."""
        new: dict[str, bytes] = {}
        if self._known_ids is None:
            self._known_ids = KnownIds()
        known_ids = self._known_ids

        def choose(log: LockedLog) -> bytes:
            nonlocal new
            known_ids.catch_up(log, len(lines))
            new = {name: line for name, line in lines.items() if not known_ids.holds(name, log)}
            return b"".join(new.values())

        log = self._log.append(choose)
        known_ids.add(new, log)
        return len(new)

    def _start_over_in_child(self) -> None:  # pragma: posix
        # A thread that was saving holds the lock in the parent; in the child it does not exist.
        self._lock = threading.RLock()
        self._saving = False
        self._known_ids = None


_stores: WeakSet[SimpleJsonStore] = WeakSet()


def _start_over_in_child() -> None:  # pragma: posix
    for store in _stores:
        store._start_over_in_child()  # noqa: SLF001  # this module's own


if hasattr(os, "register_at_fork"):  # pragma: no branch, pragma: posix
    os.register_at_fork(after_in_child=_start_over_in_child)
