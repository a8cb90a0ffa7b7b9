"""Followers, who miss nothing, whatever is committed in what order."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable

import psycopg
import pytest

from specify_cli.telemetry import NewEvents
from specify_cli.telemetry.postgres import SimplePostgresStore

from ..support.events import make_event, make_events
from ..support.server_load import Follower, writers
from ..support.servers import Server

Open = Callable[..., SimplePostgresStore]


def test_followers_miss_nothing(open_store: Open, server: Server, log: str) -> None:
    """However many write at once, what they commit is behind no follower's cursor."""
    follower = Follower(open_store())
    with writers(server.conninfo, log, 60) as acknowledged:
        ids = acknowledged()
    seen = follower.end()
    assert Counter(seen) == Counter(ids)
    assert len(ids) == 240
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
    assert not store.read_since(NewEvents.END).restarted
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
