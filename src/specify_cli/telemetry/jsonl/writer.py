"""Appending the lines of events, each id once; safe for threads, forks and signal handlers."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Mapping
from typing import Any, Generic
from weakref import WeakSet

from .._codec import Codec, EventT, UnstorableError
from .._log import AppendLog, LockedLog
from .id_index import IdIndex


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
        self._lock = threading.RLock()
        _writers.add(self)

    def save(self, event: EventT) -> None:
        """Append one event, unless its id is in the log; see ``JsonlEventStore.save_event``."""
        self._check(event)
        event_id: object = event.event_id  # whatever went round the model's checks
        if isinstance(event_id, str) and self.surely_has(event_id):
            return
        line = self._encode(event)
        self.append({event.event_id: line})

    def save_all(self, events: Iterable[EventT]) -> int:
        """Append those events whose ids are not in the log; return how many those are."""
        lines: dict[str, bytes] = {}
        for event in events:
            self._check(event)
            line = self._encode(event)
            lines.setdefault(event.event_id, line)
        return self.append(lines) if lines else 0

    def surely_has(self, event_id: str) -> bool:
        """Return whether the id's line stands where it was found before; no is no answer.

        Saving a known event takes half of the time so. With ``fsync`` the file has to be synced
        first, so this leaves it to the save proper.
        """
        start = None if self._log.fsync else self._ids.start_of(event_id)
        return start is not None and self._codec.loads_as(self._log.line_at(start)) == event_id

    def append(self, lines: Mapping[str, bytes]) -> int:
        """Append those of ``lines`` whose ids are not in the log; return how many those are.

        Args:
            lines: Whole lines by event id.

        Raises:
            StorageError: The operating system refused, or this thread is appending already. None of
                the lines has been appended.
        """
        new: dict[str, bytes] = {}

        def choose(log: LockedLog) -> bytes:
            nonlocal new
            self._ids.catch_up(log, len(lines))
            new = {name: line for name, line in lines.items() if not self._ids.holds(name, log)}
            return b"".join(new.values())

        with self._lock:
            appended = self._log.append(choose)
            self._ids.add(new, appended)
        return len(new)

    def _check(self, event: EventT) -> None:
        model = self._codec.model
        if not isinstance(event, model):
            expected = f"{model.__module__}.{model.__qualname__}"
            raise TypeError(f"not an event of this store, which takes {expected}: {event!r:.200}")

    def _encode(self, event: EventT) -> bytes:
        try:
            return self._codec.encode(event)
        except UnstorableError as error:
            raise self._log.error_type(
                f'cannot store event "{event.event_id}" in "{self._log.path}": {error}'
            ) from error

    def start_over_in_child(self) -> None:  # pragma: posix
        """Forget the thread that holds the lock in the parent: in the child it does not exist."""
        self._lock = threading.RLock()
        self._ids = IdIndex(self._codec)


_writers: WeakSet[Writer[Any]] = WeakSet()


def _start_over_in_child() -> None:  # pragma: posix
    for writer in _writers:
        writer.start_over_in_child()


if hasattr(os, "register_at_fork"):  # pragma: no branch, pragma: posix
    os.register_at_fork(after_in_child=_start_over_in_child)
