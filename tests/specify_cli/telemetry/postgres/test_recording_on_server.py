"""Recording on a server: events get the next clock of the log, which stays locked meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, ClassVar

import psycopg
import pytest
from pydantic import BaseModel

from specify_cli.spec_kitty_events import Event, StorageError
from specify_cli.telemetry.postgres import PostgresEventStore, SimplePostgresStore, cursor
from specify_cli.telemetry.postgres import rows as server_rows
from specify_cli.telemetry.postgres.held import HeldLog
from specify_cli.telemetry.postgres.rows import Row
from specify_cli.telemetry.postgres.session import Rows, Session
from specify_cli.telemetry.postgres.statements import COMMIT

from ..support import server_recorder
from ..support.events import CODEC, make_event, make_events
from ..support.processes import start
from ..support.server_load import until_saved
from ..support.servers import Server

Open = Callable[..., SimplePostgresStore]


def record(store: SimplePostgresStore) -> Event:
    """Record a fact."""
    return store.record("Recorded", aggregate_id="043", node_id="cli:WP01")


def next_of(clock: int) -> Event:
    """Return an event of an id of its own with a clock."""
    return make_event(lamport_clock=clock)


def clocks_of(store: SimplePostgresStore) -> list[int]:
    """Return the clocks of a log in the order of commits."""
    return [event.lamport_clock for event in store.iter_events()]


def test_a_fact_is_recorded_whole(store: SimplePostgresStore) -> None:
    """As in a file: what is given is in the event, the rest is made, and it is saved."""
    event = store.record("Done", aggregate_id="043", node_id="n", payload={"n": 1})
    assert (event.event_type, event.aggregate_id, event.payload) == ("Done", "043", {"n": 1})
    assert (event.lamport_clock, store.load_all_events()) == (1, [event])
    assert [record(store).lamport_clock for _ in range(3)] == [2, 3, 4]
    with pytest.raises(ValueError, match="event_type"):
        store.record("", aggregate_id="043", node_id="n")


def test_the_next_clock_is_above_all_others(open_store: Open) -> None:
    """Wherever the highest is, whoever has saved it, and between records too."""
    store = open_store()
    store.save_events([make_event(lamport_clock=clock) for clock in (3, 99, 7)])
    assert record(store).lamport_clock == 100
    open_store().save_event(make_event(lamport_clock=10**30))
    store.save_event(known := make_event(lamport_clock=5))
    store.save_event(known)
    assert record(store).lamport_clock == 10**30 + 1
    assert record(open_store()).lamport_clock == 10**30 + 2


def test_the_highest_is_found_in_a_log_of_many_pages(open_store: Open) -> None:
    """At its beginning too."""
    clocks = [5_000, *range(2_500)]
    open_store().save_events([make_event(lamport_clock=clock) for clock in clocks])
    store = open_store()
    assert [record(store).lamport_clock for _ in range(2)] == [5_001, 5_002]


@pytest.mark.parametrize(
    ("spelled", "clock"),
    [
        ('"lamport_clock":77', 77),
        ('"lamport_clock": "77"', 77),
        ('"lamport\\u005fclock": 77', 77),
        ('"lamport_clock":\n77', 77),
        ('"other": {"lamport_clock": 78}, "lamport_clock": 77', 77),
        ('"lamport_clock": 78 ? ', 2),
        ('"lamport_clock": 7\n8', 2),
    ],
)
def test_a_clock_counts_that_a_line_loads_with(
    store: SimplePostgresStore, server: Server, log: str, spelled: str, clock: int
) -> None:
    """However it is spelled, and whatever else looks like one."""
    store.save_events(make_events(2))
    line = CODEC.encode(make_event(lamport_clock=1)).decode().replace('"lamport_clock": 1', spelled)
    with psycopg.connect(server.conninfo) as other:
        other.execute("INSERT INTO spec_kitty_events VALUES (%s, 3, 'x', 'a', %s)", [log, line])
        other.execute("UPDATE spec_kitty_logs SET position = 3 WHERE name = %s", [log])
    highest = max(event.lamport_clock for event in store.load_all_events())
    assert highest == clock
    assert record(store).lamport_clock == highest + 1


@pytest.mark.parametrize("kept", [0, 2, 4])
def test_a_log_that_was_put_back_is_read_again(
    store: SimplePostgresStore, server: Server, log: str, kept: int
) -> None:
    """Its clocks are those that it has now."""
    store.save_events([make_event(lamport_clock=clock) for clock in (1, 2, 3, 50)])
    assert record(store).lamport_clock == 51
    server.execute(f"DELETE FROM spec_kitty_events WHERE log = '{log}' AND position > {kept}")
    server.execute(f"UPDATE spec_kitty_logs SET position = {kept} WHERE name = '{log}'")
    if kept == 2:
        store.save_events([make_event(lamport_clock=9) for _ in range(5)])
    assert record(store).lamport_clock == {0: 1, 2: 10, 4: 51}[kept]


def test_no_two_processes_get_one_clock(server: Server, log: str) -> None:
    """Some of them killed, another one saving: none is given twice, none left out, none lost."""
    processes = [start(server_recorder, server.conninfo, log, f"n{n}", 25) for n in range(4)]
    store = SimplePostgresStore(server.conninfo, log)
    until_saved(store, 10)
    for process in processes[:2]:
        process.kill()
    events = make_events(15)
    for event in events:
        store.save_event(event)
    outputs = [process.communicate(timeout=120)[0] for process in processes]
    lines = [line for output in outputs for line in output.splitlines(keepends=True)]
    told = [int(line) for line in lines if line.endswith("\n")]
    recorded = [event for event in store.iter_events() if event.event_type == "Recorded"]
    clocks = [event.lamport_clock for event in recorded]
    assert len(told) >= 50
    assert len(told) == len(set(told))
    assert set(told) <= set(clocks)
    assert len(set(clocks)) == len(clocks)
    assert clocks == sorted(clocks)


def test_threads_share_the_clocks(open_store: Open) -> None:
    """Through one store, and through stores of their own."""
    store = open_store()
    stores = [store, store, open_store(), open_store()]
    threads = [threading.Thread(target=lambda s=s: [record(s) for _ in range(25)]) for s in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert clocks_of(store) == [*range(1, 101)]


def test_a_known_id_gives_the_event_that_was_saved_first(store: SimplePostgresStore) -> None:
    """So a call can be made again; nothing is written."""
    event = make_event(payload={"n": 1})
    first = store.save_next(lambda clock: event.model_copy(update={"lamport_clock": clock}))
    record(store)
    changed = {"payload": {"n": 2}}
    for _ in range(2):
        again = store.save_next(
            lambda clock: event.model_copy(update={"lamport_clock": clock} | changed)
        )
        assert again == first
    assert record(store).lamport_clock == 3
    assert clocks_of(store) == [1, 2, 3]


def test_a_known_line_that_does_not_load_is_told(
    store: SimplePostgresStore, server: Server, log: str
) -> None:
    """There is nothing to return, and nothing is saved."""
    event = store.save_next(next_of)
    server.execute(f"UPDATE spec_kitty_events SET line = 'x' WHERE log = '{log}'")
    with pytest.raises(StorageError, match=rf'its line of event "{event.event_id}" does not load'):
        store.save_next(lambda clock: event.model_copy(update={"lamport_clock": clock}))


@pytest.mark.parametrize(
    "error", [RuntimeError("mine"), FileNotFoundError("mine"), psycopg.OperationalError("mine")]
)
def test_what_making_an_event_raises_comes_through(
    store: SimplePostgresStore, error: Exception
) -> None:
    """As it is and once, an error of the system's or the driver's too; nothing is saved."""
    record(store)
    calls: list[int] = []

    def make(clock: int) -> Event:
        calls.append(clock)
        raise error

    with pytest.raises(type(error), match="mine") as raised:
        store.save_next(make)
    assert raised.value is error
    assert calls == [2]
    assert record(store).lamport_clock == 2


def test_what_is_not_the_next_event_is_refused(store: SimplePostgresStore) -> None:
    """Another clock, no event at all, or one that would not load; nothing is saved."""
    with pytest.raises(ValueError, match="its lamport_clock is to be 1: "):
        store.save_next(lambda clock: make_event(lamport_clock=clock + 1))
    with pytest.raises(TypeError, match="not an event of this store"):
        store.save_next(lambda _: None)  # type: ignore[arg-type,return-value]  # misuse
    with pytest.raises(StorageError, match="cannot store event"):
        store.record("Recorded", aggregate_id="043", node_id="n", payload={"what": object()})
    assert store.load_all_events() == []


def test_making_may_read_the_log_and_not_append_to_it(open_store: Open) -> None:
    """It would wait for itself; it is refused at once, through whichever store."""
    store = open_store()
    record(store)

    def make(clock: int) -> Event:
        for other in (store, open_store()):
            assert len(other.load_all_events()) == 1
            for append in (lambda s: s.save_event(make_event()), record):
                with pytest.raises(StorageError, match="an append of this very thread is under wa"):
                    append(other)
        return next_of(clock)

    assert store.save_next(make).lamport_clock == 2
    assert record(store).lamport_clock == 3


def test_a_save_in_the_middle_of_a_batch_of_the_same_thread_is_refused(
    store: SimplePostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a signal handler makes it, when a batch takes several statements."""
    monkeypatch.setattr(server_rows, "_ROWS", 3)
    append = HeldLog.append

    def append_and_save(held: HeldLog, rows: list[Row]) -> int:
        with pytest.raises(StorageError, match="an append of this very thread is under way"):
            store.save_event(make_event())
        return append(held, rows)

    monkeypatch.setattr(HeldLog, "append", append_and_save)
    assert store.save_events(make_events(8)) == 8


@pytest.fixture
def lose_answers(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Return what has the next commits done, but their answers lost with the connection."""
    run = Session.run

    def lose(count: int) -> None:
        left = [*range(count)]

        def run_and_lose(session: Session, statement: bytes, *rest: object, **more: bool) -> Rows:
            rows = run(session, statement, *rest, **more)  # type: ignore[arg-type]  # as they came
            if statement == COMMIT and left:
                left.pop()
                session.close()
                raise psycopg.OperationalError("the answer was lost")
            return rows

        monkeypatch.setattr(Session, "run", run_and_lose)

    return lose


def test_a_lost_answer_makes_no_second_event(
    store: SimplePostgresStore, lose_answers: Callable[[int], None]
) -> None:
    """Though each event that is made has another id: what was made is looked for first."""
    record(store)
    made: list[Event] = []

    def make(clock: int) -> Event:
        made.append(next_of(clock))
        return made[-1]

    lose_answers(1)
    event = store.save_next(make)
    assert made == [event]
    assert store.load_all_events()[1:] == [event]
    lose_answers(1)
    recorded = record(store)
    assert recorded.lamport_clock == 3
    assert store.load_all_events()[1:] == [event, recorded]
    assert record(store).lamport_clock == 4


def test_what_was_made_is_found_among_what_others_append(
    open_store: Open,
    lose_answers: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In whichever page of it; the thread is in no transaction any more."""
    monkeypatch.setattr(cursor, "MOST_ROWS", 2)
    store = open_store()
    record(store)
    lose_answers(1)
    run = Session.run

    def run_and_append(session: Session, statement: bytes, *rest: Any, **more: Any) -> Rows:
        try:
            return run(session, statement, *rest, **more)
        except psycopg.OperationalError:
            monkeypatch.setattr(Session, "run", run)
            open_store().save_events([make_event(lamport_clock=9) for _ in range(4)])
            raise

    monkeypatch.setattr(Session, "run", run_and_append)
    made: list[Event] = []

    def make(clock: int) -> Event:
        made.append(next_of(clock))
        return made[-1]

    assert store.save_next(make).lamport_clock == 2
    assert len(made) == 1
    assert record(store).lamport_clock == 10


def test_an_outcome_that_is_not_known_is_told_with_the_id(
    open_store: Open, lose_answers: Callable[[int], None]
) -> None:
    """A new connection is lost too, and that is enough; with the id, saving again is safe."""
    event = make_event()
    lose_answers(2)

    def make(clock: int) -> Event:
        return event.model_copy(update={"lamport_clock": clock})

    reason = f'; whether "{event.event_id}" is saved is not known, and saving it again is safe$'
    with pytest.raises(StorageError, match=f"the answer was lost{reason}"):
        open_store().save_next(make)
    assert open_store().save_next(make).lamport_clock == 1
    assert clocks_of(open_store()) == [1]


def test_what_came_to_nothing_is_made_again(
    store: SimplePostgresStore, server: Server, open_store: Open
) -> None:
    """With the clock that is the next one by then."""
    record(store)
    clocks: list[int] = []

    def make(clock: int) -> Event:
        clocks.append(clock)
        if len(clocks) == 1:
            server.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE state = 'idle in transaction'"
            )
            other = threading.Thread(target=lambda: record(open_store()))
            other.start()
            other.join()
        return next_of(clock)

    event = store.save_next(make)
    assert (clocks, event.lamport_clock) == ([2, 3], 3)
    assert clocks_of(store) == [1, 2, 3]


def test_a_log_that_others_hold_is_waited_for_and_given_up(
    open_store: Open, server: Server, log: str
) -> None:
    """Nothing has been made then, and that is known."""
    store = open_store(timeout=0.4)
    record(store)
    with psycopg.connect(server.conninfo) as other:
        other.execute("SELECT 1 FROM spec_kitty_logs WHERE name = %s FOR UPDATE", [log])
        with pytest.raises(StorageError, match=r"not answered in 0.4 seconds$"):
            record(store)
    assert record(open_store()).lamport_clock == 2


class Note(BaseModel):
    """Something without an id."""

    lamport_clock: int
    text: str = ""


class Notes(PostgresEventStore[Note]):
    """A store for such."""

    event_model = Note
    id_field: ClassVar[str | None] = None
    aggregate_field: ClassVar[str | None] = None
    order_by: ClassVar[tuple[str, ...]] = ("lamport_clock",)


def test_what_has_no_id_gets_a_clock_too(
    server: Server, log: str, lose_answers: Callable[[int], None]
) -> None:
    """And is there once, though an answer was lost."""
    store = Notes(server.conninfo, log)
    for _ in range(2):
        store.save_next(lambda clock: Note(lamport_clock=clock))
    lose_answers(1)
    store.save_next(lambda clock: Note(lamport_clock=clock))
    assert [note.lamport_clock for note in store.load_all_events()] == [1, 2, 3]
    assert [note.lamport_clock for note in Notes(server.conninfo, log).iter_events()] == [1, 2, 3]
    with pytest.raises(TypeError, match="events without an aggregate cannot be loaded by one"):
        store.load_events("one")


class Named(BaseModel):
    """Something whose id may be any text."""

    event_id: str
    lamport_clock: int


class NamedStore(PostgresEventStore[Named]):
    """A store for such."""

    event_model = Named
    aggregate_field: ClassVar[str | None] = None
    order_by: ClassVar[tuple[str, ...]] = ("lamport_clock",)


def test_an_empty_id_is_one_too(server: Server, log: str) -> None:
    """What it says first stays."""
    store = NamedStore(server.conninfo, log)
    for _ in range(2):
        event = store.save_next(lambda clock: Named(event_id="", lamport_clock=clock))
        assert event.lamport_clock == 1
