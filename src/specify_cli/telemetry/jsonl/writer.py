"""An append log that takes each event id once."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from typing import Any, Generic
from weakref import WeakSet

from .._codec.codec import Codec
from .._codec.event import EventT
from .._log.append import AppendLog
from .._log.locked import LockedLog
from .id_index import KnownIds


class IdempotentLog(Generic[EventT]):
    """Appends the lines of events whose ids are not in the log yet; safe for threads and forks.

    Args:
        log: The file.
        codec: What tells whether a line loads.
    """

    def __init__(self, log: AppendLog, codec: Codec[EventT]) -> None:
        """Know nothing of the file."""
        self._log = log
        self._codec = codec
        self._known_ids: KnownIds[EventT] | None = None
        self._lock = threading.RLock()
        self._appending = False
        _logs.add(self)

    def surely_has(self, event_id: str) -> bool:
        """Return whether the id's line stands where it was found before, without any lock.

        Saving a known event takes a quarter of the time so. An append that is under way, and may
        yet be rolled back, cannot be mistaken for the line: lines are found under the lock only.
        With ``fsync`` the file has to be synced first, so this leaves it to the save proper.
        """
        known_ids = self._known_ids
        if known_ids is None or self._log.fsync:
            return False
        start = known_ids.start_of(event_id)
        return start is not None and self._codec.loads_as(self._log.line_at(start)) == event_id

    def append(self, lines: Mapping[str, bytes]) -> int:
        """Append those of ``lines`` whose ids are not in the log; return how many those are.

        Args:
            lines: Whole lines by event id.

        Raises:
            StorageError: The operating system refused, or this thread is appending already. None of
                the lines has been appended.
        """
        with self._lock:
            if self._appending:
                # A signal or log handler has interrupted an append in this very thread. Waiting
                # for the file lock would be waiting for oneself.
                raise self._log.error_type(
                    f'cannot append to "{self._log.path}" during another append'
                )
            try:
                self._appending = True
                return self._append_new(lines)
            finally:
                self._appending = False

    def _append_new(self, lines: Mapping[str, bytes]) -> int:
        new: dict[str, bytes] = {}
        if self._known_ids is None:
            self._known_ids = KnownIds(self._codec)
        known_ids = self._known_ids

        def choose(log: LockedLog) -> bytes:
            nonlocal new
            known_ids.catch_up(log, len(lines))
            new = {name: line for name, line in lines.items() if not known_ids.holds(name, log)}
            return b"".join(new.values())

        log = self._log.append(choose)
        known_ids.add(new, log)
        return len(new)

    def start_over_in_child(self) -> None:  # pragma: posix
        """Forget the thread that holds the lock in the parent: in the child it does not exist."""
        self._lock = threading.RLock()
        self._appending = False
        self._known_ids = None


_logs: WeakSet[IdempotentLog[Any]] = WeakSet()


def _start_over_in_child() -> None:  # pragma: posix
    for log in _logs:
        log.start_over_in_child()


if hasattr(os, "register_at_fork"):  # pragma: no branch, pragma: posix
    os.register_at_fork(after_in_child=_start_over_in_child)
