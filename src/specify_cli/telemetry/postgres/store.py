"""The event store in a PostgreSQL database, for any model of events."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import ClassVar, Generic, Self

from .._codec import EventT, MalformedLineError, UnstorableError, codec_of
from .._contract import StorageError
from ..jsonl.cursor import NewEvents
from ..jsonl.order import in_causal_order
from ..jsonl.reader import SkippedLines
from .address import Address
from .cursor import Following
from .deadline import checked_timeout
from .log import Found, Row, ServerLog
from .statements import SCHEMA

TIMEOUT = 30.0
_LONGEST_NAME = 200


class PostgresEventStore(Generic[EventT]):
    """An event store in a PostgreSQL database, for programs on any number of machines.

    What ``JsonlEventStore`` is for a file. A store for a contract of one's own is a subclass that
    names its pydantic model and its error, as there. The lines are the same, byte for byte.

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
        PlainStore('user=kitty host=db.example.org', log='043')
    """

    event_model: type[EventT]
    storage_error: ClassVar[type[Exception]] = StorageError

    def __init__(
        self,
        conninfo: str,
        log: str = "events",
        *,
        timeout: float | None = TIMEOUT,
        prepare_threshold: int | None = 5,
        **connect: str | int | None,
    ) -> None:
        """Touch no network."""
        if not hasattr(self, "event_model"):
            raise TypeError(f"{type(self).__name__} does not name its event_model")
        self._codec = codec_of(self.event_model)
        self._logger = logging.getLogger(type(self).__module__)
        self._log = ServerLog(
            Address(conninfo, connect),
            checked_name(log),
            timeout=checked_timeout(timeout),
            prepare_threshold=prepare_threshold,
            error_type=self.storage_error,
        )

    @property
    def place(self) -> str:
        """The name of the log and where it is, without a secret.

        Example:
            >>> SimplePostgresStore("host=db.example.org password=secret", "043").place
            '043 at host=db.example.org'
        """
        return self._log.place

    def __repr__(self) -> str:
        """Return how to make a store like this one, but for its secrets."""
        timeout = "" if self._log.timeout == TIMEOUT else f", timeout={self._log.timeout}"
        address = str(self._log.address)
        return f"{type(self).__name__}({address!r}, log={self._log.name!r}{timeout})"

    def __getstate__(self) -> dict[str, object]:
        """Return what a copy starts from: the password too, but no connection."""
        log = self._log
        return {
            "conninfo": log.address.conninfo,
            "log": log.name,
            "timeout": log.timeout,
            "prepare_threshold": log.prepare_threshold,
        }

    def __setstate__(self, state: dict[str, object]) -> None:
        """Start a copy on the same log."""
        PostgresEventStore.__init__(self, **state)  # type: ignore[arg-type]  # as __getstate__ made it

    def __enter__(self) -> Self:
        """Return the store itself."""
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the connections."""
        self.close()

    @staticmethod
    def schema() -> str:
        """Return the SQL that makes the tables, for whoever may make them.

        A first save runs it where it may. Running it again changes nothing.

        Returns:
            Statements of SQL.

        Example:
            >>> print(PostgresEventStore.schema())
            CREATE TABLE IF NOT EXISTS spec_kitty_logs (...
        """
        return SCHEMA

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
            TypeError: ``aggregate_id`` is not a str.

        Example:
            >>> store.save_event(event)
            >>> store.load_events(event.aggregate_id) == [event]
            True
        """
        return in_causal_order(self.iter_events(checked_aggregate(aggregate_id)), self.event_model)

    def load_all_events(self) -> list[EventT]:
        """Return every event in the log in causal order.

        Malformed lines are skipped with a warning, as in ``load_events``. A missing log, or table,
        gives an empty list.

        Returns:
            The events sorted by ``(lamport_clock, node_id)``, ties in the order of commits.

        Raises:
            StorageError: The server refused, or did not answer in time.

        Example:
            >>> store.save_events([event, other_event])  # with the Lamport clocks 2 and 1
            2
            >>> [loaded.lamport_clock for loaded in store.load_all_events()]
            [1, 2]
        """
        return in_causal_order(self.iter_events(), self.event_model)

    def iter_events(self, aggregate_id: str | None = None) -> Iterator[EventT]:
        """Yield events in the order of commits, in constant memory however long the log is.

        The log is read as it was when iteration began, in pages, with no transaction open between
        them; saving meanwhile is fine. Malformed lines are skipped with a warning, as in
        ``load_events``.

        Args:
            aggregate_id: The aggregate to yield events of; by default, all of them.

        Yields:
            The events.

        Raises:
            StorageError: The server refused, on iteration, or did not answer in time.

        Example:
            >>> store.save_events([event, other_event])  # with the Lamport clocks 2 and 1
            2
            >>> [found.lamport_clock for found in store.iter_events()]
            [2, 1]
        """
        for event in self._decoded(self._log.pages(aggregate_id=aggregate_id)):
            if aggregate_id in (None, self._codec.aggregate_of(event)):
                yield event

    def read_since(self, cursor: str | None = None) -> NewEvents[EventT]:
        """Return what was committed since an earlier call, and the cursor for the next one.

        No event is missed: none is ever committed behind a cursor. When the log no longer has what
        was read last, it is read from the start, a warning says so and ``restarted`` is true: a
        backup was restored, say. Malformed lines are skipped with a warning, as in ``load_events``.

        Args:
            cursor: What the last call returned, a text of at most 80 characters, good for any store
                on this log in any process; None to begin at the start.

        Returns:
            The pair ``(events, cursor)``: the events in the order of commits, in memory together;
            and ``restarted`` as an attribute.

        Raises:
            StorageError: It is no cursor, the server refused, or did not answer in time.
            TypeError: The cursor is not a str.

        Example:
            >>> store.save_event(event)
            >>> events, cursor = store.read_since()
            >>> store.save_event(other_event)
            >>> store.read_since(cursor).events == [other_event]
            True
        """
        try:
            following = Following(self._log, cursor)
        except ValueError as error:
            raise self.storage_error(f'cannot read "{self._log.place}": {error}') from error
        if following.restarted:
            self._logger.warning('"%s" was replaced; reading it from the start', self._log.place)
        events = list(self._decoded(following.pages()))
        return NewEvents(events, str(following.position), restarted=following.restarted)

    def close(self) -> None:
        """Close the connections that no other thread is using just now.

        A store that is used again makes new ones; one that nobody refers to any more closes them.

        Example:
            >>> store.close()
        """
        self._log.close()

    def _row(self, event: EventT) -> Row:
        self._codec.check(event)
        try:
            line = self._codec.encode(event)
        except UnstorableError as error:
            raise self.storage_error(
                f'cannot store event "{self._codec.id_of(event)}" in "{self._log.place}": {error}'
            ) from error
        event_id, aggregate_id = self._codec.id_of(event), self._codec.aggregate_of(event)
        return Row(event_id, aggregate_id, line.removesuffix(b"\n"))

    def _decoded(self, pages: Iterable[list[Found]]) -> Iterator[EventT]:
        skipped = SkippedLines(self._log.place, self._logger)
        for page in pages:
            for found in page:
                try:
                    event = self._codec.decode(found.line)
                except MalformedLineError as reason:
                    skipped.report(found.position, reason)
                else:
                    yield event
        skipped.summarize()


def checked_name(log: str) -> str:
    """Return the name of a log that a caller has given.

    Raises:
        TypeError: It is not a str.
        ValueError: No database takes it.
    """
    if not isinstance(log, str):
        raise TypeError(f"the name of a log is a str, not {log!r}")
    if not 0 < len(log) <= _LONGEST_NAME or "\0" in log or not log.isprintable():
        raise ValueError(f"a log has a printable name of 1 to {_LONGEST_NAME} characters: {log!r}")
    return log


def checked_aggregate(aggregate_id: str) -> str:
    """Return the aggregate that a caller has asked for.

    Raises:
        TypeError: It is not a str.
    """
    if not isinstance(aggregate_id, str):
        raise TypeError(f"an aggregate_id is a str, not {aggregate_id!r}")
    return aggregate_id
