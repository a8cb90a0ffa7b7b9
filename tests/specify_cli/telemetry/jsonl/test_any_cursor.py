"""Whatever becomes of a log and of a cursor, a follower gets events of the log and goes on."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, example, given, settings

from specify_cli.spec_kitty_events import Event, StorageError
from specify_cli.telemetry import SimpleJsonStore

from .test_any_bytes import INTACT, mutated, mutations

pytestmark = [pytest.mark.uncounted, pytest.mark.usefixtures("quiet")]

many = settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
IS_CURSOR = re.compile(r"1(:[0-9]{1,19}){2}:[0-9a-f]{8}:[0-9a-f]{16}").fullmatch
LINES = [line + b"\n" for line in INTACT]
logs = st.lists(st.sampled_from([*LINES, LINES[0][:90], b"{}\n", b"\n"]), max_size=8).map(b"".join)


def check_followed(content: bytes, later: bytes, *, in_place: bool) -> None:
    """Check that a follower in pages misses nothing, and what it gets once the log is another."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "log.jsonl")
        log.write_bytes(content)
        store = SimpleJsonStore(log)
        events, cursor = paged(store)
        whole = content[: content.rfind(b"\n") + 1]
        assert events == events_of(whole, folder)
        offset = len(whole)
        if in_place:
            log.write_bytes(later)
        else:
            (other := Path(folder, "other")).write_bytes(later)
            other.replace(log)
        since = store.read_since(cursor)
        if later.startswith(whole):
            assert not since.restarted
        elif offset > len(later) or not in_place:
            assert since.restarted
        begin = 0 if since.restarted else offset
        assert since.events == events_of(later[begin : later.rfind(b"\n") + 1], folder)
        check_end(store, since.cursor)


def check_cursor(content: bytes, position: int, filling: str) -> None:
    """Check that a cursor with other characters is refused, or read on from, and nothing else."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "log.jsonl")
        log.write_bytes(content)
        store = SimpleJsonStore(log)
        everything, cursor = store.read_since()
        position %= len(cursor) + 1
        cursor = cursor[:position] + filling + cursor[position + len(filling) :]
        if not IS_CURSOR(cursor):
            with pytest.raises(StorageError, match="not a cursor"):
                store.read_since(cursor)
            return
        since = store.read_since(cursor)
        assert all(event in everything for event in since.events)
        assert not since.restarted or since.events == everything
        check_end(store, since.cursor)
        assert log.read_bytes() == content


def check_end(store: SimpleJsonStore, cursor: str) -> None:
    """Check that a cursor is at the end."""
    assert store.read_since(cursor) == ([], cursor)


def paged(store: SimpleJsonStore) -> tuple[list[Event], str]:
    """Return the events of a log, each once, and the last cursor, in pages of three."""
    cursor, events = None, dict[str, Event]()
    while True:
        page = store.read_since(cursor, limit=3)
        assert not page.restarted
        cursor = page.cursor
        for event in page.events:
            events.setdefault(event.event_id, event)
        if len(page.events) < 3:
            return list(events.values()), cursor


def events_of(lines: bytes, folder: str) -> list[Event]:
    """Return the events of whole lines."""
    log = Path(folder, "alone.jsonl")
    log.write_bytes(lines)
    return list(SimpleJsonStore(log).iter_events())


@many
@given(logs, mutations, st.booleans())
def test_a_log_that_is_changed_is_read_on_or_again(
    content: bytes,
    steps: list[tuple[str, int, int, bytes]],
    in_place: bool,  # noqa: FBT001  # drawn
) -> None:
    """What begins as before is read on, what does not from the start; no other event comes."""
    check_followed(content, mutated(content, steps), in_place=in_place)


@many
@given(
    logs,
    st.integers(0, 60),
    st.one_of(st.text(max_size=60), st.text("0123456789abcdef:-+ \u0664", max_size=4)),
)
@example(LINES[0], 0, "1:1:9" + "9" * 40)
def test_a_cursor_that_was_changed_gives_no_event_that_is_not_there(
    content: bytes, position: int, filling: str
) -> None:
    """Any text is refused, or gives events of the log and a cursor at its end."""
    check_cursor(content, position, filling)
