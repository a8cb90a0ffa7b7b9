"""How often the server is asked: each time takes as long as the way there and back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from specify_cli.telemetry import NewEvents
from specify_cli.telemetry.postgres import SimplePostgresStore
from specify_cli.telemetry.postgres import rows as server_rows
from specify_cli.telemetry.postgres.rows import Row, batches_of
from specify_cli.telemetry.postgres.session import Rows, Session
from specify_cli.telemetry.postgres.statements import (
    APPEND,
    BEGIN,
    COMMIT,
    HOLD,
    LAST,
    PAGE,
    STATE,
)

from ..support.events import make_event, make_events
from ..support.servers import Server
from .test_poolers import run
from .test_recording_on_server import Note, Notes

Open = Callable[..., SimplePostgresStore]
Asked = Callable[[Callable[[], object]], list[bytes]]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """Return what returns the statements that a call runs."""
    statements: list[bytes] = []
    rows_of = Session._rows_of

    def noted(session: Session, statement: bytes, *rest: object) -> Rows:
        statements.append(statement)
        return rows_of(session, statement, *rest)  # type: ignore[arg-type]  # as they came

    def asked(call: Callable[[], object]) -> list[bytes]:
        statements.clear()
        call()
        return [*statements]

    monkeypatch.setattr(Session, "_rows_of", noted)
    return asked


def test_a_save_asks_once(store: SimplePostgresStore, asked: Asked) -> None:
    """However many events there are, if one statement can take them; for none, not at all."""
    store.save_event(make_event())
    assert asked(lambda: store.save_event(make_event())) == [APPEND]
    assert asked(lambda: store.save_events(make_events(50))) == [APPEND]
    assert SimplePostgresStore("host=127.0.0.1 port=1").save_events([]) == 0


def test_a_load_asks_how_far_the_log_goes_and_for_each_page(
    store: SimplePostgresStore, open_store: Open, asked: Asked
) -> None:
    """A log that is not there has none."""
    store.save_events(make_events(3))
    other = SimplePostgresStore(store._log.address.conninfo, "none")
    assert asked(other.load_all_events) == [STATE]
    assert asked(store.load_all_events) == [STATE, PAGE]
    assert asked(store.read_since) == [STATE, PAGE]
    assert asked(lambda: store.read_since(limit=2)) == [STATE, PAGE]
    assert asked(lambda: store.read_since(store.read_since().cursor))[2:] == [STATE]
    assert asked(lambda: store.read_since(NewEvents.END)) == [LAST]
    assert len(open_store().read_since(limit=1).events) == 1


def test_what_a_store_has_recorded_is_not_read_again(
    server: Server, log: str, store: SimplePostgresStore, asked: Asked
) -> None:
    """Whether or not it has an id."""
    notes = Notes(server.conninfo, f"{log}-notes")
    for record in (
        lambda: store.record("Recorded", aggregate_id="043", node_id="n"),
        lambda: notes.save_next(lambda clock: Note(lamport_clock=clock)),
    ):
        record()
        for _ in range(2):
            assert asked(record) == [STATE, BEGIN, HOLD, APPEND, COMMIT]
    _, cursor = notes.read_since()
    assert not notes.read_since(cursor).restarted
    assert notes.read_since(NewEvents.END).cursor == cursor


@pytest.mark.parametrize("threshold", [None, 0, 2, 5])
def test_a_statement_is_prepared_once_it_has_been_run_so_often(
    open_store: Open, threshold: int | None
) -> None:
    """By default after five times; its name says whose it is."""
    store = open_store() if threshold == 5 else open_store(prepare_threshold=threshold)
    store.load_all_events()
    store.close()
    query = "SELECT name FROM pg_prepared_statements"
    for _ in range(threshold or 0):
        store.load_all_events()
        assert run(store, query) == []
    store.load_all_events()
    store.load_all_events()
    names = [name for (name,) in run(store, query)]
    assert store._log.prepare_threshold == threshold
    if threshold is None:
        assert names == []
    else:
        assert any(name and name.startswith(b"spec_kitty_") for name in names)


def test_a_batch_is_as_large_as_one_statement_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """In rows and in bytes; a row of its own that is larger has one for itself."""
    monkeypatch.setattr(server_rows, "_ROWS", 3)
    monkeypatch.setattr(server_rows, "_BYTES", 10)
    expected = [[1, 1, 1], [10], [9, 1], [20], [1]]
    rows = [Row(None, "one", b"x" * size) for sizes in expected for size in sizes]
    found = [[len(row.line) for row in batch] for batch in batches_of(rows)]
    assert found == expected
