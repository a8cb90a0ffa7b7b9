"""The command that shows the last events."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from specify_cli.telemetry import SimpleJsonStore

from ..support.events import CODEC, make_event, make_events
from ..support.platforms import posix_only
from ..support.terminal import environment, on_terminal
from .test_cli import MODULE, main, run

LINE = CODEC.encode(
    make_event(payload={"agent": "claude", "note": 'two words and "more"', "n": None})
)


def shown(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Return the lines on standard output; nothing is on standard error."""
    out, err = capsys.readouterr()
    assert not err
    return out.splitlines()


def test_an_event_is_a_line(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Time, clock, node, aggregate, type and payload, without nulls."""
    log.write_bytes(LINE)
    assert main("show", log) == 0
    (line,) = shown(capsys)
    date, clock, clock_value, node, aggregate, kind, *payload = line.split()
    assert len(f"{date} {clock}") == 19
    assert (clock_value, node, aggregate) == ("1", "cli:WP01", "043-telemetry-foundation")
    assert kind == "ExecutionEvent"
    assert " ".join(payload) == 'agent=claude note="two words and \\"more\\""'


@posix_only
def test_times_are_local(log: Path) -> None:
    """As the clock on the wall was."""
    log.write_bytes(LINE)
    assert run("show", log, TZ="UTC").stdout.startswith(b"2026-02-16 09:12:58  1  cli:WP01")
    assert run("show", log, TZ="UTC-3").stdout.startswith(b"2026-02-16 12:12:58")


def test_the_last_20_are_shown_unless_told_otherwise(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The oldest of them first."""
    SimpleJsonStore(log).save_events(make_events(30))
    for options, clocks in (
        ([], range(11, 31)),
        (["-n", "3"], range(28, 31)),
        (["-n", "0"], range(0)),
        (["--all"], range(1, 31)),
        (["--where", "agent=claude", "-n1"], range(30, 31)),
    ):
        assert main("show", log, *options) == 0
        assert [int(line.split()[2]) for line in shown(capsys)] == [*clocks]


def test_json_is_the_lines_themselves(log: Path) -> None:
    """Byte for byte, for jq."""
    lines = [b'{"b":1,  "a": "\xe2\x98\x95"}', LINE.rstrip(), b' {"a": "\\u2615"} ']
    log.write_bytes(b"\n".join(lines))
    done = run("show", "--json", log, log, PYTHONIOENCODING="ascii")
    assert done.stdout == b"\n".join(lines * 2) + b"\n"
    assert done.returncode == 0


def test_json_goes_to_any_stream(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One that takes bytes, and one that takes text."""
    log.write_bytes(LINE)
    assert main("show", "--json", log) == 0
    assert shown(capsys) == [LINE.decode().rstrip()]


def test_other_records_are_shown_too(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without the columns that none of them has."""
    log.write_bytes(b'{"at": "2026-03-20T12:38:06Z", "actor": "me", "to_lane": "done"}\n')
    assert main("show", log) == 0
    (line,) = shown(capsys)
    assert line.split()[2:] == ["me", "to_lane=done"]
    log.write_bytes(b"{}\n")
    assert main("show", log) == 0
    assert shown(capsys) == [""]


def test_a_model_leaves_out_what_is_no_event(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And that is said."""
    log.write_bytes(b'{"kind": "other"}\n' + LINE)
    assert main("show", log, "--model", "specify_cli.spec_kitty_events:Event") == 0
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 1
    assert "other" not in out
    assert err == f'passed 1 line without an event of the model in "{log}": see check\n'


def test_lines_that_cannot_be_shown_are_told(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On standard error, so that what is piped stays clean."""
    log.write_bytes(b"junk\n[]\n" + LINE)
    assert main("show", log) == 0
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 1
    assert err == f'passed 2 lines without a JSON object in "{log}": see check\n'


def test_several_logs_are_told_apart(
    log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What cannot be read is an error, and the others are shown."""
    log.write_bytes(LINE)
    missing = tmp_path / "missing"
    assert main("show", log, missing, log) == 2
    out, err = capsys.readouterr()
    assert err == f'cannot read "{missing}": {os.strerror(2)}\n'
    assert out.count(f"==> {log} <==\n") == 2
    assert "\n\n==> " in out


def test_nothing_moves_the_cursor(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever is in a record."""
    evil = "\x1b[2J\r\n\u202e"
    log.write_bytes(
        json.dumps({"event_type": evil, "node_id": evil, evil: evil, "x": [evil]}).encode()
    )
    assert main("show", log) == 0
    (line,) = shown(capsys)
    assert line.isprintable()


@pytest.mark.parametrize("name", ["a b.jsonl", "-n.jsonl", "журнал ☕.jsonl", "$HOME;'x'.jsonl"])
def test_odd_paths_are_paths(name: str, tmp_path: Path) -> None:
    """A name is never an option, nor anything else."""
    (tmp_path / name).write_bytes(LINE)
    done = subprocess.run(
        [sys.executable, "-m", MODULE, "show", "--", name, name],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0
    assert done.stdout.count(b"ExecutionEvent") == 2
    assert f"==> {name} <==".encode() in done.stdout


def test_a_reader_that_has_seen_enough_is_no_error(log: Path) -> None:
    """`show --all | head -1`, say."""
    SimpleJsonStore(log).save_events(make_events(3000))
    with subprocess.Popen(
        [sys.executable, "-m", MODULE, "show", "--all", str(log)],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""


@posix_only
@pytest.mark.parametrize("columns", [20, 40, 60, 80, 120])
def test_a_line_fits_the_terminal(columns: int, log: Path) -> None:
    """However narrow it is; the payload has its place if there is any."""
    wide = make_event(
        aggregate_id="ログ日誌" * 20, node_id="n" * 40, payload={"a": "日" * 300, "e\u0301" * 9: 1}
    )
    log.write_bytes((LINE + CODEC.encode(wide)) * 3)
    with on_terminal("show", log, columns=columns) as terminal:
        assert terminal.finish() == 0
    lines = terminal.plain.splitlines()
    assert len(lines) == 6
    for line in lines:
        assert sum(2 if c > "\u2fff" else c != "\u0301" for c in line) < columns
    assert ("agent=" in terminal.plain) == (columns > 20)
    assert "…" in terminal.plain
    assert "\x1b[2m" in terminal.text


@posix_only
@pytest.mark.parametrize(("no_color", "term"), [("1", "xterm"), ("", "dumb")])
def test_nobody_has_to_see_colours(no_color: str, term: str, log: Path) -> None:
    """As other programs have it."""
    log.write_bytes(LINE)
    with on_terminal("show", log, columns=120, no_color=no_color, term=term) as terminal:
        assert terminal.finish() == 0
    assert "\x1b" not in terminal.text
    assert "ExecutionEvent" in terminal.text


@posix_only
def test_json_on_a_terminal_is_not_cut(log: Path) -> None:
    """Nor coloured."""
    log.write_bytes(LINE)
    with on_terminal("show", "--json", log, columns=40) as terminal:
        assert terminal.finish() == 0
    assert terminal.text == LINE.decode()


@posix_only
def test_a_long_search_shows_how_far_it_is(log: Path) -> None:
    """On the terminal, and it goes away."""
    SimpleJsonStore(log).save_events(make_events(4000))
    log.write_bytes(log.read_bytes() * 100)
    with on_terminal("show", log, "--where", "agent=nobody") as terminal:
        assert terminal.finish() == 0
    assert f" % of {log.name}" in terminal.text
    assert terminal.text.endswith("\r")
