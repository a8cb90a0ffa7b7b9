"""Running measurements: each in its own process, contenders taking turns, several rounds."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import chain
from pathlib import Path

from .contenders import EVERYONE
from .measure import WARM_UP, Job, Values

ROOT = Path(__file__).resolve().parent.parent
# What the process has done already, by what the result is called.
IMPORTS = {
    "after `import pydantic`, which loads next to nothing itself": "import pydantic",
    "after the contract, with pydantic's first models": "import specify_cli.spec_kitty_events",
}
_IMPORT = """
{before}
from time import {clock}
start = {clock}()
import specify_cli.telemetry
print(({clock}() - start) * 1000)
"""

# By contender, then by metric and number of events or processes: "load_all@20000".
Results = dict[str, dict[str, list[float]]]


class Children:
    """Starts the processes that measure the package in ``sources``."""

    def __init__(self, folder: Path, sources: Path = ROOT / "src") -> None:
        """Start none yet; ``folder`` is for bytecode: compiling is no part of a measurement."""
        self._sources = str(sources)
        self._environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}
        self._environment.pop("PYTHONDONTWRITEBYTECODE", None)

    def run(self, *jobs: Job) -> list[Values]:
        """Do each job in a process of its own; jobs of saving start saving at the same moment."""
        children = [self._start(job) for job in jobs]
        try:
            if jobs[0].task == "save":
                _answers(children)
                _send(children, [str(time.time() + 0.02)] * len(jobs))
                saved = sum(map(int, _answers(children)))
                # One of them looks whether all have been kept, if there was nothing before.
                check = "" if jobs[0].count else str(saved)
                _send(children, [check, *[""] * (len(jobs) - 1)])
            return [json.loads(answer) for answer in _answers(children)]
        finally:
            for child in children:
                child.kill()
                child.communicate()

    def import_time(self, before: str, clock: str = "perf_counter") -> float:
        """Return how many milliseconds it takes to import the package."""
        command = [sys.executable, "-c", _IMPORT.format(before=before, clock=clock)]
        environment = self._environment | {"PYTHONPATH": self._sources}
        done = subprocess.run(command, check=True, env=environment, stdout=subprocess.PIPE)  # noqa: S603  # ours
        return float(done.stdout)

    def _start(self, job: Job) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "benchmarks.measure", json.dumps(asdict(job))]
        path = os.pathsep.join(filter(None, [EVERYONE[job.contender].python_path(), self._sources]))
        environment = self._environment | {"PYTHONPATH": path}
        return subprocess.Popen(  # noqa: S603  # ours
            command,
            cwd=ROOT,
            env=environment,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )


class Runner:
    """Measures contenders and keeps the values of each metric, one a round."""

    def __init__(self, folder: Path, rounds: int) -> None:
        """Start without results; logs and databases are made in ``folder``."""
        self.results: Results = {}
        self._folder = folder
        self._rounds = rounds
        self._children = Children(folder)
        self._new = 0

    def fill(self, names: Iterable[str], count: int) -> None:
        """Make the log or database of ``count`` events that measurements of that size use."""
        for name in names:
            _say(f"{count:>9,} events for {EVERYONE[name].title}")
            self._fill(name, count)

    def measure(self, task: str, names: list[str], count: int, saves: int = 0, at: int = 1) -> None:
        """Measure contenders in turns, on what ``fill`` made; with ``count`` 0, on nothing.

        Saving new events makes it grow a little: measure loads before saves. Where it would be
        more than a little, it is made anew each time. What is saved by ``at`` processes at once
        is kept under their number, all else under that of the events.
        """
        _say(f"{count:>9,} events: {task}" + (f", {at} processes" if at > 1 else ""))
        key = f"{at} processes" if task == "save" and count == 0 else str(count)
        for name in names * self._rounds:
            if count == 0 or (task == "save" and saves * 10 > count):
                self._fill(name, count, at)  # or it would not be a log of that size for long
            jobs = []
            for number in range(at):
                processor = number if at > 1 else None
                path, new = str(self._path(name, count)), count + self._new
                jobs.append(Job(task, name, path, count, new, saves, processor=processor))
                self._new += saves + WARM_UP
            values = self._children.run(*jobs)
            for metric, value in (summary(values) if task == "save" else values[0]).items():
                found = self.results.setdefault(name, {})
                found.setdefault(f"{metric}@{key}", []).append(value)

    def _path(self, name: str, count: int) -> Path:
        return self._folder / f"{name}-{count}" / "events"

    def _fill(self, name: str, count: int, at: int = 1) -> None:
        path = self._path(name, count)
        shutil.rmtree(path.parent, ignore_errors=True)
        path.parent.mkdir()
        if count or at > 1:  # SQLite is refused to all but one that make a database at once
            self._children.run(Job("fill", name, str(path), count))


def best(results: Results, name: str, key: str) -> float | None:
    """Return the least value of a contender's metric; None if it was not measured."""
    return min(results.get(name, {}).get(key, []), default=None)


def summary(found: Sequence[Values]) -> Values:
    """Return what the saves of several processes come to.

    ``save`` is the median. The rate is that of all together, fairness that of the slowest over
    that of the fastest.
    """
    times = sorted(chain.from_iterable(values["times"] for values in found))
    rates = [len(values["times"]) / (values["end"] - values["begin"]) for values in found]
    seconds = max(values["end"] for values in found) - min(values["begin"] for values in found)
    return {
        "save": times[len(times) // 2],
        "p99.9": times[len(times) * 999 // 1000],
        "rate": len(times) / seconds,
        "fairness": min(rates) / max(rates),
    }


def _send(children: Sequence[subprocess.Popen[str]], lines: Iterable[str]) -> None:
    for child, line in zip(children, lines, strict=True):
        if child.stdin is not None:
            child.stdin.write(line + "\n")
            child.stdin.flush()


def _answers(children: Sequence[subprocess.Popen[str]]) -> list[str]:
    """Return the next line of each child, which it has for sure unless it has failed."""
    lines = [child.stdout.readline() for child in children if child.stdout is not None]
    if not all(lines):
        raise RuntimeError("a measurement failed: its error is above")
    return lines


def _say(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)
