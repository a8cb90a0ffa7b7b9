"""What a server refuses, or does not answer: an error in time, and nothing lost or acknowledged."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from specify_cli.spec_kitty_events import StorageError
from specify_cli.telemetry.postgres import SimplePostgresStore, session

from ..support.events import make_event, make_events
from ..support.servers import Server

Open = Callable[..., SimplePostgresStore]

UNKNOWN = "; whether it is saved is not known, and saving it again is safe$"


@pytest.fixture
def other(server: Server) -> Iterator[psycopg.Connection]:
    """Return a connection of somebody else's."""
    with psycopg.connect(server.conninfo) as connection:
        yield connection


@pytest.fixture
def interrupts() -> Iterator[None]:
    """Take Ctrl-C as usual: what a shell runs in the background is told to ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_a_stopped_server_does_not_stop_a_save(server: Server, log: str) -> None:
    """It answers nothing, and keeps its connections open; the time is up all the same."""
    store = SimplePostgresStore(server.conninfo, log, timeout=0.5)
    store.save_event(make_event())
    event = make_event(payload={"text": "x" * 8_000_000})  # more than the way there holds
    server.signal_all(signal.SIGSTOP)
    try:
        began = time.monotonic()
        with pytest.raises(
            StorageError, match=f"has not answered in 0.5 seconds{UNKNOWN}"
        ) as known:
            store.save_event(event)
        assert isinstance(known.value.__cause__, TimeoutError)
        with pytest.raises(StorageError, match=r"^cannot read .* not answered in 0.5 seconds$"):
            store.load_all_events()
        assert time.monotonic() - began < 10
    finally:
        server.signal_all(signal.SIGCONT)
    with SimplePostgresStore(server.conninfo, log) as again:
        again.save_event(event)
        assert again.load_all_events()[1:] == [event]


def test_a_server_that_does_not_accept_is_given_up(server: Server) -> None:
    """Nor does a host that answers nothing keep the next one from being tried."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        with pytest.raises(StorageError, match=r"has not answered in 0.3 seconds$"):
            SimplePostgresStore(Server.conninfo_of(port), timeout=0.3).load_all_events()
        store = SimplePostgresStore(Server.conninfo_of(port, server.port), "none", timeout=2)
        assert store.load_all_events() == []
        with pytest.raises(StorageError, match=r"has not answered in .*; .*refused"):
            SimplePostgresStore(Server.conninfo_of(port, 1), timeout=0.5).load_all_events()


def test_a_name_that_is_looked_up_for_ever_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's look-up has no end in time; a call has."""
    released = threading.Event()
    looking_up: list[threading.Thread] = []

    def look_up(*_: object, **__: object) -> list[object]:
        looking_up.append(threading.current_thread())
        released.wait()
        return []

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    store = SimplePostgresStore("host=db.example.org", timeout=0.2)
    try:
        with pytest.raises(StorageError, match=r"not answered in 0.2 seconds$"):
            store.save_event(make_event())
        assert [thread.daemon for thread in looking_up] == [True]  # the program may end
    finally:
        released.set()


def test_a_lock_of_others_is_waited_for(
    open_store: Open, log: str, other: psycopg.Connection
) -> None:
    """As long as the time allows; what the save would have done is done if it is made again."""
    store = open_store(timeout=0.5)
    store.save_event(make_event())
    other.execute("SELECT 1 FROM spec_kitty_logs WHERE name = %s FOR UPDATE", [log])
    event = make_event()
    with pytest.raises(StorageError, match=UNKNOWN):
        store.save_event(event)
    other.rollback()
    with open_store() as patient:
        patient.save_event(event)
        assert [loaded.event_id for loaded in patient.load_all_events()].count(event.event_id) == 1


@pytest.mark.parametrize("isolation", ["repeatable read", "serializable"])
def test_serialization_failures_are_tried_again(open_store: Open, isolation: str) -> None:
    """Whatever isolation a role is given, saves that are in each other's way are all made."""
    option = f"-c default_transaction_isolation={isolation.replace(' ', chr(92) + ' ')}"
    events = make_events(80)

    def save(number: int) -> None:
        with open_store(options=option) as store:
            for event in events[number::4]:
                store.save_event(event)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(save, range(4)))
    assert open_store().load_all_events() == events


def test_a_deadlock_is_tried_again(open_store: Open, log: str, other: psycopg.Connection) -> None:
    """The victim of two transactions in each other's way makes its save again."""
    store = open_store(options="-c deadlock_timeout=50")
    store.save_events(make_events(2))
    events = make_events(2)
    other.execute("SET LOCAL deadlock_timeout = '60s'")  # so that it is not the victim
    row = "INSERT INTO spec_kitty_events VALUES (%s, 99, %s, '', '{}')"
    other.execute(row, [log, events[1].event_id])
    with ThreadPoolExecutor(1) as pool:
        saved = pool.submit(store.save_events, events)
        wait_for_waiting(other, 1)
        other.execute("UPDATE spec_kitty_logs SET position = 99 WHERE name = %s", [log])
        assert not saved.done()
        other.rollback()
        assert saved.result() == 2


def wait_for_waiting(connection: psycopg.Connection, count: int) -> None:
    """Wait until so many others wait for a lock."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    end = time.monotonic() + 20
    while connection.execute(query).fetchone() != (count,):
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_connection_that_was_ended_is_replaced(
    store: SimplePostgresStore, server: Server
) -> None:
    """A store that was idle while the server was restarted notices nothing."""
    event = make_event()
    store.save_event(event)
    for _ in range(2):
        server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'spec-kitty-telemetry'"
        )
        other = make_event()
        store.save_event(other)
        assert store.load_all_events()[-1] == other


def test_a_server_that_is_starting_is_waited_for(own_server: Server, log: str) -> None:
    """It says that it is; one that is not there at all is an error at once."""
    own_server.start()
    store = SimplePostgresStore(own_server.conninfo, log)
    store.save_events(make_events(20))
    own_server.kill()
    with pytest.raises(StorageError, match="refused"):
        store.load_all_events()
    own_server.start(wait=False)
    end = time.monotonic() + 30
    loaded = None
    while loaded is None:
        try:
            loaded = store.load_all_events()
        except StorageError as error:  # not listening yet
            if "refused" not in str(error) or time.monotonic() > end:
                raise
    assert len(loaded) == 20


@pytest.mark.servers
def test_a_full_server_is_waited_for(own_server: Server) -> None:
    """Until somebody leaves, if that is in time."""
    own_server.set(max_connections="5", superuser_reserved_connections="0", max_wal_senders="0")
    own_server.start()
    store = SimplePostgresStore(own_server.conninfo, timeout=20)
    guests: list[psycopg.Connection] = []
    while len(guests) < 5:
        # The one that has seen the server answer may not be gone yet.
        with contextlib.suppress(psycopg.OperationalError):
            guests.append(psycopg.connect(own_server.conninfo))
    impatient = SimplePostgresStore(own_server.conninfo, timeout=0.3)
    with pytest.raises(StorageError, match="too many clients already"):
        impatient.load_all_events()
    timer = threading.Timer(0.3, guests.pop().close)
    timer.start()
    assert store.load_all_events() == []
    timer.join()
    for guest in guests:
        guest.close()


def test_a_role_with_enough_connections_is_waited_for(server: Server, log: str, role: str) -> None:
    """Until one of them is closed."""
    server.execute(f"ALTER ROLE {role} CONNECTION LIMIT 1")
    server.execute(SimplePostgresStore.schema())
    server.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
    with psycopg.connect(server.conninfo, user=role) as guest:
        with pytest.raises(psycopg.OperationalError, match="too many connections for role"):
            psycopg.connect(server.conninfo, user=role)
        timer = threading.Timer(0.3, guest.close)
        timer.start()
        store = SimplePostgresStore(server.conninfo, log, user=role)
        assert store.load_all_events() == []
        timer.join()


def test_a_server_that_only_reads_is_told(open_store: Open) -> None:
    """A standby, say; nothing is saved, and that is known."""
    store = open_store(options="-c default_transaction_read_only=on")
    with pytest.raises(StorageError, match=r"read-only transaction$"):
        store.save_event(make_event())
    assert store.load_all_events() == []


def test_of_what_is_only_read_no_outcome_is_told(
    open_store: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is none to be known."""

    def lose(*_: object) -> None:
        raise psycopg.OperationalError("lost")

    monkeypatch.setattr(session.Session, "_rows_of", lose)
    with pytest.raises(StorageError, match=r"^cannot read .*: lost$"):
        open_store().load_all_events()


def test_a_server_that_makes_no_tables_says_why(open_store: Open, database: str) -> None:
    """It is no question of rights."""
    option = "-c default_transaction_read_only=on"
    store = open_store(dbname=database, options=option)
    with pytest.raises(StorageError, match=r"read-only transaction$"):
        store.save_event(make_event())


def test_a_statement_that_the_server_ends_is_told(
    open_store: Open, other: psycopg.Connection, log: str
) -> None:
    """Its own time limit is not tried again: it was somebody's wish."""
    store = open_store(options="-c statement_timeout=100")
    store.save_event(make_event())
    other.execute("SELECT 1 FROM spec_kitty_logs WHERE name = %s FOR UPDATE", [log])
    with pytest.raises(StorageError, match=f"due to statement timeout{UNKNOWN}"):
        store.save_event(make_event())


@pytest.mark.usefixtures("interrupts")
def test_an_interrupted_call_leaves_nothing_to_be_misread(
    open_store: Open, other: psycopg.Connection, log: str
) -> None:
    """The answer to a call that was given up is not taken for that to the next."""
    store = open_store()
    event = make_event()
    store.save_event(event)
    other.execute("SELECT 1 FROM spec_kitty_logs WHERE name = %s FOR UPDATE", [log])
    timer = threading.Timer(0.3, os.kill, [os.getpid(), signal.SIGINT])
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        store.save_event(make_event())
    timer.join()
    assert store.load_all_events() == [event]
    other.rollback()


def test_a_save_in_a_signal_handler_waits_for_nobody(
    open_store: Open, other: psycopg.Connection, log: str
) -> None:
    """It has a connection of its own; only the server's lock is shared."""
    store = open_store()
    in_handler = make_event(lamport_clock=3)

    def handle(*_: object) -> None:
        other.rollback()
        store.save_event(in_handler)

    store.save_event(make_event(lamport_clock=1))
    other.execute("SELECT 1 FROM spec_kitty_logs WHERE name = %s FOR UPDATE", [log])
    before = signal.signal(signal.SIGALRM, handle)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        store.save_event(make_event(lamport_clock=2))
    finally:
        signal.signal(signal.SIGALRM, before)
    assert [event.lamport_clock for event in store.load_all_events()] == [1, 2, 3]


class _Notice:
    """A notice of a server, as the driver gives it."""

    def __init__(self, severity: bytes) -> None:
        self.severity = severity

    def error_field(self, field: psycopg.pq.DiagnosticField) -> bytes | None:
        """Return one field of it."""
        is_severity = field == psycopg.pq.DiagnosticField.SEVERITY_NONLOCALIZED
        return self.severity if is_severity else b"text"


@pytest.mark.parametrize(("severity", "noted"), [(b"WARNING", [b"text"]), (b"NOTICE", [])])
def test_a_notice_is_no_warning(severity: bytes, noted: list[bytes]) -> None:
    """That a table is there already stops no save; that a standby was not waited for does."""
    warnings: list[bytes] = []
    session._note_warning(warnings, _Notice(severity))  # type: ignore[arg-type]  # all it asks for
    assert warnings == noted
