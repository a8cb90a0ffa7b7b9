"""Edges that only mutation testing showed: a change of the code there went unnoticed once."""

from __future__ import annotations

import errno
import gc
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pydantic
import pytest

from specify_cli.spec_kitty_events import Event, StorageError
from specify_cli.telemetry import SimpleJsonStore
from specify_cli.telemetry._log import files

from ..log.test_contention import has_fork
from ..log.test_crash import exit_code_of_child
from ..log.test_durability import Trace
from ..support.events import CODEC, WHEN, make_event, make_events
from ..support.faults import LOCK, READ, Faults, failing

if sys.platform != "win32":
    import fcntl

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="POSIX locks")


def bytes_read(monkeypatch: pytest.MonkeyPatch, use: Callable[[], object]) -> int:
    """Return how many bytes a use of a store reads."""
    read = getattr(os, READ)
    sizes: list[int] = []

    def counted(*arguments: int) -> bytes:
        data: bytes = read(*arguments)
        sizes.append(len(data))
        return data

    with monkeypatch.context() as patch:
        patch.setattr(os, READ, counted)
        use()
    return sum(sizes)


def test_a_save_reads_what_is_new_and_no_more(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the log is: what others appended, a tail, and the line of a known event."""
    store, other = SimpleJsonStore(log, fsync=True), SimpleJsonStore(log)
    store.save_events(events := make_events(2000))
    for event in [*make_events(2), events[0], events[-1]]:
        assert bytes_read(monkeypatch, partial(store.save_event, event)) < 20_000
    other.save_events(theirs := make_events(20))
    for event in [*make_events(2), *theirs, events[0]]:
        assert bytes_read(monkeypatch, partial(store.save_event, event)) < 30_000
    with log.open("ab") as file:
        file.write(b"torn")
    for event in [*make_events(2), events[0]]:
        assert bytes_read(monkeypatch, partial(store.save_event, event)) < 20_000


def test_the_first_save_of_a_store_searches_from_the_start_once(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One look at the file and the end of it, for a known event, a new one, and a batch."""
    SimpleJsonStore(log).save_events(events := make_events(2000))
    size = log.stat().st_size
    for batch in ([events[5]], [make_event()], events[:5], make_events(3)):
        read = bytes_read(monkeypatch, partial(SimpleJsonStore(log).save_events, batch))
        assert read < size + 40_000


@pytest.mark.parametrize("tz", [None, UTC], ids=str)
@pytest.mark.parametrize("microsecond", [0, 36834])
def test_a_simple_event_takes_the_short_way(tz: None, microsecond: int) -> None:
    """The text that needs no reading back is the text that reading back would have proved."""
    event = make_event(
        timestamp=datetime(2026, 2, 16, 9, 12, 58, microsecond, tzinfo=tz),
        payload={"z": [1, {"y": None}], "a": {"b": [True, 1.5]}},
    )
    assert CODEC._simple_text(event) == CODEC._plain_text(event) is not None


@posix_only
def test_the_lock_is_given_back_although_a_copy_of_the_descriptor_lives(
    log: Path, store: SimpleJsonStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A child that another thread forks during a save has such a copy; nobody waits for it."""
    write = os.write
    copies: list[int] = []

    def write_and_copy(fd: int, data: bytes) -> int:
        copies.append(os.dup(fd))
        return write(fd, data)

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", write_and_copy)
        store.save_event(make_event())
    try:
        with log.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        for fd in copies:
            os.close(fd)
    assert copies


@posix_only
def test_a_reader_does_not_keep_the_lock(log: Path, store: SimpleJsonStore) -> None:
    """Whoever iterates may save before the last line, one without newline, is done with."""
    store.save_events(make_events(3))
    log.write_bytes(log.read_bytes().removesuffix(b"\n"))
    iteration = store.iter_events()
    assert [next(iteration).lamport_clock for _ in range(3)] == [1, 2, 3]
    with log.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    del iteration


def test_without_fsync_new_directories_are_not_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing waits for the device unless asked to."""
    trace = Trace(monkeypatch)
    log = tmp_path / "a" / "b" / "events.jsonl"
    SimpleJsonStore(log).save_event(make_event())
    assert trace.taken() == [("write", log)]


def test_known_events_are_not_written(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even an empty write is made for them."""
    store = SimpleJsonStore(log)
    store.save_events(events := make_events(3))
    faults = Faults(monkeypatch, log)
    assert SimpleJsonStore(log).save_events(events) == 0
    assert LOCK in faults.calls
    assert not {"write", "dup", "ftruncate"} & set(faults.calls)


def test_a_blank_log_is_not_torn(log: Path, store: SimpleJsonStore) -> None:
    """A lone newline needs no sealing."""
    log.write_bytes(b"\n")
    store.save_event(event := make_event())
    assert log.read_bytes().startswith(b"\n{")
    assert store.load_all_events() == [event]


@pytest.mark.parametrize("refused", ["ftruncate", "fstat"])
def test_the_first_error_is_the_one_that_counts(
    refused: str, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rollback that fails does not hide why it was needed."""
    store = SimpleJsonStore(log)
    store.save_event(make_event())
    with monkeypatch.context() as patch:
        faults = Faults(patch, log)
        faults.at(refused, 1 if refused == "ftruncate" else 2, failing(errno.EACCES))
        faults.short_writes(patch, 20, then=failing(errno.ENOSPC))
        with pytest.raises(StorageError, match=os.strerror(errno.ENOSPC)) as caught:
            store.save_event(make_event())
        assert faults.fired
    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.__cause__.errno == errno.ENOSPC


def test_extra_fields_of_an_open_model_are_stored(store: SimpleJsonStore) -> None:
    """A contract that keeps unknown fields finds them in the file."""

    class Open(Event):
        model_config = pydantic.ConfigDict(extra="allow")

    event = make_event()
    store.save_event(Open(**event.to_dict(), project="x"))
    assert b'"project": "x"' in store.file_path.read_bytes()
    assert store.load_all_events() == [event]


def test_a_field_that_is_missing_is_named(store: SimpleJsonStore) -> None:
    """An event made without validation, and without a time."""
    fields = make_event().to_dict()
    del fields["timestamp"]
    with pytest.raises(StorageError, match="timestamp: Field required"):
        store.save_event(Event.model_construct(**fields))


def test_a_clock_that_is_true_is_one(store: SimpleJsonStore) -> None:
    """True equals 1, but Python's True is not JSON."""
    event = make_event(lamport_clock=1)
    store.save_event(event.model_copy(update={"lamport_clock": True}))
    assert store.load_all_events() == [event]


def test_a_time_given_as_text_is_stored_as_the_time_it_means(store: SimpleJsonStore) -> None:
    """What went round the model's checks is stored if it reads back."""
    event = make_event()
    store.save_event(event.model_copy(update={"timestamp": WHEN.isoformat()}))
    assert store.load_all_events() == [event]


def test_a_byte_order_mark_before_a_blank_line_is_blank(
    log: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As editors on Windows leave it."""
    log.write_bytes(b"\xef\xbb\xbf \r\n\xef\xbb\xbf\r\n")
    assert SimpleJsonStore(log).load_all_events() == []
    assert caplog.records == []


@pytest.mark.parametrize("number", [10**4299, -(10**4299)], ids=["positive", "negative"])
def test_the_longest_integer_beside_a_lone_surrogate_loads(
    number: int, store: SimpleJsonStore
) -> None:
    """The tolerant parser, which reads lone surrogates, has the bound of the fast one."""
    store.save_event(event := make_event(payload={"n": number, "path": "\ud800"}))
    assert store.load_all_events() == [event]


@posix_only
def test_a_new_file_is_not_executable(log: Path, store: SimpleJsonStore) -> None:
    """Without a umask anyone may read and write it, and no more."""
    umask = os.umask(0)
    try:
        store.save_event(make_event())
    finally:
        os.umask(umask)
    assert log.stat().st_mode & 0o777 == 0o666


def test_iteration_ends_where_the_log_ended_when_it_began(store: SimpleJsonStore) -> None:
    """What is appended meanwhile is not read, in any block."""
    store.save_events(events := make_events(2000, payload={"text": "x" * 400}))
    iteration = store.iter_events()
    first = next(iteration)
    store.save_event(make_event(lamport_clock=9999))
    assert [first, *iteration] == events


def test_a_long_last_line_without_newline_is_an_event(log: Path, store: SimpleJsonStore) -> None:
    """However it is read: at a guess, in a block, or in more than one."""
    for size in (5_000, 300_000):
        event = make_event(lamport_clock=size, payload={"text": "x" * size})
        store.save_event(event)
        log.write_bytes(log.read_bytes().removesuffix(b"\n"))
        assert list(store.iter_events())[-1] == event


def next_descriptor() -> int:
    """Return the number that the next descriptor will have."""
    fd = os.open(os.devnull, os.O_RDONLY)
    os.close(fd)
    return fd


def test_no_descriptor_stays_open(tmp_path: Path) -> None:
    """Not between calls, nor after what fails."""
    before = next_descriptor()
    store = SimpleJsonStore(tmp_path / "a" / "b" / "events.jsonl", fsync=True)
    for event in [*(events := make_events(3)), events[0]]:
        store.save_event(event)
        store.load_all_events()
    quick = SimpleJsonStore(store.file_path)
    assert quick.save_events(events) == 0
    quick.save_event(events[1])
    for use in (
        SimpleJsonStore(tmp_path).load_all_events,
        lambda: SimpleJsonStore(tmp_path).save_event(events[0]),
    ):
        with pytest.raises(StorageError):
            use()
    assert next_descriptor() == before


def test_the_first_save_searches_and_the_second_makes_an_index(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that saves once, as the CLI does, is spared the index."""
    SimpleJsonStore(log).save_events(make_events(2000))
    store, size = SimpleJsonStore(log), log.stat().st_size
    one, two, three, four = make_events(4)
    assert size <= bytes_read(monkeypatch, lambda: store.save_event(one)) < size + 5_000
    assert store._saved._known_ids is not None
    assert len(store._saved._known_ids._starts) == 1
    assert size <= bytes_read(monkeypatch, lambda: store.save_event(two)) < size + 5_000
    assert len(store._saved._known_ids._starts) == 2002
    for event in (three, four, one, two):
        assert bytes_read(monkeypatch, partial(store.save_event, event)) < 5_000
    batching = SimpleJsonStore(log)
    assert bytes_read(monkeypatch, lambda: batching.save_events(make_events(3))) < size + 10_000
    assert batching._saved._known_ids is not None
    assert len(batching._saved._known_ids._starts) == 2007


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


def test_what_others_append_is_read_once_also_when_it_is_known(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a write of its own a store notes what it has read."""
    store = SimpleJsonStore(log)
    store.save_events(make_events(2))
    SimpleJsonStore(log).save_events(theirs := make_events(1000))
    assert bytes_read(monkeypatch, lambda: store.save_events(theirs[:1])) > 100_000
    assert bytes_read(monkeypatch, lambda: store.save_events(theirs[:1])) < 10_000


def test_what_a_store_writes_it_does_not_read(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ids of its own lines are known from writing them."""
    store = SimpleJsonStore(log)
    store.save_event(make_event(payload={"text": "x" * 100_000}))
    assert bytes_read(monkeypatch, lambda: store.save_event(make_event())) < 2_000


def test_the_ids_of_a_file_that_is_gone_are_forgotten(log: Path, store: SimpleJsonStore) -> None:
    """Memory follows the log that is there."""
    store.save_events(make_events(100))
    log.unlink()
    store.save_events(make_events(3))
    assert store._saved._known_ids is not None
    assert len(store._saved._known_ids._starts) == 3


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


def test_an_event_found_by_searching_is_not_searched_for_again(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where its line begins is remembered."""
    SimpleJsonStore(log).save_events(events := make_events(500))
    log.write_bytes(b"\n" + log.read_bytes())
    for event in (events[0], events[250]):
        store = SimpleJsonStore(log)
        store.save_event(event)
        assert bytes_read(monkeypatch, partial(store.save_event, event)) < 5_000


def test_a_save_that_wrote_nothing_undoes_nothing(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What another has appended without the lock meanwhile stays."""
    store = SimpleJsonStore(log, fsync=True)
    store.save_event(event := make_event())
    before = log.read_bytes()

    def append_and_fail() -> None:
        with log.open("ab") as file:
            file.write(b"theirs\n")
        failing(errno.EIO)()

    faults = Faults(monkeypatch, log)
    faults.at("fsync", 1, append_and_fail)
    with pytest.raises(StorageError, match="cannot append to"):
        store.save_event(event)
    assert log.read_bytes() == before + b"theirs\n"


def nested_lists(depth: int, leaf: object = 1) -> dict[str, object]:
    """Return a payload of that many levels, all but the first of them lists."""
    value = leaf
    for _ in range(depth - 1):
        value = [value]
    return {"down": value}


def test_the_deepest_objects_with_something_to_convert_load(store: SimpleJsonStore) -> None:
    """What is converted may be as deep as what is not."""
    payload: dict[str, object] = {"set": {1}}
    stored: dict[str, object] = {"set": [1]}
    for _ in range(97):
        payload, stored = {"down": payload}, {"down": stored}
    store.save_event(make_event(payload=payload))
    assert [event.payload for event in store.load_all_events()] == [stored]


def test_brackets_beside_what_needs_converting_are_not_depth(store: SimpleJsonStore) -> None:
    """A wide payload is not a deep one, whatever else it holds."""
    wide: list[object] = [[] for _ in range(500)]
    store.save_event(make_event(payload={"wide": wide, "text": "{[" * 500, "set": {1}}))
    (event,) = store.load_all_events()
    assert event.payload == {"wide": wide, "text": "{[" * 500, "set": [1]}


@pytest.mark.parametrize("leaf", [1, (1,), {1}], ids=repr)
def test_the_deepest_lists_accepted_load(leaf: object, store: SimpleJsonStore) -> None:
    """Lists count as objects do, and tuples and sets as lists."""
    deepest = 99 if leaf == 1 else 98
    store.save_event(make_event(payload=nested_lists(deepest, leaf) | {"more": [[], []]}))
    stored = nested_lists(deepest, leaf if leaf == 1 else [1]) | {"more": [[], []]}
    assert [event.payload for event in store.load_all_events()] == [stored]
    for depth in (deepest + 1, 150):
        with pytest.raises(StorageError, match="nested more than 100 levels"):
            store.save_event(make_event(payload=nested_lists(depth, leaf)))


def test_one_plain_value_does_not_make_a_payload_plain(store: SimpleJsonStore) -> None:
    """Each has to be, on every level."""
    store.save_event(make_event(payload={"n": 1, "set": {7}, "list": [1, {8}, {"n": 1, "t": {9}}]}))
    (event,) = store.load_all_events()
    assert event.payload == {"n": 1, "set": [7], "list": [1, [8], {"n": 1, "t": [9]}]}
    with pytest.raises(StorageError, match="two keys become '1'"):
        store.save_event(make_event(payload={"n": 1, "a": {1: "x", "1": "y"}}))


def test_a_file_rewritten_after_a_long_torn_line_is_read_anew(
    log: Path, store: SimpleJsonStore
) -> None:
    """A tail that is all one torn line gives nothing to recognize the file by."""
    store.save_events(events := make_events(2))
    with log.open("ab") as file:
        file.write(b"x" * 600)
    assert store.save_events(events) == 0
    other = SimpleJsonStore(log.with_name("other.jsonl"))
    other.save_events(others := make_events(30))
    log.write_bytes(other.file_path.read_bytes())
    assert store.save_events(others) == 0
    assert list(store.iter_events()) == others


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


@pytest.mark.parametrize("after", ["", " ", "\t", "\r", "\t\r "], ids=repr)
@pytest.mark.parametrize("before", ["", " ", "\t", "\r", "\r \t"], ids=repr)
@pytest.mark.parametrize("event_id", ["01KHJVJWDM0HGAGYGXJYKD1JQG", "é" * 26, "\n" * 26], ids=ascii)
@pytest.mark.parametrize("start", [b"", b"\\\n"], ids=["at once", "after a backslash"])
def test_an_id_is_found_whatever_white_space_is_around_its_colon(
    start: bytes, event_id: str, before: str, after: str, log: Path
) -> None:
    """By a search for one id, and by the index that the second save makes."""
    event = make_event(event_id)
    line = CODEC.encode(event).replace(b'"event_id": ', f'"event_id"{before}:{after}'.encode(), 1)
    other = make_event(payload={"text": "é"})  # its escape is not the first one in the log
    log.write_bytes(start + CODEC.encode(make_event()) + line + CODEC.encode(other))
    content = log.read_bytes()
    SimpleJsonStore(log).save_event(event)
    assert log.read_bytes() == content
    store = SimpleJsonStore(log)
    store.save_events(make_events(2))
    assert store.save_events([event]) == 0


def test_ids_of_any_printable_characters_are_known(log: Path) -> None:
    """ULIDs are in capitals and digits, but an id need not be a ULID."""
    ids = [chr(code) * 26 for code in range(32, 127)]
    events = [make_event(event_id) for event_id in [*ids, *(name[1:] + "é" for name in ids)]]
    SimpleJsonStore(log).save_events(events)
    content = log.read_bytes()
    for event in events:
        SimpleJsonStore(log).save_event(event)
    assert SimpleJsonStore(log).save_events(events) == 0
    assert log.read_bytes() == content


@pytest.mark.parametrize("start", [b"", b"\n"], ids=["at once", "after a blank line"])
def test_a_known_event_of_the_index_costs_its_line(
    start: bytes, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The index has where each line begins, the first one and the others."""
    SimpleJsonStore(log).save_events(events := make_events(1000))
    log.write_bytes(start + log.read_bytes())
    store = SimpleJsonStore(log)
    store.save_events(make_events(2))
    for event in (events[0], events[1], events[500], events[999]):
        assert bytes_read(monkeypatch, partial(store.save_events, [event])) < 6_000


def test_a_store_that_syncs_does_so_for_what_it_knows(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line it knows may be that of a writer that did not wait for the device."""
    store = SimpleJsonStore(log, fsync=True)
    store.save_event(make_event())
    SimpleJsonStore(log).save_event(event := make_event())
    store.save_event(make_event())
    trace = Trace(monkeypatch)
    store.save_event(event)
    assert trace.taken() == [("fsync", log)]


def test_loading_all_runs_no_garbage_collection(store: SimpleJsonStore) -> None:
    """It would go through all the events again and again."""
    store.save_events(make_events(5000))
    seen: list[str] = []

    def note(phase: str, _: dict[str, int]) -> None:
        seen.append(phase)

    assert gc.isenabled()
    gc.callbacks.append(note)
    try:
        events = store.load_all_events()
        during = list(seen)
    finally:
        gc.callbacks.remove(note)
    assert len(events) == 5000
    assert len(during) < 6  # one collection, at the end, may begin before it can be looked at


@has_fork
def test_a_forked_child_learns_the_log_anew(store: SimpleJsonStore) -> None:
    """A thread of the parent may have been in the middle of noting what is in it."""
    store.save_events(make_events(2))
    assert exit_code_of_child(lambda: os._exit(0 if store._saved._known_ids is None else 3)) == 0
    assert store._saved._known_ids is not None


def test_a_line_is_cut_where_the_reading_is_to_stop(tmp_path: Path) -> None:
    """Also when its end can be seen."""
    path = tmp_path / "lines"
    path.write_bytes(b"x" * 99 + b"\n" + b"y" * 99 + b"\n")
    fd = files.open_file(str(path), os.O_RDONLY)
    try:
        assert files.read_line(fd, 100, 150) == b"y" * 50
    finally:
        os.close(fd)
