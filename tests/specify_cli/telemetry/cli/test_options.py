"""What command lines mean, and what is said of those that mean nothing."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from specify_cli.telemetry._cli import commands

LISTED = "is no list of fields: agent,model"
TIMED = "is no time: 90s, 30m, 2h, 7d, or 2026-02-16T09:12"
NUMBERED = "is no number from 0 on"
NAMED = "is not of the form package.module:Class"
FORMED = "is not of the form FIELD=VALUE"
WAITED = "is no number of seconds"


@pytest.mark.parametrize(
    ("line", "usage", "message"),
    [
        ("", "", "the following arguments are required: COMMAND"),
        ("check", "check", "the following arguments are required: LOG"),
        ("check LOG --limit", "check", "argument --limit: expected one argument"),
        ("check LOG --limit=-1", "check", f"argument --limit: '-1' {NUMBERED}"),
        ("check LOG --limit=1.5", "check", f"argument --limit: '1.5' {NUMBERED}"),
        ("check LOG --limit=many", "check", f"argument --limit: 'many' {NUMBERED}"),
        ("check LOG --limit=", "check", f"argument --limit: '' {NUMBERED}"),
        ("check LOG --limit=٣", "check", f"argument --limit: '٣' {NUMBERED}"),
        ("check LOG --limit=²", "check", f"argument --limit: '²' {NUMBERED}"),
        (
            "check LOG --records --model specify_cli.spec_kitty_events:Event",
            "check",
            "argument --model: not allowed with argument --records",
        ),
        ("check LOG --model m", "check", f"argument --model: 'm' {NAMED}"),
        ("repair LOG --also", "repair", "argument --also: expected one argument"),
        ("show LOG -n x", "show", f"argument -n: 'x' {NUMBERED}"),
        ("show LOG -n 1 --all", "show", "argument --all: not allowed with argument -n"),
        ("show LOG --since never", "show", f"argument --since: 'never' {TIMED}"),
        ("show LOG --where agent", "show", f"argument --where: 'agent' {FORMED}"),
        ("show LOG --where =x", "show", f"argument --where: '=x' {FORMED}"),
        ("show LOG --model m", "show", f"argument --model: 'm' {NAMED}"),
        (
            "follow LOG -n 1 --from-start",
            "follow",
            "argument --from-start: not allowed with argument -n",
        ),
        ("follow LOG -n x", "follow", f"argument -n: 'x' {NUMBERED}"),
        ("follow LOG more", "", "unrecognized arguments: more"),
        ("stats LOG --by agent,,x", "stats", f"argument --by: 'agent,,x' {LISTED}"),
        ("stats LOG --sum ' '", "stats", f"argument --sum: ' ' {LISTED}"),
        ("stats LOG --csv --json", "stats", "argument --json: not allowed with argument --csv"),
        ("push LOG --watch=0", "push", f"argument --watch: '0' {WAITED}"),
        ("pull LOG --watch=-1", "pull", f"argument --watch: '-1' {WAITED}"),
        ("sync LOG --watch=86401", "sync", f"argument --watch: '86401' {WAITED}"),
        ("push LOG --watch=x", "push", f"argument --watch: 'x' {WAITED}"),
        ("push LOG --watch=nan", "push", f"argument --watch: 'nan' {WAITED}"),
    ],
)
def test_what_is_not_understood_is_refused(
    line: str, usage: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the usage and the reason; nothing is done."""
    with pytest.raises(SystemExit) as exited:
        commands.main(shlex.split(line), program="telemetry")
    out, err = capsys.readouterr()
    assert (exited.value.code, out) == (2, "")
    assert err.startswith(f"usage: telemetry {usage}".rstrip())
    assert err.endswith(f"\n{f'telemetry {usage}'.rstrip()}: error: {message}\n")


A = b'{"agent": "a", "n": 1, "timestamp": "2026-02-16T09:12:58Z"}\n'
B = b'{"agent": "b", "n": 2, "aggregate_id": "A", "node_id": "N", "event_type": "T"}\n'
C = b'{"agent": "b", "n": 3, "timestamp": "2026-03-16T09:12:58Z"}\n'
D = b"{}\n"


@pytest.mark.parametrize(
    ("options", "lines"),
    [
        ("", [A, B, C, D]),
        ("--all", [A, B, C, D]),
        ("-n 0", []),
        ("-n 1", [D]),
        ("-n 007", [A, B, C, D]),
        ("--aggregate A", [B]),
        ("--aggregate N", []),
        ("--node N", [B]),
        ("--type T", [B]),
        ("--since 2026-03-01", [C]),
        ("--where agent=b", [B, C]),
        ("--where agent=b --where n=3", [C]),
        ("--where agent=", []),
        ("--model specify_cli.spec_kitty_events:Event", []),
    ],
)
def test_what_is_asked_for(
    options: str, lines: list[bytes], log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each option leaves out what is something else, and all have to fit."""
    log.write_bytes(A + B + C + D)
    assert commands.main(["show", str(log), "--json", *options.split()]) == 0
    assert capsys.readouterr().out == b"".join(lines).decode()
