"""Appending the lines of events, each id once; safe for threads, forks and signal handlers."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Generic
from weakref import WeakSet

from .._codec import Codec, EventId, EventT, UnstorableError, event_name
from .._log import Appended, AppendLog, LockedLog, held_too_long
from .id_index import IdIndex, KnownIds
from .pending import PendingLines


class Writer(Generic[EventT]):
    """Appends the events whose ids are not in the log yet.

    Args:
        log: The file.
        codec: What tells whether a line loads.
    """

    def __init__(self, log: AppendLog, codec: Codec[EventT]) -> None:
        """Start with an empty index of ids."""
        self._log = log
        self._codec = codec
        self._ids = IdIndex(codec)
        # Reentrant, so that a signal handler of the thread that holds it is not kept waiting: the
        # lock of the file, asked for next, tells whether that thread is in the middle of an append.
        # Threads that wait for it have the less time left to wait for the lock of the file.
        self._lock = threading.RLock()
        _writers.add(self)

    def save(self, event: EventT) -> None:
        """Append one event, unless its id is in the log; see ``JsonlEventStore.save_event``."""
        self._codec.check(event)
        event_id = self._codec.id_of(event)
        if isinstance(event_id, str) and self.surely_has(event_id):
            return
        self.append([(event_id, self._encode(event))])

    def save_all(self, events: Iterable[EventT]) -> int:
        """Append those events whose ids are not in the log; return how many those are."""
        lines: list[tuple[EventId | None, bytes]] = []
        for event in events:
            self._codec.check(event)
            lines.append((self._codec.id_of(event), self._encode(event)))
        return self.append(lines) if lines else 0

    def surely_has(self, event_id: EventId) -> bool:
        """Return whether the id's line stands where it was found before; no is no answer.

        Saving a known event takes half of the time so. With ``fsync`` the file has to be synced
        first, and a line without its newline has to be ended: that is left to the save proper.
        """
        start = None if self._log.fsync else self._ids.start_of(event_id)
        line = b"" if start is None else self._log.line_at(start)
        return line.endswith(b"\n") and self._codec.loads_as(line) == event_id

    def start_of(self, event_id: EventId) -> int | None:
        """Return where a line may begin that has the id; what is there may have changed."""
        return self._ids.start_of(event_id)

    def append(self, lines: Sequence[tuple[EventId | None, bytes]]) -> int:
        """Append those of ``lines`` whose ids are not in the log; return how many those are.

        Args:
            lines: Event ids, each with its whole line. A line without an id is always new.

        Raises:
            StorageError: The operating system refused, or this thread is appending already. None of
                the lines has been appended.
        """
        new: list[tuple[EventId | None, bytes]]
        known: KnownIds[EventT]

        def choose(log: LockedLog) -> bytes:
            nonlocal new, known
            known = self._ids.catch_up(log, [event_id for event_id, _ in lines])
            new = known.new_lines(lines)
            return b"".join(line for _, line in new)

        self._append(choose, lambda appended: self._ids.add(new, appended, known))
        return len(new)

    @contextlib.contextmanager
    def held(self) -> Iterator[PendingLines[EventT]]:
        """Hold the log, and append in one write, on leaving, the lines that were added.

        Not under the lock of the threads: one that has it may be waiting for this one. The index is
        the business of whoever holds the log, and what is in it no more than hints.

        Raises:
            StorageError: See ``AppendLog.locked``. Nothing is appended.
        """
        with self._log.locked() as append:
            pending = PendingLines(append.log, self._ids)
            yield pending
            append.lines = b"".join(line for _, line in pending.lines)
        assert append.appended is not None  # noqa: S101  # it was, or something was raised
        pending.are_in(append.appended)

    def _append(
        self, choose: Callable[[LockedLog], bytes], note: Callable[[Appended], None]
    ) -> None:
        """Append what ``choose`` returns and note it, while no other thread of the store appends.

        Raises:
            StorageError: See ``append``.
        """
        since = time.monotonic()
        lock = self._lock
        taken: list[bool] = []
        try:
            # No interrupt comes between the two: see in_flight.
            taken.extend(filter(None, map(lock.acquire, (False,))))
            if not taken:
                self._take(lock, taken)
            note(self._log.append(choose, since))
        finally:
            for _ in taken:
                lock.release()

    def _take(self, lock: threading.RLock, taken: list[bool]) -> None:
        """Wait until the other thread of the store that appends has done so.

        Whatever interrupts this, ``taken`` is not empty if ``lock`` has to be released.

        Raises:
            StorageError: The thread itself holds the log, or there was no end of it in time.
        """
        # Whoever has it may be waiting for the lock of the file, which this thread may hold.
        self._log.refuse_own()
        timeout = self._log.timeout
        wait = -1 if timeout is None else min(timeout, threading.TIMEOUT_MAX)
        taken.extend(filter(None, map(lock.acquire, (True,), (wait,))))
        if timeout is not None and not taken:
            error = held_too_long(timeout)
            raise self._log.refused("append to", error) from error

    def _encode(self, event: EventT) -> bytes:
        try:
            return self._codec.encode(event)
        except UnstorableError as error:
            what = event_name(self._codec.id_of(event))
            raise self._log.error_type(
                f'cannot store {what} in "{self._log.path}": {error}'
            ) from error

    def start_over_in_child(self) -> None:  # pragma: posix
        """Forget the thread that holds the lock in the parent: in the child it does not exist."""
        self._lock = threading.RLock()
        self._ids = IdIndex(self._codec)


_writers: WeakSet[Writer[Any]] = WeakSet()


def _start_over_in_child() -> None:  # pragma: posix
    for writer in list(_writers):
        writer.start_over_in_child()


if hasattr(os, "register_at_fork"):  # pragma: no branch, pragma: posix
    os.register_at_fork(after_in_child=_start_over_in_child)
    # Once more: an interrupt may end the first, and Python goes on with the child all the same.
    os.register_at_fork(after_in_child=_start_over_in_child)
