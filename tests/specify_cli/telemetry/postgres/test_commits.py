"""What "saved" means: crashes of the server, standbys, and followers that miss nothing."""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from specify_cli.spec_kitty_events import StorageError
from specify_cli.telemetry import NewEvents
from specify_cli.telemetry.postgres import SimplePostgresStore

from ..support import server_writer
from ..support.events import make_event, make_events
from ..support.processes import start
from ..support.servers import Server

Open = Callable[..., SimplePostgresStore]
_standbys = itertools.count()


class Follower:
    """Reads a log with a cursor, from the start and all the time, as somebody who watches does."""

    def __init__(self, store: SimplePostgresStore) -> None:
        """Begin."""
        self.seen: list[str] = []
        self.restarts = 0
        self._store = store
        self._stop = threading.Event()
        self._cursor: str | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.is_set():
            with contextlib.suppress(StorageError):
                self._read()
            time.sleep(0.002)

    def _read(self) -> None:
        events, self._cursor = new = self._store.read_since(self._cursor)
        self.restarts += new.restarted
        self.seen += [event.event_id for event in events]

    def end(self) -> list[str]:
        """Read what is left, and return the ids of all that was seen, in that order."""
        self._stop.set()
        self._thread.join(30)
        assert not self._thread.is_alive()
        self._read()
        return self.seen


@contextlib.contextmanager
def writers(
    conninfo: str, log: str, count: int, timeout: float = 5
) -> Iterator[Callable[[], list[str]]]:
    """Have four processes save, and yield what waits for them and returns what they were told."""
    processes = [start(server_writer, conninfo, log, number, count, timeout) for number in range(4)]
    try:

        def acknowledged() -> list[str]:
            outputs = [process.communicate(timeout=120)[0] for process in processes]
            assert [process.returncode for process in processes] == [0] * 4
            return "".join(outputs).split()

        yield acknowledged
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def until_saved(store: SimplePostgresStore, count: int) -> None:
    """Wait until a log has so many lines."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with contextlib.suppress(StorageError):
            if store._log.state().end >= count:
                return
        time.sleep(0.005)
    raise AssertionError(f"no {count} lines in time")


def test_followers_miss_nothing(open_store: Open, server: Server, log: str) -> None:
    """However many write at once, what they commit is behind no follower's cursor."""
    follower = Follower(open_store())
    with writers(server.conninfo, log, 150) as acknowledged:
        ids = acknowledged()
    seen = follower.end()
    assert Counter(seen) == Counter(ids)
    assert len(ids) == 600
    assert seen == [event.event_id for event in open_store().iter_events()]
    assert follower.restarts == 0


def test_a_commit_behind_an_open_one_waits(open_store: Open, server: Server, log: str) -> None:
    """What is open has the lower position, and comes first: a cursor over a serial would miss it.

    The same with a serial column beside it, which shows what the log's lock is there for.
    """
    with open_store() as store, psycopg.connect(server.conninfo) as slow:
        store.save_event(make_event())
        _, cursor = store.read_since()
        slow.execute("CREATE TABLE IF NOT EXISTS serials (n bigserial, log text)")
        slow.commit()
        slow.execute("INSERT INTO serials (log) VALUES (%s)", [log])
        slow.execute("UPDATE spec_kitty_logs SET position = position + 1 WHERE name = %s", [log])
        slow.execute(
            "INSERT INTO spec_kitty_events"
            " SELECT log, position + 1, 'first', aggregate_id, replace(line, event_id, %s)"
            " FROM spec_kitty_events WHERE log = %s",
            ["F" * 26, log],
        )
        server.execute(f"INSERT INTO serials (log) VALUES ('{log}')")
        last = make_event()
        saving = threading.Thread(target=store.save_event, args=[last], daemon=True)
        saving.start()
        time.sleep(0.2)
        events, cursor = open_store().read_since(cursor)
        ((serial_cursor,),) = server.execute(f"SELECT max(n) FROM serials WHERE log = '{log}'")
        assert (saving.is_alive(), events) == (True, [])
        slow.commit()
        saving.join()
        events, cursor = open_store().read_since(cursor)
        assert [event.event_id for event in events] == ["F" * 26, last.event_id]
        rows = server.execute(f"SELECT n FROM serials WHERE log = '{log}' AND n > {serial_cursor}")
        assert rows == []  # it has gone by the one that was committed last


@pytest.mark.parametrize(("kept", "added"), [(2, 0), (3, 1), (2, 5), (0, 0)])
def test_a_cursor_knows_a_log_that_was_put_back(
    open_store: Open,
    server: Server,
    log: str,
    caplog: pytest.LogCaptureFixture,
    kept: int,
    added: int,
) -> None:
    """After a restored backup, another event may be where the cursor is, or none."""
    store = open_store()
    events = make_events(4)
    store.save_events(events)
    _, cursor = store.read_since()
    assert not store.read_since(cursor).restarted
    server.execute(f"DELETE FROM spec_kitty_events WHERE log = '{log}' AND position > {kept}")
    server.execute(f"UPDATE spec_kitty_logs SET position = {kept} WHERE name = '{log}'")
    others = make_events(added)
    store.save_events(others)
    new = store.read_since(cursor)
    assert new.restarted
    assert new.events == [*events[:kept], *others]
    assert [text.endswith("reading it from the start") for text in caplog.messages] == [True]
    assert not store.read_since(new.cursor).restarted


def test_following_begins_at_the_end_and_goes_in_steps(store: SimplePostgresStore) -> None:
    """As with a file; what cannot be read is no event, and counts for none."""
    assert store.read_since(NewEvents.END) == ([], store.read_since().cursor)
    events = make_events(7)
    store.save_events(events)
    assert store.read_since(NewEvents.END) == ([], store.read_since().cursor)
    cursor = None
    steps = []
    while True:
        new, cursor = store.read_since(cursor, limit=3)
        steps.append(new)
        if len(new) < 3:
            break
    assert steps == [events[:3], events[3:6], events[6:]]
    for limit, error in ((0, ValueError), (True, TypeError), ("1", TypeError)):
        with pytest.raises(error):
            store.read_since(limit=limit)  # type: ignore[arg-type]  # wrong


def test_known_events_use_up_positions_and_no_more(store: SimplePostgresStore) -> None:
    """A cursor goes by what is there."""
    events = make_events(3)
    store.save_events(events)
    _, cursor = store.read_since()
    store.save_events(events)
    new = store.read_since(cursor)
    assert (new.events, new.cursor, new.restarted) == ([], cursor, False)
    last = make_event()
    store.save_event(last)
    assert store.read_since(cursor).events == [last]


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


@pytest.fixture
def pair(own_server: Server, folder: Path) -> Iterator[tuple[Server, Server]]:
    """Return a server that waits for a standby, and the standby."""
    own_server.start()
    own_server.execute(SimplePostgresStore.schema())
    standby = Server(folder / f"standby-{next(_standbys)}").follow(own_server, "standby").start()
    own_server.set(synchronous_standby_names="standby")
    wait_until_replicated(own_server)
    yield own_server, standby
    standby.kill()


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


@pytest.mark.parametrize("function", ["pg_cancel_backend", "pg_terminate_backend"])
@pytest.mark.parametrize("batch", [1, 7_000])
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


@pytest.mark.servers
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


@pytest.mark.parametrize("closes", [True, False])
def test_a_child_has_connections_of_its_own(store: SimplePostgresStore, *, closes: bool) -> None:
    """What it does, and how it ends, does not disturb its parent's."""
    store.save_event(make_event(lamport_clock=1))
    pid_before = store._log._idle[0]._connection.backend_pid
    child = os.fork()
    if child == 0:
        status = 1
        with contextlib.suppress(BaseException):
            if closes:
                store.close()
            store.save_event(make_event(lamport_clock=2))
            status = 0
        os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    store.save_event(make_event(lamport_clock=3))
    assert [event.lamport_clock for event in store.load_all_events()] == [1, 2, 3]
    assert store._log._idle[0]._connection.backend_pid == pid_before
