"""All that a command writes about a log with lines of many kinds, to the letter."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ..support.events import CODEC, WHEN, make_event
from .test_cli import main

EVENT = CODEC.encode(make_event("0" * 26, payload={}))
NOTE = b'{"event_id": "1", "aggregate_id": "a", "text": "b"}\n'
# No number of Python is so long by default.
LONG = b'{"event_id": "2", "number": ' + b"9" * 5000 + b"}\n"
TORN = EVENT[:40]
MODEL = """
from pydantic import BaseModel

class Note(BaseModel):
    event_id: str
    aggregate_id: str
    text: str
"""
MISSING = f'"missing": {os.strerror(2)}\n'
LOCAL = f"{WHEN.astimezone():%Y-%m-%d %H:%M:%S}"

HINT = """\
  2 lines have an event_id and are no events of this model; for another: --model package.module:Class, for any record: --records
"""  # noqa: E501  # as it is written
CHECKED = f"""\
log: 5 problems
  1 event of 1 aggregate in 6 lines, 5,621 bytes
  4 lines without an event that loads
  1 torn tail, 1 duplicate, 1 invalid event, 2 records of another kind
{HINT}"""
PROBLEMS = """
  line 2, byte 248   duplicate        the same as line 1
  line 3, byte 496   other record     no event_type, timestamp, node_id or lamport_clock
                                      {"event_id": "1", "aggregate_id": "a", "text": "b"}
  line 4, byte 548   invalid event    an integer of more than 4300 digits
                                      {"event_id": "2", "number": 99999999999999999999999999999999
  line 5, byte 5578  other record     no event_id, event_type, aggregate_id, timestamp, node_id or lamport_clock
                                      {}
  line 6, byte 5581  torn tail        the end of the record is missing
                                      {"aggregate_id": "043-telemetry-foundati
"""  # noqa: E501  # the same
OF_RECORDS = """\
log: 2 problems
  4 records in 6 lines, 5,621 bytes
  2 lines without a record that loads
  1 torn tail, 1 invalid event

  line 4, byte 548   invalid event    an integer of more than 4300 digits
                                      {"event_id": "2", "number": 99999999999999999999999999999999
  line 6, byte 5581  torn tail        the end of the record is missing
                                      {"aggregate_id": "043-telemetry-foundati
"""
OF_NOTES = """\
log: 5 problems
  1 event of 1 aggregate in 6 lines, 5,621 bytes
  5 lines without an event that loads
  1 torn tail, 3 invalid events, 1 record of another kind

  line 1, byte 0  invalid event    text: Field required
                                   {"aggregate_id": "043-telemetry-foundation", "causation_id":
  and 4 more
"""
NO_MORE = f"{CHECKED}  and 5 more\n"
CLEAN = "clean: clean, 1 event of 1 aggregate in 1 line, 248 bytes\n"

WOULD_REPAIR = f"""\
log: in need of repair
  would keep 1 event
  would move 2 pieces, 1 duplicate among them, 288 bytes in all, to log.rejected
  would keep 3 lines that are no events
{HINT}
"""
PIECES = """\
  line 2, byte 248   duplicate        248 bytes: the same as another line
  line 6, byte 5581  torn             40 bytes: the end of the record is missing
"""
OF_NOTES_WOULD_REPAIR = """\
log: in need of repair
  would keep 1 event
  would move 1 piece, 40 bytes in all, to log.rejected
  would keep 4 lines that are no events

  line 6, byte 5581  torn             40 bytes: the end of the record is missing
"""
OF_RECORDS_WOULD_REPAIR = OF_NOTES_WOULD_REPAIR.replace("1 event", "4 records").replace(
    "4 lines that are no events", "1 line that is no record"
)
REPAIRED = (
    (WOULD_REPAIR + PIECES)
    .replace("in need of repair", "repaired")
    .replace("would keep", "kept")
    .replace("would move", "moved")
)
NO_PIECES = f"{WOULD_REPAIR}  and 2 more\n"
UNDAMAGED = "clean: no damage, 1 event\n"
DRY = "\nThis was a dry run, nothing has been changed. To do it, add --apply.\n"

CLEAN_AS_JSON = r"""[
  {
    "path": "clean",
    "size": 248,
    "lines": 1,
    "events": 0,
    "aggregates": 0,
    "malformed_lines": 1,
    "recoverable_events": 0,
    "other_events": 1,
    "counts": {
      "invalid event": 1
    },
    "problems": [
      {
        "line": 1,
        "offset": 0,
        "kind": "invalid event",
        "reason": "text: Field required",
        "excerpt": "{\"aggregate_id\": \"043-telemetry-foundation\", \"causation_id\": nul"
      }
    ]
  }
]
"""
MISSING_AS_JSON = rf"""[
  {{{{
    "path": "missing",
    "error": "cannot {{}} \"missing\": {os.strerror(2)}"
  }}}}
]
"""

SHOWN = f"{LOCAL}  1  cli:WP01  043-telemetry-foundation  ExecutionEvent\n"
HEADED = f"==> clean <==\n{SHOWN}"
NOTED = f"{' ' * 34}a{' ' * 41}text=b\n"
PASSED = 'passed 2 lines without a JSON object in "log": see check\n'
PASSED_ONE = 'passed 1 line without a JSON object in "log": see check\n'
PASSED_BY_MODEL = 'passed 5 lines without an event of the model in "log": see check\n'
COUNTED = f"""\
events      3 in 1 log, 5.6 kB
time        {LOCAL} to {LOCAL}
aggregates  2: 043-telemetry-foundation 1, a 1
types       1: ExecutionEvent 1
nodes       1: cli:WP01 1
repeats     1 line with a known id, left out
others      2 lines without a record: see check
"""
ROWS = """
text  type            events  lamport_clock  mean
-     ExecutionEvent       1              1     1
b     -                    1              -     -
-     -                    1              -     -
"""
CSV = """\
text,type,events,sum_lamport_clock,mean_lamport_clock
,ExecutionEvent,1,1,1
b,,1,,
,,1,,
"""
COUNTED_NOTES = """\
events      1 in 1 log, 5.6 kB
aggregates  1: a 1
others      5 lines without a record: see check
"""


@pytest.fixture(autouse=True)
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Make the log, one that is clean, and a model, in the current directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    Path("log").write_bytes(EVENT * 2 + NOTE + LONG + b"{}\n" + TORN)
    Path("clean").write_bytes(EVENT)
    name = f"notes_{tmp_path.name}"
    Path(f"{name}.py").write_text(MODEL, encoding="utf-8")
    return f"{name}:Note"


@pytest.mark.parametrize(
    ("line", "status", "out", "err"),
    [
        ("check clean", 0, CLEAN, ""),
        ("check log", 1, CHECKED + PROBLEMS, ""),
        ("check log --limit 0", 1, NO_MORE, ""),
        ("check log --records", 1, OF_RECORDS, ""),
        ("check log --model MODEL --limit 1", 1, OF_NOTES, ""),
        (
            "check log missing log clean clean log --limit 0",
            2,
            f"{NO_MORE}\n{NO_MORE}\n{CLEAN * 2}{NO_MORE}",
            f"cannot read {MISSING}",
        ),
        ("repair clean", 0, UNDAMAGED, ""),
        ("repair log", 1, WOULD_REPAIR + PIECES + DRY, ""),
        ("repair log --limit 0", 1, NO_PIECES + DRY, ""),
        ("repair log --apply", 0, REPAIRED, ""),
        ("repair log --records", 1, OF_RECORDS_WOULD_REPAIR + DRY, ""),
        ("repair log --model MODEL", 1, OF_NOTES_WOULD_REPAIR + DRY, ""),
        (
            "repair missing log log clean clean --limit 0",
            2,
            f"{NO_PIECES}\n{NO_PIECES}\n{UNDAMAGED * 2}{DRY}",
            f"cannot repair {MISSING}",
        ),
        ("show log", 0, f"{SHOWN}{SHOWN}{NOTED}\n", PASSED),
        ("show log --model MODEL", 0, "a  text=b\n", PASSED_BY_MODEL),
        ("show missing clean", 2, HEADED, f"cannot read {MISSING}"),
        ("show clean missing clean", 2, f"{HEADED}\n{HEADED}", f"cannot read {MISSING}"),
        (
            "show clean log clean --json -n 1",
            0,
            f"{EVENT.decode()}{{}}\n{EVENT.decode()}",
            PASSED_ONE,
        ),
        ("stats log", 0, COUNTED, ""),
        ("stats missing", 2, "", f"cannot read {MISSING}"),
        ("stats log missing --model MODEL", 2, COUNTED_NOTES, f"cannot read {MISSING}"),
        ("check clean --json --model MODEL --limit 0", 1, CLEAN_AS_JSON, ""),
        ("check missing --json", 2, MISSING_AS_JSON.format("read"), ""),
        ("repair missing --json", 2, MISSING_AS_JSON.format("repair"), ""),
        ("stats log --by=\ttext\t,type --sum lamport_clock", 0, COUNTED + ROWS, ""),
        ("stats log --by text,type --sum lamport_clock --csv", 0, CSV, ""),
        ("stats log --model MODEL", 0, COUNTED_NOTES, ""),
    ],
)
def test_all_that_is_written(
    line: str, status: int, out: str, err: str, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """On either stream, and the status."""
    assert main(*line.replace("MODEL", model).split(" ")) == status
    assert capsys.readouterr() == (out, err)
