"""Recording a fact: the store makes the event, and gives it the next clock of the log."""

from __future__ import annotations

import pickle
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import BaseModel

from specify_cli.telemetry import Event, JsonlEventStore, SimpleJsonStore, StorageError

from ..support import recorder
from ..support.events import make_event, make_events
from ..support.processes import start


def record(store: SimpleJsonStore) -> Event:
    """Record a fact."""
    return store.record("Recorded", aggregate_id="043", node_id="cli:WP01")


def test_a_fact_is_recorded_whole(store: SimpleJsonStore) -> None:
    """What is given is in the event, the rest is made, and the event is in the log."""
    before = datetime.now(UTC)
    event = store.record(
        "Recorded", aggregate_id="043", node_id="n", payload={"ok": True}, causation_id="C" * 26
    )
    assert (event.event_type, event.aggregate_id, event.node_id) == ("Recorded", "043", "n")
    assert (event.payload, event.causation_id) == ({"ok": True}, "C" * 26)
    assert len(event.event_id) == 26
    assert before <= event.timestamp <= datetime.now(UTC)
    assert store.load_all_events() == [event]


def test_a_time_of_ones_own_is_kept(store: SimpleJsonStore) -> None:
    """A fact may be recorded later than it happened."""
    time = datetime(2026, 1, 2, tzinfo=UTC)
    event = store.record("Recorded", aggregate_id="043", node_id="n", timestamp=time)
    assert event.timestamp == time


def test_clocks_begin_at_one_and_go_on(store: SimpleJsonStore) -> None:
    """So the order of recording is the order of loading."""
    events = [record(store) for _ in range(5)]
    assert [event.lamport_clock for event in events] == [1, 2, 3, 4, 5]
    assert store.load_all_events() == events


def test_the_next_clock_is_above_all_others(store: SimpleJsonStore) -> None:
    """Wherever the highest is, and whoever saved it, between records too."""
    store.save_events([make_event(lamport_clock=clock) for clock in (3, 99, 7)])
    assert record(store).lamport_clock == 100
    SimpleJsonStore(store.file_path).save_event(make_event(lamport_clock=2000))
    store.save_event(make_event(lamport_clock=5))
    assert record(store).lamport_clock == 2001
    assert record(SimpleJsonStore(store.file_path)).lamport_clock == 2002


@pytest.mark.parametrize("highest", [0, 1, 699, 700])
def test_the_highest_is_found_in_a_log_of_many_blocks(store: SimpleJsonStore, highest: int) -> None:
    """At the beginning, at the end or between."""
    clocks = [1_000_000 if n == highest else n % 500 for n in range(701)]
    store.save_events(
        [make_event(lamport_clock=clock, payload={"text": "x" * 300}) for clock in clocks]
    )
    assert record(SimpleJsonStore(store.file_path)).lamport_clock == 1_000_001


@pytest.mark.parametrize(
    "line",
    [
        '{"lamport_clock": 900}',
        '{"lamport_clock": 900, "event_id": "',
        '"lamport_clock": 900',
        '{"payload": {"lamport_clock": 900}}',
        "<<<<<<< HEAD",
    ],
)
def test_only_a_line_that_loads_has_a_clock(store: SimpleJsonStore, line: str) -> None:
    """Neither what is torn or of another kind, nor a payload that speaks of clocks."""
    store.save_event(make_event(lamport_clock=4, payload={"lamport_clock": 900}))
    with store.file_path.open("ab") as file:
        file.write(line.encode() + b"\n")
    assert record(store).lamport_clock == 5


@pytest.mark.parametrize(
    "spelling",
    [
        '"lamport_clock":41',
        '"lamport_clock" : 41 ',
        '"lamport_clock": "41"',
        '"lamport_clock": 41.0',
        '"lamport_clock": 4.1e1',
        '"lamport\\u005fclock": 41',
    ],
)
def test_a_clock_counts_however_it_is_spelled(store: SimpleJsonStore, spelling: str) -> None:
    """Whatever the model reads as a clock is one."""
    store.save_event(make_event(lamport_clock=41))
    text = store.file_path.read_text(encoding="utf-8")
    assert text.count('"lamport_clock": 41') == 1
    spelled = text.replace('"lamport_clock": 41', spelling)
    store.file_path.write_text(spelled, encoding="utf-8", newline="")
    assert [event.lamport_clock for event in store.load_all_events()] == [41]
    assert record(SimpleJsonStore(store.file_path)).lamport_clock == 42


def test_a_clock_with_many_digits_counts(store: SimpleJsonStore) -> None:
    """However long a number is, the next one is above it."""
    store.save_event(make_event(lamport_clock=10**30))
    assert record(store).lamport_clock == 10**30 + 1


def test_an_event_without_its_newline_counts(store: SimpleJsonStore) -> None:
    """It loads, so its clock is taken."""
    store.save_events(make_events(2))
    record(store)
    data = store.file_path.read_bytes()
    store.file_path.write_bytes(data.removesuffix(b"\n"))
    assert record(store).lamport_clock == record(SimpleJsonStore(store.file_path)).lamport_clock - 1
    clocks = [event.lamport_clock for event in store.load_all_events()]
    assert len(set(clocks)) == len(clocks) == 5


def test_an_event_that_another_program_leaves_without_newline_counts(
    store: SimpleJsonStore, tmp_path: Path
) -> None:
    """Also for a store that knows the log up to there."""
    record(store)
    other = SimpleJsonStore(tmp_path / "other.jsonl")
    other.save_event(make_event(lamport_clock=40))
    with store.file_path.open("ab") as file:
        file.write(other.file_path.read_bytes().removesuffix(b"\n"))
    assert record(store).lamport_clock == 41


def test_the_clock_goes_by_the_file_that_is_there_now(store: SimpleJsonStore) -> None:
    """After a checkout the old file's clocks mean nothing."""
    store.save_event(make_event(lamport_clock=50))
    assert record(store).lamport_clock == 51
    store.file_path.unlink()
    assert record(store).lamport_clock == 1


def test_a_copy_of_a_store_records_on(store: SimpleJsonStore) -> None:
    """What was learnt of the clocks stays behind, and is learnt anew."""
    record(store)
    assert record(pickle.loads(pickle.dumps(store))).lamport_clock == 2  # noqa: S301  # our own


@pytest.mark.parametrize(
    ("event_type", "aggregate_id", "node_id", "field"),
    [("", "043", "n", "event_type"), ("R", "", "n", "aggregate_id"), ("R", "043", "", "node_id")],
)
def test_values_of_no_event_are_refused(
    store: SimpleJsonStore, event_type: str, aggregate_id: str, node_id: str, field: str
) -> None:
    """The reason is the model's, and nothing is saved."""
    with pytest.raises(ValueError, match=field):
        store.record(event_type, aggregate_id=aggregate_id, node_id=node_id)
    assert store.load_all_events() == []


def test_what_would_not_load_is_refused(store: SimpleJsonStore) -> None:
    """As by save_event; the clock is not used up."""
    with pytest.raises(StorageError, match="cannot store event"):
        store.record("Recorded", aggregate_id="043", node_id="n", payload={"what": object()})
    assert record(store).lamport_clock == 1


def next_of(clock: int) -> Event:
    """Return an event with a clock."""
    return make_event(lamport_clock=clock)


def test_save_next_takes_an_event_with_the_clock(store: SimpleJsonStore) -> None:
    """The event is what was made."""
    assert store.save_next(next_of).lamport_clock == 1
    assert store.save_next(next_of).lamport_clock == 2


def test_an_event_with_another_clock_is_refused(store: SimpleJsonStore) -> None:
    """It would not be the next one."""
    with pytest.raises(ValueError, match="is to be 1"):
        store.save_next(lambda clock: make_event(lamport_clock=clock + 1))
    assert store.load_all_events() == []


def test_what_is_no_event_is_refused(store: SimpleJsonStore) -> None:
    """As by save_event."""
    with pytest.raises(TypeError, match="not an event"):
        store.save_next(lambda _: None)  # type: ignore[arg-type, return-value]  # misuse


def test_an_event_that_is_known_is_not_written_again(store: SimpleJsonStore) -> None:
    """What comes back is what was saved under its id first."""
    first = make_event(lamport_clock=7)
    store.save_event(first)
    again = store.save_next(lambda clock: first.model_copy(update={"lamport_clock": clock}))
    assert again == first
    assert store.load_all_events() == [first]
    assert record(store).lamport_clock == 8


@pytest.mark.parametrize("error", [FileNotFoundError("mine"), RuntimeError("mine")])
def test_what_making_an_event_raises_comes_through(
    store: SimpleJsonStore, error: Exception
) -> None:
    """It is not the log's; it is raised once, and nothing is saved."""
    calls = 0

    def make(_: int) -> Event:
        nonlocal calls
        calls += 1
        raise error

    with pytest.raises(type(error), match="mine"):
        store.save_next(make)
    assert calls == 1
    assert store.load_all_events() == []
    assert record(store).lamport_clock == 1


@pytest.mark.parametrize("other", [False, True])
def test_making_an_event_cannot_save_to_the_same_log(
    store: SimpleJsonStore, *, other: bool
) -> None:
    """It would wait for itself; it is refused at once, and the log goes on."""

    def make(clock: int) -> Event:
        (SimpleJsonStore(store.file_path) if other else store).save_event(make_event())
        return make_event(lamport_clock=clock)

    with pytest.raises(StorageError, match="of this very thread"):
        store.save_next(make)
    assert record(store).lamport_clock == 1


class Unclocked(BaseModel):
    """An event of a model with a clock that may be absent."""

    event_id: str
    aggregate_id: str = "one"
    node_id: str = "n"
    lamport_clock: int | None = None


class UnclockedStore(JsonlEventStore[Unclocked]):
    """A store for it."""

    event_model = Unclocked


def test_events_without_a_clock_are_passed_over(log: Path) -> None:
    """They have none; of the others the highest counts."""
    store = UnclockedStore(log)
    store.save_events([Unclocked(event_id="a"), Unclocked(event_id="b", lamport_clock=4)])
    store.save_events([Unclocked(event_id="c")])
    assert store.save_next(lambda n: Unclocked(event_id="d", lamport_clock=n)).lamport_clock == 5


def test_an_event_without_a_clock_cannot_be_the_next(log: Path) -> None:
    """There would be no order."""
    with pytest.raises(TypeError, match="no lamport_clock"):
        UnclockedStore(log).save_next(lambda _: Unclocked(event_id="a"))
    assert UnclockedStore(log).load_all_events() == []


def test_no_two_processes_get_one_clock(log: Path) -> None:
    """Eight processes record, some are killed: none is lost or given twice, and none left out."""
    processes = [start(recorder, log, f"node{n}", 250) for n in range(8)]
    for process in processes[:3]:
        assert process.stdout is not None
        process.stdout.readline()
        process.kill()
    outputs = [process.communicate(timeout=120)[0] for process in processes]
    lines = [line for output in outputs for line in output.splitlines(keepends=True)]
    clocks = {int(line) for line in lines if line.endswith("\n")}
    found = [event.lamport_clock for event in SimpleJsonStore(log).load_all_events()]
    assert clocks <= {*found}
    assert found == list(range(1, len(found) + 1))
    assert len(found) >= 5 * 250


def test_threads_share_the_clocks(store: SimpleJsonStore) -> None:
    """A store may be used by any of them."""
    record(store)
    thread = threading.Thread(target=record, args=[store])
    thread.start()
    thread.join()
    assert record(store).lamport_clock == 3


def test_ids_of_one_moment_are_apart(
    store: SimpleJsonStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is counted up that a forked child would count up alike."""
    monkeypatch.setattr("time.time_ns", lambda: 1_700_000_000_000_000_000)
    one, two = record(store), record(store)
    assert one.event_id[:10] == two.event_id[:10]
    assert one.event_id[10:] != two.event_id[10:]
