"""Reads survive any bytes and return each intact event once (G5, G6)."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from specify_cli.spec_kitty_events import StorageError
from specify_cli.telemetry import SimpleJsonStore
from specify_cli.telemetry._log import files
from specify_cli.telemetry.jsonl.recent import RecentIds

from ..support.events import make_event, make_events

GARBAGE = [
    b"",
    b" ",
    b"null",
    b"[]",
    b"1",
    b'"text"',
    b"{}",
    b"{",
    b"\x00" * 4096,
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"<<<<<<< HEAD",
    b"=======",
    b">>>>>>> branch",
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b"1" * 100_000,
    b'{"lamport_clock": ' + b"9" * 5000 + b"}",
    '{"event_id": "x"}'.encode("utf-16"),
]


@pytest.mark.parametrize("garbage", GARBAGE, ids=lambda garbage: repr(garbage[:12]))
@pytest.mark.parametrize("end", [b"\n", b""], ids=["line", "tail"])
def test_garbage_costs_nothing_but_itself(garbage: bytes, end: bytes, log: Path) -> None:
    """Whatever stands between two events, both load, and a third can be saved."""
    first, second, third = make_events(3)
    store = SimpleJsonStore(log)
    store.save_event(first)
    content = log.read_bytes()
    store.save_event(second)
    log.write_bytes(content + garbage + b"\n" + log.read_bytes()[len(content) :] + garbage + end)
    assert store.load_all_events() == [first, second]
    store.save_event(third)
    assert store.load_all_events() == [first, second, third]
    assert store.load_events(first.aggregate_id) == [first, second, third]


@pytest.mark.parametrize("count", [1, 10, 11, 512])
def test_warnings_are_bounded(count: int, log: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Ten malformed lines are named; if there are more, one more warning tells how many."""
    log.write_bytes(b"oops\n" * count)
    store = SimpleJsonStore(log)
    for load in (
        store.load_all_events,
        lambda: store.load_events("x"),
        lambda: list(store.iter_events()),
    ):
        caplog.clear()
        assert load() == []
        messages = [record.getMessage() for record in caplog.records]
        named = [message for message in messages if "Skipping malformed event line" in message]
        assert len(named) == min(count, 10)
        assert all(f'"{log}"' in message for message in messages)
        assert messages[len(named) :] == (
            [f'Skipped {count} malformed event lines of "{log}"'] if count > 10 else []
        )


def test_line_numbers_are_those_of_an_editor(
    log: Path, store: SimpleJsonStore, caplog: pytest.LogCaptureFixture
) -> None:
    """However long the log is, and whatever blank lines it has."""
    store.save_events(make_events(3000))
    lines = log.read_bytes().splitlines(keepends=True)
    lines[1] = b"\n"
    lines[5] = lines[2500] = lines[2999] = b"oops\n"
    log.write_bytes(b"\n" + b"".join(lines))
    assert len(store.load_all_events()) == 2996
    assert [record.args[0] for record in caplog.records if isinstance(record.args, tuple)] == [
        7,
        2502,
        3001,
    ]


def test_a_warning_tells_what_is_wrong(log: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The reason is one line: the field and its fault, or where the JSON ends."""
    log.write_bytes(b'{"event_id": "x"\n[]\n{"event_id": 1}\n\xff\n' + b"[" * 100_000)
    assert SimpleJsonStore(log).load_all_events() == []
    assert {record.module for record in caplog.records} == {"reader"}
    reasons = [record.getMessage().split(": ", 1)[1] for record in caplog.records]
    assert "delimiter" in reasons[0]
    assert reasons[1] == "not a JSON object" or "object" in reasons[1]
    assert reasons[2].startswith("event_id: ")
    assert "utf-8" in reasons[3]
    assert "RecursionError" in reasons[4]
    assert not any("\n" in reason for reason in reasons)


def test_a_line_merged_twice_is_one_event(log: Path, store: SimpleJsonStore) -> None:
    """A union merge that repeats lines leaves each event once, at its first place."""
    events = make_events(3)
    store.save_events(events)
    lines = log.read_bytes().splitlines(keepends=True)
    changed = lines[0].replace(b"implementer", b"reviewer")
    log.write_bytes(b"".join([*lines, lines[1], changed, *lines]))
    assert store.load_all_events() == events
    assert store.load_events(events[0].aggregate_id) == events
    assert list(store.iter_events()) == events


def test_an_id_under_two_aggregates_loads_in_each(log: Path, store: SimpleJsonStore) -> None:
    """Whoever reads all of the log gets the first; a load of one aggregate reads no other's."""
    event = make_event(aggregate_id="one")
    store.save_event(event)
    log.write_bytes(log.read_bytes() + log.read_bytes().replace(b'"one"', b'"two"'))
    assert store.load_all_events() == [event]
    assert store.load_events("one") == [event]
    assert store.load_events("two") == [event.model_copy(update={"aggregate_id": "two"})]
    assert list(store.iter_events("two")) == []


def test_iteration_is_in_file_order(store: SimpleJsonStore) -> None:
    """Iterating gives the events as they were saved, of all aggregates or of one."""
    events = [make_event(lamport_clock=9 - n, aggregate_id=f"f{n % 2}") for n in range(9)]
    store.save_events(events)
    assert list(store.iter_events()) == events
    assert list(store.iter_events("f1")) == events[1::2]
    assert list(store.iter_events("f2")) == []


def test_iteration_forgets_repeats_that_lie_far_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """The ids remembered are bounded, and the last ones are always among them."""
    monkeypatch.setattr(RecentIds, "GENERATION", 3)
    recent = RecentIds()

    def is_new(name: str) -> bool:
        known = name in recent
        if not known:
            recent.add(name)
        return not known

    assert [is_new(name) for name in "abcaab"] == [True, True, True, False, False, False]
    assert [is_new(name) for name in "defg"] == [True] * 4
    assert not any(is_new(name) for name in "gfed")
    assert is_new("a")


def test_saving_while_iterating_ends(store: SimpleJsonStore) -> None:
    """Iteration covers the log as it was when it began."""
    store.save_events(make_events(3))
    for event in store.iter_events():
        store.save_event(make_event(payload={"caused by": event.event_id}))
    assert len(store.load_all_events()) == 6


def test_a_load_sees_what_was_saved_before_it_began(log: Path) -> None:
    """A store that has loaded and saved goes on seeing what others save."""
    one, two = SimpleJsonStore(log), SimpleJsonStore(log)
    events = make_events(10)
    for number, event in enumerate(events, 1):
        (one if number % 2 else two).save_event(event)
        assert one.load_all_events() == events[:number]
        assert two.load_all_events() == events[:number]


def test_an_abandoned_iteration_leaves_no_descriptor(store: SimpleJsonStore) -> None:
    """The file can be removed at once, on Windows too."""
    store.save_events(make_events(3))
    iteration = store.iter_events()
    next(iteration)
    del iteration
    store.file_path.unlink()
    assert store.load_all_events() == []


def test_a_log_larger_than_a_block_is_read_whole(store: SimpleJsonStore) -> None:
    """Lines that lie across the blocks of a read come out whole."""
    events = make_events(1500, payload={"text": "x" * 450})
    store.save_events(events)
    assert store.file_path.stat().st_size > 3 * (1 << 18)
    assert store.load_all_events() == events


def test_loading_leaves_the_garbage_collectors_switch_alone(
    store: SimpleJsonStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The switch is the process's: other threads, and a user's own use of it, would see it move."""
    store.save_events(make_events(3))

    def moved(*_: object) -> None:
        pytest.fail("the switch was moved")

    for name in ("disable", "enable", "freeze", "set_threshold", "unfreeze"):
        monkeypatch.setattr(gc, name, moved)
    assert len(store.load_all_events()) == 3
    assert len(store.read_since().events) == 3


def test_iterating_raises_only_storage_errors(tmp_path: Path) -> None:
    """The error of a generator comes when it is used."""
    iteration = SimpleJsonStore(tmp_path).iter_events()
    with pytest.raises(StorageError, match="cannot read"):
        next(iteration)


def test_iteration_ends_where_the_log_ended_when_it_began(store: SimpleJsonStore) -> None:
    """What is appended meanwhile is not read, in any block."""
    store.save_events(events := make_events(2000, payload={"text": "x" * 400}))
    iteration = store.iter_events()
    first = next(iteration)
    store.save_event(make_event(lamport_clock=9999))
    assert [first, *iteration] == events


def test_line_numbers_go_on_from_block_to_block(
    log: Path, store: SimpleJsonStore, caplog: pytest.LogCaptureFixture
) -> None:
    """They are those an editor shows, however long the log is."""
    log.write_bytes(b"\noops\n")
    store.save_events(make_events(2000, payload={"text": "x" * 400}))
    with log.open("ab") as file:
        file.write(b"oops\n")
    assert len(store.load_all_events()) == 2000
    assert [record.args[0] for record in caplog.records if isinstance(record.args, tuple)] == [
        2,
        2003,
    ]


@pytest.mark.parametrize("how", ["one aggregate", "all"])
def test_lines_have_the_same_numbers_in_every_load(
    how: str, log: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blank ones count too, wherever a block begins."""
    monkeypatch.setattr(files, "BLOCK_SIZE", 8)
    log.write_bytes(b"\n\noops\n \n\n\noops\n\n\n\n\n\n\noops\n")
    store = SimpleJsonStore(log)
    assert (store.load_events("a") if how == "one aggregate" else store.load_all_events()) == []
    numbers = [record.args[0] for record in caplog.records if isinstance(record.args, tuple)]
    assert numbers == [3, 7, 14]


def test_a_byte_order_mark_before_a_blank_line_is_blank(
    log: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As editors on Windows leave it."""
    log.write_bytes(b"\xef\xbb\xbf \r\n\xef\xbb\xbf\r\n")
    assert SimpleJsonStore(log).load_all_events() == []
    assert SimpleJsonStore(log).load_events("a") == []
    assert caplog.records == []
