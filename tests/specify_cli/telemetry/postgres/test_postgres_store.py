"""What the store in a database does beyond the contract."""

from __future__ import annotations

import contextlib
import logging
import pickle
import socket
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from specify_cli.spec_kitty_events import Event, StorageError
from specify_cli.telemetry import SimpleJsonStore
from specify_cli.telemetry._codec import UnstorableError
from specify_cli.telemetry.postgres import PostgresEventStore, SimplePostgresStore
from specify_cli.telemetry.postgres import rows as server_rows
from specify_cli.telemetry.postgres.address import Address
from specify_cli.telemetry.postgres.deadline import Deadline

from ..support.events import CODEC, make_event, make_events
from ..support.servers import PASSWORD, Server

Open = Callable[..., SimplePostgresStore]


def rows(server: Server, log: str) -> list[tuple[object, ...]]:
    """Return what the tables hold of a log."""
    return server.execute(
        "SELECT position, event_id, aggregate_id, line FROM spec_kitty_events"
        f" WHERE log = '{log}' ORDER BY position"
    )


def test_a_line_is_the_one_that_the_file_has(
    server: Server, store: SimplePostgresStore, log: str, tmp_path: Path
) -> None:
    """Byte for byte, and beside it the keys that it is found by."""
    event = make_event(payload={"ö": ["\U0001f431", 1e3, None]})
    store.save_event(event)
    file = tmp_path / "events.jsonl"
    SimpleJsonStore(file).save_event(event)
    ((_, event_id, aggregate_id, line),) = rows(server, log)
    assert f"{line}\n".encode() == file.read_bytes()
    assert (event_id, aggregate_id) == (event.event_id, event.aggregate_id)


@pytest.mark.parametrize("text", ["\0", '"', "\\", "é" * 5_000, "a" * 5_000, "\n"])
def test_any_text_is_a_key(store: SimplePostgresStore, text: str) -> None:
    """NUL, and what is too long for an index are found by what they are."""
    events = [make_event(aggregate_id=text + end) for end in ("", "b")]
    for event in events:
        store.save_event(event)
    assert store.load_events(text) == [events[0]]
    assert sorted(store.load_all_events(), key=lambda e: e.aggregate_id) == events


def test_logs_are_apart(server: Server) -> None:
    """One database holds any number of them; an id may be in several."""
    event = make_event()
    stores = [SimplePostgresStore(server.conninfo, name) for name in ("apart", "Apart", "apart%")]
    stores[0].save_event(event)
    stores[1].save_event(event)
    assert [store.load_all_events() for store in stores] == [[event], [event], []]


def test_a_batch_is_saved_whole_or_not_at_all(store: SimplePostgresStore) -> None:
    """An event that cannot be stored keeps the others out."""
    bad = make_event(payload={"n": float("nan")})
    with pytest.raises(StorageError, match=r'^cannot store event ".+" in "log-.+": Out of') as e:
        store.save_events([make_event(), bad])
    assert isinstance(e.value.__cause__, UnstorableError)
    assert store.load_all_events() == []
    assert store.save_events([]) == 0


def test_a_batch_of_several_statements_is_one_transaction(
    open_store: Open, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What takes several statements is there at once, or undone if one of them is refused."""
    monkeypatch.setattr(server_rows, "_ROWS", 3)
    events = make_events(8)
    store = open_store()
    assert store.save_events(events) == 8
    assert store.load_all_events() == events
    server.execute("ALTER TABLE spec_kitty_events ADD CONSTRAINT no CHECK (line NOT LIKE '%NO%')")
    try:
        with pytest.raises(StorageError, match=r'violates check constraint "no"$'):
            store.save_events([*make_events(5), make_event(payload={"say": "NO"})])
    finally:
        server.execute("ALTER TABLE spec_kitty_events DROP CONSTRAINT no")
    assert store.load_all_events() == events
    assert store.save_events([*events, *events]) == 0


def test_bytes_count_too_in_a_batch(
    store: SimplePostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A statement does not grow without bounds."""
    monkeypatch.setattr(server_rows, "_BYTES", 1_000)
    events = make_events(20)
    assert store.save_events(events) == 20
    assert store.load_all_events() == events


def test_pages_are_bounded_by_rows_and_bytes(store: SimplePostgresStore) -> None:
    """Whatever the lines are like, a page is small, and together they are all."""
    events = [make_event(lamport_clock=n, payload={"t": "x" * (n % 7) * 1_000}) for n in range(50)]
    store.save_events(events)
    pages = list(store._log.pages(rows=10, size=5_000))
    assert max(map(len, pages)) <= 10
    for page in pages:
        assert sum(len(found.line) for found in page[:-1]) < 5_000
    assert [CODEC.decode(found.line) for page in pages for found in page] == events


def test_iterating_ends_although_each_event_leads_to_another(store: SimplePostgresStore) -> None:
    """The log is read as it was when iteration began."""
    store.save_events(make_events(5))
    for _ in store.iter_events():
        store.save_event(make_event())
    assert len(store.load_all_events()) == 10


def test_a_missing_table_is_an_empty_log(server: Server, database: str) -> None:
    """Reading makes no tables; saving does, once."""
    store = SimplePostgresStore(server.conninfo, dbname=database, prepare_threshold=1)
    for _ in range(4):  # also when the server has refused to prepare a statement
        assert store.load_all_events() == []
        assert store.load_events("one") == []
        assert store.read_since().events == []
        assert store._log.lines_of(["one"]) == {}
    tables = "SELECT * FROM pg_tables WHERE tablename LIKE 'spec_kitty%'"
    assert server.execute(tables, database) == []
    event = make_event()
    store.save_event(event)
    assert store.load_all_events() == [event]


def test_who_may_not_read_is_told_that(server: Server, role: str) -> None:
    """To make tables would be of no use."""
    server.execute(SimplePostgresStore.schema())
    store = SimplePostgresStore(server.conninfo, user=role)
    with pytest.raises(StorageError, match=r"permission denied for table spec_kitty_logs$"):
        store.load_all_events()


def test_who_may_not_make_tables_is_told_what_to_do(
    server: Server, database: str, role: str
) -> None:
    """Whoever may runs what `schema` returns; then others may save with the rights they have."""
    store = SimplePostgresStore(server.conninfo, dbname=database, user=role)
    with pytest.raises(StorageError, match=r"whoever may make tables has to run what schema\(\) r"):
        store.save_event(make_event())
    for _ in range(2):
        server.execute(store.schema(), database)
    grant = f"GRANT SELECT, INSERT ON spec_kitty_logs, spec_kitty_events TO {role}"
    server.execute(grant, database)
    server.execute(f"GRANT UPDATE ON spec_kitty_logs TO {role}", database)
    event = make_event()
    store.save_event(event)
    recorded = store.record("Recorded", aggregate_id="one", node_id="n")
    assert store.load_all_events() == [event, recorded]


def test_malformed_lines_are_skipped_with_a_warning(
    server: Server, store: SimplePostgresStore, log: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A line that this contract cannot read is another's; it stays."""
    event = make_event()
    store.save_event(event)
    server.execute(
        "INSERT INTO spec_kitty_events SELECT log, position + n, 'id' || n, aggregate_id, '{}'"
        f" FROM spec_kitty_events, generate_series(1, 12) AS n WHERE log = '{log}'"
    )
    server.execute(f"UPDATE spec_kitty_logs SET position = position + 12 WHERE name = '{log}'")
    for load in (store.load_all_events, lambda: store.load_events(event.aggregate_id)):
        caplog.clear()
        assert load() == [event]
        assert len(caplog.messages) == 11
        assert caplog.messages[0].startswith(f'Skipping malformed event line 2 of "{log} at ')
        assert caplog.messages[-1].startswith('Skipped 12 malformed event lines of "')
    assert caplog.records[0].name == "specify_cli.telemetry.postgres.simple"


def test_a_key_is_no_more_than_a_key(server: Server, store: SimplePostgresStore, log: str) -> None:
    """What aggregate an event has, its line says; by which it is found, the key."""
    event = make_event()
    store.save_event(event)
    server.execute(f"UPDATE spec_kitty_events SET aggregate_id = 'x' WHERE log = '{log}'")
    assert store.load_events("x") == store.load_events(event.aggregate_id) == []
    assert store.load_all_events() == [event]


def test_a_socket_in_a_folder_is_no_name_to_look_up(tmp_path: Path) -> None:
    """It is used as it is, or refused."""
    with pytest.raises(StorageError, match=r'connection to server on socket ".+" failed'):
        SimplePostgresStore(f"host={tmp_path}").load_all_events()


def test_a_store_is_shown_without_its_secrets(server: Server, log: str) -> None:
    """Its repr is how to make it, but for the password."""
    store = SimplePostgresStore(server.conninfo, log, sslpassword="hidden")
    assert repr(store) == (
        f"SimplePostgresStore('host=127.0.0.1 port={server.port} dbname=postgres user=postgres',"
        f" log='{log}')"
    )
    assert repr(SimplePostgresStore("", log, timeout=2)) == (
        f"SimplePostgresStore('', log='{log}', timeout=2)"
    )
    everything = "service=s host=h hostaddr=127.0.0.1 port=1 dbname=d user=u"
    assert repr(SimplePostgresStore(everything, log)) == (
        f"SimplePostgresStore('{everything}', log='{log}')"
    )


@contextlib.contextmanager
def refused_without(secret: str) -> Iterator[None]:
    """See that an error is raised which shows a secret nowhere, its causes included."""
    with pytest.raises((StorageError, ValueError)) as caught:
        yield
    shown = "".join(traceback.format_exception(caught.value, limit=0))
    error: BaseException | None = caught.value
    while error is not None:
        shown += repr(error) + str(error) + repr(error.args) + repr(vars(error).values())
        error = error.__cause__ or error.__context__
    assert secret not in shown


def test_each_secret_is_taken_out_of_a_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the server or libpq says may show one."""
    address = Address("user=u", {"password": "one", "sslpassword": "two"})
    assert address.without_secrets("one, two, three, one") == "***, ***, three, ***"
    monkeypatch.setenv("PGPASSWORD", "three")
    assert Address("user=u", {}).without_secrets("one, three") == "one, ***"


@pytest.mark.parametrize(
    "conninfo",
    [
        "postgresql://kitty:SECRET@127.0.0.1:{port}/postgres",
        "host=127.0.0.1 port={port} user=kitty password=SECRET dbname=postgres",
        "postgresql://postgres:SECRET@127.0.0.1:{port}/postgres",
        "postgresql://kitty:SECRET@127.0.0.1:1/postgres",
        "postgresql://kitty:SECRET@no-such-host.invalid/postgres",
        "postgresql://kitty:more@SECRET@127.0.0.1:1/postgres",
        "postgresql://kitty:SECRET 1@127.0.0.1/postgres",
        "postgresql://kitty:SECRET@127.0.0.1:port/postgres",
        "host=127.0.0.1 password='SECRET",
        "host=127.0.0.1 password=SECRET no=option",
        "postgresql://kitty:SECRET@127.0.0.1/postgres?sslmode=SECRET",
    ],
)
def test_errors_show_no_password(server: Server, conninfo: str) -> None:
    """Whatever is wrong with the conninfo, and however often an error was raised from another."""
    with refused_without("SECRET"):
        SimplePostgresStore(conninfo.format(port=server.port)).save_event(make_event())


def test_a_password_of_the_environment_works_and_is_not_shown(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a conninfo leaves out, libpq looks for itself."""
    conninfo = f"host=127.0.0.1 port={server.port} user=postgres dbname=postgres sslmode=disable"
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    assert SimplePostgresStore(conninfo, "none").load_all_events() == []
    monkeypatch.setenv("PGPASSWORD", "SECRET")
    with refused_without("SECRET"):
        SimplePostgresStore(conninfo, "none").load_all_events()


def test_a_host_of_the_environment_works(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where to connect may be left to libpq too."""
    monkeypatch.setenv("PGHOST", "localhost")
    monkeypatch.setenv("PGPORT", str(server.port))
    store = SimplePostgresStore("user=postgres dbname=postgres", "none", password=PASSWORD)
    assert store.load_all_events() == []


def test_a_copy_uses_the_same_log(store: SimplePostgresStore) -> None:
    """It is made of the same conninfo, and its connections are its own."""
    store.save_event(make_event())
    with pickle.loads(pickle.dumps(store)) as copy:  # noqa: S301  # our own
        assert isinstance(copy, SimplePostgresStore)
        assert copy.load_all_events() == store.load_all_events()
        assert repr(copy) == repr(store)


def connections(server: Server, application: str) -> int:
    """Return how many connections have that name."""
    query = f"SELECT count(*) FROM pg_stat_activity WHERE application_name = '{application}'"
    ((count,),) = server.execute(query)
    assert isinstance(count, int)
    return count


def test_connections_end_with_the_store(server: Server, open_store: Open) -> None:
    """By `close`, by a with statement, or when nobody refers to it any more."""
    store = open_store(application_name="closed")
    store.load_all_events()
    assert connections(server, "closed") == 1
    store.close()
    store.close()
    store.load_all_events()  # opens another
    del store
    with open_store(application_name="closed") as store:
        store.load_all_events()
    wait_until(lambda: connections(server, "closed") == 0)


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait until something is so, which it soon is."""
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"conninfo": b"host=h"}, TypeError, "^a conninfo is a str, not a bytes$"),
        ({"conninfo": "host=h nonsense"}, ValueError, "^not a conninfo of PostgreSQL: neither"),
        ({"conninfo": "host=h", "nonsense": "1"}, ValueError, "^not a conninfo of PostgreSQL"),
        ({"conninfo": "host=a@b"}, ValueError, "^a host of the conninfo has an @; .* written %40$"),
        ({"log": ""}, ValueError, "^a log has a printable name of 1 to 200 characters: ''$"),
        ({"log": "a\0"}, ValueError, "^a log has a printable name"),
        ({"log": "\ud800"}, ValueError, "^a log has a printable name"),
        ({"log": "a" * 201}, ValueError, "^a log has a printable name"),
        ({"log": 1}, TypeError, "^the name of a log is a str, not 1$"),
        ({"timeout": 0}, ValueError, "^a timeout is above zero where a server has to answer$"),
        ({"timeout": float("nan")}, ValueError, "^a timeout is from 0 on, not nan$"),
        ({"timeout": True}, TypeError, "^a timeout is a number of seconds or None, not True$"),
        ({"timeout": "1"}, TypeError, "^a timeout is a number of seconds or None, not '1'$"),
    ],
)
def test_a_callers_mistake_is_told_at_once(
    arguments: dict[str, object], error: type[Exception], message: str
) -> None:
    """Making a store touches no network, but sees what no server would take."""
    with pytest.raises(error, match=message):
        SimplePostgresStore(**{"conninfo": "", **arguments})  # type: ignore[arg-type]  # wrong


def test_the_longest_name_is_taken() -> None:
    """As is the shortest; and a timeout of a part of a second."""
    for name in ("a", "a" * 200):
        assert f"log={name!r}" in repr(SimplePostgresStore("", name, timeout=0.5))


def test_what_is_no_event_is_refused(store: SimplePostgresStore) -> None:
    """A caller's mistake is a TypeError, as in the store in a file."""
    with pytest.raises(TypeError, match="not an event of this store"):
        store.save_event("event")  # type: ignore[arg-type]  # wrong
    with pytest.raises(TypeError, match="an aggregate_id is a str"):
        store.load_events(1)  # type: ignore[arg-type]  # wrong
    with pytest.raises(TypeError, match="an aggregate_id is a str"):
        list(store.iter_events(1))  # type: ignore[arg-type]  # wrong
    with pytest.raises(TypeError, match="a cursor is a str or None"):
        store.read_since(1)  # type: ignore[arg-type]  # wrong
    with pytest.raises(StorageError, match="not a cursor") as caught:
        store.read_since("1:2:3:4")
    assert isinstance(caught.value.__cause__, ValueError)


def test_a_store_names_its_model() -> None:
    """A subclass says what events it has and what it raises."""

    class Unnamed(PostgresEventStore[Event]):
        """Names none."""

    class KittyError(Exception):
        """Of its own."""

    class KittyStore(PostgresEventStore[Event]):
        """Names both."""

        event_model = Event
        storage_error = KittyError

    with pytest.raises(TypeError, match="Unnamed does not name its event_model"):
        Unnamed("")
    with pytest.raises(
        KittyError, match=r'^cannot read "events at host=127.0.0.1 port=1": conn'
    ) as e:
        KittyStore("host=127.0.0.1 port=1").load_all_events()
    assert isinstance(e.value.__cause__, psycopg.OperationalError)


def test_long_lines_are_sent_and_fetched(store: SimplePostgresStore) -> None:
    """More than a socket takes at once, in either direction."""
    event = make_event(payload={"text": "x" * 12_000_000})
    store.save_event(event)
    assert store.load_all_events() == [event]


@pytest.mark.parametrize("given", ["", "service=main host=h", "host=h hostaddr=192.0.2.1"])
def test_what_is_no_name_is_left_to_libpq(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With an encoding that takes every event, and a name by which the server's owner knows us."""
    monkeypatch.delenv("PGHOST", raising=False)
    attempts, reasons = Address(given + " client_encoding=LATIN1", {}).attempts(Deadline(9.0))
    expected = {
        "fallback_application_name": "spec-kitty-telemetry",
        "client_encoding": "UTF8",
        **conninfo_to_dict(given),
    }
    assert [conninfo_to_dict(attempt.decode()) for attempt in attempts] == [expected]
    assert reasons == []


def test_each_address_of_each_host_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the port of the host, or the one that all of them have; each address once."""
    addresses = {"one": ["192.0.2.1", "192.0.2.2", "192.0.2.1"], "two": ["192.0.2.3"]}

    def look_up(host: str, port: object, type: int) -> list[tuple[object, ...]]:  # noqa: A002
        assert (port, type) == (None, socket.SOCK_STREAM)
        return [(0, 0, 0, "", (address, 0)) for address in addresses[host]]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    for given, ports in (("1,2", ["1", "1", "2"]), ("3", ["3"] * 3), ("", [None] * 3)):
        address = Address(f"host=one,two port='{given}'", {})
        found = [conninfo_to_dict(item.decode()) for item in address.attempts(Deadline(9.0))[0]]
        assert [item["hostaddr"] for item in found] == ["192.0.2.1", "192.0.2.2", "192.0.2.3"]
        assert [item["host"] for item in found] == ["one", "one", "two"]
        assert [item.get("port") for item in found] == ports
    # No name is the server of this machine.
    first, last = Address("host=two,", {}).attempts(Deadline(9.0))[0]
    assert conninfo_to_dict(first.decode())["hostaddr"] == "192.0.2.3"
    assert "hostaddr" not in conninfo_to_dict(last.decode())


def test_an_address_may_be_given_too(server: Server) -> None:
    """Then no name is looked up."""
    conninfo = f"host=no-such-host.invalid hostaddr=127.0.0.1 port={server.port} user=postgres"
    store = SimplePostgresStore(conninfo, "none", dbname="postgres", password=PASSWORD)
    assert store.load_all_events() == []


def test_a_host_that_is_not_found_is_passed_over(server: Server) -> None:
    """The next one may be; if there is none, the reasons are told."""
    conninfo = f"host=no-such-host.invalid,127.0.0.1 port=1,{server.port} user=postgres"
    store = SimplePostgresStore(conninfo, "none", dbname="postgres", password=PASSWORD)
    assert store.load_all_events() == []
    with pytest.raises(StorageError, match=r"the host 'no-such-host.invalid' was not found: "):
        SimplePostgresStore("host=no-such-host.invalid").load_all_events()


def test_a_code_of_the_databases_own_is_an_error_too(
    server: Server, store: SimplePostgresStore, log: str
) -> None:
    """A trigger may raise anything; nothing is tried again."""
    store.save_event(make_event())
    server.execute("CREATE SEQUENCE refusals")
    server.execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN"
        " RAISE EXCEPTION 'not here: %', nextval('refusals') USING ERRCODE = 'ZZ999'; END$$"
    )
    server.execute(
        "CREATE TRIGGER refuse BEFORE INSERT ON spec_kitty_events FOR EACH ROW"
        f" WHEN (NEW.log = '{log}') EXECUTE FUNCTION refuse()"
    )
    try:
        for number in (1, 2):  # it is asked once each time, and goes on preparing
            with pytest.raises(StorageError, match=rf"^cannot append to .*: not here: {number}$"):
                store.save_event(make_event())
            assert store.load_all_events()
        assert store._log.prepare_threshold == 5
    finally:
        server.execute("DROP FUNCTION refuse CASCADE")
        server.execute("DROP SEQUENCE refusals")


def test_a_call_may_be_without_an_end(open_store: Open) -> None:
    """None is no limit."""
    store = open_store(timeout=None)
    store.save_event(make_event())
    assert len(store.load_all_events()) == 1
    assert repr(store).endswith(", timeout=None)")


def test_a_missing_database_is_told(server: Server) -> None:
    """What the server says is in the message."""
    store = SimplePostgresStore(server.conninfo, dbname="missing")
    with pytest.raises(StorageError, match='database "missing" does not exist'):
        store.load_all_events()


def test_nothing_is_logged_by_a_store_that_works(
    store: SimplePostgresStore, caplog: pytest.LogCaptureFixture
) -> None:
    """Warnings are for what is wrong."""
    caplog.set_level(logging.DEBUG, "specify_cli")
    store.save_event(make_event())
    store.load_all_events()
    assert caplog.messages == []
