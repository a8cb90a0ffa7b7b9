"""One measurement, in a process of its own: ``python -m benchmarks.measure JOB``.

The job comes as JSON; what was measured is printed as JSON, by metric. Every measurement checks
what it got, so that no contender is fast by losing events.
"""

from __future__ import annotations

import gc
import json
import sys
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from specify_cli.spec_kitty_events import Event
from specify_cli.telemetry import SimpleJsonStore
from specify_cli.telemetry._codec import codec_of

from . import workload
from .contender import Contender
from .contenders import CONTENDERS, ThisStore

BATCH = 1000
WARM_UP = 5
_MICROSECONDS = 1e6
_MILLISECONDS = 1e3


@dataclass(frozen=True)
class Job:
    """What to measure.

    Attributes:
        task: One of ``TASKS``.
        contender: One of ``CONTENDERS``.
        path: The log or database; it exists unless the task is to make it.
        count: How many events it holds, or is to get.
        new: The number of the first event that is not in it.
        saves: How many new events a warm save is measured with.
    """

    task: str
    contender: str
    path: str
    count: int
    new: int = 0
    saves: int = 0


def fill(job: Job) -> dict[str, float]:
    """Make a log or database of ``count`` events; nothing is measured."""
    CONTENDERS[job.contender].fill(Path(job.path), job.count)
    return {}


def save(job: Job) -> dict[str, float]:
    """Save events one at a time, beginning with an empty log; the first is not counted."""
    events = workload.events(0, job.count)
    contender = _open(job)
    contender.prepare(events)
    contender.save(events[0])
    seconds = _time_saves(contender, events[1:])
    _expect(len(contender.load_all()), job.count)
    return {"save": seconds / (job.count - 1) * _MICROSECONDS}


def save_many(job: Job) -> dict[str, float]:
    """Save events in batches; for this store, encode the same events too.

    Saving and encoding take turns in going first, so that neither always has the warmer caches.
    """
    first, *events = workload.events(0, job.count + 1)
    contender = _open(job)
    contender.prepare([first, *events])
    contender.save(first)
    steps: dict[str, Callable[[list[Event]], object]] = {"save_many": contender.save_many}
    if isinstance(contender, ThisStore):
        steps["encode"] = _encode_all
    seconds = dict.fromkeys(steps, 0.0)
    gc.collect()
    for number, batch in enumerate(workload.in_batches(events, BATCH)):
        for name in sorted(steps, reverse=number % 2 == 1):
            start = perf_counter()
            steps[name](batch)
            seconds[name] += perf_counter() - start
    _expect(len(contender.load_all()), job.count + 1)
    return {name: value / job.count * _MICROSECONDS for name, value in seconds.items()}


def first_save(job: Job) -> dict[str, float]:
    """Save one new event as a process does that has just started; imports are not counted."""
    event = workload.event(job.new)
    gc.collect()
    start = perf_counter()
    contender = CONTENDERS[job.contender](Path(job.path))
    contender.save(event)
    seconds = perf_counter() - start
    contender.close()
    return {"first_save": seconds * _MILLISECONDS}


def warm_save(job: Job) -> dict[str, float]:
    """Save new events to a log that has many, after the first few."""
    events = workload.events(job.new, job.new + WARM_UP + job.saves)
    contender = _open(job)
    for event in events[:WARM_UP]:
        contender.save(event)
    seconds = _time_saves(contender, events[WARM_UP:])
    contender.close()
    return {"warm_save": seconds / job.saves * _MICROSECONDS}


def known_id(job: Job) -> dict[str, float]:
    """Save every event of a log again, in a process that has done so with one before."""
    events = workload.events(0, job.count)
    contender = _open(job)
    contender.save(events[0])
    seconds = _time_saves(contender, events)
    _expect(len(contender.load_all()), job.count)
    return {"known_id": seconds / job.count * _MICROSECONDS}


def load_all(job: Job) -> dict[str, float]:
    """Load every event."""
    contender = _open(job)
    gc.collect()
    start = perf_counter()
    events = contender.load_all()
    seconds = perf_counter() - start
    _expect(len(events), job.count)
    return {"load_all": seconds / job.count * _MICROSECONDS}


def load_one(job: Job) -> dict[str, float]:
    """Load one aggregate of ``AGGREGATES``, and then another; times are per event in the log."""
    contender = _open(job)
    values = {}
    for number, metric in enumerate(["load_one", "load_again"]):
        name = workload.aggregate_id(workload.AGGREGATES // 2 + number)
        gc.collect()
        start = perf_counter()
        events = contender.load(name)
        seconds = perf_counter() - start
        _expect(len(events), job.count // workload.AGGREGATES)
        values[metric] = seconds / job.count * _MICROSECONDS
    return values


def memory(job: Job) -> dict[str, float]:
    """Have this store learn every id in the log; what it holds then, by ``tracemalloc``."""
    events = workload.events(job.new, job.new + WARM_UP)
    tracemalloc.start()
    store = SimpleJsonStore(job.path)
    for event in events:
        store.save_event(event)
    gc.collect()
    held, _ = tracemalloc.get_traced_memory()
    return {"memory": held / (job.count + WARM_UP)}


def iterate(job: Job) -> dict[str, float]:
    """Go through the whole log with this store: the time, and how far the process grows (MB)."""
    before = _memory_status("VmRSS")
    start = perf_counter()
    count = sum(1 for _ in SimpleJsonStore(job.path).iter_events())
    seconds = perf_counter() - start
    _expect(count, job.count)
    values = {"iterate": seconds / job.count * _MICROSECONDS}
    if before is not None:
        values["growth"] = ((_memory_status("VmHWM") or 0) - before) / 1e6
    return values


def _open(job: Job) -> Contender:
    contender = CONTENDERS[job.contender](Path(job.path))
    if not contender.persistent and job.task.startswith(("load", "known")):
        contender.save_many(workload.events(0, job.count))
    return contender


def _time_saves(contender: Contender, events: list[Event]) -> float:
    save_one = contender.save
    gc.collect()
    start = perf_counter()
    for event in events:
        save_one(event)
    return perf_counter() - start


def _encode_all(events: list[Event]) -> None:
    encode = codec_of(Event).encode
    for event in events:
        encode(event)


def _memory_status(name: str) -> int | None:
    """Return a size in bytes from the process's status; None where there is no such file.

    ``getrusage`` would not do: its peak begins with that of the parent process.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    sizes = dict(row.split(":", 1) for row in status.read_text().splitlines())
    return int(sizes[name].split()[0]) * 1024


def _expect(found: int, expected: int) -> None:
    if found != expected:
        raise RuntimeError(f"{found} events instead of {expected}")


TASKS: dict[str, Callable[[Job], dict[str, float]]] = {
    function.__name__: function
    for function in (
        *(fill, save, save_many, first_save, warm_save),
        *(known_id, load_all, load_one, memory, iterate),
    )
}


def main() -> None:
    """Do the job given as the only argument."""
    job = Job(**json.loads(sys.argv[1]))
    if not CONTENDERS[job.contender].load_library():
        raise RuntimeError(f"{job.contender} is not installed")
    print(json.dumps(TASKS[job.task](job)))


if __name__ == "__main__":
    main()
