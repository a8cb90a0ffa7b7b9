"""The last records of a log, read from its end."""

from __future__ import annotations

import os
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given

from specify_cli.telemetry import SimpleJsonStore, StorageError
from specify_cli.telemetry._log import Snapshot, files
from specify_cli.telemetry._log.backwards import blocks_backwards, lines_in
from specify_cli.telemetry.query import Selection, recent_lines

from ..support.events import CODEC, make_event, make_events
from ..support.system_calls import SystemCalls


@given(st.lists(st.binary(max_size=30)), st.integers(1, 12))
def test_backwards_is_forwards_turned_round(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], size: int
) -> None:
    """Whatever is in the file, and however the blocks fall, the bytes and the places are those."""
    path = tmp_path_factory.mktemp("log") / "log"
    path.write_bytes(content := b"\n".join(lines))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "BLOCK_SIZE", size)
        fd = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        try:
            found = list(blocks_backwards(Snapshot(fd, str(path))))
        finally:
            os.close(fd)
    assert b"".join(block for _, block in reversed(found)) == content
    for offset, block in found:
        assert content[offset : offset + len(block)] == block
        assert offset == 0 or content[offset - 1 : offset] == b"\n"
    together = [line for _, block in reversed(found) for line in lines_in(block)]
    assert together == (lines_in(content) if content else [])


def test_the_last_come_in_the_order_of_the_file(log: Path) -> None:
    """At most so many, or all."""
    SimpleJsonStore(log).save_events(events := make_events(300))
    for count in (0, 1, 7, 299, 300, 301, None):
        recent = recent_lines(log, Selection(), count)
        wanted = events[-count:] if count else [] if count == 0 else events
        assert [line + b"\n" for line, _ in recent.records] == [*map(CODEC.encode, wanted)]
        assert [record.event_id for _, record in recent.records] == [e.event_id for e in wanted]
        assert recent.other_lines == 0


def test_what_is_no_record_is_counted(log: Path) -> None:
    """Only as far as the log is read; blank lines are nothing."""
    line = CODEC.encode(make_event())
    log.write_bytes(b"junk\n" + line + b"\n  \n[1]\n" + line + b'{"torn')
    assert recent_lines(log, Selection(), 1).other_lines == 1
    assert recent_lines(log, Selection(), 3).other_lines == 3


def test_the_last_line_may_lack_its_newline(log: Path) -> None:
    """It is a record if it is whole."""
    log.write_bytes(CODEC.encode(make_event())[:-1])
    assert len(recent_lines(log, Selection(), 5).records) == 1


def test_the_end_of_a_long_log_is_read_and_no_more(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So it takes no longer than that of a short one."""
    SimpleJsonStore(log).save_events(make_events(5000))
    reading = SystemCalls(monkeypatch, log)
    assert log.stat().st_size > 1_000_000
    assert reading.read(lambda: recent_lines(log, Selection(), 20)) < 70_000


def test_progress_is_told_while_it_is_searched(log: Path) -> None:
    """From the end on."""
    SimpleJsonStore(log).save_events(make_events(1000))
    told: list[tuple[int, int]] = []
    recent_lines(log, Selection("none"), 20, progress=lambda *now: told.append(now))
    size = log.stat().st_size
    assert told == sorted(told)
    assert told[-1] == (size, size)
    assert len(told) > 2


def test_a_missing_log_is_an_error(log: Path) -> None:
    """It is probably a mistake."""
    with pytest.raises(StorageError, match="cannot read") as caught:
        recent_lines(log, Selection(), 1)
    assert isinstance(caught.value.__cause__, FileNotFoundError)
