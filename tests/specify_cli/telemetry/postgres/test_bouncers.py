"""PgBouncer between a store and its server, for sessions and for transactions."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from specify_cli.spec_kitty_events import StorageError
from specify_cli.telemetry.postgres import SimplePostgresStore

from ..support import server_recorder
from ..support.bouncer import Bouncer, bouncer
from ..support.events import make_event, make_events
from ..support.processes import start
from ..support.server_load import Follower, until_saved, writers
from ..support.servers import Server

pytestmark = pytest.mark.servers

UNKNOWN = "; whether it is saved is not known, and saving it again is safe$"


@pytest.fixture(scope="module", params=["session", "transaction"])
def between(request: pytest.FixtureRequest, folder: Path, server: Server) -> Iterator[Bouncer]:
    """Return one with six connections to the server, for each session or each transaction."""
    with bouncer(folder, server, pool_mode=request.param, default_pool_size=6) as between:
        yield between


@pytest.mark.parametrize("prepare_threshold", [None, 5, 0])
def test_a_store_works_through_it(
    between: Bouncer, log: str, prepare_threshold: int | None
) -> None:
    """All that a store does, with statements prepared or not, and batches of many statements."""
    with SimplePostgresStore(between.conninfo, log, prepare_threshold=prepare_threshold) as store:
        events = make_events(12_000)
        for event in events[:8]:
            store.save_event(event)
        assert store.save_events(events) == 11_992
        assert store.load_events(events[0].aggregate_id) == events
        assert list(store.iter_events()) == events
        _, cursor = store.read_since(limit=11_999)
        assert store.read_since(cursor).events == events[-1:]
        clocks = [
            store.record("Recorded", aggregate_id="one", node_id="n").lamport_clock
            for _ in range(8)
        ]
        highest = max(event.lamport_clock for event in events)
        assert clocks == [highest + n for n in range(1, 9)]


@pytest.mark.parametrize("prepare_threshold", [None, 5])
def test_processes_share_its_connections(
    between: Bouncer, server: Server, log: str, prepare_threshold: int | None
) -> None:
    """More of them than connections may be: nothing is lost or repeated, a follower misses none."""
    store = SimplePostgresStore(between.conninfo, log, prepare_threshold=prepare_threshold)
    follower = Follower(store)
    with writers(between.conninfo, log, 150) as acknowledged:
        ids = acknowledged()
    seen = follower.end()
    assert Counter(seen) == Counter(ids)
    assert len(ids) == 600
    loaded = SimplePostgresStore(server.conninfo, log).iter_events()
    assert [event.event_id for event in loaded] == seen


def test_processes_that_record_share_its_connections(between: Bouncer, log: str) -> None:
    """More of them than connections may be: no clock is given twice, none is left out."""
    processes = [start(server_recorder, between.conninfo, log, f"n{n}", 40) for n in range(8)]
    outputs = [process.communicate(timeout=120)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * 8
    assert sorted(map(int, "".join(outputs).split())) == [*range(1, 321)]
    store = SimplePostgresStore(between.conninfo, log)
    assert [event.lamport_clock for event in store.iter_events()] == [*range(1, 321)]


def test_no_other_clients_statement_is_run(between: Bouncer, log: str) -> None:
    """Clients that begin with different statements may meet what others have prepared."""
    stores = [
        SimplePostgresStore(between.conninfo, log, prepare_threshold=0, timeout=10)
        for _ in range(5)
    ]
    events = make_events(50)
    for number, event in enumerate(events):
        store = stores[number % 5]
        if number % 2:
            store.read_since()
        store.save_event(event)
        assert store.load_all_events() == events[: number + 1]


def test_a_wait_has_an_end_through_it(between: Bouncer, server: Server, log: str) -> None:
    """For a row that is locked; what was given up is in nobody's way later."""
    store = SimplePostgresStore(between.conninfo, log, timeout=0.5)
    event = make_event()
    store.save_event(make_event())
    with psycopg.connect(server.conninfo) as other:
        other.execute("SELECT 1 FROM spec_kitty_logs WHERE name = %s FOR UPDATE", [log])
        with pytest.raises(StorageError, match=UNKNOWN):
            store.save_event(event)
    patient = SimplePostgresStore(between.conninfo, log)
    patient.save_event(event)
    assert len(patient.load_all_events()) == 2


@pytest.mark.parametrize("pool_mode", ["session", "transaction"])
def test_one_that_is_killed_and_comes_back(
    folder: Path, server: Server, log: str, pool_mode: str
) -> None:
    """Under writers: what was acknowledged is there, once; idle stores notice nothing."""
    with bouncer(folder, server, pool_mode=pool_mode, default_pool_size=6) as between:
        store = SimplePostgresStore(between.conninfo, log, timeout=5)
        store.save_event(make_event())
        follower = Follower(SimplePostgresStore(between.conninfo, log, timeout=5))
        with writers(between.conninfo, log, 150) as acknowledged:
            for kill in range(1, 4):
                until_saved(SimplePostgresStore(server.conninfo, log), 120 * kill)
                between.kill()
                between.start()
            ids = acknowledged()
        store.save_event(last := make_event())
        loaded = [event.event_id for event in store.iter_events()]
        assert len(ids) == 600
        assert {*ids, last.event_id} <= set(loaded)
        assert Counter(loaded).most_common(1)[0][1] == 1
        assert follower.end() == loaded
        between.kill()
        with pytest.raises(StorageError, match="refused"):
            store.save_event(make_event())


@pytest.mark.parametrize("pool_mode", ["session", "transaction"])
def test_a_server_behind_it_that_is_away_is_waited_for(
    folder: Path, own_server: Server, log: str, pool_mode: str
) -> None:
    """PgBouncer goes on taking connections, and says only later that there is no server."""
    own_server.start()
    with bouncer(folder, own_server, pool_mode=pool_mode) as between:
        store = SimplePostgresStore(between.conninfo, log, timeout=20)
        events = make_events(5)
        store.save_event(events[0])
        own_server.kill()
        with contextlib.closing(SimplePostgresStore(between.conninfo, log, timeout=2)) as hasty:
            for _ in range(2):
                with pytest.raises(StorageError, match=r"not answered in|server_login_retry"):
                    hasty.save_event(events[1])
        own_server.start(wait=False)
        store.save_event(events[1])
        own_server.stop()
        own_server.start(wait=False)
        store.save_events(events)
        assert store.load_all_events() == events


def test_one_that_is_full_is_waited_for(folder: Path, server: Server, log: str) -> None:
    """Until a client leaves; a connection that is not free in time is not."""
    limits = {"max_client_conn": 2, "default_pool_size": 1, "query_wait_timeout": 1}
    with bouncer(folder, server, **limits) as between, contextlib.ExitStack() as guests:
        guest = guests.enter_context(psycopg.connect(between.conninfo))
        guest.execute("SELECT 1")  # and keeps the connection
        with pytest.raises(StorageError, match="query_wait_timeout"):
            SimplePostgresStore(between.conninfo, log).load_all_events()
        guest.rollback()
        guests.enter_context(psycopg.connect(between.conninfo))
        with pytest.raises(StorageError, match="no more connections allowed"):
            SimplePostgresStore(between.conninfo, log, timeout=0.3).load_all_events()
        guest.close()
        assert SimplePostgresStore(between.conninfo, log).load_all_events() == []
