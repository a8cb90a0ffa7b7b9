"""One measurement, in a process of its own: ``python -m benchmarks.measure JOB``.

The job comes as JSON; what was measured is printed as JSON, by metric. Every measurement checks
what it got, so that no contender is fast by losing events.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from collections.abc import Callable, Sized
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import fmean, median
from time import perf_counter
from typing import Any

from specify_cli import telemetry

from . import workload
from .contender import Contender
from .contenders import EVERYONE
from .logs import ThisStore

BATCH = 1000
WARM_UP = 5
_MICROSECONDS = 1e6

Values = dict[str, Any]


@dataclass(frozen=True)
class Job:
    """What to measure: a task of ``TASKS`` with a contender of ``EVERYONE``."""

    task: str
    contender: str
    # The log or database, and how many events it holds, or is to get.
    path: str
    count: int
    # The number of the first event that is not in it, and the most events to save.
    new: int = 0
    saves: int = 0
    # How long to go on with saves that are timed one by one.
    seconds: float = 0.5
    # The one to run on, where the system lets a process choose; None: any.
    processor: int | None = None
    # What times whatever happens once: process_time leaves out other programs, but waiting too.
    clock: str = "perf_counter"

    def now(self) -> float:
        """Return the seconds on that clock."""
        seconds: float = getattr(time, self.clock)()
        return seconds


def fill(job: Job) -> Values:
    """Make a log or database of ``count`` events; nothing is measured."""
    EVERYONE[job.contender].fill(Path(job.path), job.count)
    return {}


def save(job: Job) -> Values:
    """Save new events one at a time, after the first few, perhaps while other processes do.

    It says when it is ready, begins at the time that it is told, and says how many it has saved;
    told a number then, it checks that all processes together have saved that many.
    """
    contender = _open(job)
    events = contender.events(job.new, job.new + WARM_UP + job.saves)
    for event in events[:WARM_UP]:
        contender.save(event)
    gc.collect()
    print("ready", flush=True)
    begin = float(sys.stdin.readline())
    time.sleep(max(0.0, begin - time.time()))
    times = _time_each(contender.save, events[WARM_UP:], job)
    end = time.time()
    print(WARM_UP + len(times), flush=True)
    if total := sys.stdin.readline().strip():
        expect(len(contender.load_all()), int(total))
    contender.close()
    return {"times": times, "begin": begin, "end": end}


def save_many(job: Job) -> Values:
    """Save events in batches; for this store, encode the same events too.

    Saving and encoding take turns in going first, so that neither always has the warmer caches.
    """
    contender = _open(job)
    first, *events = contender.events(0, 1 + job.saves)
    contender.save(first)
    steps: dict[str, Callable[[list[Any]], object]] = {"save_many": contender.save_many}
    if isinstance(contender, ThisStore):
        steps["encode"] = contender.encode
    seconds = dict.fromkeys(steps, 0.0)
    gc.collect()
    for number, batch in enumerate(workload.in_batches(events, BATCH)):
        for name in sorted(steps, reverse=number % 2 == 1):
            start = job.now()
            steps[name](batch)
            seconds[name] += job.now() - start
    expect(len(contender.load_all()), 1 + job.saves)
    contender.close()
    return {name: value / job.saves * _MICROSECONDS for name, value in seconds.items()}


def first_save(job: Job) -> Values:
    """Save a new event as a process does that has just started, imports not counted; and more."""
    contender_type = EVERYONE[job.contender]
    events = contender_type.events(job.new, job.new + WARM_UP)
    gc.collect()
    start = job.now()
    contender = contender_type(Path(job.path))
    contender.save(events[0])
    first = job.now()
    for event in events[1:]:
        contender.save(event)
    seconds = job.now() - first
    contender.close()
    return {"first_save": (first - start) * 1e3, "next_saves": seconds * 1e3}


def known_id(job: Job) -> Values:
    """Save events of a log again, in a process that has done so with one before."""
    contender = _open(job)
    events = contender.events(0, min(job.count, job.saves))
    contender.save(events[0])
    gc.collect()
    times = _time_each(contender.save, events, job)
    expect(len(contender.load_all()), job.count)
    contender.close()
    return {"known_id": fmean(times), "known_id_median": median(times)}


def load_all(job: Job) -> Values:
    """Load every event."""
    contender = _open(job)
    return {"load_all": _time_load(contender.load_all, job)}


def load_one(job: Job) -> Values:
    """Load one aggregate of ``AGGREGATES``, and then another; times are per event in the log."""
    contender = _open(job)
    names = [workload.aggregate_id(workload.AGGREGATES // 2 + number) for number in range(2)]
    times = [
        _time_load(partial(contender.load, name), job, of=workload.AGGREGATES) for name in names
    ]
    return dict(zip(["load_one", "load_again"], times, strict=True))


def iterate(job: Job) -> Values:
    """Go through the whole log with this store, event by event."""
    store = telemetry.SimpleJsonStore(job.path)
    return {"iterate": _time_load(lambda: range(sum(1 for _ in store.iter_events())), job)}


def read_since(job: Job) -> Values:
    """Read all events with this store, as a reader does that has no cursor yet."""
    store = telemetry.SimpleJsonStore(job.path)
    return {"read_since": _time_load(lambda: store.read_since().events, job)}


def record(job: Job) -> Values:
    """Have this store make the events and save them; nothing if it cannot."""
    store = telemetry.SimpleJsonStore(job.path)
    if not hasattr(store, "record"):
        return {}
    names = ("aggregate_id", "node_id", "payload")
    facts = [workload.record(number) for number in range(job.saves)]
    given = [{name: fact[name] for name in names} for fact in facts]
    times = _time_each(lambda fields: store.record("ExecutionEvent", **fields), given, job)
    expect(len(store.load_all_events()), job.count + len(times))
    return {"record": median(times)}


def append(job: Job) -> Values:
    """Append records to a log of records; nothing if there is no such log."""
    if not hasattr(telemetry, "JsonlLog"):
        return {}
    log = telemetry.JsonlLog(job.path)
    times = _time_each(log.append, [workload.record(number) for number in range(job.saves)], job)
    expect(sum(1 for _ in log.records()), job.count + len(times))
    return {"append": median(times)}


def _open(job: Job) -> Contender:
    return EVERYONE[job.contender](Path(job.path))


def _time_each(step: Callable[[Any], object], items: list[Any], job: Job) -> list[float]:
    """Return how many microseconds each item takes; stop when time is up."""
    times = []
    end = perf_counter() + job.seconds
    for item in items:
        start = perf_counter()
        step(item)
        now = perf_counter()
        times.append((now - start) * _MICROSECONDS)
        if now > end:
            break
    return times


def _time_load(load: Callable[[], Sized], job: Job, of: int = 1) -> float:
    """Return how many microseconds it takes to load one part of so many, per event in the log."""
    gc.collect()
    start = job.now()
    events = load()
    seconds = job.now() - start
    expect(len(events), job.count // of)
    return seconds / job.count * _MICROSECONDS


def expect(found: int, expected: int) -> None:
    """See that no contender is fast by losing something."""
    if found != expected:
        raise RuntimeError(f"{found} events instead of {expected}")


TASKS = [fill, save, save_many, first_save, known_id, load_all, load_one]
TASKS += [iterate, read_since, record, append]


def main() -> None:
    """Do the job given as the only argument."""
    job = Job(**json.loads(sys.argv[1]))
    if job.processor is not None and hasattr(os, "sched_setaffinity"):
        processors = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {processors[job.processor % min(2, len(processors))]})
    EVERYONE[job.contender].load_library()
    (task,) = (task for task in TASKS if task.__name__ == job.task)
    print(json.dumps(task(job)))


if __name__ == "__main__":
    main()
