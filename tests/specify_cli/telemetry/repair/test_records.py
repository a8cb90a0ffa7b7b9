"""Logs of anything: every JSON object is a record, and damage is found and mended as in events."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specify_cli.spec_kitty_events import StorageError
from specify_cli.telemetry import JsonlLog, check_log, repair_log
from specify_cli.telemetry._cli import main

from ..support.paths import REAL_LOGS
from ..support.rejected import assert_nothing_is_lost, records_beside, rejected_beside

# Such as agents' sessions are made of: a text of any length in an object, in a list of them.
RECORDS: list[dict[str, Any]] = [
    {"type": "user", "uuid": "a1", "message": {"role": "user", "content": 'mend } it {\n"now"'}},
    {"type": "assistant", "uuid": "a2", "message": {"content": [{"type": "text", "text": "é {}"}]}},
    {"type": "tool", "n": 1, "ok": True, "result": None, "args": {}},
    {"n": 1},
]
LINES = [json.dumps(record, ensure_ascii=False).encode() + b"\n" for record in RECORDS]
REAL = sorted((REAL_LOGS / "records").rglob("*.jsonl"))


def repaired(log: Path) -> bytes:
    """Repair a log; see that no byte is lost, and return what is left."""
    before = log.read_bytes()
    report = repair_log(log, apply=True, event_model=None)
    after = log.read_bytes()
    assert_nothing_is_lost(before, after, records_beside(log))
    assert report.events == len(list(JsonlLog(log).records()))
    assert check_log(log, event_model=None).is_damaged is False
    return after


def test_every_whole_object_is_a_record(log: Path) -> None:
    """Of whatever shape, and as often as it is there; other JSON is told, and stays."""
    log.write_bytes(b"".join(LINES) * 2 + b"{}\n[1]\n\n")
    report = check_log(log, event_model=None)
    assert (report.events, report.aggregates, report.lines) == (9, 0, 11)
    assert report.counts == {"other record": 1}
    assert report.problems[0].reason == "not a JSON object"
    assert repair_log(log, event_model=None).is_clean
    before = log.read_bytes()
    assert repair_log(log, event_model=None, apply=True).events == 9
    assert log.read_bytes() == before


@pytest.mark.parametrize("cut", [1, 20, 60, -2])
def test_a_record_behind_a_torn_one_gets_a_line_of_its_own(cut: int, log: Path) -> None:
    """Which is what a session that cannot be resumed holds."""
    torn = LINES[0][:-1][:cut]
    log.write_bytes(LINES[2] + torn + LINES[3] + LINES[1])
    report = check_log(log, event_model=None)
    assert report.counts == {"fused": 1}
    assert report.problems[0].reason == "1 whole record beside a torn record"
    assert report.recoverable_events == 1
    assert repaired(log) == LINES[2] + LINES[3] + LINES[1]
    assert [record.data for record in records_beside(log)] == [torn]


def test_two_records_in_one_line_get_one_each(log: Path) -> None:
    """Neither is moved."""
    log.write_bytes(LINES[0][:-1] + LINES[1] + LINES[2])
    assert check_log(log, event_model=None).problems[0].reason == "2 whole records in one line"
    assert repaired(log) == b"".join(LINES[:3])
    assert not rejected_beside(log).exists()


@pytest.mark.parametrize(
    ("damage", "kind"),
    [
        (b"\0" * 40, "nul run"),
        (b"<<<<<<< HEAD\n", "conflict marker"),
        (b"=======\n", "conflict marker"),
        (b"Traceback (most recent call last):\n", "malformed"),
        (b"\xff\xfe\n", "malformed"),
        (LINES[0][:30] + b"\n", "torn"),
    ],
)
def test_damage_is_found_and_moved(damage: bytes, kind: str, log: Path) -> None:
    """By the names it has in an event log."""
    log.write_bytes(LINES[0] + damage + LINES[1] + LINES[2])
    assert dict(check_log(log, event_model=None).counts) == {kind: 1}
    assert repaired(log) == b"".join(LINES[:3])
    assert [record.data for record in records_beside(log)] == [damage]


def test_a_torn_tail_is_moved(log: Path) -> None:
    """Its writer died."""
    log.write_bytes(LINES[0] + LINES[1][:-9])
    assert dict(check_log(log, event_model=None).counts) == {"torn tail": 1}
    assert repaired(log) == LINES[0]


def test_an_object_that_may_be_a_value_is_not_taken_for_a_record(log: Path) -> None:
    """Where a torn record might hold it, both are moved; so is what stands in a text."""
    for line in (b'{"a": 1, "b": {"id": 2}\n', b'{"a": [1, {"id": 2}\n', b"x() {} and\n"):
        log.write_bytes(LINES[0] + line)
        rejected_beside(log).unlink(missing_ok=True)
        assert repaired(log) == LINES[0]
        assert [record.data for record in records_beside(log)] == [line]


def test_other_json_is_moved_on_request(log: Path) -> None:
    """With also=["invalid"], and no record with it."""
    log.write_bytes(LINES[0] + b"[1]\n" + LINES[1][:-1] + b"{}\n")
    repair_log(log, apply=True, event_model=None, also=["invalid"])
    assert log.read_bytes() == LINES[0] + LINES[1] + b"{}\n"


@pytest.mark.parametrize(
    "content",
    [
        b"def main() -> None:\n    return {}\n\n\n{}\nx = 1\n",
        json.dumps({"a": {}, "b": [1, {}, {"c": 2}]}, indent=1).encode(),
        b"plain text\n",
        b"{}\nplain\ntext\n",
        b"a,b\n1,2\n",
    ],
)
def test_what_is_no_log_is_refused(content: bytes, log: Path) -> None:
    """More lines of text than records: nothing is moved out of it."""
    log.write_bytes(content)
    with pytest.raises(StorageError, match="it has more lines of text than records"):
        repair_log(log, apply=True, event_model=None)
    assert log.read_bytes() == content


def test_what_was_moved_out_of_a_log_is_refused(log: Path) -> None:
    """Its headers are JSON objects too, and records behind them change nothing."""
    log.write_bytes(LINES[0] + LINES[1][:20] + b"\n" + LINES[1])
    repaired(log)
    for _ in range(2):
        with pytest.raises(StorageError, match="it holds what was moved out of a log"):
            repair_log(rejected_beside(log), event_model=None)
        with rejected_beside(log).open("ab") as file:
            file.write(LINES[0])


def test_a_record_that_resembles_a_header_is_a_record(log: Path) -> None:
    """One that begins as a header does, and one with the same names in another order."""
    log.write_bytes(LINES[0] + LINES[1][:20] + b"\n")
    repaired(log)
    header = records_beside(log)[0].header
    assert list(header) == sorted(header)
    other = json.dumps(dict(reversed(header.items()))).encode() + b"\n"
    log.write_bytes(b'{"date": "2026-01-31"}\n' + other)
    assert repair_log(log, event_model=None).events == 2


def test_one_torn_record_is_a_log(log: Path) -> None:
    """It is all that a first writer has left."""
    log.write_bytes(b'{"type": "use')
    assert repaired(log) == b""


parts = st.one_of(
    st.sampled_from(LINES),
    st.sampled_from(LINES).map(lambda line: line[:-1]),
    st.builds(lambda line, cut: line[: cut % len(line)], st.sampled_from(LINES), st.integers(0)),
    st.builds(lambda line, cut: line[cut % len(line) :], st.sampled_from(LINES), st.integers(0)),
    st.sampled_from([b"\n", b"\0\0", b"junk\n", b"=======\n", b"\r\n", b"[]\n", b"\xef\xbb\xbf"]),
    st.binary(max_size=4),
)


@given(st.lists(parts, max_size=8))
def test_whatever_happened_no_byte_and_no_record_is_lost(pieces: list[bytes]) -> None:
    """What loads goes on loading, in its order; the repaired log is without damage."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log.jsonl"
        log.write_bytes(LINES[0] * 9 + b"".join(pieces))
        loaded = list(JsonlLog(log).records())
        try:
            repaired(log)
        except StorageError as error:
            assert "more lines of text" in str(error)  # noqa: PT017  # it may be refused
            return
        # All of them: Windows removes no file that an iterator has open.
        left = iter(list(JsonlLog(log).records()))
        assert all(any(record == found for found in left) for record in loaded)


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.name)
def test_a_real_log_is_clean_and_comes_back_from_damage(path: Path, log: Path) -> None:
    """Damaged as crashes and merges do, each record that was not torn is there afterwards."""
    lines = [line for line in path.read_bytes().splitlines(keepends=True) if line.strip()]
    log.write_bytes(b"".join(lines))
    report = check_log(log, event_model=None)
    assert report.is_clean
    assert report.events == len(lines)
    if not lines:
        return
    in_a_text = re.compile(rb'"[a-z_]+": ?"[^"]{3}')
    match = in_a_text.search(lines[0])
    assert match
    torn = lines[0][: match.end()]
    damaged = [torn, *lines[:1], b"<<<<<<< HEAD\n", b"\0" * 512, *lines[1:], lines[-1][:-1]]
    log.write_bytes(b"".join(damaged) + torn)
    assert repaired(log) == b"".join(lines) + lines[-1]
    assert [record.data.strip() for record in records_beside(log)] == [
        torn,
        b"<<<<<<< HEAD",
        b"\0" * 512,
        torn,
    ]


def test_the_commands_say_records(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And no model is asked for."""
    log.write_bytes(LINES[0] + b'{"event_id": ' + b"\n" + LINES[1][:-1] + LINES[3] + b"[1]\n")
    assert main(["check", "--records", str(log)]) == 1
    text = capsys.readouterr().out
    assert "1 record in 4 lines" in text
    assert "3 lines without a record that loads; 2 whole records in them" in text
    assert "aggregate" not in text
    assert "--model" not in text
    assert main(["repair", "--records", "--apply", str(log)]) == 0
    text = capsys.readouterr().out
    assert "kept 3 records, 2 of them recovered" in text
    assert "kept 1 line that is no record" in text
    assert main(["check", "--records", "--json", str(log)]) == 1
    assert json.loads(capsys.readouterr().out)[0]["events"] == 3
    with pytest.raises(SystemExit):
        main(["check", "--records", "--model", "specify_cli.spec_kitty_events:Event", str(log)])
    assert "not allowed with" in capsys.readouterr().err
