"""One connection to a server, on which no wait is without an end.

psycopg's own calls wait for a server that does not answer as long as the network does. So this
works with its wrapper of libpq, whose calls do not wait.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import selectors
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any
from weakref import WeakSet

from psycopg import Error, OperationalError, errors, pq

from .address import Address
from .deadline import Deadline

Rows = list[list[bytes | None]]

_READ, _WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
_BINARY, _TEXT = 1, 0


class NotReplicatedError(OperationalError):
    """What was committed may be on no standby that it had to be on."""

    sqlstate = "01000"  # a warning


class Session:
    """A connection to a server.

    Args:
        address: Where it is.
        deadline: When to give up.
        prepare_threshold: How often a statement is run before it is prepared; None for never.

    Attributes:
        prepare_threshold: The same.

    Raises:
        psycopg.Error: The server refused.
        TimeoutError: It did not answer in time.
    """

    def __init__(
        self, address: Address, deadline: Deadline, prepare_threshold: int | None = None
    ) -> None:
        """Connect."""
        self.prepare_threshold = prepare_threshold
        self._runs: dict[bytes, int] = {}
        self._prepared: dict[bytes, bytes] = {}
        self._warnings: list[bytes] = []
        self._pid = os.getpid()
        self._connection = _connected(address, deadline)
        self._connection.nonblocking = 1
        # Nothing of this object, which would keep the connection open for ever.
        self._connection.notice_handler = partial(_note_warning, self._warnings)
        _sessions.add(self)

    @property
    def is_usable(self) -> bool:
        """Whether it is this process's own and has not been closed."""
        return self._pid == os.getpid() and self._connection.status == pq.ConnStatus.OK

    def close(self) -> None:
        """Close the connection. In a child it is left alone: it is the parent's."""
        if self._pid == os.getpid():
            self._connection.finish()

    def run(
        self,
        statement: bytes,
        parameters: Sequence[bytes],
        deadline: Deadline,
        arrays: Sequence[bytes] = (),
        *,
        writes: bool = False,
    ) -> Rows:
        """Run one statement and return its rows.

        Args:
            statement: The SQL.
            parameters: What stands for $1 and so on.
            deadline: When to give up; the connection is of no use then.
            arrays: What stands for the numbers behind those, as ``text_array`` makes them.
            writes: Whether this has to last, so that a warning counts as an error.

        Raises:
            psycopg.Error: The server refused, or the connection broke.
            TimeoutError: The server did not answer in time.
        """
        self._warnings.clear()
        rows = self._rows_of(statement, parameters, arrays, deadline)
        if writes and self._warnings:
            # A wait for a standby that was cancelled, most likely. The server has committed without
            # it, and reports success; this is all that tells.
            raise NotReplicatedError(self._warnings[0].decode("utf-8", "replace"))
        return rows

    def _rows_of(
        self,
        statement: bytes,
        parameters: Sequence[bytes],
        arrays: Sequence[bytes],
        deadline: Deadline,
    ) -> Rows:
        given = [*parameters, *arrays]
        formats = [_TEXT] * len(parameters) + [_BINARY] * len(arrays)
        runs = self._runs[statement] = self._runs.get(statement, 0) + 1
        threshold = self.prepare_threshold
        if threshold is None or runs <= threshold:
            self._connection.send_query_params(statement, given, param_formats=formats)
            return self._rows(deadline)
        name = self._prepared.get(statement)
        if name is None:
            # By what it says: of a pooler's connection, another client may have prepared some too.
            name = b"spec_kitty_" + hashlib.sha256(statement).hexdigest()[:32].encode()
            self._connection.send_prepare(name, statement)
            self._rows(deadline)
            # Not before: the server may have refused, since there is no table yet.
            self._prepared[statement] = name
        self._connection.send_query_prepared(name, given, param_formats=formats)
        return self._rows(deadline)

    def run_script(self, script: str, deadline: Deadline) -> None:
        """Run several statements in one transaction."""
        self._connection.send_query(script.encode())
        self._rows(deadline)

    def _rows(self, deadline: Deadline) -> Rows:
        connection = self._connection
        while connection.flush():
            self._wait(_READ | _WRITE, deadline)
            connection.consume_input()  # what the server has to say meanwhile
        rows: Rows = []
        refused: Error | None = None
        for result in self._results(deadline):
            if result.status == pq.ExecStatus.TUPLES_OK:
                columns = range(result.nfields)
                rows = [
                    [result.get_value(row, n) for n in columns] for row in range(result.ntuples)
                ]
            elif result.status != pq.ExecStatus.COMMAND_OK:
                refused = refused or _error_of(result)
        if refused is not None:
            raise refused
        return rows

    def _results(self, deadline: Deadline) -> Iterator[pq.abc.PGresult]:
        connection = self._connection
        while True:
            while connection.is_busy():
                self._wait(_READ, deadline)
                connection.consume_input()
            result = connection.get_result()
            if result is None:
                return
            yield result

    def _wait(self, events: int, deadline: Deadline) -> None:
        _wait(self._connection.socket, events, deadline)

    def abandon_in_child(self) -> None:  # pragma: posix
        """Close this process's end of the parent's connection, without a word to the server."""
        with contextlib.suppress(OSError, Error):
            os.close(self._connection.socket)


def _connected(address: Address, deadline: Deadline) -> pq.abc.PGconn:
    attempts, reasons = address.attempts(deadline)
    for number, conninfo in enumerate(attempts):
        left, hosts = deadline.left(), len(attempts) - number
        # A host that does not answer leaves time for those behind it.
        share = deadline if left is None or hosts == 1 else Deadline(left / hosts)
        connection = pq.PGconn.connect_start(conninfo)
        try:
            if _poll(connection, share):
                return connection
            reasons.append(connection.get_error_message())
        except (TimeoutError, Error) as error:
            connection.finish()  # what is refused libpq has closed
            reasons.append(str(error))
            if isinstance(error, TimeoutError) and number == len(attempts) - 1:
                raise
    text = "; ".join(dict.fromkeys(" ".join(reason.split()) for reason in reasons))
    raise OperationalError(address.without_secrets(text))


def _poll(connection: pq.abc.PGconn, deadline: Deadline) -> bool:
    """Go through the steps of connecting, and return whether the server has accepted."""
    if connection.status == pq.ConnStatus.BAD:
        return False
    polling = pq.PollingStatus.WRITING
    while polling in {pq.PollingStatus.READING, pq.PollingStatus.WRITING}:
        events = _READ if polling == pq.PollingStatus.READING else _WRITE
        _wait(connection.socket, events, deadline)
        polling = pq.PollingStatus(connection.connect_poll())
    return polling == pq.PollingStatus.OK


def _wait(fd: int, events: int, deadline: Deadline) -> None:
    with selectors.DefaultSelector() as selector:
        selector.register(fd, events)
        while not selector.select(deadline.left()):
            pass


def _error_of(result: pq.abc.PGresult) -> Error:
    state = (result.error_field(pq.DiagnosticField.SQLSTATE) or b"").decode()
    # Not the detail: it may show what was to be saved.
    message = result.error_field(pq.DiagnosticField.MESSAGE_PRIMARY) or result.error_message
    try:
        kind: type[Error] = errors.lookup(state)
    except KeyError:
        kind = OperationalError
    error = kind(message.decode("utf-8", "replace").strip())
    error.sqlstate = state or None
    return error


def _note_warning(warnings: list[bytes], notice: pq.abc.PGresult) -> None:
    if notice.error_field(pq.DiagnosticField.SEVERITY_NONLOCALIZED) == b"WARNING":
        warnings.append(notice.error_field(pq.DiagnosticField.MESSAGE_PRIMARY) or b"")


_sessions: WeakSet[Any] = WeakSet()


def _abandon_in_child() -> None:  # pragma: posix
    for session in list(_sessions):
        # First: the number of its socket may be another file's when this child forks in turn.
        _sessions.discard(session)
        session.abandon_in_child()


if hasattr(os, "register_at_fork"):  # pragma: no branch, pragma: posix
    os.register_at_fork(after_in_child=_abandon_in_child)
