"""How much of a log each call reads: a save must not read all of it again and again (G9)."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from pydantic import BaseModel

from specify_cli.spec_kitty_events import Event
from specify_cli.telemetry import JsonlEventStore, JsonlLog, SimpleJsonStore
from specify_cli.telemetry._codec import highest_clock, named_ids
from specify_cli.telemetry._codec.codec import EventCodec
from specify_cli.telemetry._log import files

from ..support.effort import seconds_of
from ..support.events import CODEC, make_event, make_events, numbered_id
from ..support.system_calls import SystemCalls


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch) -> SystemCalls:
    """Count the bytes read."""
    return SystemCalls(monkeypatch)


@pytest.fixture
def size(log: Path) -> int:
    """Make a log of a thousand events; return how long it is."""
    SimpleJsonStore(log).save_events(make_events(1000))
    return log.stat().st_size


def test_a_warm_save_reads_next_to_nothing(log: Path, size: int, reading: SystemCalls) -> None:
    """The first four search the log, the fifth indexes it, and all after look at its end."""
    store = SimpleJsonStore(log)
    *few, fifth = make_events(5)
    more = make_events(9)
    for event in few:
        assert size <= reading.read(partial(store.save_event, event)) < size + 2000
        assert len(store._writer._ids._scanned.starts) < 5
    assert size <= reading.read(lambda: store.save_event(fifth)) < size + 5000
    assert len(store._writer._ids._scanned.starts) == 1005
    for event in more:
        assert reading.read(partial(store.save_event, event)) < 2000
    assert reading.read(lambda: store.save_events(make_events(50))) < 2000


class Sample(BaseModel):
    """An event whose ids are spelled in more than one way."""

    event_id: UUID


class Samples(JsonlEventStore[Sample]):
    """A store of them."""

    event_model = Sample
    aggregate_field = None


def test_where_lines_have_to_be_decoded_the_second_save_makes_an_index(log: Path) -> None:
    """A search for one id would take as long."""
    Samples(log).save_events(Sample(event_id=uuid4()) for _ in range(5))
    store = Samples(log)
    store.save_event(Sample(event_id=uuid4()))
    assert len(store._writer._ids._scanned.starts) == 1
    store.save_event(Sample(event_id=uuid4()))
    assert len(store._writer._ids._scanned.starts) == 7


def test_what_a_store_has_written_is_not_read_again(log: Path, reading: SystemCalls) -> None:
    """It knows the ids of it."""
    store = SimpleJsonStore(log)
    store.save_event(make_event(payload={"text": "x" * 100_000}))
    assert reading.read(lambda: store.save_event(make_event())) < 5000


def test_what_others_append_is_read_once(log: Path, size: int, reading: SystemCalls) -> None:
    """A store that has an index reads what was added to the log, and not the log."""
    store = SimpleJsonStore(log)
    store.save_events(make_events(5))
    for _ in range(3):
        SimpleJsonStore(log).save_events(make_events(10))
        assert reading.read(lambda: store.save_event(make_event())) < size / 20


def test_a_log_without_a_key_is_not_read(log: Path, size: int, reading: SystemCalls) -> None:
    """There is nothing to look for, neither in the log nor in what others append."""
    records = JsonlLog(log)
    assert reading.read(lambda: records.append({"n": 1})) < 2000
    log.write_bytes(log.read_bytes() * 2)
    assert reading.read(lambda: records.append({"n": 2})) < 2000
    assert log.stat().st_size > 2 * size


def test_a_known_event_costs_its_line(log: Path, size: int, reading: SystemCalls) -> None:
    """Saving an event again reads that event."""
    store = SimpleJsonStore(log)
    store.save_events(events := make_events(3))
    for event in events:
        assert reading.read(partial(store.save_event, event)) < 5000
    assert reading.read(lambda: store.save_events(events)) < 20_000
    assert log.stat().st_size < 2 * size


def test_a_batch_reads_the_log_once(log: Path, size: int, reading: SystemCalls) -> None:
    """The first save of a process does not search the log for each event of a batch."""
    store = SimpleJsonStore(log)
    assert reading.read(lambda: store.save_events(make_events(100))) < 1.5 * size


def test_a_page_reads_little_more_than_it_returns(
    log: Path, size: int, reading: SystemCalls
) -> None:
    """However long the log goes on behind it."""
    store = SimpleJsonStore(log)
    assert size > 3 * files.BLOCK_SIZE
    assert reading.read(lambda: store.read_since(limit=10)) < 2 * files.BLOCK_SIZE


def test_a_recorded_event_is_not_looked_for(log: Path, size: int, reading: SystemCalls) -> None:
    """Its id is new; only its clock has to be found, once."""
    store = SimpleJsonStore(log)
    record = partial(store.record, "Tested", aggregate_id="043", node_id="n")
    assert reading.read(record) < 1.5 * size
    assert reading.read(record) < 5000


def test_a_highest_clock_far_from_the_end_is_looked_up(
    log: Path, size: int, reading: SystemCalls
) -> None:
    """Its line tells whether it still stands; no other has to be read."""
    store = SimpleJsonStore(log)
    content = log.read_bytes()
    log.write_bytes(content.replace(b'"lamport_clock": 12,', b'"lamport_clock": 12000,'))

    def look() -> None:
        with pytest.raises(ZeroDivisionError):
            store.save_next(lambda clock: make_event(lamport_clock=clock // 0))

    assert reading.read(look) > size
    assert reading.read(look) < 9000


def test_a_known_event_does_not_make_the_next_clock_be_looked_for(
    log: Path, size: int, reading: SystemCalls
) -> None:
    """Where the highest is, is as known as before."""
    store = SimpleJsonStore(log)
    store.save_events(events := make_events(9))
    again = partial(
        store.save_next, lambda clock: events[0].model_copy(update={"lamport_clock": clock})
    )
    assert reading.read(again) < 1.5 * size
    assert reading.read(again) < 9000


def test_a_search_ends_where_the_event_is_found(log: Path, reading: SystemCalls) -> None:
    """An event that stands early in a long log is found without reading the rest."""
    early, *events = make_events(3000)
    SimpleJsonStore(log).save_events([early, *events])
    size = log.stat().st_size
    assert size > 3 * files.BLOCK_SIZE
    assert reading.read(lambda: SimpleJsonStore(log).save_event(early)) < size / 2


def test_a_torn_tail_does_not_make_every_save_read_the_log(
    log: Path, size: int, reading: SystemCalls
) -> None:
    """A store that has an index keeps it when the last line is torn, and after sealing it."""
    store = SimpleJsonStore(log)
    store.save_events(events := make_events(5))
    with log.open("ab") as file:
        file.write(b'{"torn": ' + b"x" * 300)
    for _ in range(3):
        assert reading.read(lambda: store.save_events(events)) < 9000
    for _ in range(3):
        assert reading.read(lambda: store.save_event(make_event())) < 5000
    assert len(store.load_all_events()) == 1000 + 5 + 3
    assert size < log.stat().st_size


def test_a_save_does_not_parse_the_log(
    log: Path, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the first save of a process nor the second decodes a line of other events."""
    decoded: list[bytes] = []
    decode = EventCodec.decode

    def collect(codec: EventCodec[Event], line: bytes) -> Event:
        decoded.append(line)
        return decode(codec, line)

    monkeypatch.setattr(EventCodec, "decode", collect)
    store = SimpleJsonStore(log)
    for event in make_events(3):
        store.save_event(event)
    assert not decoded
    assert log.stat().st_size > size


def test_a_save_reads_what_is_new_and_no_more(log: Path, reading: SystemCalls) -> None:
    """However long the log is: what others appended, a tail, and the line of a known event."""
    store, other = SimpleJsonStore(log, fsync=True), SimpleJsonStore(log)
    store.save_events(events := make_events(2000))
    for event in [*make_events(2), events[0], events[-1]]:
        assert reading.read(partial(store.save_event, event)) < 20_000
    other.save_events(theirs := make_events(20))
    for event in [*make_events(2), *theirs, events[0]]:
        assert reading.read(partial(store.save_event, event)) < 30_000
    with log.open("ab") as file:
        file.write(b"torn")
    for event in [*make_events(2), events[0]]:
        assert reading.read(partial(store.save_event, event)) < 20_000


def test_the_first_save_of_a_store_searches_from_the_start_once(
    log: Path, reading: SystemCalls
) -> None:
    """One look at the file for a known event, each new one, or a batch; and the end of it."""
    SimpleJsonStore(log).save_events(events := make_events(2000))
    for batch, looks in (
        (events[5:6], 1),
        (make_events(1), 1),
        (make_events(3), 3),
        (make_events(9), 1),
    ):
        size = log.stat().st_size
        read = reading.read(partial(SimpleJsonStore(log).save_events, batch))
        assert read < looks * size + 40_000


def test_the_first_saves_search_and_the_fifth_makes_an_index(
    log: Path, reading: SystemCalls
) -> None:
    """A process that saves a few events, as the CLI does, is spared the index."""
    SimpleJsonStore(log).save_events(make_events(2000))
    store, size = SimpleJsonStore(log), log.stat().st_size
    *few, fifth = make_events(5)
    for number, event in enumerate(few, start=1):
        assert size <= reading.read(partial(store.save_event, event)) < size + 5_000
        assert len(store._writer._ids._scanned.starts) == number
    for _ in range(3):  # what is known needs no search
        store.save_events(few)
    assert len(store._writer._ids._scanned.starts) == 4
    assert size <= reading.read(lambda: store.save_event(fifth)) < size + 5_000
    assert len(store._writer._ids._scanned.starts) == 2005
    for event in (*make_events(2), *few, fifth):
        assert reading.read(partial(store.save_event, event)) < 5_000
    batching = SimpleJsonStore(log)
    assert reading.read(lambda: batching.save_events(make_events(9))) < size + 10_000
    assert len(batching._writer._ids._scanned.starts) == 2016


def test_what_others_append_is_read_once_also_when_it_is_known(
    log: Path, reading: SystemCalls
) -> None:
    """Without a write of its own a store notes what it has read."""
    store = SimpleJsonStore(log)
    store.save_events(make_events(2))
    SimpleJsonStore(log).save_events(theirs := make_events(1000))
    assert reading.read(lambda: store.save_events(theirs[:1])) > 100_000
    assert reading.read(lambda: store.save_events(theirs[:1])) < 10_000


def test_what_a_store_writes_it_does_not_read(log: Path, reading: SystemCalls) -> None:
    """The ids of its own lines are known from writing them."""
    store = SimpleJsonStore(log)
    store.save_event(make_event(payload={"text": "x" * 100_000}))
    assert reading.read(lambda: store.save_event(make_event())) < 2_000


def test_an_event_found_by_searching_is_not_searched_for_again(
    log: Path, reading: SystemCalls
) -> None:
    """Where its line begins is remembered."""
    SimpleJsonStore(log).save_events(events := make_events(500))
    log.write_bytes(b"\n" + log.read_bytes())
    for event in (events[0], events[250]):
        store = SimpleJsonStore(log)
        store.save_event(event)
        assert reading.read(partial(store.save_event, event)) < 5_000


@pytest.mark.parametrize("start", [b"", b"\n"], ids=["at once", "after a blank line"])
def test_a_known_event_of_the_index_costs_its_line(
    start: bytes, log: Path, reading: SystemCalls
) -> None:
    """The index has where each line begins, the first one and the others."""
    SimpleJsonStore(log).save_events(events := make_events(1000))
    log.write_bytes(start + log.read_bytes())
    store = SimpleJsonStore(log)
    store.save_events(make_events(5))
    for event in (events[0], events[1], events[500], events[999]):
        assert reading.read(partial(store.save_events, [event])) < 6_000


def test_a_line_that_names_many_ids_is_gone_through_once() -> None:
    """Twice the ids take twice the work, not four times."""

    def seconds(count: int) -> float:
        ids = [{"event_id": numbered_id(n)} for n in range(count)]
        line = CODEC.encode(make_event(payload={"seen": ids}))

        def go_through() -> None:
            assert len(list(named_ids(line, CODEC))) == count + 1

        return seconds_of(go_through)

    assert seconds(32_000) < 16 * seconds(4_000)


def test_a_line_with_many_escapes_is_looked_through_for_a_clock_once() -> None:
    """Programs of other languages escape what HTML gives a meaning, and write pages of it."""

    def seconds(count: int) -> float:
        line = CODEC.encode(make_event(lamport_clock=7, payload={"page": "<" * count}))
        line = line.replace(b"<", rb"\u003c")

        def look() -> None:
            assert highest_clock(line, 0, CODEC) == (7, 0)

        return seconds_of(look)

    assert seconds(160_000) < 16 * seconds(20_000)


def test_a_line_that_names_all_ids_of_a_batch_is_decoded_once(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its payload may be long; the batch is saved, for the payload's ids are no events."""
    events = make_events(20)
    SimpleJsonStore(log).save_event(
        make_event(payload={"about": [{"event_id": event.event_id} for event in events]})
    )
    decode = EventCodec.decode
    decoded: list[bytes] = []

    def collect(codec: EventCodec[Event], line: bytes) -> Event:
        decoded.append(line)
        return decode(codec, line)

    monkeypatch.setattr(EventCodec, "decode", collect)
    assert SimpleJsonStore(log).save_events(events) == 20
    assert sum(b'"about"' in line for line in decoded) == 1
