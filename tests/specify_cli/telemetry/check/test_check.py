"""What a check says of a log."""

from __future__ import annotations

import dataclasses
import os
import stat
import threading
import tracemalloc
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from pydantic import BaseModel, ConfigDict

from specify_cli.spec_kitty_events import Event, StorageError
from specify_cli.telemetry import SimpleJsonStore
from specify_cli.telemetry._log import lock
from specify_cli.telemetry.check import DAMAGE, LogReport, Problem, ProblemKind, check_log

from ..support.events import CODEC, make_event, make_events, numbered_id
from ..support.platforms import posix_only

REAL_LOGS = Path(__file__).parents[5] / "shared" / "data"

EVENTS = [
    make_event(numbered_id(n), aggregate_id=f"feature-{n % 3}", lamport_clock=n) for n in range(6)
]
LINES = [CODEC.encode(event) for event in EVENTS]
WHOLE = LINES[0]
TORN = LINES[1][:70]
OTHER_WHOLE = WHOLE.replace(b"claude", b"copilot")
INVALID = WHOLE.replace(b'"lamport_clock": 0', b'"lamport_clock": -1')


def check(log: Path, *lines: bytes) -> LogReport:
    """Return the report on a log of these bytes."""
    log.write_bytes(b"".join(lines))
    return check_log(log)


def kinds(problems: Sequence[Problem]) -> list[tuple[int, str]]:
    """Return line and kind of each problem."""
    return [(problem.line, problem.kind) for problem in problems]


def test_a_clean_log_has_no_problems(log: Path) -> None:
    """All its events and aggregates are counted, and nothing is written."""
    log.write_bytes(b"".join(LINES))
    log.chmod(stat.S_IREAD)
    before = log.stat()
    assert check_log(os.fspath(log)) == LogReport(
        path=log,
        size=before.st_size,
        lines=6,
        events=6,
        aggregates=3,
        malformed_lines=0,
        recoverable_events=0,
        other_events=0,
        counts={},
        problems=(),
    )
    assert check_log(log).is_clean
    after = log.stat()
    assert (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, after.st_size)
    assert [path.name for path in log.parent.iterdir()] == [log.name]
    log.chmod(stat.S_IREAD | stat.S_IWRITE)


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"", 0),
        (b"\n", 1),
        (b"\n\r\n \n", 3),
        (b"\xef\xbb\xbf" + WHOLE, 1),
        (WHOLE.replace(b"\n", b"\r\n") * 1 + LINES[1], 2),
        (WHOLE.rstrip(b"\n"), 1),
        (WHOLE + b"\n" + LINES[1], 3),
    ],
)
def test_what_loads_or_is_blank_is_no_problem(log: Path, content: bytes, lines: int) -> None:
    """Other spellings, blank lines, a last line without newline, an empty log."""
    report = check(log, content)
    assert report.is_clean
    assert report.lines == lines
    assert report.events == content.count(b"aggregate_id")


@pytest.mark.parametrize(
    ("lines", "problems", "events", "recoverable"),
    [
        ((WHOLE, TORN), [(2, "torn tail")], 1, 0),
        ((WHOLE, b"\xff"), [(2, "torn tail")], 1, 0),
        ((TORN, b"\n", WHOLE), [(1, "torn")], 1, 0),
        ((WHOLE, TORN, LINES[1]), [(2, "fused")], 1, 1),
        ((LINES[1][:-1], LINES[2]), [(1, "fused")], 0, 2),
        ((WHOLE[:-1], TORN), [(1, "fused")], 0, 1),
        ((b"\x00\x00", WHOLE), [(1, "nul run")], 0, 1),
        ((WHOLE, b"\x00\x00"), [(2, "nul run")], 1, 0),
        ((TORN, b"\x00", TORN), [(1, "torn"), (1, "nul run"), (1, "torn tail")], 0, 0),
        ((TORN, b"\x00", WHOLE), [(1, "fused"), (1, "nul run")], 0, 1),
        ((b"=======\n", WHOLE), [(1, "conflict marker")], 1, 0),
        ((b"nonsense\n", WHOLE), [(1, "malformed")], 1, 0),
        ((b'{"id": 1}\n', WHOLE), [(1, "other record")], 1, 0),
        ((b'{"id": 1}',), [(1, "other record")], 0, 0),
        ((WHOLE, WHOLE), [(2, "duplicate")], 1, 0),
        ((WHOLE, LINES[1], WHOLE, WHOLE), [(3, "duplicate"), (4, "duplicate")], 2, 0),
        ((WHOLE, TORN, WHOLE), [(2, "fused")], 1, 0),
        ((TORN, WHOLE, WHOLE), [(1, "fused")], 1, 0),
        ((TORN, WHOLE, TORN, WHOLE), [(1, "fused"), (2, "fused")], 0, 1),
        ((b"\x0b", WHOLE), [(1, "fused")], 0, 1),
        ((WHOLE[:-1], b"\x0b\n"), [(1, "fused")], 0, 1),
        ((b'{"id": 1}{"id": 2}\n', WHOLE), [(1, "fused")], 1, 0),
        ((WHOLE, OTHER_WHOLE), [(2, "repeated id")], 1, 0),
        ((WHOLE, OTHER_WHOLE, OTHER_WHOLE), [(2, "repeated id"), (3, "duplicate")], 1, 0),
        ((INVALID, WHOLE), [(1, "invalid event")], 1, 0),
        ((WHOLE, b"[1]\n"), [(2, "other record")], 1, 0),
    ],
)
def test_each_problem_is_told(
    log: Path,
    lines: tuple[bytes, ...],
    problems: list[tuple[int, str]],
    events: int,
    recoverable: int,
) -> None:
    """Where it is and what it is; what loads is counted, and what could be recovered."""
    report = check(log, *lines)
    assert kinds(report.problems) == problems
    assert report.counts == Counter(kind for _, kind in problems)
    assert report.events == events == len(SimpleJsonStore(log).load_all_events())
    assert report.recoverable_events == recoverable
    assert not report.is_clean


def test_a_problem_says_where_why_and_what(log: Path) -> None:
    """The offset is that of the bytes concerned, of which the first 64 are told."""
    lines = [WHOLE, b"\n", TORN + b"\x00\x00" + TORN + b"\n", b"x" * 99 + b"\n"]
    lines += [WHOLE, OTHER_WHOLE]
    lines += [TORN + b'<<<<<<< {"id": 1}' + WHOLE]
    report = check(log, *lines)
    content = log.read_bytes()
    assert report.malformed_lines == 3
    assert [(p.line, p.kind, p.reason) for p in report.problems] == [
        (3, "torn", "the end of the record is missing"),
        (3, "nul run", "2 NUL bytes"),
        (3, "torn", "the end of the record is missing"),
        (4, "malformed", "Expecting value: line 1 column 1 (char 0)"),
        (5, "duplicate", "the same as line 1"),
        (6, "repeated id", "another line with the id of line 1, which is the one that loads"),
        (7, "fused", "1 whole event and 1 other record beside a torn record"),
    ]
    for problem in report.problems:
        assert content[problem.offset :].startswith(problem.excerpt)
    assert [len(p.excerpt) for p in report.problems] == [64, 2, 64, 64, 64, 64, 64]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (WHOLE[:-1] + WHOLE, "2 whole events in one line"),
        (TORN + WHOLE, "1 whole event beside a torn record"),
        (b'{"id": 1}' + WHOLE, "1 whole event and 1 other record in one line"),
        (b'{"id": 1}{"id": 2}' + TORN, "2 other records beside a torn record"),
        (b"=======" + WHOLE, "1 whole event beside a conflict marker"),
        (b"\x00" + TORN + WHOLE, "1 whole event beside a torn record"),
        (WHOLE[:-1] * 2 + TORN, "2 whole events beside a torn record"),
        (b"\x0b" + WHOLE, "1 whole event beside other bytes"),
        (WHOLE[:-1] + b"\x00" + WHOLE, "2 whole events in one line"),
        (b"\x00\x00" + WHOLE, "2 NUL bytes in one line with a whole record"),
        (TORN + b"\x00" + TORN + WHOLE, "1 whole event beside a torn record"),
    ],
)
def test_what_is_fused_is_told(log: Path, line: bytes, reason: str) -> None:
    """How many whole events, and beside what."""
    assert check(log, line).problems[0].reason == reason


def test_all_problems_are_counted_and_the_first_reported(log: Path) -> None:
    """The report does not grow with the damage."""
    log.write_bytes((b"x\n" + WHOLE) * 50)
    report = check_log(log, max_problems=7)
    assert report.counts == {"malformed": 50, "duplicate": 49}
    assert [problem.line for problem in report.problems] == [1, 3, 4, 5, 6, 7, 8]
    assert check_log(log, max_problems=0).counts == report.counts
    assert check_log(log, max_problems=0).problems == ()
    assert len(check_log(log).problems) == 99


@pytest.mark.parametrize("path", ["missing.jsonl", ".", "a\0b"])
def test_what_cannot_be_read_is_an_error(tmp_path: Path, path: str) -> None:
    """A missing file, a directory, an impossible name."""
    with pytest.raises(StorageError, match=r"^cannot read ") as caught:
        check_log(tmp_path / path)
    assert isinstance(caught.value.__cause__, OSError)


def test_progress_is_told(log: Path) -> None:
    """Up to the end, in steps."""
    log.write_bytes(b"".join(CODEC.encode(event) for event in make_events(1000)))
    size = log.stat().st_size
    steps: list[tuple[int, int]] = []
    check_log(log, progress=lambda done, total: steps.append((done, total)))
    assert len(steps) > 2
    assert steps == sorted(steps)
    assert {total for _, total in steps} == {size}
    assert steps[-1][0] == size


def test_what_is_appended_meanwhile_is_left_out(log: Path) -> None:
    """The log is looked at as it was at the start."""
    log.write_bytes(b"".join(LINES) + TORN + b"\n")
    store = SimpleJsonStore(log)
    report = check_log(log, progress=lambda *_: store.save_event(make_event()))
    assert (report.events, report.lines) == (6, 7)
    assert report.counts == {"torn": 1}
    assert len(store.load_all_events()) == 7


def test_an_append_under_way_is_waited_for(log: Path) -> None:
    """Half a line is not called torn while its writer has the lock."""
    log.write_bytes(WHOLE + LINES[1][:50])
    fd = os.open(log, os.O_RDWR | os.O_APPEND | getattr(os, "O_BINARY", 0))
    assert lock.acquire(fd)
    reports: list[LogReport] = []
    thread = threading.Thread(target=lambda: reports.append(check_log(log)))
    thread.start()
    thread.join(0.1)
    assert not reports
    os.write(fd, LINES[1][50:])
    lock.release(fd)
    thread.join()
    os.close(fd)
    assert reports[0].events == 2
    assert reports[0].is_clean


class Note(BaseModel):
    """An event of another contract."""

    model_config = ConfigDict(frozen=True)

    event_id: str
    aggregate_id: str
    lamport_clock: int | None = None
    node_id: str = "here"
    text: str


def test_any_model_can_be_checked(log: Path) -> None:
    """What is an event, and what a record of another kind, is for the model to say."""
    note = Note(event_id="1", aggregate_id="a", text="b").model_dump_json().encode()
    log.write_bytes(note + b"\n" + WHOLE + b'{"node_id": "there"}\n' + note)
    report = check_log(log, event_model=Note)
    assert report.events == 1
    assert kinds(report.problems) == [(2, "invalid event"), (3, "other record"), (4, "duplicate")]


def test_the_log_is_opened_once(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many duplicates there are: another file would have other lines."""
    log.write_bytes((b"x\n" + WHOLE) * 1000)
    real = os.open
    opened: list[object] = []

    def noted(path: str, flags: int, mode: int = 0o777) -> int:
        opened.append(path)
        return real(path, flags, mode)

    monkeypatch.setattr(os, "open", noted)
    report = check_log(log, max_problems=2000)
    assert opened == [str(log)]
    assert report.counts == {"malformed": 1000, "duplicate": 999}
    assert {p.reason for p in report.problems if p.kind == "duplicate"} == {"the same as line 2"}


@posix_only
def test_a_log_that_is_replaced_meanwhile_is_one_log(log: Path) -> None:
    """What is told of a duplicate is told of the file that was read."""
    log.write_bytes(b"".join(LINES) * 200)

    def replace(*_: int) -> None:
        other = log.with_name("other")
        other.write_bytes(b"x" * 100_000)
        other.replace(log)

    report = check_log(log, progress=replace)
    assert report.counts == {"duplicate": 1194}
    assert report.problems[-1].reason == "the same as line 4"


@pytest.mark.parametrize("lines", [200, 4000])
def test_a_repeated_line_takes_no_memory(lines: int, log: Path) -> None:
    """Of an id only the lines that differ are kept, and of the problems the first."""
    log.write_bytes(WHOLE * lines)
    tracemalloc.start()
    check_log(log, max_problems=10)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 500_000


@pytest.mark.uncounted
def test_a_line_of_many_events_takes_little_memory(log: Path) -> None:
    """They are looked at one by one; what is kept is their ids, and a few copies of the line."""
    line = b"".join(CODEC.encode(event)[:-1] for event in make_events(5000))
    log.write_bytes(TORN + line)
    tracemalloc.start()
    report = check_log(log)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert report.recoverable_events == 5000
    assert peak < 6 * len(line) + 5000 * 300


def test_events_of_another_model_are_counted(log: Path) -> None:
    """They have an id, and are whole, but no events of this model."""
    report = check(log, WHOLE, b'{"event_id": "1", "text": "x"}\n', b'{"id": 1}\n', INVALID, TORN)
    assert report.other_events == 2
    assert report.is_damaged
    assert not check(log, WHOLE, INVALID, OTHER_WHOLE, b"{}\n").is_damaged


@settings(max_examples=150)
@given(
    st.lists(
        st.sampled_from([*LINES[:3], OTHER_WHOLE, TORN, b"\n", b"\0", b"=======", b"{}"]),
        max_size=12,
    )
)
def test_the_report_agrees_with_the_store(
    tmp_path_factory: pytest.TempPathFactory, parts: list[bytes]
) -> None:
    """Whatever a log holds, what a check counts is what loads."""
    log = tmp_path_factory.getbasetemp() / "agreed.jsonl"
    report = check(log, *parts)
    loaded = SimpleJsonStore(log).load_all_events()
    assert report.events == len(loaded)
    assert report.aggregates == len({event.aggregate_id for event in loaded})
    ids = {"duplicate", "repeated id"}
    assert (report.malformed_lines > 0) == any(kind not in ids for kind in report.counts)
    assert report.is_damaged == any(kind in DAMAGE for kind in report.counts)
    content = log.read_bytes()
    for problem in report.problems:
        assert content[problem.offset :].startswith(problem.excerpt)
        assert content.count(b"\n", 0, problem.offset) + 1 == problem.line


@pytest.mark.skipif(not REAL_LOGS.is_dir(), reason="logs from real use are not here")
def test_real_logs_are_told_apart() -> None:
    """Logs in daily use are clean; a log of other records has no event."""
    for path in (REAL_LOGS / "execution").iterdir():
        assert check_log(path, event_model=Event).is_clean
    status = check_log(REAL_LOGS / "status.events.jsonl")
    assert (status.events, status.counts) == (0, {"other record": 512})


@pytest.mark.parametrize("kind", get_args(ProblemKind))
def test_damage_is_what_a_repair_mends(log: Path, kind: ProblemKind) -> None:
    """What was written on purpose is a problem, and no damage."""
    log.write_bytes(WHOLE)
    report = dataclasses.replace(check_log(log), counts={kind: 1})
    assert report.is_damaged == (kind not in {"repeated id", "invalid event", "other record"})


def test_an_excerpt_ends_with_the_line(log: Path) -> None:
    """What ends a line is no part of it; what it begins with is."""
    (problem,) = check(log, b"\r junk\r\n").problems
    assert problem.excerpt == b"\r junk"


def test_a_repeat_names_the_first_line_that_is_the_same(log: Path) -> None:
    """Not the one before it, nor another line with its id."""
    report = check(log, WHOLE, WHOLE, OTHER_WHOLE, OTHER_WHOLE, WHOLE, OTHER_WHOLE)
    assert [problem.reason for problem in report.problems] == [
        "the same as line 1",
        "another line with the id of line 1, which is the one that loads",
        *("the same as line 3", "the same as line 1", "the same as line 3"),
    ]


def test_lines_are_numbered_however_long_the_log_is(log: Path) -> None:
    """It is read in blocks, and a repeat is of a line in any of them."""
    lines = [CODEC.encode(event) for event in make_events(1200)]
    report = check(log, *lines, lines[1], lines[1100], lines[600])
    assert [problem.line for problem in report.problems] == [1201, 1202, 1203]
    assert [problem.reason for problem in report.problems] == [
        *("the same as line 2", "the same as line 1101", "the same as line 601"),
    ]


def test_no_more_problems_are_told_than_asked_for(log: Path) -> None:
    """In one line too; all of them are counted."""
    log.write_bytes(b"\0" * 9 + b"junk\n")
    assert len(check_log(log).problems) == 2
    report = check_log(log, max_problems=1)
    assert (len(report.problems), report.counts) == (1, {"nul run": 1, "malformed": 1})
