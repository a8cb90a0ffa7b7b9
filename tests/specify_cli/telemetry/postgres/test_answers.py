"""What libpq hands over, and how it is waited for."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import pq

from specify_cli.spec_kitty_events import StorageError
from specify_cli.telemetry.postgres import SimplePostgresStore, session
from specify_cli.telemetry.postgres.address import Address
from specify_cli.telemetry.postgres.deadline import Deadline
from specify_cli.telemetry.postgres.session import NotReplicatedError, Session

from ..support.descriptors import nothing_stays_open
from ..support.servers import Server


class Refusal:
    """A result that is an error, as the driver gives it."""

    status = pq.ExecStatus.FATAL_ERROR

    def __init__(self, state: bytes | None, message: bytes | None, all_of_it: bytes = b"") -> None:
        """Have what the server says, or only what libpq does."""
        self._fields = {
            pq.DiagnosticField.SQLSTATE: state,
            pq.DiagnosticField.MESSAGE_PRIMARY: message,
        }
        self.error_message = all_of_it

    def error_field(self, field: pq.DiagnosticField) -> bytes | None:
        """Return one field of it."""
        return self._fields[field]


class Connection:
    """A connection that gives some results, and takes what is sent when it is listened to."""

    status = pq.ConnStatus.OK
    nonblocking = 0

    def __init__(self, fd: int, *results: Refusal) -> None:
        """Use a descriptor that is ready."""
        self.socket = fd
        self._results = [*results]
        self._is_listened_to = False

    def send_query(self, _: bytes) -> None:
        """Begin to send."""

    def flush(self) -> int:
        """Return whether there is more to send."""
        return int(not self._is_listened_to)

    def is_busy(self) -> int:
        """Return that nothing more has to be waited for."""
        return 0

    def consume_input(self) -> None:
        """Take in what the server says."""
        self._is_listened_to = True

    def get_result(self) -> Refusal | None:
        """Return the next result."""
        return self._results.pop(0) if self._results else None


@pytest.fixture
def fd() -> Iterator[int]:
    """Return a descriptor that can be written to."""
    ready, other = socket.socketpair()
    with ready, other:
        yield ready.fileno()


def session_of(monkeypatch: pytest.MonkeyPatch, connection: Any) -> Session:
    """Return a session on a connection."""
    monkeypatch.setattr(session, "_connected", lambda *_: connection)
    return Session(Address("", {}), Deadline(2))


def test_the_first_of_several_errors_counts(fd: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind the reason that a server gives may come that the connection is lost."""
    results = [Refusal(b"57P01", b"told to stop"), Refusal(None, None, b"lost")]
    found = session_of(monkeypatch, Connection(fd, *results))
    with pytest.raises(psycopg.errors.AdminShutdown, match=r"^told to stop$"):
        found.run_script("", Deadline(2))


def test_what_the_server_says_is_listened_to_while_it_is_sent_to(
    fd: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may take no more before it is. Nothing but that wait takes time."""
    connection = Connection(fd)
    session_of(monkeypatch, connection).run_script("", Deadline(2))
    assert connection.nonblocking


@pytest.mark.parametrize(
    ("refusal", "state", "message"),
    [
        (Refusal(b"ZZ999", b" caf\xe9 ", b"ERROR: all of it"), "ZZ999", "caf\ufffd"),
        (Refusal(None, None, b"\nlost \xff\n"), None, "lost \ufffd"),
    ],
)
def test_an_error_is_what_the_server_says_or_else_libpq(
    refusal: Any, state: str | None, message: str
) -> None:
    """Without a code of the server's nobody knows what has become of the statement."""
    error = session._error_of(refusal)
    assert (type(error), error.sqlstate) == (psycopg.OperationalError, state)
    assert str(error) == message


def test_a_warning_is_an_error_of_what_has_to_last(server: Server) -> None:
    """And of nothing else, nor of what comes next."""
    deadline = Deadline(20)
    found = Session(Address(server.conninfo, {}), deadline)
    assert found.run(b"ROLLBACK", (), deadline) == []  # there is no transaction
    with pytest.raises(NotReplicatedError, match="there is no transaction in progress"):
        found.run(b"ROLLBACK", (), deadline, writes=True)
    assert found.run(b"SELECT 1", (), deadline, writes=True) == [[b"1"]]
    found.close()


def test_a_warning_may_be_no_utf_8(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that knows of no encoding passes on whatever bytes it has."""
    monkeypatch.setattr(session, "_note_warning", lambda warnings, _: warnings.append(b"no \xff"))
    deadline = Deadline(20)
    found = Session(Address(server.conninfo, {}), deadline)
    with pytest.raises(NotReplicatedError, match="no \ufffd"):
        found.run(b"ROLLBACK", (), deadline, writes=True)
    found.close()


def test_a_warning_may_be_without_a_text() -> None:
    """It is one all the same."""
    warnings: list[bytes] = []
    notice: Any = Refusal(None, None)
    notice.error_field = {
        pq.DiagnosticField.SEVERITY_NONLOCALIZED: b"WARNING",
        pq.DiagnosticField.MESSAGE_PRIMARY: None,
    }.get
    session._note_warning(warnings, notice)
    assert warnings == [b""]


def test_a_server_that_says_nothing_is_waited_for_asleep(monkeypatch: pytest.MonkeyPatch) -> None:
    """And its connection does not outlive the attempt, though the error does."""
    waits: list[int] = []
    wait = session._wait

    def counted(fd: int, events: int, deadline: Deadline) -> None:
        waits.append(events)
        wait(fd, events, deadline)

    monkeypatch.setattr(session, "_wait", counted)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with nothing_stays_open():
            store = SimplePostgresStore(Server.conninfo_of(1, silent.getsockname()[1]), timeout=0.2)
            with pytest.raises(StorageError, match=r"not answered in \S+ seconds$") as caught:
                store.load_all_events()
    assert caught.value.__traceback__
    assert len(waits) < 10


THREE_HOSTS = "host=127.0.0.1,127.0.0.1,127.0.0.1 port=1"


@pytest.mark.parametrize(("seconds", "shares"), [(6, [2, 3, 6]), (None, [None] * 3)])
def test_each_host_gets_its_share_of_the_time(
    monkeypatch: pytest.MonkeyPatch, seconds: float | None, shares: list[float | None]
) -> None:
    """The last one has all that is left."""
    given: list[float | None] = []

    def time_out(_: object, deadline: Deadline) -> bool:
        given.append(deadline.seconds)
        raise TimeoutError("not answered")

    monkeypatch.setattr(time, "monotonic", lambda: 0.0)
    monkeypatch.setattr(session, "_poll", time_out)
    with pytest.raises(TimeoutError, match=r"^not answered$"):
        session._connected(Address(THREE_HOSTS, {}), Deadline(seconds))
    assert given == shares


def test_the_reasons_of_all_hosts_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each once, in one line."""
    reasons = iter(["no\n  route", "down", "no route"])

    def refuse(*_: object) -> bool:
        raise psycopg.OperationalError(next(reasons))

    monkeypatch.setattr(session, "_poll", refuse)
    with pytest.raises(psycopg.OperationalError, match=r"^no route; down$"):
        session._connected(Address(THREE_HOSTS, {}), Deadline(None))
