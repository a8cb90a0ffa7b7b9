"""A log of lines in a database: appended once per id, read in pages.

It knows no events, as the log in a file does not.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from psycopg import Error, errors

from .address import Address
from .attempt import Attempts
from .deadline import Deadline
from .held import HeldLog
from .reading import LogReader
from .rows import Row, batches_of
from .session import Rows, Session
from .statements import BEGIN, COMMIT, SCHEMA

_APPEND_TO = "append to"

ResultT = TypeVar("ResultT")


class _Transactions(threading.local):
    """The connections on which this thread is in a transaction, by the place of the log."""

    def __init__(self) -> None:
        self.sessions: dict[str, Session] = {}


_transactions = _Transactions()


class ServerLog(LogReader):
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
        super().__init__(name)
        self.address = address
        self.timeout = timeout
        self.prepare_threshold = prepare_threshold
        self.error_type = error_type
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
        self._check_alone()
        batches = list(batches_of(rows))

        def work(session: Session, deadline: Deadline) -> int:
            held = HeldLog(self.name, session, deadline)
            if len(batches) == 1:
                return held.append(batches[0])
            with self._transaction(session, deadline):
                return sum(held.append(batch) for batch in batches)

        return self._call(_APPEND_TO, work)

    def locked(self, work: Callable[[HeldLog], ResultT], made: Sequence[Row]) -> ResultT:
        """Do some work in a transaction, in which nobody else appends, and return what it returns.

        Args:
            work: What to do; once it has asked for the state, the log is locked. It is done again
                if the transaction came to nothing, or its answer was lost. What it raises comes
                through, unless that is an error of the driver's or the system's.
            made: What it has appended, for the message.

        Raises:
            StorageError: The server refused, or did not answer in time.
        """
        self._check_alone()

        def transaction(session: Session, deadline: Deadline) -> ResultT:
            with self._transaction(session, deadline):
                return work(HeldLog(self.name, session, deadline))

        return self._call(_APPEND_TO, transaction, made)

    def close(self) -> None:
        """Close the connections that nobody uses just now."""
        with contextlib.suppress(IndexError):
            while True:
                self._idle.pop().close()

    @contextlib.contextmanager
    def _transaction(self, session: Session, deadline: Deadline) -> Iterator[None]:
        _transactions.sessions[self.place] = session
        try:
            session.run(BEGIN, (), deadline)
            yield
            session.run(COMMIT, (), deadline, writes=True)
        finally:
            _transactions.sessions.pop(self.place, None)

    def _check_alone(self) -> None:
        # It would wait for itself: for the log's row, which its other connection has locked.
        session = _transactions.sessions.get(self.place)
        if session is not None and session.is_usable:
            reason = "an append of this very thread is under way"
            raise self.error_type(f'cannot {_APPEND_TO} "{self.place}": {reason}')

    def _read(
        self, statement: bytes, parameters: Sequence[bytes], arrays: Sequence[bytes] = ()
    ) -> Rows:
        def work(session: Session, deadline: Deadline) -> Rows:
            try:
                return session.run(statement, parameters, deadline, arrays)
            except errors.UndefinedTable:
                return []

        return self._call("read", work)

    def _call(
        self,
        what: str,
        work: Callable[[Session, Deadline], ResultT],
        made: Sequence[Row] | None = None,
    ) -> ResultT:
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
                    raise self._failure(what, error, attempts, made) from error
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

    def _failure(
        self, what: str, error: Exception, attempts: Attempts, made: Sequence[Row] | None
    ) -> Exception:
        text = f'cannot {what} "{self.place}": {" ".join(str(error).split())}'
        if isinstance(error, errors.InsufficientPrivilege) and attempts.lacks_tables:
            text += "; whoever may make tables has to run what schema() returns"
        if what == _APPEND_TO and attempts.outcome_is_unknown and (made is None or made):
            it = f'"{made[-1].event_id}"' if made else "it"
            text += f"; whether {it} is saved is not known, and saving it again is safe"
        return self.error_type(text)
