"""Following a log: what was appended since the last look (``read_since``)."""

from __future__ import annotations

import errno
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given

from specify_cli.spec_kitty_events import Event, StorageError
from specify_cli.telemetry import NewEvents, SimpleJsonStore

from ..support.events import CODEC, make_event, make_events, numbered_id
from ..support.processes import start_writer
from ..support.system_calls import CALLS, LOCK, READ, SystemCalls, failing

TORN = b'{"aggregate_id": "043-tele'


def test_the_first_call_returns_everything_in_file_order(store: SimpleJsonStore) -> None:
    """Without a cursor the log is read from the start, as it lies in the file."""
    events = [make_event(lamport_clock=clock) for clock in (3, 1, 2)]
    store.save_events(events)
    found, cursor = store.read_since()
    assert found == events
    assert isinstance(cursor, str)


def test_the_next_call_returns_what_was_appended(store: SimpleJsonStore) -> None:
    """With a cursor only what came after it is returned, whoever appended it."""
    store.save_events(make_events(3))
    since = store.read_since()
    assert store.read_since(since.cursor).events == []
    new = make_events(2)
    store.save_event(new[0])
    SimpleJsonStore(store.file_path).save_event(new[1])
    since = store.read_since(since.cursor)
    assert since.events == new
    assert not since.restarted
    assert store.read_since(since.cursor) == ([], since.cursor)


def test_a_cursor_is_a_short_text_for_any_process(log: Path) -> None:
    """What one process left off, another takes up."""
    store = SimpleJsonStore(log)
    store.save_events(make_events(50))
    cursor = store.read_since().cursor
    store.save_event(event := make_event())
    assert len(cursor) <= 80
    assert cursor.isprintable()
    code = (
        "import sys; from specify_cli.telemetry import NewEvents, SimpleJsonStore as S;"
        "since = S(sys.argv[1]).read_since(sys.argv[2]);"
        "print([event.event_id for event in since.events], since.restarted)"
    )
    output = subprocess.run(
        [sys.executable, "-c", code, log, cursor],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    assert output.strip() == f"[{event.event_id!r}] False"


def test_a_log_is_taken_in_pages(store: SimpleJsonStore, log: Path) -> None:
    """A limit ends a call behind so many events, other lines and repeats not counted."""
    store.save_events(events := make_events(7))
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join([*lines[:2], lines[0], b"\n", *lines[2:5], TORN, b"\n", *lines[5:]]))
    pages: list[list[Event]] = []
    since = store.read_since(limit=3)
    while since.events:
        pages.append(since.events)
        since = store.read_since(since.cursor, limit=3)
    assert pages == [events[:3], events[3:6], events[6:]]
    assert since.cursor == store.read_since(NewEvents.END).cursor == store.read_since().cursor


def test_a_page_reports_the_lines_it_skips_by_their_number(
    store: SimpleJsonStore, log: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Each malformed line is reported by the page that passes it, and many are counted."""
    store.save_events(make_events(4))
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join([lines[0], b"one\n", *lines[1:3], b"many\n" * 12, lines[3]]))
    cursor: str | None = None
    counts = []
    for _ in lines:
        cursor = store.read_since(cursor, limit=1).cursor
        counts.append(len(caplog.messages))
    assert counts == [0, 1, 1, 12]
    assert "event line 2 " in caplog.messages[0]
    assert "event line 5 " in caplog.messages[1]
    assert caplog.messages[-1].startswith("Skipped 12 ")


def test_a_page_of_a_replaced_log_is_its_first(store: SimpleJsonStore, log: Path) -> None:
    """Paging starts over with the log."""
    store.save_events(make_events(3))
    cursor = store.read_since(limit=2).cursor
    log.unlink()
    store.save_events(events := make_events(9))
    since = store.read_since(cursor, limit=4)
    assert since.restarted
    assert since.events == events[:4]


def test_a_torn_tail_ends_the_last_page(store: SimpleJsonStore, log: Path) -> None:
    """It is left for later, with a limit as without one."""
    store.save_events(events := make_events(2))
    with log.open("ab") as file:
        file.write(TORN)
    since = store.read_since(limit=5)
    assert since.events == events
    assert since.cursor == store.read_since().cursor


def test_following_begins_at_the_end(store: SimpleJsonStore, log: Path) -> None:
    """What was there is not returned, nor decoded; what comes is, and a replacement is noticed."""
    store.save_events(make_events(3))
    with log.open("ab") as file:
        file.write(b"junk, which nobody reports\n")
    since = store.read_since(NewEvents.END)
    assert not since.events
    assert not since.restarted
    store.save_events(new := make_events(2))
    assert store.read_since(since.cursor).events == new
    assert store.read_since(NewEvents.END, limit=1).events == []
    log.unlink()
    assert store.read_since(since.cursor).restarted


def test_the_end_of_a_missing_log_is_its_start(store: SimpleJsonStore) -> None:
    """Whatever is saved then comes."""
    cursor = store.read_since(NewEvents.END).cursor
    store.save_event(event := make_event())
    assert store.read_since(cursor).events == [event]


def test_the_end_is_found_without_decoding(
    store: SimpleJsonStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A long log is read once for its checksum, in constant memory."""
    store.save_events(make_events(3))

    def refuse(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("specify_cli.telemetry.jsonl.reader.Reader.events_in", refuse)
    assert store.read_since(NewEvents.END).events == []
    assert not caplog.messages


@pytest.mark.parametrize("limit", ["1", 1.5, True])
def test_a_limit_is_an_int(store: SimpleJsonStore, limit: int) -> None:
    """Anything else is a caller's mistake."""
    with pytest.raises(TypeError, match="a limit is an int or None, not "):
        store.read_since(limit=limit)


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_is_positive(store: SimpleJsonStore, limit: int) -> None:
    """A page of no events would never end."""
    with pytest.raises(ValueError, match=f"a limit is 1 or more, not {limit}"):
        store.read_since(limit=limit)


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_an_empty_log_is_followed_from_its_start(end: bytes, log: Path) -> None:
    """A log that is missing, empty or blank at first is no restart when it grows."""
    store = SimpleJsonStore(log)
    missing = store.read_since()
    assert missing.events == []
    log.write_bytes(end)
    empty = store.read_since(missing.cursor)
    assert empty.events == []
    store.save_event(event := make_event())
    since = store.read_since(empty.cursor)
    assert since.events == [event]
    assert [missing.restarted, empty.restarted, since.restarted] == [False] * 3


def test_a_torn_tail_is_left_for_later(
    log: Path, store: SimpleJsonStore, caplog: pytest.LogCaptureFixture
) -> None:
    """Only whole lines count: a torn line is reported when it has been sealed, and once."""
    store.save_event(make_event())
    with log.open("ab") as file:
        file.write(TORN)
    since = store.read_since()
    assert len(since.events) == 1
    assert store.read_since(since.cursor) == ([], since.cursor)
    assert not caplog.records
    store.save_event(event := make_event())
    since = store.read_since(since.cursor)
    assert since.events == [event]
    assert "malformed event line 2 " in caplog.messages[0]
    store.save_event(make_event())
    store.read_since(since.cursor)
    assert len(caplog.records) == 1


def test_a_line_completed_later_is_returned_then(log: Path, store: SimpleJsonStore) -> None:
    """A line that another program writes in two parts arrives whole."""
    line = CODEC.encode(event := make_event())
    log.write_bytes(line[:-1])
    since = store.read_since()
    assert since.events == []
    with log.open("ab") as file:
        file.write(b"\n")
    assert store.read_since(since.cursor).events == [event]


def test_what_is_rolled_back_is_never_returned(
    log: Path, store: SimpleJsonStore, faults: SystemCalls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lines of an append that fails in the end are not taken for saved."""
    store.save_event(kept := make_event())
    batch = make_events(3)
    first = len(CODEC.encode(batch[0]))
    watcher = SimpleJsonStore(log)
    seen: list[int] = []

    def look_and_fail() -> None:
        # A follower that did not wait for the lock would see the first line of the batch now.
        process = start_follower(log)
        try:
            process.wait(timeout=0.5)
        except subprocess.TimeoutExpired:
            followers.append(process)
        else:
            seen.append(process.returncode)
        failing(errno.ENOSPC)()

    followers: list[subprocess.Popen[str]] = []
    faults.short_writes(monkeypatch, first + 5, then=look_and_fail)
    with pytest.raises(StorageError, match="No space left"):
        store.save_events(batch)
    assert not seen
    (follower,) = followers
    output, _ = follower.communicate(timeout=30)
    assert output.split() == [kept.event_id]
    assert watcher.read_since().events == [kept]


def start_follower(log: Path) -> subprocess.Popen[str]:
    """Start a process that prints the ids in the log, and return when it is about to read them."""
    code = (
        "import sys; from specify_cli.telemetry import SimpleJsonStore as S;"
        "print('ready', flush=True);"
        "print(*(event.event_id for event in S(sys.argv[1]).read_since().events))"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(
        [sys.executable, "-c", code, log], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.fixture
def faults(monkeypatch: pytest.MonkeyPatch, log: Path) -> SystemCalls:
    """Watch the calls for the log."""
    return SystemCalls(monkeypatch, log)


def replaced(log: Path, content: bytes) -> None:
    """Put another file at the path, as a checkout does."""
    other = log.with_name("other")
    other.write_bytes(content)
    other.replace(log)


def test_a_replaced_log_is_read_from_the_start(
    log: Path, store: SimpleJsonStore, caplog: pytest.LogCaptureFixture
) -> None:
    """Other content at the path is noticed, and said, even if it is longer."""
    store.save_events(make_events(3))
    cursor = store.read_since().cursor
    events = make_events(9)
    replaced(log, b"".join(map(CODEC.encode, events)))
    since = store.read_since(cursor)
    assert since.events == events
    assert since.restarted
    assert caplog.messages == [f'"{log}" was replaced; reading it from the start']
    assert caplog.records[0].levelno == logging.WARNING
    assert store.read_since(since.cursor) == ([], since.cursor)


def test_an_earlier_line_changed_in_a_new_file_is_noticed(
    log: Path, store: SimpleJsonStore
) -> None:
    """A file that ends as the old one did, at the same length, is not the same for that."""
    store.save_events(events := [make_event(payload={"text": "x" * 600}) for _ in range(3)])
    cursor = store.read_since().cursor
    other = events[0].model_copy(update={"payload": {"text": "y" * 600}})
    replaced(log, b"".join(map(CODEC.encode, [other, *events[1:]])))
    since = store.read_since(cursor)
    assert since.restarted
    assert since.events == [other, *events[1:]]


@pytest.mark.parametrize("count", [3, 9])
def test_a_log_rewritten_in_place_is_read_from_the_start(
    count: int, log: Path, store: SimpleJsonStore
) -> None:
    """Other content in the same file is noticed, also if it is as long as what was there."""
    store.save_events(make_events(3))
    since = store.read_since()
    size = log.stat().st_size
    log.write_bytes(b"".join(map(CODEC.encode, events := make_events(count))))
    assert (log.stat().st_size == size) == (count == 3)
    since = store.read_since(since.cursor)
    assert since.restarted
    assert since.events == events


def test_a_log_rewritten_with_the_same_beginning_is_read_on(
    log: Path, store: SimpleJsonStore, caplog: pytest.LogCaptureFixture
) -> None:
    """A checkout or a copy that brings the same lines and more is no restart."""
    store.save_events(make_events(3))
    cursor = store.read_since().cursor
    event = make_event()
    replaced(log, log.read_bytes() + CODEC.encode(event))
    since = store.read_since(cursor)
    assert since.events == [event]
    assert not since.restarted
    assert not caplog.records
    shutil.copy(log, elsewhere := log.with_name("elsewhere.jsonl"))
    assert SimpleJsonStore(elsewhere).read_since(since.cursor)[0] == []


@pytest.mark.parametrize("keep", [0, 1, 2])
def test_a_truncated_log_is_read_from_the_start(
    keep: int, log: Path, store: SimpleJsonStore
) -> None:
    """A log that has become shorter begins anew."""
    store.save_events(events := make_events(3))
    cursor = store.read_since().cursor
    os.truncate(log, sum(len(CODEC.encode(event)) for event in events[:keep]))
    since = store.read_since(cursor)
    assert since.restarted
    assert since.events == events[:keep]
    assert not store.read_since(since.cursor).restarted


def test_a_removed_log_is_said_once(log: Path, store: SimpleJsonStore) -> None:
    """A log that is gone has no events; one that comes back is read from its start."""
    store.save_events(make_events(3))
    cursor = store.read_since().cursor
    log.unlink()
    gone = store.read_since(cursor)
    assert gone.restarted
    assert gone.events == []
    assert not store.read_since(gone.cursor).restarted
    store.save_event(event := make_event())
    assert store.read_since(gone.cursor).events == [event]
    assert store.read_since(cursor).restarted


def test_malformed_lines_are_reported_by_their_number(
    log: Path, store: SimpleJsonStore, caplog: pytest.LogCaptureFixture
) -> None:
    """Line numbers go on where the last call stopped."""
    store.save_events(make_events(4))
    cursor = store.read_since().cursor
    with log.open("ab") as file:
        file.write(b"\njunk\n" + CODEC.encode(event := make_event()))
    assert store.read_since(cursor).events == [event]
    assert [message.split(" of ")[0] for message in caplog.messages] == [
        "Skipping malformed event line 6"
    ]


def test_a_repeated_line_comes_once_a_call(log: Path, store: SimpleJsonStore) -> None:
    """What a merge has doubled is returned once; over several calls the id tells."""
    line = CODEC.encode(event := make_event())
    log.write_bytes(line * 3)
    since = store.read_since()
    assert since.events == [event]
    with log.open("ab") as file:
        file.write(line * 2)
    assert store.read_since(since.cursor).events == [event]


@pytest.mark.parametrize(
    "cursor",
    ["", "0", "x", "1:1:1:00000000", "2:1:1:00000000:0000000000000000", "1:1:1:0:0", "1:-1:1:0:0"],
)
def test_what_is_no_cursor_is_refused(cursor: str, log: Path, store: SimpleJsonStore) -> None:
    """A text that is not a cursor gives an error that shows it, and names the log."""
    store.save_event(make_event())
    with pytest.raises(StorageError) as caught:
        store.read_since(cursor)
    assert str(caught.value) == f'cannot read "{log}": not a cursor: {cursor!r}'
    assert isinstance(caught.value.__cause__, ValueError)


def test_a_cursor_beyond_any_file_starts_over(store: SimpleJsonStore) -> None:
    """A cursor of another, longer log, however long, reads this one from the start."""
    store.save_event(event := make_event())
    since = store.read_since(f"1:1:{'9' * 19}:00000000:{'0' * 16}")
    assert since.restarted
    assert since.events == [event]


def test_looking_again_reads_only_what_is_new(
    log: Path, store: SimpleJsonStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A poll costs what was appended, not the log."""
    store.save_events(make_events(1000))
    cursor = store.read_since().cursor
    reading = SystemCalls(monkeypatch, log)
    assert reading.read(lambda: store.read_since(cursor)) < 2_000
    with log.open("ab") as file:
        file.write(CODEC.encode(make_event()))
    assert reading.read(lambda: store.read_since(cursor)) < 3_000
    assert len(store.read_since(cursor).events) == 1


@pytest.mark.parametrize("call", [call for call in CALLS if call in {"open", "fstat", READ}])
def test_a_refusal_is_a_storage_error(
    call: str, log: Path, store: SimpleJsonStore, faults: SystemCalls
) -> None:
    """What the operating system refuses names the file, and leaves nothing open."""
    store.save_event(event := make_event())
    faults.made.clear()
    faults.at(call, 1, failing(errno.EIO))
    with pytest.raises(StorageError, match="cannot read") as caught:
        store.read_since()
    assert str(log) in str(caught.value)
    assert isinstance(caught.value.__cause__, OSError)
    assert faults.calls.count("open") - faults.calls.count("close") in {
        0,
        1 if call == "open" else 0,
    }
    assert store.read_since().events == [event]


def test_without_locks_a_log_is_followed_too(store: SimpleJsonStore, faults: SystemCalls) -> None:
    """A filesystem that refuses a reader the lock does not stop it."""
    store.save_event(event := make_event())
    faults.at(LOCK, 1, failing(errno.ENOLCK))
    assert store.read_since().events == [event]
    assert faults.fired


@given(st.lists(st.integers(0, 400), max_size=8), st.lists(st.integers(0, 4), max_size=30))
def test_the_parts_make_the_whole(cuts: list[int], lines: list[int]) -> None:
    """However a log grows, byte by byte or by lines, each event comes once and in order."""
    choices = [make_event(numbered_id(number)) for number in range(3)]
    texts = [*(CODEC.encode(event) for event in choices), b"junk\n", b"\n"]
    content = b"".join(texts[number] for number in lines)
    with tempfile.TemporaryDirectory() as folder:
        store = SimpleJsonStore(Path(folder, "log"))
        found: list[Event] = []
        cursor: str | None = None
        position = 0
        for size in [*cuts, len(content)]:
            with store.file_path.open("ab") as file:
                position += file.write(content[position : position + size])
            events, cursor = store.read_since(cursor)
            found += events
        assert list(dict.fromkeys(event.event_id for event in found)) == list(
            dict.fromkeys(choices[number].event_id for number in lines if number < 3)
        )
        assert store.read_since(cursor) == ([], cursor)


def test_a_follower_beside_writers_misses_and_repeats_nothing(log: Path) -> None:
    """While processes append, polls together return each event once, in file order."""
    processes = [start_writer(log, "own", number, 100) for number in range(2)]
    store = SimpleJsonStore(log)
    found: list[str] = []
    cursor: str | None = None
    while True:
        running = any(process.poll() is None for process in processes)
        since = store.read_since(cursor)
        assert not since.restarted
        cursor = since.cursor
        found += [event.event_id for event in since.events]
        if not running:
            break
        time.sleep(0.001)
    acknowledged = [name for process in processes for name in process.communicate()[0].split()]
    assert Counter(found) == Counter(acknowledged)
    assert found == [json.loads(line)["event_id"] for line in log.read_bytes().splitlines()]
