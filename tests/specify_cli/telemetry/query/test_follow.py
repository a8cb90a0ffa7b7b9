"""The records of a log as they come."""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from specify_cli.telemetry import SimpleJsonStore
from specify_cli.telemetry._log import lock
from specify_cli.telemetry.query import Batch, Selection, follow

from ..support.events import CODEC, make_event, make_events


def look(batches: Iterator[Batch]) -> tuple[list[str | None], set[str]]:
    """Return the ids of what came up to now, and what was said of the log."""
    ids: list[str | None] = []
    said: set[str] = set()
    for batch in batches:
        ids += [record.event_id for _, record in batch.records]
        said |= {"missing"} if batch.is_missing else set()
        said |= {"restarted"} if batch.is_restarted else set()
        if batch.is_last:
            break
    return ids, said


def saved(log: Path, count: int) -> list[str]:
    """Save some events, and return their ids."""
    SimpleJsonStore(log).save_events(events := make_events(count))
    return [event.event_id for event in events]


def test_it_begins_with_the_last_and_goes_on(log: Path) -> None:
    """Each record comes once."""
    ids = saved(log, 5)
    batches = follow(log, Selection(), 2)
    assert look(batches) == (ids[-2:], set())
    assert look(batches) == ([], set())
    new = saved(log, 3)
    assert look(batches) == (new, set())
    assert look(batches) == ([], set())


def test_it_may_begin_at_the_start(log: Path) -> None:
    """Or with nothing."""
    ids = saved(log, 700)
    assert look(follow(log, Selection(), None)) == (ids, set())
    assert look(follow(log, Selection(), 0)) == ([], set())


def test_a_log_that_is_missing_is_waited_for(log: Path) -> None:
    """What comes then comes from its start, and a log that goes is missing again."""
    batches = follow(log, Selection(), 5)
    assert look(batches) == ([], {"missing"})
    ids = saved(log, 2)
    assert look(batches) == (ids, set())
    log.unlink()
    assert look(batches) == ([], {"missing", "restarted"})
    assert look(batches) == ([], {"missing"})
    assert look(batches) == ([], {"missing"})
    ids = saved(log, 1)
    assert look(batches) == (ids, set())


def test_a_log_that_is_replaced_or_truncated_is_read_from_its_start(log: Path) -> None:
    """And that is said; with the same content it just goes on."""
    ids = saved(log, 3)
    batches = follow(log, Selection(), 9)
    assert look(batches) == (ids, set())
    other = log.with_name("other")
    other.write_bytes(log.read_bytes() + CODEC.encode(event := make_event()))
    other.replace(log)
    assert look(batches) == ([event.event_id], set())
    os.truncate(log, len(CODEC.encode(event)))
    assert look(batches) == (ids[:1], {"restarted"})
    log.unlink()
    new = saved(log, 9)
    assert look(batches) == (new, {"restarted"})


def test_a_line_comes_when_it_is_whole(log: Path) -> None:
    """Not before, and once."""
    line = CODEC.encode(event := make_event())
    log.write_bytes(line[:50])
    batches = follow(log, Selection(), None)
    assert look(batches) == ([], set())
    with log.open("ab") as file:
        file.write(line[50:])
    assert look(batches) == ([event.event_id], set())


def test_only_what_is_asked_for_comes(log: Path) -> None:
    """Of the last and of those that come."""
    saved(log, 3)
    batches = follow(log, Selection("A"), 5)
    assert look(batches) == ([], set())
    saved(log, 1)
    with log.open("ab") as file:
        file.write(b'junk\n\n{"aggregate_id": "A", "event_id": "x"}\n')
    assert look(batches) == (["x"], set())


def test_the_last_are_not_all_there_is_and_a_long_log_comes_in_parts(log: Path) -> None:
    """Whoever follows looks again at once, and no more than a block is in memory."""
    saved(log, 700)
    assert next(follow(log, Selection(), 2)).is_last is False
    batches = list(
        itertools.takewhile(lambda batch: not batch.is_last, follow(log, Selection(), None))
    )
    assert len(batches) > 1
    assert sum(len(batch.records) for batch in batches) == 700


@pytest.mark.parametrize("looks", [0, 1])
def test_an_append_under_way_is_waited_for(log: Path, looks: int) -> None:
    """Whole lines too may be taken back while their writer has the lock."""
    (kept,) = saved(log, 1)
    taken_back = log.read_bytes()
    batches = follow(log, Selection(), 5)
    for _ in range(looks):
        assert look(batches)[0] == [kept]
    fd = os.open(log, os.O_RDWR | os.O_APPEND | getattr(os, "O_BINARY", 0))
    assert lock.acquire(fd)
    os.write(fd, CODEC.encode(make_event(event_id="01KHJVJWDM0HGAGYGXJYKD1JQG")))
    found: list[list[str | None]] = []
    thread = threading.Thread(target=lambda: found.append(look(batches)[0]))
    thread.start()
    thread.join(0.1)
    assert not found
    os.ftruncate(fd, len(taken_back))
    lock.release(fd)
    thread.join()
    os.close(fd)
    assert found == [[kept][looks:]]
