"""The event store in a PostgreSQL database, for any model of events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from .._codec import EventT, MalformedLineError, UnstorableError, event_name
from ..jsonl.cursor import NewEvents, check_limit
from ..jsonl.reader import SkippedEvents, check_aggregate
from .base import StoreBase
from .cursor import Following
from .rows import Found, Row


class PostgresEventStore(StoreBase[EventT]):
    """An event store in a PostgreSQL database, for programs on any number of machines.

    What ``JsonlEventStore`` is for a file, with the same lines. A store for a contract of one's own
    is a subclass that names its types and its error, as there.

    Any number of stores, threads, processes and machines may use the same log at once. Making a
    store touches no network. Connections are made when they are needed, one for each thread that is
    in a call at the same time, and kept until ``close``. A copy of a store, or one in a child
    process, makes its own.

    Args:
        conninfo: How to connect, a URL or ``key=value`` pairs, as libpq takes them. TLS is set
            there too. What it leaves out, libpq takes from the environment and from ``.pgpass``.
        log: The name of the log; a database holds any number of them.
        timeout: How many seconds a call may take, whatever it waits for; None waits without end.
        prepare_threshold: How often a connection runs a statement before it prepares it; None for
            never, behind a pooler that cannot have that.
        connect: More of libpq's parameters, such as ``password``.

    Attributes:
        event_model: The model of the events; every subclass names its own.
        storage_error: What is raised when the server or JSON refuses.

    Example:
        >>> class PlainStore(PostgresEventStore[Event]):
        ...     event_model = Event
        >>> PlainStore("host=db.example.org user=kitty password=secret", "043")
        PlainStore('host=db.example.org user=kitty', log='043')
    """

    def save_event(self, event: EventT) -> None:
        """Append one event to the log, unless its id is there already.

        When this returns, the server has committed the event, on every standby that it has to wait
        for, or has seen that the first event saved under its id is that safe. A missing log is
        made, and missing tables are where that is allowed.

        Args:
            event: The event to save.

        Raises:
            StorageError: The event would not load again, the server refused, or it did not answer
                in time. The message says so if it is not known whether the event was saved; saving
                again is safe in any case.
            TypeError: It is not an event of this store's model.

        Example:
            >>> store.save_event(event)
            >>> store.save_event(event)  # the same id again: there is one line
        """
        self._log.append([self._row(event)])

    def save_events(self, events: Iterable[EventT]) -> int:
        """Append several events to the log, all or none of them, in one transaction.

        Those whose ids are not in the log yet are kept in the order given, the first of each id.

        Args:
            events: The events to save.

        Returns:
            How many of them were new.

        Raises:
            StorageError: As for ``save_event``.
            TypeError: One of them is not an event of this store's model.

        Example:
            >>> store.save_event(event)
            >>> store.save_events([event, other_event])
            1
        """
        rows = [self._row(event) for event in events]
        return self._log.append(rows) if rows else 0

    def save_next(self, make: Callable[[int], EventT]) -> EventT:
        """Append the event that ``make`` returns, with the log's next clock.

        The clock is one more than the highest ``lamport_clock`` in the log; however many machines
        save, no two get the same. When this returns, the event is as safe as after ``save_event``.
        The first call reads all of the log, later ones what is new.

        Args:
            make: Returns an event with the clock that it is given. Other savers wait meanwhile. If
                the transaction came to nothing, it is asked again. It cannot save to the log.

        Returns:
            The event; if its id is in the log already, the one that was saved under it first.

        Raises:
            StorageError: As for ``save_event``. If it is not known whether the event was saved, the
                message has its id: with that it is safe to save again. What ``make`` raises comes
                through as it is.
            TypeError: It is not an event of this store's model, or has no integer clock.
            ValueError: It has another clock. Nothing was saved.

        Example:
            >>> store.save_next(lambda clock: event.model_copy(update={"lamport_clock": clock}))
            Event(...)
        """
        return self._clocks.append(make, self._row)

    def load_events(self, aggregate_id: str) -> list[EventT]:
        """Return the events of one aggregate in causal order.

        A malformed line of it, of a later contract perhaps, is skipped with a warning, at most ten
        and then one that counts them all. A missing log, or table, gives an empty list.

        Args:
            aggregate_id: The aggregate; an unknown one gives an empty list.

        Returns:
            The events sorted by ``(lamport_clock, node_id)``, ties in the order of commits.

        Raises:
            StorageError: The server refused, or did not answer in time.
            TypeError: ``aggregate_id`` is not a str, or the class names no aggregate.

        Example:
            >>> store.save_event(event)
            >>> store.load_events(event.aggregate_id) == [event]
            True
        """
        check_aggregate(aggregate_id, self._codec)
        return self._codec.in_order(self.iter_events(aggregate_id))

    def load_all_events(self) -> list[EventT]:
        """Return every event in the log in causal order.

        Malformed lines and a missing log, or table, are as in ``load_events``.

        Returns:
            The events in the order of ``load_events``.

        Raises:
            StorageError: The server refused, or did not answer in time.

        Example:
            >>> store.save_events([event, other_event])  # with the Lamport clocks 2 and 1
            2
            >>> [loaded.lamport_clock for loaded in store.load_all_events()]
            [1, 2]
        """
        return self._codec.in_order(self.iter_events())

    def iter_events(self, aggregate_id: str | None = None) -> Iterator[EventT]:
        """Yield events in the order of commits, in constant memory however long the log is.

        The log is read as it was when iteration began, in pages, with no transaction open between
        them; saving meanwhile is fine. Malformed lines are skipped, as in ``load_events``.

        Args:
            aggregate_id: The aggregate to yield events of; by default, all of them.

        Yields:
            The events.

        Raises:
            StorageError, TypeError: As for ``load_events``, on iteration.

        Example:
            >>> store.save_events([event, other_event])  # with the Lamport clocks 2 and 1
            2
            >>> [found.lamport_clock for found in store.iter_events()]
            [2, 1]
        """
        if aggregate_id is not None:
            check_aggregate(aggregate_id, self._codec)
        for event in self._decoded(self._log.pages(aggregate_id=aggregate_id)):
            if aggregate_id in (None, self._codec.aggregate_of(event)):
                yield event

    def read_since(self, cursor: str | None = None, limit: int | None = None) -> NewEvents[EventT]:
        """Return what was committed since an earlier call, and the cursor for the next one.

        No event is missed: none is ever committed behind a cursor. When the log no longer has what
        was read last, it is read from the start, a warning says so and ``restarted`` is true: a
        backup was restored, say. Malformed lines are skipped with a warning, as in ``load_events``.

        Args:
            cursor: What the last call returned, a text of at most 80 characters, good for any store
                on this log in any process; None to begin at the start, ``NewEvents.END`` at the end
                without an event.
            limit: How many events to return at most; fewer mean that there are no more yet.

        Returns:
            The pair ``(events, cursor)``: the events in the order of commits, in memory together;
            and ``restarted`` as an attribute.

        Raises:
            StorageError: It is no cursor, the server refused, or did not answer in time.
            TypeError, ValueError: The cursor is not a str, the limit not an int from 1 on.

        Example:
            >>> events, cursor = store.read_since()
            >>> store.save_event(event)
            >>> store.read_since(cursor, limit=100).events == [event]
            True
        """
        check_limit(limit)
        try:
            following = Following(self._log, cursor)
        except ValueError as error:
            raise self.storage_error(f'cannot read "{self._log.place}": {error}') from error
        if following.restarted:
            self._logger.warning('"%s" was replaced; reading it from the start', self._log.place)
        events: list[EventT] = []
        room = None if limit is None else lambda: limit - len(events)
        for event in self._decoded(following.pages(room)):
            events.append(event)  # noqa: PERF402  # one by one: the next page goes by how many
        return NewEvents(events, str(following.position), restarted=following.restarted)

    def _row(self, event: EventT) -> Row:
        self._codec.check(event)
        try:
            line = self._codec.encode(event)
        except UnstorableError as error:
            what = event_name(self._codec.id_of(event))
            raise self.storage_error(
                f'cannot store {what} in "{self._log.place}": {error}'
            ) from error
        line = line.removesuffix(b"\n")
        return Row(self._codec.id_of(event), self._codec.aggregate_of(event), line)

    def _decoded(self, pages: Iterable[list[Found]]) -> Iterator[EventT]:
        skipped = SkippedEvents(self._log.place, self._logger)
        for page in pages:
            for found in page:
                try:
                    event = self._codec.decode(found.line)
                except MalformedLineError as reason:
                    skipped.report(found.position, reason)
                else:
                    yield event
        skipped.summarize()
