"""A file that is no event log is not touched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from specify_cli.spec_kitty_events import StorageError
from specify_cli.telemetry.repair import repair_log
from specify_cli.telemetry.repair.guard import NotALogError

from ..support.events import CODEC, make_event, make_events
from ..support.rejected import records_beside, rejected_beside
from .test_repair import TORN, applied

EVENT = CODEC.encode(make_event())
PRETTY = json.dumps(json.loads(EVENT), indent=2).encode() + b"\n"
SOURCE = b"""import json

FIRST = '%b'
RECORDS = [
    {"event_id": "x",
     "payload": {}},
{"event_id": "y",
]
""" % EVENT.rstrip()


def assert_refused(log: Path, content: bytes, reason: str = "no line of it is an event") -> None:
    """See that a file is refused, with and without --apply, and is what it was."""
    log.write_bytes(content)
    before = log.stat()
    for apply in (False, True):
        with pytest.raises(StorageError, match=reason) as caught:
            repair_log(log, apply=apply)
        assert isinstance(caught.value.__cause__, NotALogError)
    after = log.stat()
    assert log.read_bytes() == content
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert list(log.parent.iterdir()) == [log]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n \r\n",
        b"junk\n",
        b"a,b\n1,2\n",
        b'[tool]\nname = "x"\n',
        b"\0" * 100,
        b"=======\n",
        b'{"id": 1, "type": "status"}\n' * 3,
        b"{\n",
        b'{"\n',
        b'{"id": 1, "ty',
        PRETTY,
        b"[" + EVENT.rstrip() + b"]\n",
        SOURCE,
        Path(__file__).read_bytes(),
        Path(repair_log.__code__.co_filename).read_bytes(),
        ("\n".join("x" * 40 for _ in range(1000)) + "\n").encode() + TORN,
        b"junk\n" * 2 + TORN,
        pytest.param(b"[" * 100_000, marks=pytest.mark.uncounted),
    ],
    ids=range(19),
)
def test_a_file_without_an_event_is_refused(content: bytes, log: Path) -> None:
    """Source code, tables, settings, records of other kinds, nothing at all."""
    assert_refused(log, content)


@pytest.mark.parametrize(
    "content",
    [
        TORN,
        b'{"agg',
        b'{"a\n',
        TORN + b"\n" + b"junk\n",
        TORN + EVENT,
        EVENT.rstrip() + EVENT.replace(b"cli", b"gui"),
        b"INFO " + EVENT,
        b"INFO " + EVENT + b"junk\n",
        b"\x0c" + EVENT,
        EVENT.rstrip() + b",\n",
        b"junk\n" * 20 + EVENT,
        b'{"id": 1}\n' * 20 + TORN,
    ],
)
def test_a_log_may_be_badly_damaged(content: bytes, log: Path) -> None:
    """One event, or as many lines with events or beginnings of them as there are of mere text."""
    log.write_bytes(content)
    assert applied(log).rejected or log.read_bytes() != content


def test_what_was_moved_out_of_a_log_is_no_log(log: Path) -> None:
    """Though events may be in it, and whatever its name."""
    log.write_bytes(EVENT + EVENT + TORN)
    repair_log(log, apply=True)
    content = rejected_beside(log).read_bytes()
    assert EVENT in content
    rejected_beside(log).unlink()
    assert_refused(log, content, "what was moved out of a log")
    assert_refused(log, b"a note\n" + content, "what was moved out of a log")
    log.write_bytes(EVENT + content)
    assert applied(log).duplicates == 1  # behind an event it is as good as anything
    rejected_beside(log).unlink()
    header = content[: content.index(b"\n") + 1]
    assert_refused(log, header + TORN, "what was moved out of a log")


def test_a_log_that_is_refused_may_be_of_another_model(log: Path) -> None:
    """The message says how to name it, if there are ids."""
    lines = b'{"event_id": "7d1e", "body": 1}\n' * 2
    assert_refused(log, lines + b'{"id": 1}\n', "2 have an event_id: .*--model, event_model")
    assert_refused(log, b'{"id": 1}\n', "or the beginning of one$")


def test_whole_lines_are_moved_only_where_others_are_events(log: Path) -> None:
    """With the wrong model all of them would be."""
    events = b"".join(CODEC.encode(event) for event in make_events(2))
    other = b'{"event_id": "7d1e"}\n[1]\n'
    log.write_bytes(other + events)
    report = repair_log(log, apply=True, also=["invalid"])
    assert log.read_bytes() == events
    assert rejected_beside(log).read_bytes().count(b'"other record"') == 2
    assert (report.rejected, report.other_lines, report.events) == (2, 2, 2)
    rejected_beside(log).unlink()
    for content in (other, other + TORN, other + TORN + EVENT):
        log.write_bytes(content)
        for apply in (False, True):
            with pytest.raises(StorageError, match="no line of it is an event"):
                repair_log(log, apply=apply, also=["invalid"])
        assert log.read_bytes() == content


def test_whole_records_in_fused_lines_are_moved_with_the_invalid_ones(log: Path) -> None:
    """They are invalid there too."""
    row = b'{"event_id": "7d1e"}'
    log.write_bytes(EVENT + row + TORN)
    assert repair_log(log, apply=True, also=["invalid"]).separated == 0
    assert log.read_bytes() == EVENT
    assert [record.data for record in records_beside(log)] == [row, TORN]


def test_a_blank_line_stays_where_invalid_ones_are_moved(log: Path) -> None:
    """It is no event, and nobody's to miss."""
    log.write_bytes(EVENT + b"\n  \n")
    report = repair_log(log, apply=True, also=["invalid"])
    assert (report.is_clean, report.other_lines) == (True, 0)
    log.write_bytes(EVENT + b"\n[1]\n  \n")
    report = repair_log(log, apply=True, also=["invalid"])
    assert (report.rejected, report.other_lines) == (1, 1)
    assert log.read_bytes() == EVENT + b"\n  \n"


@pytest.mark.parametrize("also", [["other"], "invalid", ["invalid", ""], ""])
def test_nothing_else_can_be_asked_for(also: list[str], log: Path) -> None:
    """It is a mistake of the caller's."""
    log.write_bytes(EVENT)
    with pytest.raises(ValueError, match="also is a collection of"):
        repair_log(log, also=also)  # type: ignore[arg-type]  # the point of the test
