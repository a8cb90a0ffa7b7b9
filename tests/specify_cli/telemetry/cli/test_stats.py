"""The command that counts and sums."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from pathlib import Path

import pytest

from specify_cli.telemetry import SimpleJsonStore
from specify_cli.telemetry._cli.stats_text import stats_as_text
from specify_cli.telemetry.query import Record, Stats

from ..support.events import WHEN, make_event, numbered_id
from ..support.platforms import posix_only
from ..support.terminal import on_terminal
from .test_cli import main, run

ROWS = [("claude", 1.5, 100), ("copilot", 7.75, None), ("claude", 2, 50), ("unknown", None, None)]


@pytest.fixture
def costs(log: Path) -> Path:
    """Make a log of what agents cost."""
    SimpleJsonStore(log).save_events(
        make_event(
            numbered_id(number),
            payload={"agent": agent, "cost_usd": cost, "tokens": tokens},
            timestamp=WHEN + timedelta(hours=number),
        )
        for number, (agent, cost, tokens) in enumerate(ROWS)
    )
    return log


def test_a_log_in_a_few_lines(costs: Path) -> None:
    """What there is, of what, and when."""
    done = run("stats", costs, TZ="UTC")
    assert done.returncode == 0
    assert done.stderr == b""
    assert done.stdout.decode().splitlines() == [
        f"events      4 in 1 log, {costs.stat().st_size / 1000:.1f} kB",
        "time        2026-02-16 09:12:58 to 2026-02-16 12:12:58",
        "aggregates  1: 043-telemetry-foundation 4",
        "types       1: ExecutionEvent 4",
        "nodes       1: cli:WP01 4",
    ]


def test_what_each_agent_has_cost(costs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One row each, the dearest first."""
    assert main("stats", costs, "--by", "agent", "--sum", "cost_usd,tokens") == 0
    rows = [line.split() for line in capsys.readouterr().out.split("\n\n")[1].splitlines()]
    assert rows == [
        ["agent", "events", "cost_usd", "mean", "tokens", "mean"],
        ["copilot", "1", "7.75", "7.75", "-", "-"],
        ["claude", "2", "3.5", "1.75", "150", "75"],
        ["unknown", "1", "-", "-", "-", "-"],
    ]


def test_json_has_all_of_it(costs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Numbers as numbers, and null where there is none."""
    costs.write_bytes(costs.read_bytes() * 2 + b"junk\n")
    assert main("stats", "--json", costs, "--by", "agent", "--sum", "cost_usd") == 0
    out = capsys.readouterr().out
    found = json.loads(out)
    assert out == f"{json.dumps(found, indent=2)}\n"
    assert found == {
        "logs": 1,
        "size": costs.stat().st_size,
        "events": 4,
        "repeats": 4,
        "other_lines": 1,
        "first": WHEN.isoformat(),
        "last": (WHEN + timedelta(hours=3)).isoformat(),
        "aggregates": {"043-telemetry-foundation": 4},
        "types": {"ExecutionEvent": 4},
        "nodes": {"cli:WP01": 4},
        "groups": [
            {
                "by": {"agent": agent},
                "events": events,
                "sum": {"cost_usd": total},
                "mean": {"cost_usd": mean},
            }
            for agent, events, total, mean in (
                ("copilot", 1, 7.75, 7.75),
                ("claude", 2, 3.5, 1.75),
                ("unknown", 1, None, None),
            )
        ],
    }


def test_csv_is_the_rows(costs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With a line of names; what is missing is empty."""
    assert main("stats", "--csv", costs, "--by", "agent,tokens", "--sum", "cost_usd") == 0
    rows = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    assert rows == [
        ["agent", "tokens", "events", "sum_cost_usd", "mean_cost_usd"],
        ["copilot", "", "1", "7.75", "7.75"],
        ["claude", "50", "1", "2", "2"],
        ["claude", "100", "1", "1.5", "1.5"],
        ["unknown", "", "1", "", ""],
    ]


@pytest.mark.parametrize("sign", ["", "-"])
def test_a_sum_that_python_does_not_spell_is_a_text(
    sign: str, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The numbers are as long as any that is read, and no float holds them."""
    log.write_text(f'{{"n": {sign}{"9" * 4300}}}\n' * 2)
    assert main("stats", "--json", log, "--sum", "n") == 0
    (group,) = json.loads(capsys.readouterr().out)["groups"]
    assert group["sum"] == {"n": f"{sign}2.000000000000000000000000000E+4300"}
    assert main("stats", "--csv", log, "--sum", "n") == 0
    assert f"2,{sign}2.000000000000000000000000000E+4300," in capsys.readouterr().out


def test_a_group_by_a_value_nested_as_deep_as_can_be_is_shown_somehow() -> None:
    """No record ends the command."""
    value = inner = list[object]()
    stats = Stats(["x"])
    stats.add(Record({"x": value}))
    for _ in range(200_000):
        deeper = list[object]()
        inner.append(deeper)
        inner = deeper
    try:
        assert stats_as_text(stats, io.StringIO()).splitlines()[-1].split() == ["...", "1"]
    finally:
        while value:  # so that Python does not have to come back up from that depth
            value = value.pop()  # type: ignore[assignment]  # a list, down to the last


def test_several_logs_are_one_sum(costs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be read is an error, and the others count; an id counts once over all."""
    other = costs.with_name("other.jsonl")
    SimpleJsonStore(other).save_event(make_event(payload={"cost_usd": 10**7}))
    missing = costs.with_name("missing")
    assert main("stats", costs, other, costs, missing, "--sum", "cost_usd") == 2
    out, err = capsys.readouterr()
    assert err.startswith("cannot read ")
    assert out.startswith("events      5 in 3 logs, ")
    assert "repeats     4 lines with a known id, left out\n" in out
    assert out.splitlines()[-1].split() == ["5", "10,000,011.25", "2,500,002.8125"]
    assert main("stats", missing) == 2
    assert capsys.readouterr().out == ""


def test_what_is_not_there_is_not_shown(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An empty log, and records without a name for anything."""
    log.write_bytes(b"")
    assert main("stats", log, "--by", "agent") == 0
    assert capsys.readouterr().out == "events      0 in 1 log, 0 bytes\n\nagent  events\n"
    log.write_bytes(b'{"a": [1]}\n' * 7 + b"x" * 1_200_000)
    assert main("stats", log, "--by", "a", "--sum", "b") == 0
    assert capsys.readouterr().out == (
        "events      7 in 1 log, 1.2 MB\n"
        "others      1 line without a record: see check\n\n"
        "a    events  b  mean\n[1]       7  -     -\n"
    )


def test_only_what_is_asked_for_counts(costs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The options are those of show."""
    assert main("stats", costs, "--where", "agent=claude", "--since", "2026-02-16T10:00Z") == 0
    assert capsys.readouterr().out.startswith("events      1 in ")


@posix_only
@pytest.mark.parametrize("columns", [20, 50, 100])
def test_a_terminal_shows_bars_if_they_fit(columns: int, costs: Path) -> None:
    """As long as the row is large, and no line is wrapped."""
    with on_terminal(
        "stats", costs, "--by", "agent", "--sum", "cost_usd", columns=columns
    ) as terminal:
        assert terminal.finish() == 0
    lines = terminal.plain.splitlines()
    assert all(len(line) < columns for line in lines)
    bars = [line.count("█") for line in lines[-3:]]
    assert bars == ([0, 0, 0] if columns == 20 else [20, 9, 0] if columns == 100 else bars)
    assert (bars[0] > bars[1] > bars[2]) == (columns > 20)
    with on_terminal("stats", costs, "--by", "agent", columns=columns) as terminal:
        assert terminal.finish() == 0
    assert ("█" in terminal.text) == (columns > 20)
