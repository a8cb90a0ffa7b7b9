"""A writer that died half-way costs its own event and no other (G3)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from specify_cli.spec_kitty_events import Event
from specify_cli.telemetry import JsonlLog, SimpleJsonStore

from ..support.events import CODEC, make_event, make_events


def test_a_save_after_a_cut_at_any_byte_loses_nothing(log: Path) -> None:
    """Wherever its last line is cut, the event saved again and the next one load."""
    first, torn, following = make_events(3)
    SimpleJsonStore(log).save_events([first, torn])
    content = log.read_bytes()
    start = content.index(b"\n") + 1
    for cut in range(start, len(content) + 1):
        log.write_bytes(content[:cut])
        store = SimpleJsonStore(log)
        store.save_event(torn)
        store.save_event(following)
        assert log.read_bytes().startswith(content[:cut])
        assert store.load_all_events() == [first, torn, following], cut
        assert SimpleJsonStore(log).load_all_events() == [first, torn, following], cut


def test_the_torn_bytes_stay_on_a_line_of_their_own(
    log: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Sealing adds a newline and removes nothing."""
    event = make_event()
    log.write_bytes(b'{"aggregate_id": "043", "event_id": "' + event.event_id.encode())
    store = SimpleJsonStore(log)
    store.save_event(event)
    torn, line, rest = log.read_bytes().split(b"\n")
    assert torn.endswith(event.event_id.encode())
    assert line.startswith(b'{"aggregate_id": "043-telemetry-foundation"')
    assert rest == b""
    assert store.load_all_events() == [event]
    assert len(caplog.records) == 1


def test_a_whole_last_line_without_newline_is_an_event(log: Path, store: SimpleJsonStore) -> None:
    """It loads, it is known and ended, and the next line does not fuse with it."""
    first, second = make_events(2)
    store.save_event(first)
    content = log.read_bytes().removesuffix(b"\n")
    log.write_bytes(content)
    assert store.load_all_events() == [first]
    store.save_event(first)
    assert log.read_bytes() == content + b"\n"
    store.save_event(second)
    assert store.load_all_events() == [first, second]


def save_in_a_transaction(log: Path, event: Event) -> None:
    """Append the line of an event as a record."""
    with JsonlLog(log, key="event_id").locked() as held:
        assert not held.append(CODEC.encode(event).removesuffix(b"\n"))


KNOWN: dict[str, Callable[[Path, Event], object]] = {
    "one": lambda log, event: SimpleJsonStore(log).save_event(event),
    "synced": lambda log, event: SimpleJsonStore(log, fsync=True).save_event(event),
    "a batch": lambda log, event: SimpleJsonStore(log).save_events([event, event]),
    "with the next clock": lambda log, event: SimpleJsonStore(log).save_next(
        lambda clock: event.model_copy(update={"lamport_clock": clock})
    ),
    "a transaction": save_in_a_transaction,
}


@pytest.mark.parametrize("how", KNOWN)
def test_a_last_line_that_counts_as_saved_is_ended(how: str, log: Path) -> None:
    """Its writer died one byte short: whoever follows the log gets what a save has acknowledged."""
    first, last = make_events(2)
    store = SimpleJsonStore(log)
    store.save_events([first, last])
    content = log.read_bytes()
    log.write_bytes(content[:-1])
    events, cursor = store.read_since()
    assert events == [first]
    KNOWN[how](log, last)
    assert log.read_bytes() == content
    assert store.read_since(cursor).events == [last]


def test_a_last_line_that_lost_its_newline_is_ended_by_the_store_that_wrote_it(
    log: Path, store: SimpleJsonStore
) -> None:
    """Where its lines are, the store remembers; an editor has left out the last byte."""
    store.save_events(events := make_events(6))
    content = log.read_bytes()
    with log.open("r+b") as file:
        file.truncate(len(content) - 1)
    store.save_event(events[-1])
    assert log.read_bytes() == content


def test_a_torn_tail_that_is_not_what_is_saved_stays(log: Path, store: SimpleJsonStore) -> None:
    """A save of a known event elsewhere in the log writes nothing."""
    store.save_event(event := make_event())
    with log.open("ab") as file:
        file.write(b'{"event_id": "')
    content = log.read_bytes()
    SimpleJsonStore(log).save_event(event)
    assert log.read_bytes() == content


def test_a_tear_longer_than_what_is_compared_is_sealed_too(
    log: Path, store: SimpleJsonStore
) -> None:
    """A store in mid-use seals a long torn line and goes on finding its ids."""
    first, second, third = make_events(3, payload={"text": "x" * 5000})
    store.save_events([first, second])
    log.write_bytes(log.read_bytes()[:-2000])
    for event in (second, first, third, second, third):
        store.save_event(event)
    assert store.load_all_events() == [first, second, third]
    assert log.read_bytes().count(b"\n") == 4


def test_loading_a_torn_log_does_not_change_it(log: Path, store: SimpleJsonStore) -> None:
    """Only a save seals."""
    store.save_event(make_event())
    log.write_bytes(content := log.read_bytes()[:-5])
    assert store.load_all_events() == []
    assert log.read_bytes() == content


@pytest.mark.parametrize("torn", [b"t", b"torn"])
def test_a_batch_seals_too(torn: bytes, log: Path, store: SimpleJsonStore) -> None:
    """A batch begins on a line of its own, however little there is before it."""
    log.write_bytes(torn)
    events = make_events(3)
    assert store.save_events(events) == 3
    assert store.load_all_events() == events
    assert store.save_events(events) == 0


@pytest.mark.parametrize("size", [1, 40, 250, 600, 1200])
@pytest.mark.parametrize("padding", [0, 1000], ids=["short", "long"])
def test_a_torn_line_completed_by_another_program_is_known(
    size: int, padding: int, log: Path, store: SimpleJsonStore
) -> None:
    """A writer without lock may be half-way; its event counts once it is there."""
    store.save_event(first := make_event(lamport_clock=1))
    store.save_event(second := make_event(lamport_clock=2))
    theirs = make_event(lamport_clock=3, payload={"text": "x" * padding})
    other = SimpleJsonStore(log.with_name("other.jsonl"))
    other.save_event(theirs)
    line = other.file_path.read_bytes()
    with log.open("ab") as file:
        file.write(line[:size])
    assert store.save_events([first, second]) == 0
    with log.open("ab") as file:
        file.write(line[size:])
    content = log.read_bytes()
    store.save_event(theirs)
    assert log.read_bytes() == content
    assert store.load_all_events() == [first, second, theirs]


def test_the_last_event_may_lead_to_a_save(log: Path, store: SimpleJsonStore) -> None:
    """Iterating holds no lock, not even at a last line without newline."""
    store.save_event(event := make_event(lamport_clock=1))
    log.write_bytes(log.read_bytes().removesuffix(b"\n"))
    for caused in store.iter_events():
        store.save_event(make_event(lamport_clock=2, payload={"cause": caused.event_id}))
    assert len(store.load_all_events()) == 2
    assert event in store.load_all_events()


def test_a_blank_log_is_not_torn(log: Path, store: SimpleJsonStore) -> None:
    """A lone newline needs no sealing."""
    log.write_bytes(b"\n")
    store.save_event(event := make_event())
    assert log.read_bytes().startswith(b"\n{")
    assert store.load_all_events() == [event]


def check_completed_later(store: SimpleJsonStore, events: list[Event], theirs: Event) -> None:
    """Append half of a line, save what is known, append the rest; its event has to be known."""
    log = store.file_path
    line = CODEC.encode(theirs)
    half = line.index(theirs.event_id.encode()) + 13
    with log.open("ab") as file:
        file.write(line[:half])
    assert store.save_events(events) == 0
    with log.open("ab") as file:
        file.write(line[half:])
    assert store.save_events([theirs]) == 0
    assert list(store.iter_events()) == [*events, theirs]
    assert log.read_bytes().count(theirs.event_id.encode()) == 1


def test_a_line_that_is_completed_later_is_known(store: SimpleJsonStore) -> None:
    """A writer that takes no lock may have written half of its line when a store looks."""
    store.save_events(events := make_events(2))
    theirs = make_event(lamport_clock=3)
    check_completed_later(store, events, theirs)


@pytest.mark.parametrize("start", [b"", b"\n"], ids=["at once", "after a blank line"])
@pytest.mark.parametrize("length", [5, 600, 6000])
def test_a_line_of_any_length_that_is_completed_later_is_known(
    length: int, start: bytes, log: Path, store: SimpleJsonStore
) -> None:
    """Half of it may be all that is looked at to see that the log goes on as it was."""
    log.write_bytes(start)
    store.save_events(events := make_events(1, aggregate_id="a", payload={}))
    theirs = make_event(lamport_clock=3, aggregate_id="a" * length)
    check_completed_later(store, events, theirs)


def test_a_long_last_line_without_newline_is_an_event(log: Path, store: SimpleJsonStore) -> None:
    """However it is read: at a guess, in a block, or in more than one."""
    for size in (5_000, 300_000):
        event = make_event(lamport_clock=size, payload={"text": "x" * size})
        store.save_event(event)
        log.write_bytes(log.read_bytes().removesuffix(b"\n"))
        assert list(store.iter_events())[-1] == event
