"""A log of lines in a database: appended once per id, read in pages.

It knows no events, as the log in a file does not.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeVar

from psycopg import Error, errors

from .address import Address
from .attempt import Attempts
from .deadline import Deadline
from .rows import Found, Row, arrays_of, batches_of
from .session import Rows, Session
from .statements import (
    APPEND,
    BEGIN,
    COMMIT,
    LAST,
    LINES,
    PAGE,
    PAGE_OF_AGGREGATE,
    SCHEMA,
    STATE,
    key_of,
    text_array,
)

MOST_ROWS = 1_000

_APPEND_TO = "append to"

ResultT = TypeVar("ResultT")


class State(NamedTuple):
    """The last position that a log has, and the key at one that was asked for, if it is there."""

    end: int
    key: bytes | None


class ServerLog:
    """One log in a database, for any number of threads, processes and machines.

    Args:
        address: Where the database is.
        name: Which of its logs this is.
        timeout: How many seconds a call may take; None for any number.
        prepare_threshold: How often a statement is run before it is prepared; None for never.
        error_type: What is raised when the server refuses.
    """

    def __init__(
        self,
        address: Address,
        name: str,
        *,
        timeout: float | None,
        prepare_threshold: int | None,
        error_type: type[Exception],
    ) -> None:
        """Touch no network."""
        self.address = address
        self.name = name
        self.timeout = timeout
        self.prepare_threshold = prepare_threshold
        self.error_type = error_type
        self._name = name.encode()
        # Taken and given back by whoever runs a statement: as many as there were at once.
        self._idle: list[Session] = []

    @property
    def place(self) -> str:
        """The log and where it is, for messages."""
        return f"{self.name} at {self.address}"

    def append(self, rows: Sequence[Row]) -> int:
        """Append the lines whose ids are not in the log; return how many those are.

        All of them are appended, or none. Something is written in any case: that commit waits for
        whatever those that have written the known lines had to wait for.

        Raises:
            StorageError: The server refused, or did not answer in time.
        """
        batches = list(batches_of(rows))

        def work(session: Session, deadline: Deadline) -> int:
            if len(batches) == 1:
                return self._append(session, batches[0], deadline)
            session.run(BEGIN, (), deadline)
            count = sum(self._append(session, batch, deadline) for batch in batches)
            session.run(COMMIT, (), deadline, writes=True)
            return count

        return self._call(_APPEND_TO, work)

    def state(self, position: int = 0) -> State:
        """Return how far the log goes, 0 if there is none, and what is at a position."""
        rows = self._read(STATE, (self._name, b"%d" % position))
        return State(_int(rows[0][0]), rows[0][1]) if rows else State(0, None)

    def pages(
        self,
        after: int = 0,
        upto: int | None = None,
        aggregate_id: str | None = None,
        *,
        rows: int = MOST_ROWS,
        size: int = 4 << 20,
    ) -> Iterator[list[Found]]:
        """Yield the lines behind a position, in order; no transaction is open between the pages.

        Args:
            after: The position.
            upto: The last position; by default the end of the log as it is now.
            aggregate_id: Only lines of this aggregate, or of one with the same key.
            rows: How many lines a page has at most.
            size: How many bytes, but for its last line.
        """
        last = self.state().end if upto is None else upto
        statement = PAGE if aggregate_id is None else PAGE_OF_AGGREGATE
        key = () if aggregate_id is None else (key_of(aggregate_id),)
        while after < last:
            numbers = (b"%d" % number for number in (after, last, rows, size))
            found = self._read(statement, (self._name, *numbers, *key))
            page = [Found(_int(position), key or b"", line or b"") for position, key, line in found]
            if not page:
                return
            yield page
            after = page[-1].position

    def last(self) -> Found | None:
        """Return where the last line is, but not the line; None if there is none."""
        rows = self._read(LAST, (self._name,))
        return Found(_int(rows[0][0]), rows[0][1] or b"", b"") if rows else None

    def lines_of(self, event_ids: Sequence[str]) -> dict[bytes, bytes]:
        """Return the lines of events by what stands for their ids."""
        keys = text_array([key_of(event_id) for event_id in event_ids])
        rows = self._read(LINES, (self._name,), (keys,))
        return {key or b"": line or b"" for key, line in rows}

    def close(self) -> None:
        """Close the connections that nobody uses just now."""
        with contextlib.suppress(IndexError):
            while True:
                self._idle.pop().close()

    def _append(self, session: Session, rows: Sequence[Row], deadline: Deadline) -> int:
        arrays = arrays_of(rows)
        ((count, _),) = session.run(APPEND, (self._name,), deadline, arrays, writes=True)
        return _int(count)

    def _read(
        self, statement: bytes, parameters: Sequence[bytes], arrays: Sequence[bytes] = ()
    ) -> Rows:
        def work(session: Session, deadline: Deadline) -> Rows:
            try:
                return session.run(statement, parameters, deadline, arrays)
            except errors.UndefinedTable:
                return []

        return self._call("read", work)

    def _call(self, what: str, work: Callable[[Session, Deadline], ResultT]) -> ResultT:
        """Do some work on a connection, again if what was in its way may have passed."""
        deadline = Deadline(self.timeout)
        attempts = Attempts(deadline)
        while True:
            session, is_new = self._idle_session(), False
            try:
                if session is None:
                    is_new = True
                    session = Session(self.address, deadline, self.prepare_threshold)
                if attempts.lacks_tables:
                    session.run_script(SCHEMA, deadline)
                result = work(session, deadline)
            except BaseException as error:
                # Whatever it was in the middle of, nothing is to be read from it any more.
                is_stale = session is not None and not (is_new or session.is_usable)
                if session is not None:
                    session.close()
                if not isinstance(error, Error | OSError):
                    raise
                is_connected = session is not None
                more = attempts.after(error, is_connected=is_connected, is_stale=is_stale)
                if attempts.cannot_prepare:
                    self.prepare_threshold = None
                if not more:
                    raise self._failure(what, error, attempts) from error
            else:
                self._idle.append(session)
                return result

    def _idle_session(self) -> Session | None:
        # Not by asking whether there is one: another thread may be quicker.
        with contextlib.suppress(IndexError):
            while True:
                session = self._idle.pop()
                if session.is_usable and session.prepare_threshold == self.prepare_threshold:
                    return session
        return None

    def _failure(self, what: str, error: Exception, attempts: Attempts) -> Exception:
        text = f'cannot {what} "{self.place}": {" ".join(str(error).split())}'
        if isinstance(error, errors.InsufficientPrivilege) and attempts.lacks_tables:
            text += "; whoever may make tables has to run what schema() returns"
        if what == _APPEND_TO and attempts.outcome_is_unknown:
            text += "; whether it is saved is not known, and saving it again is safe"
        return self.error_type(text)


def _int(text: bytes | None) -> int:
    return int(text or b"0")
