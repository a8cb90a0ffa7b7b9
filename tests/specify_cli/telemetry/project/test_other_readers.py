"""Programs that know nothing of this package read the same events out of a log."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from specify_cli import telemetry
from specify_cli.spec_kitty_events import Event, InMemoryEventStore
from specify_cli.telemetry import SimpleJsonStore

from ..support.events import WHEN, make_event, make_events
from .test_examples import REAL_LOGS, real_logs

PAGE = (Path(__file__).parents[4] / "docs" / "analysis.md").read_text(encoding="utf-8")
LOG = "execution.events.jsonl"  # as the page calls it
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CLEAN_LOGS = ["clean", "merged", "digits", pytest.param("real", marks=real_logs)]
SKIP_MALFORMED = "fromjson? | objects"

# In a process of its own: these libraries start threads, which no other test should have around.
# The code prints what it likes; the last line is ours.
RUN = """
import contextlib, json, os, sys

code, answer, *folders = sys.argv[1:]
answers = {}
for folder in folders:
    os.chdir(folder)
    scope = {}
    try:
        with contextlib.redirect_stdout(sys.stderr):
            exec(code, scope)
        answers[os.path.basename(folder)] = eval(answer, scope)
    except Exception as error:
        answers[os.path.basename(folder)] = type(error).__name__
os.chdir(os.path.dirname(folder))  # Windows removes no folder that somebody is in
print()
print(json.dumps(answers))
"""

# What the page's code leaves behind, as rows: aggregate, events, cost, last in microseconds.
ROWS = {
    "DuckDB": "per_aggregate.project('aggregate_id, events, cost, epoch_us(last)').fetchall()",
    "polars": "per_aggregate.with_columns(pl.col('last').dt.epoch('us')).rows()",
    "pandas": "[(row.Index, row.events, row.cost, row.last.value // 1000)"
    " for row in per_aggregate.itertuples()]",
}

Answer = dict[str, tuple[int, float, int]]


def code_of(heading: str, language: str = "python") -> str:
    """Return the first code under a heading of the page."""
    (section,) = re.findall(rf"\n#+ {re.escape(heading)}\n(.*?)(?=\n##|\Z)", PAGE, re.DOTALL)
    return str(re.findall(rf"```{language}\n(.*?)```", section, re.DOTALL)[0])


def run(code: str, answer: str, *folders: Path) -> dict[str, Any]:
    """Run code in each folder; return what the expression gives there, or the error's name."""
    done = subprocess.run(
        [sys.executable, "-c", RUN, code, answer, *map(str, folders)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answers


def need(module: str) -> None:
    """Skip unless a module is installed; do not import it here."""
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"needs {module}")


def various_events() -> Iterator[Event]:
    """Yield what readers that guess at types get wrong."""
    aggregates = "043", "2026-02-16", "1e5", 'été "日本" \U0001f63a\u2028'
    for number in range(240):
        payload: dict[str, Any] = {"cost_usd": number / 4, "model": None, "result": number}
        if number >= 120:  # later than most readers look
            payload = {
                "result": "ok",
                "steps": [{"name": "plan\n", "tokens": {}}],
                "late": {"a": []},
            }
        zone = timezone(timedelta(hours=number % 3))
        timestamp = WHEN + timedelta(minutes=number, microseconds=number)
        yield make_event(
            aggregate_id=aggregates[number % 4],
            lamport_clock=number,
            payload=payload,
            timestamp=timestamp.replace(microsecond=0 if number % 5 == 0 else number).astimezone(
                zone
            ),
        )


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return folders with a log each: clean, merged, torn and, if there are any, from real use."""
    names = "clean", "merged", "torn", "digits"
    logs = {name: tmp_path_factory.mktemp(name, numbered=False) for name in names}
    events = list(various_events())
    SimpleJsonStore(logs["clean"] / LOG).save_events(events)
    lines = (logs["clean"] / LOG).read_bytes().splitlines(keepends=True)
    (logs["merged"] / LOG).write_bytes(b"".join([*lines[:200], *lines[50:]]))
    (logs["torn"] / LOG).write_bytes(b"".join(lines[:100]) + lines[100][:70])
    SimpleJsonStore(logs["torn"] / LOG).save_events(events[101:])
    SimpleJsonStore(logs["digits"] / LOG).save_events(make_events(3, aggregate_id="043"))
    if REAL_LOGS.is_dir():
        logs["real"] = tmp_path_factory.mktemp("real", numbered=False)
        SimpleJsonStore(logs["real"] / LOG).save_events(
            event
            for path in sorted(REAL_LOGS.glob("execution/*.jsonl"))
            for event in SimpleJsonStore(path).iter_events()
        )
    return logs


def loaded(folder: Path) -> Answer:
    """Return the same answer as the store gives it."""
    answer: Answer = {}
    for event in SimpleJsonStore(folder / LOG).load_all_events():
        count, cost, last = answer.get(event.aggregate_id, (0, 0.0, 0))
        answer[event.aggregate_id] = (
            count + 1,
            cost + (event.payload.get("cost_usd") or 0),
            max(last, (event.timestamp - EPOCH) // timedelta(microseconds=1)),
        )
    return answer


def from_rows(rows: list[tuple[str | None, int, float | None, int]]) -> Answer:
    """Return the rows by aggregate, without what malformed lines add."""
    return {name: (count, cost or 0, last) for name, count, cost, last in rows if name is not None}


@pytest.fixture(scope="module", params=ROWS)
def answers(request: pytest.FixtureRequest, logs: Mapping[str, Path]) -> dict[str, Any]:
    """Return what one library makes of each log with the code on the page."""
    need(request.param.lower())
    return run(code_of(request.param), ROWS[request.param], *logs.values())


@pytest.mark.parametrize("log", CLEAN_LOGS)
def test_a_library_reads_the_same_events(
    log: str, answers: Mapping[str, Any], logs: Mapping[str, Path]
) -> None:
    """Events are as many, cost as much and end as late as the store says, each counted once."""
    expected = loaded(logs[log])
    assert expected
    assert from_rows(answers[log]) == expected


def test_plain_python_reads_the_same_events(logs: Mapping[str, Path]) -> None:
    """As many, and they cost as much, by aggregate and by agent; a torn line is no matter."""
    answers = run(code_of("Plain Python"), "[per_aggregate, cost_per_agent]", *logs.values())
    for name, folder in logs.items():
        per_aggregate, per_agent = answers[name]
        expected = loaded(folder)
        assert {key: tuple(row) for key, row in per_aggregate.items()} == {
            key: (count, pytest.approx(cost)) for key, (count, cost, _) in expected.items()
        }
        assert sum(per_agent.values()) == pytest.approx(sum(row[1] for row in expected.values()))


def test_a_library_refuses_a_log_with_a_torn_line(answers: Mapping[str, Any]) -> None:
    """None of them skips the line unless told to, and none counts without it in silence."""
    assert answers["torn"] in {"InvalidInputException", "ComputeError", "ValueError"}


def test_duckdb_can_be_told_to_go_on(logs: Mapping[str, Path]) -> None:
    """Its answer is the store's if ids are counted and not rows."""
    need("duckdb")
    code = code_of("DuckDB").replace(
        "'newline_delimited',", "'newline_delimited', ignore_errors = true,"
    )
    answers = run(code, ROWS["DuckDB"], logs["torn"])
    assert from_rows(answers["torn"]) == loaded(logs["torn"])


def test_reading_through_the_store_gives_pandas_every_event(logs: Mapping[str, Path]) -> None:
    """Neither a torn line nor a repeated one is in the way."""
    need("pandas")
    answers = run(code_of("Malformed lines"), "list(events['event_id'])", *logs.values())
    for name, folder in logs.items():
        ids = [event.event_id for event in SimpleJsonStore(folder / LOG).iter_events()]
        assert answers[name] == ids


def test_duckdb_reads_many_logs_as_one_table(tmp_path: Path) -> None:
    """Each log has as many events as were saved to it."""
    need("duckdb")
    sizes = {f"wp{number}.events.jsonl": 3 * number for number in (1, 2, 3)}
    for name, size in sizes.items():
        SimpleJsonStore(tmp_path / name).save_events(make_events(size))
    answers = run(
        code_of("The same files, read by something larger"), "per_log.fetchall()", tmp_path
    )
    counts = {Path(name).name: count for name, count in answers[tmp_path.name]}
    assert counts == sizes


def jq(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run jq in a folder."""
    program = shutil.which("jq")
    if program is None:
        pytest.skip("needs jq")
    return subprocess.run(
        [program, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def jq_arguments() -> list[str]:
    """Return the arguments of the page's command."""
    return shlex.split(code_of("jq", "console").removeprefix("$ jq "))


@pytest.mark.parametrize("log", CLEAN_LOGS)
def test_jq_reads_the_same_events(log: str, logs: Mapping[str, Path]) -> None:
    """Events are as many and cost as much as the store says, each counted once."""
    done = jq(logs[log], *jq_arguments())
    assert done.returncode == 0, done.stderr
    rows = [(row["aggregate_id"], row["events"], row["cost"]) for row in json.loads(done.stdout)]
    assert sorted(rows) == sorted((name, *answer[:2]) for name, answer in loaded(logs[log]).items())


def test_jq_stops_at_a_torn_line_unless_told_to_go_on(logs: Mapping[str, Path]) -> None:
    """An error without the filter; with it, every event."""
    assert jq(logs["torn"], *jq_arguments()).returncode
    assert SKIP_MALFORMED.replace("|", "\\|") in PAGE
    done = jq(logs["torn"], "-R", f"{SKIP_MALFORMED} | .event_id", LOG)
    assert done.returncode == 0, done.stderr
    ids = [event.event_id for event in SimpleJsonStore(logs["torn"] / LOG).iter_events()]
    assert [json.loads(line) for line in done.stdout.splitlines()] == ids


@pytest.mark.parametrize("log", ["clean", "merged", "torn"])
def test_a_log_can_be_copied_event_by_event(log: str, logs: Mapping[str, Path]) -> None:
    """Another store takes the events with the code on the page, and takes them again unharmed."""
    scope: dict[str, Any] = {}
    # The page has the name of an install; this is a test of the package at hand.
    code = code_of("Event by event, into a store on a server")
    code = code.replace("spec_kitty_telemetry", telemetry.__name__)
    exec(compile(code, "analysis.md", "exec"), scope)  # noqa: S102  # the project's own
    other = InMemoryEventStore()
    for _ in range(2):
        scope["copy_log"](str(logs[log] / LOG), other)
        assert other.load_all_events() == SimpleJsonStore(logs[log] / LOG).load_all_events()
