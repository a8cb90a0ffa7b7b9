"""What a commit waits for, and what counts as one: seen on a server without a standby."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest

from specify_cli.spec_kitty_events import StorageError
from specify_cli.telemetry.postgres import SimplePostgresStore
from specify_cli.telemetry.postgres import rows as server_rows

from ..support.events import make_event, make_events
from ..support.servers import Server

At = Callable[[str], None]
_numbers = itertools.count()


@pytest.fixture
def at_commit(server: Server, log: str) -> Iterator[At]:
    """Return what has the server run a statement with each commit that has written to the log."""
    name = f"at_commit_{next(_numbers)}"

    def run(statement: str) -> None:
        server.execute(SimplePostgresStore.schema())
        body = f"$$BEGIN {statement}; RETURN NULL; END$$"
        server.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS {body}")
        server.execute(
            f"CREATE CONSTRAINT TRIGGER {name} AFTER INSERT OR UPDATE ON spec_kitty_logs"
            f" INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.name = '{log}') EXECUTE FUNCTION {name}()"
        )

    yield run
    server.execute(f"DROP FUNCTION {name} CASCADE")


@pytest.mark.parametrize("batch", [1, 7])
def test_a_warning_with_a_commit_is_an_error(
    store: SimplePostgresStore, at_commit: At, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    """A wait for a standby that is cancelled is told by nothing else; the server has committed."""
    monkeypatch.setattr(server_rows, "_ROWS", 3)
    at_commit("RAISE WARNING 'waited for nobody'")
    events = make_events(batch)
    known = "waited for nobody; whether it is saved is not known, and saving it again is safe$"
    with pytest.raises(StorageError, match=known):
        store.save_events(events)
    with pytest.raises(StorageError, match="waited for nobody"):
        store.record("Recorded", aggregate_id="one", node_id="n")
    assert store.load_all_events()[:-1] == events


def test_a_connection_that_each_save_loses_is_lost_twice(
    store: SimplePostgresStore, at_commit: At
) -> None:
    """A new one that is lost too is enough."""
    at_commit("PERFORM pg_terminate_backend(pg_backend_pid())")
    known = "terminating connection .*; whether it is saved is not known, and saving it again is s"
    for _ in range(2):
        with pytest.raises(StorageError, match=known):
            store.save_event(make_event())
        assert store.load_all_events() == []  # on a connection that is kept


def test_a_commit_waits_for_the_disk_whatever_a_role_is_given(
    server: Server, log: str, at_commit: At
) -> None:
    """With `synchronous_commit` off, the server would acknowledge what its crash loses."""
    table = f"settings_{next(_numbers)}"
    server.execute(f"CREATE TABLE {table} (setting text)")
    at_commit(f"INSERT INTO {table} VALUES (current_setting('synchronous_commit'))")
    options = {"off": "on", "local": "local"}
    for given, expected in options.items():
        option = f"-c synchronous_commit={given}"
        store = SimplePostgresStore(server.conninfo, log, options=option)
        event = make_event()
        store.save_event(event)
        store.save_event(event)
        store.save_events(make_events(3))
        store.record("Recorded", aggregate_id="one", node_id="n")
        settings = server.execute(f"SELECT DISTINCT setting FROM {table}")
        assert settings == [(expected,)]
        server.execute(f"DELETE FROM {table}")


def test_a_save_of_known_events_commits_a_write(
    store: SimplePostgresStore, server: Server, log: str
) -> None:
    """Only such a commit waits for what those before had to wait for."""
    event = make_event()
    store.save_event(event)
    query = f"SELECT xmin::text FROM spec_kitty_logs WHERE name = '{log}'"
    seen = [server.execute(query)]
    for save in (
        lambda: store.save_event(event),
        lambda: store.save_events([event, event]),
        lambda: store.save_next(lambda clock: event.model_copy(update={"lamport_clock": clock})),
    ):
        save()
        seen.append(server.execute(query))
    assert len({str(rows) for rows in seen}) == 4
