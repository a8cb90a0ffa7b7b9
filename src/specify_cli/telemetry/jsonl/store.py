"""The event store over one append-only JSONL file, for any model of events."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import ClassVar

from .._codec import EventCodec, EventT, EventTypes, codec_of
from .._contract import StorageError
from .._log import MODE, TIMEOUT
from .cursor import NewEvents, read_since
from .event_writer import EventWriter
from .file import JsonlFile
from .reader import EventReader


class JsonlEventStore(JsonlFile, EventTypes[EventT]):
    """An event store that appends one JSON line per event to a file, for any type of events.

    A subclass names the type of its events, whatever pydantic validates, and their fields::

        class StatusStore(JsonlEventStore[StatusEvent]):
            event_model = StatusEvent
            aggregate_field = "mission_slug"
            order_by = ("at", "event_id")

    Any number of stores, threads and processes on one machine may use the same file at once. Every
    call goes by what is at the path at that moment; nothing stays open in between, and no file is
    beside the log. Making a store touches nothing on disk. A copy uses the same file.

    Args:
        file_path: The log. It need not exist; the first save makes it and its directories.
        fsync: Whether a save waits until the event is on the device, to survive a loss of power.
        timeout: How many seconds to wait while another process holds the log; None: without end.
        mode: What the umask leaves of it is the mode of a log that is created: ``0o600`` to keep it
            to its owner. On Windows the directory's rights count instead.
        follow_symlinks: Whether the log may be a symbolic link; with False such a path is refused.

    Attributes:
        event_model: The type of the events. This and the names of their fields are ``EventTypes``.
        storage_error: What is raised when the operating system or JSON refuses.

    Example:
        >>> class PlainStore(JsonlEventStore[Event]):
        ...     event_model = Event
        >>> PlainStore("events.jsonl", fsync=True)
        PlainStore('events.jsonl', fsync=True)
    """

    storage_error: ClassVar[type[Exception]] = StorageError

    def __init__(
        self,
        file_path: str | os.PathLike[str],
        *,
        fsync: bool = False,
        timeout: float | None = TIMEOUT,
        mode: int = MODE,
        follow_symlinks: bool = True,
    ) -> None:
        """Touch nothing on disk."""
        self._codec: EventCodec[EventT] = codec_of(type(self))
        self._bind(
            file_path,
            self.storage_error,
            fsync=fsync,
            timeout=timeout,
            mode=mode,
            follow_symlinks=follow_symlinks,
        )
        self._writer = EventWriter(self._log, self._codec)
        self._reader = EventReader(self._log, self._codec)

    def __setstate__(self, state: dict[str, object]) -> None:
        """Start a copy on the same file."""
        JsonlEventStore.__init__(self, **state)  # type: ignore[arg-type]  # as __getstate__ made it

    def save_event(self, event: EventT) -> None:
        """Append one event to the log, unless its id is there already.

        When this returns, the event is in the file, whole; with ``fsync=True``, on the device. An
        id that is known already is not written again: the first event saved under it stays. A
        missing file is created, with its directories. A torn tail, left by a writer that died, is
        sealed with a newline; no malformed line is changed, or taken for a saved event.

        Args:
            event: The event to save.

        Raises:
            StorageError: The event would not load again, the operating system refused, or the lock
                was not to be had in time. The file is as it was; saving again is safe.
            TypeError: It is not an event of this store's model.

        Example:
            >>> store.save_event(event)
            >>> store.save_event(event)  # the same id again: nothing is written
        """
        self._writer.save(event)

    def save_events(self, events: Iterable[EventT]) -> int:
        """Append several events to the log under one lock and in one write.

        Those whose ids are not in the log yet are written in the order given, the first of each id.
        When this returns, all of them are in the file, as after ``save_event``. A crash meanwhile
        may leave the first few of them there, as whole lines.

        Args:
            events: The events to save.

        Returns:
            How many of them were new.

        Raises:
            StorageError: As for ``save_event``; none of the events was saved.
            TypeError: One of them is not an event of this store's model.

        Example:
            >>> store.save_event(event)
            >>> store.save_events([event, other_event])
            1
        """
        return self._writer.save_all(events)

    def save_next(self, make: Callable[[int], EventT]) -> EventT:
        """Append the event that ``make`` returns, with the log's next clock.

        The clock is one more than the highest ``lamport_clock`` in the log; however many processes
        save, no two get the same. When this returns, the event is in the file.

        Args:
            make: Returns an event with the clock that it is given. It cannot save to the log.

        Returns:
            The event; if its id is in the log already, the one that was saved under it first.

        Raises:
            StorageError: As for ``save_event``. What ``make`` raises comes through as it is.
            TypeError: It is not an event of this store's model, or has no integer clock.
            ValueError: It has another clock. Nothing was saved.

        Example:
            >>> store.save_next(lambda clock: event.model_copy(update={"lamport_clock": clock}))
            Event(...)
        """
        return self._writer.save_next(make, id_is_new=False)

    def load_events(self, aggregate_id: str) -> list[EventT]:
        """Return the events of one aggregate in causal order.

        Malformed lines are skipped with a warning each, at most ten, and then one that counts them
        all: those that may be this aggregate's, and whatever does not look like a record. Damage
        inside another aggregate's line is left to the loads that read it. A missing file gives an
        empty list. Nothing is written or remembered.

        Args:
            aggregate_id: The aggregate; an unknown one gives an empty list.

        Returns:
            The events sorted by ``(lamport_clock, node_id)``, ties in file order, each id once: of
            the aggregate's events with one id the first in the file counts.

        Raises:
            StorageError: The operating system refused to read the file.
            TypeError: ``aggregate_id`` is not a str, or the class names no aggregate.

        Example:
            >>> store.save_event(event)
            >>> store.load_events(event.aggregate_id) == [event]
            True
        """
        found = self._reader.first_of_each_id(self._reader.events_of(aggregate_id))
        return self._codec.in_order(found)

    def load_all_events(self) -> list[EventT]:
        """Return every event in the log in causal order.

        Every malformed line is skipped with a warning, as in ``load_events``; of events with one
        id, in whatever aggregates, the first counts. A missing file gives an empty list.

        Returns:
            The events sorted by ``(lamport_clock, node_id)``, ties in file order, each id once.

        Raises:
            StorageError: The operating system refused to read the file.

        Example:
            >>> store.save_events([event, other_event])  # with the Lamport clocks 2 and 1
            2
            >>> [loaded.lamport_clock for loaded in store.load_all_events()]
            [1, 2]
        """
        return self._codec.in_order(self._reader.first_of_each_id(self._reader.events()))

    def iter_events(self, aggregate_id: str | None = None) -> Iterator[EventT]:
        """Yield events in file order, in constant memory however long the log is.

        The log is read as it was when iteration began; saving meanwhile is fine. Every malformed
        line is skipped with a warning, as in ``load_events``. A repeated id, which only other means
        than a store can leave there, is yielded once if no more than 30,000 others lie between.

        Args:
            aggregate_id: The aggregate to yield events of; by default, all of them.

        Returns:
            An iterator over the events, as they come in the file.

        Raises:
            StorageError: The operating system refused, on iteration, to read the file.
            TypeError: ``aggregate_id`` is not a str.

        Example:
            >>> store.save_events([event, other_event])  # with the Lamport clocks 2 and 1
            2
            >>> [found.lamport_clock for found in store.iter_events()]
            [2, 1]
        """
        return self._reader.distinct_events(aggregate_id)

    def read_since(self, cursor: str | None = None, limit: int | None = None) -> NewEvents[EventT]:
        """Return what was appended since an earlier call, and the cursor for the next one.

        A torn tail, or an append under way, is left for a later call. Every malformed line is
        skipped with a warning. A missing file has no events. When the log no longer begins with
        what was read before, it is read from the start, a warning says so and ``restarted`` is
        true. So an event may come twice over several calls; go by its id.

        Args:
            cursor: What the last call returned, a text of at most 80 characters, good for any store
                on this log in any process; None to begin at the start, ``NewEvents.END`` at the end
                without an event.
            limit: How many events to return at most; fewer mean that there are no more yet.

        Returns:
            The pair ``(events, cursor)``: the events in file order, each id once, in memory
            together; and ``restarted`` as an attribute.

        Raises:
            StorageError: It is no cursor, the operating system refused, or the lock was not free.
            TypeError, ValueError: The cursor is not a str, the limit not an int from 1 on.

        Example:
            >>> events, cursor = store.read_since()
            >>> store.save_event(event)
            >>> store.read_since(cursor, limit=100).events == [event]
            True
        """
        return read_since(self._log, self._reader, cursor, limit)
