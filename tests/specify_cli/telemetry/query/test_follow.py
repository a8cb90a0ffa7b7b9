"""The records of a log as they come."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from specify_cli.telemetry import SimpleJsonStore
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
