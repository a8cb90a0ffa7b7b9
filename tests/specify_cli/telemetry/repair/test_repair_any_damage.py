"""Whatever happened to a log, a repair changes nothing that loads and loses no byte."""

from __future__ import annotations

import dataclasses
import json
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specify_cli.spec_kitty_events import Event, StorageError
from specify_cli.telemetry import SimpleJsonStore
from specify_cli.telemetry.check import check_log
from specify_cli.telemetry.repair import repair_log

from ..support.events import CODEC, make_event, numbered_id
from ..support.rejected import assert_nothing_is_lost, records_beside

INNER = make_event(numbered_id(900))
PAYLOADS: list[dict[str, Any]] = [
    {},
    {"text": 'braces } { "quotes" \\ and\nlines'},
    {"events": [INNER.model_dump(mode="json")], "text": CODEC.encode(INNER).decode()},
    {"event": INNER.model_dump(mode="json")},
    {"text": "\x00 \ud800 é"},
    {"event_id": INNER.model_dump(mode="json"), "events": [INNER.model_dump(mode="json")] * 2},
]
EVENTS = [
    make_event(numbered_id(number), lamport_clock=number, payload=payload)
    for number, payload in enumerate(PAYLOADS)
]
LINES = [CODEC.encode(event) for event in EVENTS]

lines = st.sampled_from(LINES)
other_with_same_id = lines.map(lambda line: line.replace(b"cli:WP01", b"cli:WP02", 1))
cuts = st.builds(lambda line, cut: line[: cut % len(line)], lines, st.integers(0, 10_000))
tails = st.builds(lambda line, cut: line[cut % len(line) :], lines, st.integers(0, 10_000))
damage = st.one_of(
    lines,
    lines.map(lambda line: line[:-1]),
    lines.map(lambda line: line.replace(b"\n", b"\r\n")),
    lines.map(lambda line: b"\xef\xbb\xbf" + line),
    other_with_same_id,
    cuts,
    tails,
    st.integers(1, 5).map(lambda count: b"\0" * count),
    st.binary(max_size=5),
    st.sampled_from(
        [
            b"\n",
            b" \r\n",
            b"junk\n",
            b"{}\n",
            b'{"id": 7}',
            b'{"id": 7}\n',
            b"[1, 2]\n",
            LINES[0].replace(b'"lamport_clock": 0', b'"lamport_clock": -1'),
            b",\n",
            b"\x0c",
            b"\xef\xbb\xbf",
            b"Traceback:",
            b"<<<<<<< HEAD\n",
            b"=======\n",
            b">>>>>>> branch\n",
        ]
    ),
)


def loaded(log: Path) -> list[Event]:
    """Return the events of a log in file order, each id once."""
    return list(SimpleJsonStore(log).iter_events())


def whole_lines(content: bytes) -> set[bytes]:
    """Return the lines that are JSON, without white space and byte order marks around them."""
    lines = (line.removeprefix(b"\xef\xbb\xbf").strip(b" \t\r") for line in content.split(b"\n"))
    return {line for line in lines if is_json(line)}


def is_json(line: bytes) -> bool:
    """Return whether a line is one JSON value."""
    try:
        json.loads(line.decode())
    except (ValueError, RecursionError):
        return False
    return True


def refusal_of(log: Path) -> str | None:
    """Return why a log is not to be repaired, if it is not."""
    try:
        repair_log(log)
    except StorageError as error:
        return str(error)
    return None


def is_subsequence(short: list[Event], long: list[Event]) -> bool:
    """Return whether ``long`` is ``short`` with others in between."""
    rest = iter(long)
    return all(event in rest for event in short)


@pytest.mark.uncounted
@settings(max_examples=300)
@given(st.lists(damage, max_size=12).map(b"".join))
def test_any_damage(content: bytes) -> None:
    """The log loads as before, and what was recovered too; all bytes are in one file or other."""
    check_repair(content, {event.event_id for event in EVENTS})


def check_repair(content: bytes, ids: set[str] | None = None) -> None:
    """Check a repair of a log, whose events can have these ids only."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "events.jsonl"
        log.write_bytes(content)
        before = loaded(log)
        check = check_log(log)
        if (refused := refusal_of(log)) is not None:
            assert "no line of it is an event" in refused
            assert not before
            assert log.read_bytes() == content
            assert list(log.parent.iterdir()) == [log]
            return
        announced = repair_log(log)
        report = repair_log(log, apply=True)
        assert report == dataclasses.replace(announced, applied=not announced.is_clean)
        assert report.is_clean != check.is_damaged
        assert report.events == check.events + check.recoverable_events
        assert whole_lines(content) - whole_lines(log.read_bytes()) == set()
        after = loaded(log)
        assert is_subsequence(before, after)
        assert len(after) == report.events == len(before) + report.recovered
        # Never what stands in a payload.
        assert ids is None or {event.event_id for event in after} <= ids
        assert max(Counter(event.event_id for event in after).values(), default=1) == 1
        assert_nothing_is_lost(content, log.read_bytes(), records_beside(log))
        assert report.is_clean == (log.read_bytes() == content and not records_beside(log))
        assert not check_log(log).is_damaged
        status = log.stat()
        if not after:
            assert refusal_of(log) is not None
            return
        again = repair_log(log, apply=True)
        assert (again.is_clean, again.applied, again.events) == (True, False, len(after))
        assert log.stat() == status
