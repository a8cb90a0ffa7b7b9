"""Running measurements: each in its own process, contenders taking turns, the best of several."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from .contenders import CONTENDERS
from .measure import WARM_UP, Job

ROOT = Path(__file__).resolve().parent.parent

# By contender, then by metric and number of events: "load_all@20000".
Results = dict[str, dict[str, float]]


class Runner:
    """Measures contenders and keeps the best value of each metric.

    Args:
        folder: Where logs and databases are made.
    """

    def __init__(self, folder: Path) -> None:
        """Start without results."""
        self.results: Results = {}
        self._folder = folder
        self._next_new: dict[Path, int] = {}

    def fill(self, contenders: Iterable[str], count: int) -> None:
        """Make the log or database of ``count`` events that measurements of that size use."""
        for name in contenders:
            print(f"  {count:>9,} events for {CONTENDERS[name].title}", file=sys.stderr, flush=True)
            self._fill(name, count)

    def measure(
        self, task: str, contenders: Iterable[str], count: int, rounds: int, saves: int = 0
    ) -> None:
        """Measure contenders in turns, on what ``fill`` made.

        Saving new events makes it grow a little: measure loads before saves. Where it would be
        more than a little, it is made anew each time.
        """
        contenders = list(contenders)
        print(f"  {count:>9,} events: {task}", file=sys.stderr, flush=True)
        for _ in range(rounds):
            for name in contenders:
                if saves * 10 > count:
                    self._fill(name, count)  # or it would not be a log of that size for long
                path = self._path(name, count)
                new = self._next_new.get(path, 0)
                job = Job(task, name, str(path), _bounded(name, count), new, saves)
                self._keep_best(name, count, run_child(job))
                if task in {"first_save", "warm_save", "memory"}:
                    self._next_new[path] = new + saves + WARM_UP

    def measure_from_empty(
        self, task: str, contenders: Iterable[str], count: int, rounds: int
    ) -> None:
        """Measure contenders in turns, each time beginning without a file."""
        contenders = list(contenders)
        print(f"  {count:>9,} events: {task}", file=sys.stderr, flush=True)
        for _ in range(rounds):
            for name in contenders:
                path = self._folder / f"{name}-new"
                job = Job(task, name, str(path), _bounded(name, count))
                self._keep_best(name, count, run_child(job))
                remove(path)

    def clear(self, contenders: Iterable[str], count: int) -> None:
        """Remove what ``fill`` made."""
        for name in contenders:
            remove(self._path(name, count))

    def _fill(self, name: str, count: int) -> None:
        path = self._path(name, count)
        remove(path)
        events = _bounded(name, count)
        run_child(Job("fill", name, str(path), events))
        self._next_new[path] = events

    def _path(self, name: str, count: int) -> Path:
        return self._folder / f"{name}-{count}"

    def _keep_best(self, name: str, count: int, values: dict[str, float]) -> None:
        best = self.results.setdefault(name, {})
        for metric, value in values.items():
            key = f"{metric}@{count}"
            best[key] = min(value, best.get(key, value))


def installed() -> list[str]:
    """Return the contenders that can take part, saying which are left out."""
    names = [name for name, contender in CONTENDERS.items() if contender.load_library()]
    for name in (name for name in CONTENDERS if name not in names):
        print(f"{CONTENDERS[name].title} is not installed: left out", file=sys.stderr)
    return names


def run_child(job: Job) -> dict[str, float]:
    """Do one job in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.measure", json.dumps(asdict(job))]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE)  # noqa: S603  # ours
    values: dict[str, float] = json.loads(done.stdout)
    return values


def remove(path: Path) -> None:
    """Remove a log or database, with the files SQLite keeps beside it."""
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _bounded(name: str, count: int) -> int:
    return min(count, CONTENDERS[name].max_events or count)
