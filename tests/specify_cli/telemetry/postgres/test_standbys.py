"""Standbys: what "saved" means where a server has to wait for one."""

from __future__ import annotations

import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from specify_cli.spec_kitty_events import StorageError
from specify_cli.telemetry.postgres import SimplePostgresStore

from ..support.events import make_event, make_events
from ..support.server_load import Follower, until_saved, writers
from ..support.servers import Server

pytestmark = pytest.mark.servers

Open = Callable[..., SimplePostgresStore]


@pytest.fixture
def pair(own_server: Server) -> Iterator[tuple[Server, Server]]:
    """Return a server that waits for a standby, and the standby."""
    own_server.start()
    own_server.execute(SimplePostgresStore.schema())
    standby = Server(own_server.folder.with_suffix(".standby")).follow(own_server, "standby")
    standby.start()
    own_server.set(synchronous_standby_names="standby")
    wait_until_replicated(own_server)
    yield own_server, standby
    standby.kill()
    shutil.rmtree(standby.folder, ignore_errors=True)


def wait_until_replicated(server: Server, state: str = "sync") -> None:
    """Wait until a server has its standby."""
    end = time.monotonic() + 30
    while ("streaming", state) not in server.execute(
        "SELECT state, sync_state FROM pg_stat_replication"
    ):
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_save_waits_for_the_standby(pair: tuple[Server, Server]) -> None:
    """Without one nothing is acknowledged, a known event neither; with it again, all is."""
    primary, standby = pair
    store = SimplePostgresStore(primary.conninfo, timeout=0.5)
    event = make_event()
    store.save_event(event)
    standby.stop()
    unsure = make_event()
    with pytest.raises(StorageError, match="saving it again is safe"):
        store.save_event(unsure)
    # The wait of the one that was given up goes on at the server, and so does its lock.
    end_waits(primary)
    assert [loaded.event_id for loaded in store.load_all_events()] == [
        event.event_id,
        unsure.event_id,
    ]
    for known in (event, unsure):
        with pytest.raises(StorageError, match="saving it again is safe"):
            store.save_event(known)
        end_waits(primary)
    standby.start()
    wait_until_replicated(primary)
    store.save_event(unsure)
    primary.kill()
    standby.promote()
    assert SimplePostgresStore(standby.conninfo).load_all_events() == [event, unsure]


def end_waits(server: Server) -> None:
    """Do what an operator does who sees commits hang."""
    waiting = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
    while server.execute(waiting):
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("function", "batch"),
    [("pg_cancel_backend", 1), ("pg_cancel_backend", 7_000), ("pg_terminate_backend", 1)],
)
def test_a_wait_that_is_cancelled_acknowledges_nothing(
    pair: tuple[Server, Server], function: str, batch: int
) -> None:
    """The server calls it a success, with a warning; but no standby has the event."""
    primary, standby = pair
    standby.stop()
    store = SimplePostgresStore(primary.conninfo)

    def end_wait() -> None:
        query = f"SELECT {function}(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
        end = time.monotonic() + 20
        while not primary.execute(query):
            assert time.monotonic() < end
            time.sleep(0.02)

    thread = threading.Thread(target=end_wait, daemon=True)
    thread.start()
    with pytest.raises(StorageError, match="saving it again is safe"):
        store.save_events(make_events(batch))
    thread.join()
    assert len(store.load_all_events()) == batch


def fail_over(
    pair: tuple[Server, Server], log: str, count: int = 60
) -> tuple[list[str], list[str], list[str]]:
    """Kill a primary under four writers and a follower, and have its standby take over.

    Returns:
        The ids that were acknowledged, that the new primary has, and that the follower saw.
    """
    primary, standby = pair
    conninfo = Server.conninfo_of(
        primary.port, standby.port, target_session_attrs="read-write", connect_timeout="2"
    )
    store = SimplePostgresStore(conninfo, log, timeout=5)
    store.save_event(make_event())
    follower = Follower(SimplePostgresStore(conninfo, log, timeout=5))
    with writers(conninfo, log, count) as acknowledged:
        until_saved(store, 2 * count)
        primary.kill()
        standby.promote()
        standby.set(synchronous_standby_names="")
        ids = acknowledged()
    loaded = [event.event_id for event in store.iter_events()]
    return ids, loaded, follower.end()


def test_a_failover_to_a_standby_loses_nothing(pair: tuple[Server, Server], log: str) -> None:
    """What was acknowledged is on the standby that takes over, once; a follower has seen it."""
    ids, loaded, seen = fail_over(pair, log)
    assert len(ids) == 240
    assert set(ids) <= set(loaded)
    assert Counter(loaded).most_common(1)[0][1] == 1
    assert set(loaded) <= set(seen)


@pytest.mark.parametrize("attempt", range(4))
def test_failovers_lose_nothing(pair: tuple[Server, Server], log: str, attempt: int) -> None:
    """The same, again and again."""
    assert attempt >= 0
    ids, loaded, seen = fail_over(pair, log, 150)
    assert set(ids) <= set(loaded) <= set(seen)
    assert Counter(loaded).most_common(1)[0][1] == 1


def test_a_standby_that_is_not_waited_for_loses(pair: tuple[Server, Server]) -> None:
    """What the tests above would see: an asynchronous standby lacks what was acknowledged."""
    primary, standby = pair
    primary.set(synchronous_standby_names="")
    store = SimplePostgresStore(primary.conninfo)
    store.save_event(make_event())
    standby.stop()  # a stall, so that it is certain
    event = make_event()
    store.save_event(event)
    primary.kill()
    standby.start().promote()
    assert event not in SimplePostgresStore(standby.conninfo).load_all_events()
