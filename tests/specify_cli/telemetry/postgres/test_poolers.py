"""What a pooler between a store and its server does, seen without one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import psycopg
import pytest

from specify_cli.spec_kitty_events import StorageError
from specify_cli.telemetry.postgres import SimplePostgresStore
from specify_cli.telemetry.postgres.deadline import Deadline
from specify_cli.telemetry.postgres.session import Rows, Session

from ..support.events import make_event, make_events

Open = Callable[..., SimplePostgresStore]


def run(store: SimplePostgresStore, statement: str) -> Rows:
    """Run a statement on the connection that a store keeps."""
    (session,) = store._log._idle
    return session.run(statement.encode(), (), Deadline(10))


def test_prepared_statements_that_are_gone_are_done_without(store: SimplePostgresStore) -> None:
    """Another connection was given to it; the call is made, and nothing is prepared any more."""
    events = make_events(20)
    for event in events[:10]:
        store.save_event(event)
    run(store, "DEALLOCATE ALL")
    for event in events[10:]:
        store.save_event(event)
    assert store.load_all_events() == events
    assert run(store, "SELECT name FROM pg_prepared_statements") == []


def test_prepared_statements_that_are_there_are_done_without(open_store: Open) -> None:
    """A connection on which another one has prepared; others of the same store are no more used."""
    store = open_store(prepare_threshold=1)
    store.save_event(make_event())
    run(store, "SELECT 1")
    ((name, _), *_) = prepared_by(open_store(prepare_threshold=0))
    run(store, f"PREPARE {name} AS SELECT 1")
    for _ in range(3):
        store.save_event(make_event())
    assert len(store.load_all_events()) == 5
    assert run(store, "SELECT name FROM pg_prepared_statements") == []


def test_a_connection_that_prepares_is_not_used_where_none_is_to(
    store: SimplePostgresStore,
) -> None:
    """It was made before a pooler was noticed."""
    store.load_all_events()
    assert [session.prepare_threshold for session in store._log._idle] == [5]
    store._log.prepare_threshold = None
    store.load_all_events()
    assert [session.prepare_threshold for session in store._log._idle] == [None]


def prepared_by(store: SimplePostgresStore, *, reads_first: bool = False) -> list[tuple[str, str]]:
    """Have a store save and read, and return what it has prepared, by name."""
    if reads_first:
        store.read_since()
    store.save_event(make_event())
    store.load_all_events()
    rows = run(store, "SELECT name, statement FROM pg_prepared_statements ORDER BY prepare_time")
    return [(str(name, "ascii"), str(text, "ascii")) for name, text in rows if name and text]


def test_a_name_stands_for_one_statement(open_store: Open) -> None:
    """Whoever meets it: clients that begin with different ones would run each other's."""
    one = prepared_by(open_store(prepare_threshold=0))
    other = prepared_by(open_store(prepare_threshold=0), reads_first=True)
    assert [text for _, text in one] != [text for _, text in other]
    both = {*one, *other}
    assert len({name for name, _ in both}) == len({text for _, text in both}) == len(both) > 2


@pytest.mark.parametrize(
    "reason",
    ["no login (server_login_retry)", "the database system is starting up"],
)
def test_a_pooler_without_a_server_is_asked_again(
    store: SimplePostgresStore, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    """It takes connections, and says at the first statement only that there is no server yet."""
    refusals = 0
    send = Session._rows_of

    def refuse(session: Session, *arguments: object) -> Rows:
        nonlocal refusals
        refusals += 1
        if refusals <= 3:
            raise psycopg.OperationalError(reason)
        return send(session, *arguments)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(Session, "_rows_of", refuse)
    event = make_event()
    store.save_event(event)
    assert store.load_all_events() == [event]


def test_what_a_pooler_refuses_is_known_not_to_be_saved(
    open_store: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has passed nothing on; the message does not say that it may have."""

    def refuse(*_: object) -> Sequence[object]:
        raise psycopg.OperationalError("(server_login_retry)")

    monkeypatch.setattr(Session, "_rows_of", refuse)
    with pytest.raises(StorageError, match=r"(\(server_login_retry\)|in \S+ seconds)$"):
        open_store(timeout=0.5).save_event(make_event())
