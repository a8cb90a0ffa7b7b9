"""A line that is one whole JSON value stays, whatever the model says of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import BaseModel

from specify_cli.telemetry import SimpleJsonStore
from specify_cli.telemetry._codec import codec_of
from specify_cli.telemetry.check import check_log
from specify_cli.telemetry.repair import repair_log

from ..support.events import CODEC, make_event, make_events
from ..support.rejected import assert_nothing_is_lost, records_beside, rejected_beside
from .test_repair import REAL_LOGS, TORN, applied

EVENT = make_event()
LINE = CODEC.encode(EVENT)


class Published(BaseModel):
    """An event of a later contract."""

    event_id: str
    aggregate_id: str
    lamport_clock: int | None = None
    node_id: str = ""
    build: int


@pytest.mark.parametrize(
    "line",
    [
        b'{"id": 1, "type": "status"}',
        b"{}",
        b"[1, 2]",
        b"null",
        b"7",
        b'"text"',
        b'\xef\xbb\xbf{"id": 1}',
        b' { "id" : NaN }\t\r',
        b'{"id": ' + b"9" * 5000 + b"}",
        b"[" * 3000 + b"]" * 3000,
        b'{"path": "C:\\temp"}',
        b'{"text": "a\tb"}',
        LINE.rstrip().replace(b'"lamport_clock": 1', b'"lamport_clock": -1'),
        b'{"event_id": "7d1eab62-27aa-4a9f-9d09-0c1ac5fb6a4d", "aggregate_id": "a"}',
    ],
    ids=range(14),
)
def test_json_stays_byte_for_byte(line: bytes, log: Path) -> None:
    """Alone it is no reason for a repair, and beside damage it stays where it is."""
    content = line + b"\n" + LINE + line + b"\n" + line
    log.write_bytes(content)
    assert repair_log(log, apply=True).is_clean
    assert log.read_bytes() == content
    assert not check_log(log).is_clean
    log.write_bytes(line + b"\n" + LINE + TORN + b"\n" + line + b"\n")
    report = applied(log)
    assert log.read_bytes() == line + b"\n" + LINE + line + b"\n"
    assert [record.data for record in records_beside(log)] == [TORN + b"\n"]
    assert (report.events, report.rejected) == (1, 1)


def test_a_log_of_another_contract_is_not_emptied(log: Path) -> None:
    """Named, its model makes events of its lines; a torn one among them is moved either way."""
    lines = b"".join(
        b'{"event_id": "%d", "aggregate_id": "a", "build": 1}\n' % number for number in range(20)
    )
    log.write_bytes(lines + TORN)
    assert repair_log(log).rejected_bytes == len(TORN)
    report = repair_log(log, apply=True, event_model=Published)
    assert (report.events, report.other_lines, report.rejected) == (20, 0, 1)
    assert log.read_bytes() == lines


def test_a_mixed_log_stays_mixed(log: Path) -> None:
    """Rows of another kind are no damage, repeated or not."""
    rows = [json.dumps({"event_id": f"{n}", "lane": "done"}).encode() + b"\n" for n in range(20)]
    events = [CODEC.encode(event) for event in make_events(20)]
    content = b"".join(row + event + rows[0] for row, event in zip(rows, events, strict=True))
    log.write_bytes(content)
    report = repair_log(log, apply=True)
    assert (report.is_clean, report.other_lines, report.other_events) == (True, 40, 40)
    assert log.read_bytes() == content


def test_whole_records_of_other_kinds_are_saved_from_fused_lines(log: Path) -> None:
    """As events are: each gets a line of its own."""
    row = b'{"event_id": "1", "lane": "done"}'
    log.write_bytes(LINE + row + row + TORN + row + LINE[:-1] + row + b"\n")
    report = applied(log)
    assert log.read_bytes() == LINE + (row + b"\n") * 4
    assert [record.header["kind"] for record in records_beside(log)] == ["torn", "duplicate"]
    assert (report.separated, report.recovered) == (4, 0)


@pytest.mark.parametrize("space", [b"\x0c", b"\x0b", b" \x0b\t\x0c ", b"\xef\xbb\xbf ", b"\0\x0c"])
def test_what_is_written_back_loads(space: bytes, log: Path) -> None:
    """White space that is none in JSON does not stay with an event: it would not load for ever."""
    other = CODEC.encode(make_event())
    for content in (space + LINE + other, other + LINE[:-1] + space + b"\n" + space + b"\n"):
        log.write_bytes(content)
        assert EVENT not in SimpleJsonStore(log).load_all_events() or space.endswith(b" ")
        assert applied(log).events == 2
        assert EVENT in SimpleJsonStore(log).load_all_events()
        assert repair_log(log).is_clean
        rejected_beside(log).unlink(missing_ok=True)


def test_a_good_second_copy_is_not_moved_for_one_that_does_not_load(log: Path) -> None:
    """The one behind a form feed is the repeat."""
    log.write_bytes(b"\x0c" + LINE + LINE)
    report = applied(log)
    assert log.read_bytes() == LINE
    assert (report.events, report.recovered, report.duplicates) == (1, 0, 1)


class Fickle(BaseModel):
    """An event that loads as it stands within a line, but not with a line end."""

    event_id: str
    aggregate_id: str
    lamport_clock: int = 0
    node_id: str = ""


def test_every_line_is_verified_before_the_log_is_replaced(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An event that would not load from a line of its own is moved as it is."""
    codec = codec_of(Fickle)
    event = b'{"event_id": "%d", "aggregate_id": "a"}'
    real = codec.loads_as
    monkeypatch.setattr(
        codec, "loads_as", lambda line: None if line == event % 2 + b"\n" else real(line)
    )
    log.write_bytes(event % 1 + b"\n" + event % 2 + event % 3)
    before = log.read_bytes()
    report = repair_log(log, apply=True, event_model=Fickle)
    assert log.read_bytes() == event % 1 + b"\n" + event % 3 + b"\n"
    assert [record.data for record in records_beside(log)] == [event % 2]
    assert_nothing_is_lost(before, log.read_bytes(), records_beside(log))
    assert report.recovered == 1


@pytest.mark.uncounted
@pytest.mark.skipif(not REAL_LOGS.exists(), reason="logs from real use are not here")
def test_nothing_is_moved_out_of_real_logs_of_any_kind(log: Path) -> None:
    """But what is torn, once a line of them is; with an event in them, or where none is."""
    for real in sorted(REAL_LOGS.rglob("*.jsonl")):
        content = real.read_bytes()
        lines = content.splitlines(keepends=True)
        log.write_bytes(LINE + content)
        report = repair_log(log, apply=True)
        assert (report.is_clean, report.rejected) == (True, 0), real
        assert log.read_bytes() == LINE + content
        for cut in (1, 7, 40, 200) if lines else ():
            tear = lines[0][:cut]
            damaged = LINE + b"".join(tear + b"\n" + line for line in lines) + tear
            log.write_bytes(damaged)
            report = repair_log(log, apply=True)
            assert log.read_bytes() == LINE + content, (real, cut)
            moved = [record.data for record in records_beside(log)]
            assert moved == [tear + b"\n"] * len(lines) + [tear]
            rejected_beside(log).unlink()
