"""Crashes of the server, which lose nothing that was acknowledged."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable

import pytest

from specify_cli.telemetry.postgres import SimplePostgresStore

from ..support.events import make_event
from ..support.server_load import Follower, until_saved, writers
from ..support.servers import Server

Open = Callable[..., SimplePostgresStore]


def kill_under_writers(own_server: Server, log: str, kills: int) -> None:
    """Kill a server again and again while four processes save; see that nothing is lost."""
    own_server.set(wal_writer_delay="10s")
    own_server.start()
    store = SimplePostgresStore(own_server.conninfo, log, timeout=5)
    store.save_event(make_event())
    follower = Follower(SimplePostgresStore(own_server.conninfo, log, timeout=5))
    count = 60 * kills
    with writers(own_server.conninfo, log, count) as acknowledged:
        for kill in range(1, kills + 1):
            until_saved(store, 150 * kill)
            time.sleep(random.uniform(0, 0.05))
            own_server.kill()
            own_server.start()
        ids = acknowledged()
    loaded = [event.event_id for event in store.iter_events()]
    assert len(ids) == 4 * count
    assert set(ids) <= set(loaded)
    assert Counter(loaded).most_common(1)[0][1] == 1
    assert follower.end() == loaded
    assert follower.restarts == 0


def test_a_killed_server_loses_nothing(own_server: Server, log: str) -> None:
    """What was acknowledged is there, once, and a follower has seen it, once."""
    kill_under_writers(own_server, log, 1)


@pytest.mark.servers
def test_a_server_that_is_killed_often_loses_nothing(own_server: Server, log: str) -> None:
    """The same, eight times over."""
    kill_under_writers(own_server, log, 8)


def test_a_role_that_does_not_wait_for_the_disk_waits_here(own_server: Server) -> None:
    """Where `synchronous_commit` is off, the server would acknowledge what its crash loses."""
    own_server.set(wal_writer_delay="10s")
    own_server.start()
    store = SimplePostgresStore(own_server.conninfo)
    store.save_event(make_event())
    store.close()
    own_server.execute("ALTER ROLE postgres SET synchronous_commit = off")
    event = make_event()
    store.save_event(event)
    own_server.kill()
    own_server.start()
    assert store.load_all_events()[1:] == [event]
