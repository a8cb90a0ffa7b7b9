"""The event store over one append-only JSONL file, for any model of events."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import ClassVar, Generic

from .._codec import EventT, UnstorableError, codec_of
from .._contract import StorageError
from .._log import AppendLog
from .cursor import NewEvents, read_since
from .order import in_causal_order
from .reader import Reader
from .recent import RecentIds
from .writer import Writer


class JsonlEventStore(Generic[EventT]):
    """An event store that appends one JSON line per event to a file, for any model of events.

    A store for a contract of one's own is a subclass that names its model, and its error::

        class KittyStore(JsonlEventStore[Event], EventStore):
            event_model = Event
            storage_error = StorageError

    The model is a pydantic model with the fields ``event_id``, ``aggregate_id``, ``node_id`` and
    ``lamport_clock``; whatever other fields it has are stored too.

    Any number of stores, threads and processes on one machine may use the same file at once. Every
    call goes by what is at the path at that moment; nothing stays open between calls, and there are
    no files beside the log. Creating a store touches nothing on disk. A store can be pickled and
    copied: the copy uses the same file.

    Args:
        file_path: The log. It need not exist; the first save makes it and its directories.
        fsync: Whether a save waits until the event is on the device, so that it survives not only
            the death of the process but a loss of power too.

    Attributes:
        event_model: The model of the events; every subclass names its own.
        storage_error: What is raised when the operating system or JSON refuses.

    Example:
        >>> class PlainStore(JsonlEventStore[Event]):
        ...     event_model = Event
        >>> PlainStore("events.jsonl", fsync=True)
        PlainStore('events.jsonl', fsync=True)
    """

    event_model: type[EventT]
    storage_error: ClassVar[type[Exception]] = StorageError

    def __init__(self, file_path: str | os.PathLike[str], *, fsync: bool = False) -> None:
        """Touch nothing on disk."""
        if not hasattr(self, "event_model"):
            raise TypeError(f"{type(self).__name__} does not name its event_model")
        self._codec = codec_of(self.event_model)
        self._log = AppendLog(
            _path_of(file_path),
            fsync=fsync,
            # Whoever defines the store decides where its warnings go.
            logger=logging.getLogger(type(self).__module__),
            error_type=self.storage_error,
        )
        self._writer = Writer(self._log, self._codec)
        self._reader = Reader(self._log, self._codec)

    @property
    def file_path(self) -> Path:
        """Where the log is, as given.

        Example:
            >>> SimpleJsonStore("kitty-specs/043/execution.events.jsonl").file_path.name
            'execution.events.jsonl'
        """
        return self._log.path

    def __repr__(self) -> str:
        """Return how to make a store like this one."""
        return f"{type(self).__name__}({str(self.file_path)!r}, fsync={self._log.fsync})"

    def __getstate__(self) -> dict[str, object]:
        """Return what a copy starts from; locks and what was learnt of the file stay behind."""
        return {"file_path": self.file_path, "fsync": self._log.fsync}

    def __setstate__(self, state: dict[str, object]) -> None:
        """Start a copy on the same file."""
        JsonlEventStore.__init__(self, **state)  # type: ignore[arg-type]  # as __getstate__ made it

    def save_event(self, event: EventT) -> None:
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

        Example:
            >>> store.save_event(event)
            >>> store.save_event(event)  # the same id again: nothing is written
            >>> store.load_all_events() == [event]
            True
        """
        self._check(event)
        event_id: object = event.event_id  # whatever went round the model's checks
        if isinstance(event_id, str) and self._writer.surely_has(event_id):
            return
        line = self._encode(event)
        self._writer.append({event.event_id: line})

    def save_events(self, events: Iterable[EventT]) -> int:
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

        Example:
            >>> store.save_event(event)
            >>> store.save_events([event, other_event])
            1
        """
        lines: dict[str, bytes] = {}
        for event in events:
            self._check(event)
            line = self._encode(event)
            lines.setdefault(event.event_id, line)
        return self._writer.append(lines) if lines else 0

    def load_events(self, aggregate_id: str) -> list[EventT]:
        """Return the events of one aggregate in causal order.

        Malformed lines, in the whole log, are skipped with a warning each, at most ten, and then
        one that counts them all. A missing or empty file gives an empty list. Nothing is written.

        The first load of a store decodes every line, further ones little more than the lines of the
        aggregate. Memory: the events returned; the store keeps up to 60,000 ids for the next load.

        Args:
            aggregate_id: The aggregate; an unknown one gives an empty list.

        Returns:
            The events sorted by ``(lamport_clock, node_id)``, ties in file order, each id once: the
            first event in the file under an id is the one that counts.

        Raises:
            StorageError: The operating system refused to read the file.

        Example:
            >>> store.save_event(event)
            >>> store.load_events(event.aggregate_id) == [event]
            True
            >>> store.load_events("unheard of")
            []
        """
        if not isinstance(aggregate_id, str):
            raise TypeError(f"an aggregate_id is a str, not {aggregate_id!r}")
        found: dict[str, EventT] = {}
        for event in self._reader.events_of(aggregate_id):
            found.setdefault(event.event_id, event)
        return in_causal_order(found.values(), self.event_model)

    def load_all_events(self) -> list[EventT]:
        """Return every event in the log in causal order.

        Malformed lines, a missing file and repeated ids are dealt with as in ``load_events``.

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
        found: dict[str, EventT] = {}
        for event in self._reader.events():
            found.setdefault(event.event_id, event)
        return in_causal_order(found.values(), self.event_model)

    def iter_events(self, aggregate_id: str | None = None) -> Iterator[EventT]:
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

        Example:
            >>> store.save_events([event, other_event])  # with the Lamport clocks 2 and 1
            2
            >>> [found.lamport_clock for found in store.iter_events()]
            [2, 1]
        """
        recent = RecentIds()
        for event in self._reader.events():
            if event.event_id in recent:
                continue
            recent.add(event.event_id)
            if aggregate_id in (None, event.aggregate_id):
                yield event

    def read_since(self, cursor: str | None = None) -> NewEvents[EventT]:
        """Return what was appended since an earlier call, and the cursor for the next one.

        Only whole lines count: a torn tail, or an append that is under way, is left for a later
        call. Malformed lines are dealt with as in ``load_events``. A missing file has no events.

        When the log no longer begins with what was read before (it was removed, truncated, or
        replaced by other content), it is read from the start, a warning says so and ``restarted``
        is true. A file that was rewritten with the same beginning is read on. So an event may come
        twice over several calls, also if its line is repeated in the log; go by its id.

        Args:
            cursor: What the last call returned: a text of at most 80 characters, good for any store
                on this log, in any process. None to begin at the start.

        Returns:
            The pair ``(events, cursor)``: the events in file order, each id once, in memory
            together; and ``restarted`` as an attribute.

        Raises:
            StorageError: The cursor is not one, or the operating system refused to read the file.

        Example:
            >>> store.save_event(event)
            >>> events, cursor = store.read_since()
            >>> store.save_event(other_event)
            >>> store.read_since(cursor).events == [other_event]
            True
        """
        return read_since(self._log, self._reader, cursor)

    def _check(self, event: EventT) -> None:
        if not isinstance(event, self.event_model):
            expected = f"{self.event_model.__module__}.{self.event_model.__qualname__}"
            raise TypeError(f"not an event of this store, which takes {expected}: {event!r:.200}")

    def _encode(self, event: EventT) -> bytes:
        try:
            return self._codec.encode(event)
        except UnstorableError as error:
            event_id = getattr(event, "event_id", type(event).__name__)
            raise self.storage_error(
                f'cannot store event "{event_id}" in "{self.file_path}": {error}'
            ) from error


def _path_of(file_path: str | os.PathLike[str]) -> Path:
    if isinstance(file_path, bytes) or not os.fspath(file_path):
        raise TypeError(f"a path is a str or a PathLike of it, and not empty: {file_path!r}")
    path = Path(file_path)
    if len(path.parts) > 1 and path.parts[0].startswith("~"):
        raise ValueError(f'"~" is not expanded: use Path("{path}").expanduser()')
    return path
