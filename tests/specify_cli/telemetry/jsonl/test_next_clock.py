"""Recording: the store makes the event of a fact, and gives it the log's next clock."""

from __future__ import annotations

import json
import os
import pickle
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field, field_validator
from ulid import ULID

from specify_cli.spec_kitty_events import Event, StorageError
from specify_cli.telemetry import JsonlEventStore, JsonlLog, SimpleJsonStore
from specify_cli.telemetry._log import in_flight
from specify_cli.telemetry._log.snapshot import TAIL_SIZE
from specify_cli.telemetry.jsonl import writer as writers

from ..support import recorder
from ..support.events import CODEC, WHEN, make_event, make_events, numbered_id
from ..support.platforms import exit_code_of_child, has_fork
from ..support.processes import start


def record(store: SimpleJsonStore) -> Event:
    """Record an event of no matter what."""
    return store.record("Tested", aggregate_id="043", node_id="cli:WP01")


def making(event: Event) -> Callable[[int], Event]:
    """Return what gives an event its clock."""
    return lambda clock: event.model_copy(update={"lamport_clock": clock})


def line_of(clock: object, **fields: object) -> bytes:
    """Return a line with a clock written as JSON writes it, or as given in bytes."""
    data = make_event().to_dict() | {"timestamp": WHEN.isoformat(), "lamport_clock": 0} | fields
    value = clock if isinstance(clock, bytes) else json.dumps(clock).encode()
    text = json.dumps(data, sort_keys=True).encode()
    return text.replace(b'"lamport_clock": 0', b'"lamport_clock": ' + value) + b"\n"


def highest_in(log: Path) -> int:
    """Return the highest clock of what loads, found without the store's own search."""
    return max((e.lamport_clock for e in SimpleJsonStore(log).load_all_events()), default=0)


def test_a_recorded_event_has_what_it_was_given_and_the_rest_is_made(
    store: SimpleJsonStore,
) -> None:
    """An id of its own, the time in UTC, the next clock; and it is saved."""
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    cause = str(ULID())
    event = store.record(
        "Done", aggregate_id="043", node_id="cli:WP02", payload={"n": 1}, causation_id=cause
    )
    assert (event.event_type, event.aggregate_id, event.node_id) == ("Done", "043", "cli:WP02")
    assert (event.payload, event.causation_id, event.lamport_clock) == ({"n": 1}, cause, 1)
    assert event.timestamp.tzinfo is UTC
    assert before <= event.timestamp <= datetime.now(UTC)
    assert before <= ULID.from_str(event.event_id).datetime <= datetime.now(UTC)
    assert store.load_all_events() == [event]
    later = store.record("Done", aggregate_id="043", node_id="cli:WP02", timestamp=WHEN)
    assert (later.lamport_clock, later.timestamp, later.payload) == (2, WHEN, {})
    assert later.event_id != event.event_id


def test_what_the_contract_refuses_touches_nothing(store: SimpleJsonStore) -> None:
    """An argument that is wrong is a ValueError, before a file is made."""
    for wrong in ({"event_type": ""}, {"aggregate_id": ""}, {"node_id": ""}):
        fields = {"event_type": "R", "aggregate_id": "043", "node_id": "n"} | wrong
        with pytest.raises(ValueError, match=next(iter(wrong))):
            store.record(**fields)  # type: ignore[arg-type]  # texts, all of them
    assert not store.file_path.exists()
    with pytest.raises(StorageError, match="not JSON compliant"):
        store.record("Odd", aggregate_id="043", node_id="a", payload={"n": float("nan")})
    assert store.load_all_events() == []


def test_the_next_clock_is_above_every_other(store: SimpleJsonStore) -> None:
    """Also when the highest is in the middle, in another aggregate, or was saved by another."""
    store.save_events([make_event(lamport_clock=n) for n in (3, 900, 41)])
    assert record(store).lamport_clock == 901
    store.save_event(make_event(lamport_clock=2000, aggregate_id="other"))
    SimpleJsonStore(store.file_path).save_event(make_event(lamport_clock=1999))
    assert record(store).lamport_clock == 2001
    assert record(SimpleJsonStore(store.file_path)).lamport_clock == 2002
    store.save_event(known := make_event(lamport_clock=2003))
    store.save_event(known)
    assert record(store).lamport_clock == 2004


NO_CLOCKS = {
    "payload": line_of(5, payload={"lamport_clock": 77}),
    "torn": line_of(77)[:-9],
    "invalid": line_of(77, event_type=""),
    "no JSON": line_of(77).replace(b"{", b"[", 1),
    "joined": line_of(77)[:-1] + line_of(78),
    "first of two": b'{"lamport_clock": 77, ' + line_of(5)[1:],
    "another key": line_of(5, payload={"max_lamport_clock": 77, "x_clock": "78"}),
    "a fraction": line_of(b"77.5"),
    "a digit too many": line_of(b"077"),
}
CLOCKS = {
    "spaces": line_of(b"  \t 77 "),
    "a float": line_of(b"77.0"),
    "an exponent": line_of(b"7.7e1"),
    "a text": line_of(b'"77"'),
    "an escape": line_of(77).replace(b"lamport_clock", rb"lamport\u005fclock"),
    "an escape in upper case": line_of(77).replace(b"lamport_clock", rb"l\u0061mport_clock"),
    "no space": line_of(77).replace(b'": ', b'":'),
    "CR LF": line_of(77).replace(b"\n", b"\r\n"),
    "a BOM": b"\xef\xbb\xbf" + line_of(77),
    "the end of the object": line_of(5)[:-2] + b', "lamport_clock": 77}\n',
    "no newline": line_of(77)[:-1],
}
# Of two of one name older pydantic takes the first.
LAST_OF_TWO = line_of(77).replace(b'{"', b'{"lamport_clock": 5, "')
LAST_COUNTS = Event.model_validate_json(LAST_OF_TWO).lamport_clock == 77
(CLOCKS if LAST_COUNTS else NO_CLOCKS)["last of two"] = LAST_OF_TWO


@pytest.mark.parametrize("around", [0, 1, 400], ids=["alone", "among few", "among many"])
@pytest.mark.parametrize("name", [*NO_CLOCKS, *CLOCKS])
def test_the_next_clock_goes_by_what_a_line_loads_with(name: str, around: int, log: Path) -> None:
    """However a clock is spelled, and wherever else a number stands."""
    others = b"".join(line_of(9) for _ in range(around))
    log.write_bytes(others + (NO_CLOCKS | CLOCKS)[name])
    expected = 77 if name in CLOCKS else highest_in(log)
    assert highest_in(log) == expected < 78
    store = SimpleJsonStore(log)
    assert [record(store).lamport_clock for _ in range(3)] == [expected + n for n in (1, 2, 3)]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(appends=st.lists(st.lists(st.integers(0, 9_999) | st.sampled_from([*CLOCKS, *NO_CLOCKS]))))
def test_whatever_is_appended_the_next_clock_is_the_highest_and_one(
    appends: list[list[int | str]], tmp_path: Path
) -> None:
    """Between any two calls, by programs that know nothing of the store."""
    log = tmp_path / f"{len([*tmp_path.iterdir()])}.jsonl"
    log.touch()
    store = SimpleJsonStore(log)
    for append in appends:
        with log.open("ab") as file:
            for item in append:
                file.write(line_of(item) if isinstance(item, int) else (CLOCKS | NO_CLOCKS)[item])
        highest = highest_in(log)
        assert record(store).lamport_clock == highest + 1


def test_clocks_of_any_length_are_compared_as_numbers(log: Path) -> None:
    """In any order, with more digits than a machine word has."""
    clocks = [9, 10, 99, 100, 1999, 2000, 1000, 999, 10**25, 3 * 10**24, 10**25 + 1]
    for count in range(1, len(clocks) + 1):
        log.write_bytes(b"".join(map(line_of, clocks[:count])))
        assert record(SimpleJsonStore(log)).lamport_clock == max(clocks[:count]) + 1
        log.write_bytes(b"".join(map(line_of, clocks[:count][::-1])))
        assert record(SimpleJsonStore(log)).lamport_clock == max(clocks[:count]) + 1


@pytest.mark.parametrize("padding", [0, 600, 100_000], ids=["tail", "line", "long line"])
def test_a_changed_file_is_gone_through_again(padding: int, log: Path) -> None:
    """Truncated, edited or replaced, with the same inode number or another, longer or shorter."""
    store = SimpleJsonStore(log)
    text = {"text": "x" * padding}
    store.save_events([make_event(lamport_clock=clock, payload=text) for clock in (1, 500, 2)])
    assert record(store).lamport_clock == 501
    content = log.read_bytes()

    log.write_bytes(content.replace(b": 501,", b": 301,").replace(b": 500,", b": 300,"))
    assert record(store).lamport_clock == 302
    log.write_bytes(content.splitlines(keepends=True)[0])
    assert record(store).lamport_clock == 2
    log.write_bytes(line_of(40) + content.replace(b"50", b"10") + line_of(41))
    assert record(store).lamport_clock == 102
    log.unlink()
    assert record(store).lamport_clock == 1
    log.write_bytes(b"")
    assert record(store).lamport_clock == 1


def look(store: SimpleJsonStore) -> None:
    """Have the log gone through, and not grown."""
    with pytest.raises(ZeroDivisionError):
        store.save_next(lambda clock: make_event(lamport_clock=clock // 0))


def test_an_edit_of_the_highest_line_far_from_the_end_is_seen(log: Path) -> None:
    """In place, with the same length, in a log whose end is as it was."""
    store = SimpleJsonStore(log)
    events = [make_event(lamport_clock=clock) for clock in (1, 700, *range(2, 50))]
    store.save_events(events)
    look(store)
    with log.open("r+b") as file:
        content = file.read()
        file.seek(content.index(b": 700,"))
        file.write(b": 300,")
    assert record(store).lamport_clock == 301


def test_the_line_before_it_may_not_run_into_the_highest(log: Path) -> None:
    """Two lines joined are malformed, and their clocks are no clocks."""
    store = SimpleJsonStore(log)
    store.save_events([make_event(lamport_clock=clock) for clock in (4, 700, *range(2, 50))])
    look(store)
    with log.open("r+b") as file:
        content = file.read()
        file.seek(content.index(b"\n"))
        file.write(b" ")
    assert record(store).lamport_clock == 50


def test_the_line_before_a_last_one_that_is_all_that_is_compared_may_not_run_into_it(
    log: Path,
) -> None:
    """The end of the file is as it was; the newline before it is not."""
    store = SimpleJsonStore(log)
    last = line_of(700, node_id="n")
    last = line_of(700, node_id="n" * (TAIL_SIZE - len(last) + 1))
    assert len(last) == TAIL_SIZE
    log.write_bytes(line_of(4) + line_of(6) + last)
    look(store)
    log.write_bytes(line_of(4) + line_of(6).replace(b"\n", b" ") + last)
    assert record(store).lamport_clock == 5


def test_an_edit_of_a_highest_line_without_newline_is_seen(log: Path) -> None:
    """It is no part of what the file is known by."""
    store = SimpleJsonStore(log)
    content = line_of(4) + line_of(700)[:-1]
    log.write_bytes(content)
    look(store)
    log.write_bytes(content.replace(b": 700,", b": 300,"))
    assert record(store).lamport_clock == 301


def test_a_torn_tail_is_sealed_and_its_clock_does_not_count(log: Path) -> None:
    """Until the writer that tore it completes it; then it does."""
    line = line_of(90)
    log.write_bytes(line_of(3) + line[:-20])
    store = SimpleJsonStore(log)
    assert record(store).lamport_clock == 4
    assert log.read_bytes().count(b"\n") == 3
    log.write_bytes(line_of(3) + line[:-20])
    with pytest.raises(ZeroDivisionError):
        store.save_next(lambda clock: make_event(lamport_clock=clock // 0))
    log.write_bytes(line_of(3) + line)
    assert record(store).lamport_clock == 91


@pytest.mark.parametrize("error", [RuntimeError("no"), FileNotFoundError("no"), StorageError("no")])
def test_what_making_an_event_raises_comes_through(error: Exception, log: Path) -> None:
    """As it is, an error of the system too; nothing is saved, and the store goes on."""
    store = SimpleJsonStore(log)
    record(store)
    content = log.read_bytes()
    clocks = []

    def fail(clock: int) -> Event:
        clocks.append(clock)
        raise error

    with pytest.raises(type(error), match="no") as raised:
        store.save_next(fail)
    assert raised.value is error
    assert clocks == [2]
    assert log.read_bytes() == content
    assert record(store).lamport_clock == 2


def test_an_event_with_another_clock_is_refused(store: SimpleJsonStore) -> None:
    """Higher, lower or none at all; nothing is saved."""
    record(store)
    for clock in (1, 3, 0):
        with pytest.raises(ValueError, match="its lamport_clock is to be 2: "):
            store.save_next(lambda _, clock=clock: make_event(lamport_clock=clock))  # type: ignore[misc]
    with pytest.raises(TypeError, match="not an event of this store"):
        store.save_next(lambda clock: {"lamport_clock": clock})  # type: ignore[arg-type,return-value]
    assert len(store.load_all_events()) == 1


def test_a_known_id_gives_the_event_that_was_saved_first(store: SimpleJsonStore) -> None:
    """So a call can be tried again: nothing is written, by this store or another."""
    event = make_event(payload={"n": 1})
    first = store.save_next(making(event))
    record(store)
    content = store.file_path.read_bytes()
    for again in (store, SimpleJsonStore(store.file_path)):
        changed = event.model_copy(update={"payload": {"n": 2}})
        assert again.save_next(making(changed)) == first
        assert record(again).lamport_clock == 3
        store.file_path.write_bytes(content)


def test_a_thread_that_holds_the_log_is_refused_while_another_waits(log: Path) -> None:
    """At once: the other one waits for the lock that this thread has, and keeps the store's own."""
    store = SimpleJsonStore(log, timeout=10)
    with ThreadPoolExecutor(1) as pool:
        with JsonlLog(log).locked():
            waiting = pool.submit(record, store)
            while len(in_flight.threads) < 2:
                time.sleep(0.001)
            with pytest.raises(StorageError, match="an append of this very thread is under way"):
                record(store)
        assert [waiting.result()] == store.load_all_events()


def test_making_may_read_the_log_and_not_append_to_it(store: SimpleJsonStore) -> None:
    """An append in the middle is refused at once, through whichever store; the save goes on."""
    record(store)

    def make(clock: int) -> Event:
        for other in (store, SimpleJsonStore(store.file_path)):
            assert len(other.load_all_events()) == 1
            with pytest.raises(StorageError, match="an append of this very thread is under way"):
                other.save_event(make_event())
            with pytest.raises(StorageError, match="an append of this very thread is under way"):
                record(other)
        return make_event(lamport_clock=clock)

    event = store.save_next(make)
    assert [e.lamport_clock for e in store.load_all_events()] == [1, 2]
    assert store.load_all_events()[1] == event
    assert record(store).lamport_clock == 3


def test_making_is_asked_again_when_the_file_is_replaced(log: Path) -> None:
    """The clock is the next one of the file that the event ends up in."""
    if sys.platform == "win32":
        pytest.skip("Windows replaces no file that is open")
    store = SimpleJsonStore(log)
    record(store)
    other = log.with_name("other")
    other.write_bytes(line_of(60))
    clocks = []

    def make(clock: int) -> Event:
        clocks.append(clock)
        if len(clocks) == 1:
            other.replace(log)
        return make_event(lamport_clock=clock)

    assert store.save_next(make).lamport_clock == 61
    assert clocks == [2, 61]
    assert record(store).lamport_clock == 62


class NoClock(BaseModel):
    """An event without a clock that is a number."""

    event_id: str
    aggregate_id: str
    node_id: str
    lamport_clock: str


def test_a_model_without_an_integer_clock_has_no_next_one(log: Path) -> None:
    """A TypeError that names it, and nothing is saved."""

    class Store(JsonlEventStore[NoClock]):
        event_model = NoClock

    event = NoClock(event_id="1", aggregate_id="2", node_id="3", lamport_clock="1")
    with pytest.raises(TypeError, match="no lamport_clock that is an integer: NoClock"):
        Store(log).save_next(lambda _: event)
    assert Store(log).load_all_events() == []


class Plain(BaseModel):
    """An event of few fields."""

    event_id: str
    aggregate_id: str = "one"
    node_id: str = "n"
    lamport_clock: int


class Optional(Plain):
    """An event that need not have a clock."""

    lamport_clock: int | None = None  # type: ignore[assignment]


class Defaulted(Plain):
    """An event whose clock need not be in its line."""

    lamport_clock: int = 70


class Aliased(Plain):
    """An event whose clock has another name in its line."""

    lamport_clock: int = Field(alias="clock")
    model_config = {"populate_by_name": True}


class Changed(Plain):
    """An event whose clock is another one than its line says."""

    @field_validator("lamport_clock")
    @classmethod
    def change(cls, clock: int) -> int:
        """Round up to tens."""
        return -(-clock // 10) * 10


@pytest.mark.parametrize(
    ("model", "lines", "next_clock"),
    [
        (Optional, [{"lamport_clock": None}, {"lamport_clock": 6}, {}], 7),
        (Defaulted, [{"lamport_clock": 6}, {}], 71),
        (Aliased, [{"clock": 80}, {"lamport_clock": 6}], 81),
        (Changed, [{"lamport_clock": 6}, {"lamport_clock": 11}], 21),
    ],
)
def test_whatever_a_model_makes_of_a_line_counts(
    model: type[Plain], lines: list[dict[str, Any]], next_clock: int, log: Path
) -> None:
    """Where the clock is not the number in the line, each line is decoded."""

    class Store(JsonlEventStore[Any]):
        event_model = model

    texts = [json.dumps({"event_id": str(n)} | line) + "\n" for n, line in enumerate(lines)]
    log.write_text("".join(texts))
    clocks: list[int] = []

    def make(clock: int) -> Any:
        clocks.append(clock)
        raise LookupError

    with pytest.raises(LookupError):
        Store(log).save_next(make)
    assert clocks == [next_clock]


def test_finding_the_next_clock_decodes_few_lines(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line to be sure of the highest, however many there are; afterwards none."""
    SimpleJsonStore(log).save_events(make_events(2_000))
    store = SimpleJsonStore(log)
    decoded = 0
    decode = type(CODEC).decode

    def counting(codec: Any, line: bytes) -> Any:
        nonlocal decoded
        decoded += 1
        return decode(codec, line)

    monkeypatch.setattr(type(CODEC), "decode", counting)
    assert record(store).lamport_clock == 2_001
    assert decoded == 1
    assert record(store).lamport_clock == 2_002
    assert decoded == 1


@has_fork
def test_parent_and_child_record_different_events(store: SimpleJsonStore) -> None:
    """In one millisecond too: an id is drawn anew, and not counted up from what both know."""
    record(store)

    def body() -> None:
        for _ in range(20):
            record(store)
        os._exit(0)

    assert exit_code_of_child(body) == 0
    for _ in range(20):
        record(store)
    events = store.load_all_events()
    assert [event.lamport_clock for event in events] == [*range(1, 42)]
    assert len({event.event_id for event in events}) == 41


@has_fork
def test_a_child_knows_nothing_of_the_log(store: SimpleJsonStore) -> None:
    """What its parent knew may be half of what was being learnt when it was forked."""
    record(store)
    writer = store._writer
    known = writer._clocks, writer._ids, writer._lock
    writers._start_over_in_child()
    now = writer._clocks, writer._ids, writer._lock
    assert all(after is not before for before, after in zip(known, now, strict=True))
    assert record(store).lamport_clock == 2


def test_threads_get_different_clocks(store: SimpleJsonStore) -> None:
    """Through one store and through stores of their own."""
    stores = [store, store, SimpleJsonStore(store.file_path), SimpleJsonStore(store.file_path)]
    threads = [threading.Thread(target=lambda s=s: [record(s) for _ in range(50)]) for s in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    clocks = [event.lamport_clock for event in store.iter_events()]
    assert clocks == [*range(1, 201)]


def test_recorded_events_are_known_when_they_are_saved_again(store: SimpleJsonStore) -> None:
    """Though recording looks for no id, and before and after an index is made."""
    for _ in range(3):
        event = record(store)
        content = store.file_path.read_bytes()
        store.save_event(event)
        assert store.save_events([event, event]) == 0
        SimpleJsonStore(store.file_path).save_event(event)
        assert store.file_path.read_bytes() == content
    assert store.save_events(make_events(9)) == 9
    store.save_event(event)
    assert len(store.load_all_events()) == 12


def test_what_others_save_before_an_event_is_recorded_is_known(log: Path) -> None:
    """The record goes by no index, and does not count as one of what is before it."""
    store = SimpleJsonStore(log)
    store.save_events(make_events(9))
    SimpleJsonStore(log).save_event(theirs := make_event())
    record(store)
    content = log.read_bytes()
    store.save_event(theirs)
    assert log.read_bytes() == content
    mine = store.save_next(making(make_event()))
    assert store._writer.start_of(mine.event_id) == len(content)


class Named(BaseModel):
    """An event with an id."""

    event_id: str
    lamport_clock: int


class Nameless(BaseModel):
    """An event without."""

    note: str
    lamport_clock: int


class NamedOrNot(JsonlEventStore[Any]):
    """A store of both kinds."""

    event_model = Named | Nameless
    aggregate_field = None


def test_an_event_without_an_id_is_not_looked_for(log: Path) -> None:
    """A line that is no event has none either, and is another one all the same."""
    log.write_bytes(b'{"\\u0065vent_id": 1, "lamport_clock": 7\n')
    store = NamedOrNot(log)
    event = store.save_next(lambda clock: Nameless(note="n", lamport_clock=clock))
    assert event == Nameless(note="n", lamport_clock=1)
    assert store.load_all_events() == [event]


def test_an_index_that_was_made_takes_in_what_is_recorded(store: SimpleJsonStore) -> None:
    """Saves and records in turn leave each event once, in the order of their calls."""
    store.save_events([make_event(numbered_id(n)) for n in range(9)])
    for n in range(9, 20):
        store.save_event(make_event(numbered_id(n)))
        record(store)
        store.save_event(make_event(numbered_id(n)))
    assert len([*store.iter_events()]) == 31


@pytest.mark.parametrize("highest", [0, 1, 699, 700])
def test_the_highest_is_found_in_a_log_of_many_blocks(store: SimpleJsonStore, highest: int) -> None:
    """At the beginning, at the end or between."""
    clocks = [1_000_000 if n == highest else n % 500 for n in range(701)]
    store.save_events(
        [make_event(lamport_clock=clock, payload={"text": "x" * 300}) for clock in clocks]
    )
    assert record(SimpleJsonStore(store.file_path)).lamport_clock == 1_000_001


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


def test_a_copy_of_a_store_records_on(store: SimpleJsonStore) -> None:
    """What was learnt of the clocks stays behind, and is learnt anew."""
    record(store)
    assert record(pickle.loads(pickle.dumps(store))).lamport_clock == 2  # noqa: S301  # our own


def test_no_two_processes_get_one_clock(log: Path) -> None:
    """Eight processes record, some are killed: none is lost or given twice, and none left out."""
    processes = [start(recorder, log, f"node{n}", 250) for n in range(8)]
    end = time.monotonic() + 60
    while not log.exists() or log.read_bytes().count(b"\n") < 50:
        assert time.monotonic() < end
        time.sleep(0.002)
    for process in processes[:3]:
        process.kill()
    outputs = [process.communicate(timeout=120)[0] for process in processes]
    lines = [line for output in outputs for line in output.splitlines(keepends=True)]
    told = [int(line) for line in lines if line.endswith("\n")]
    found = [event.lamport_clock for event in SimpleJsonStore(log).load_all_events()]
    assert len(set(told)) == len(told) >= 5 * 250
    assert {*told} <= {*found}
    assert found == list(range(1, len(found) + 1))


def test_ids_of_one_moment_are_apart(
    store: SimpleJsonStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is counted up that a forked child would count up alike."""
    monkeypatch.setattr("time.time_ns", lambda: 1_700_000_000_000_000_000)
    one, two = record(store), record(store)
    assert one.event_id[:10] == two.event_id[:10]
    assert one.event_id[10:] != two.event_id[10:]
