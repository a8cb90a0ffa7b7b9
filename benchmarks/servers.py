"""The store on a server beside the one in a file: ``python -m benchmarks.servers``.

It starts a PostgreSQL of its own, as the tests do, with all that makes commits last turned on. In
each round every store has its turn, with a new log, and the best of each counts.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

from tests.specify_cli.telemetry.support.servers import Server, servers_folder

from specify_cli.telemetry import SimpleJsonStore
from specify_cli.telemetry.postgres import SimplePostgresStore
from specify_cli.telemetry.sync import copy_new

from .report import describe
from .workload import aggregate_id, events, in_batches

RESULTS = Path(__file__).resolve().parent / "results" / "servers.md"
_BATCH = 100

Store = SimpleJsonStore | SimplePostgresStore
Times = dict[str, float]


def measure(make: Callable[[str], Store], name: str, count: int) -> Times:
    """Return the seconds that each task takes, of one event, load, poll or copy."""
    saved = events(0, count)
    times: Times = {}

    @contextmanager
    def timed(task: str, of: int = 1) -> Iterator[None]:
        begin = perf_counter()
        yield
        times[task] = (perf_counter() - begin) / of

    single = saved[: count // 20]
    store = make(f"{name}-single")
    store.save_event(single[0])
    with timed("save one", len(single) - 1):
        for event in single[1:]:
            store.save_event(event)
    with timed("save one again", len(single)):
        for event in single:
            store.save_event(event)
    store = make(f"{name}-batches")
    with timed(f"save {_BATCH} at once, each", count):
        for batch in in_batches(saved, _BATCH):
            store.save_events(batch)
    with timed("load all"):
        expect(len(make(f"{name}-batches").load_all_events()), count)
    with timed("load one aggregate first"):
        expect(len(make(f"{name}-batches").load_events(aggregate_id(0))), count // 20)
    _, cursor = store.read_since()
    polls = 200
    with timed("poll without news", polls):
        for _ in range(polls):
            expect(len(store.read_since(cursor).events), 0)
    return times


def measure_copies(folder: Path, conninfo: str, name: str, count: int) -> Times:
    """Return the seconds that pushing, looking again without a cursor, and pulling take."""
    here, there = SimpleJsonStore(folder / f"{name}-here"), SimplePostgresStore(conninfo, name)
    back = SimpleJsonStore(folder / f"{name}-back")
    here.save_events(events(0, count))
    times: Times = {}
    for task, source, target, new in (
        ("push", here, there, count),
        ("push again, cursors lost", here, there, 0),
        ("pull", there, back, count),
    ):
        begin = perf_counter()
        expect(copy_new(source, target).new, new)
        times[task] = perf_counter() - begin
    return times


def expect(number: int, expected: int) -> None:
    """See that no store is fast by losing something."""
    if number != expected:
        sys.exit(f"{number} events, not {expected}")


def best(rounds: list[Times]) -> Times:
    """Return the best time of each task."""
    return {task: min(times[task] for times in rounds) for task in rounds[0]}


def shown(seconds: float) -> str:
    """Return a time as one reads it."""
    for limit, factor, unit in ((1e-3, 1e6, "µs"), (1, 1e3, "ms")):
        if seconds < limit:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds:.3g} s"


def report(count: int, stores: dict[str, Times], copies: Times) -> str:
    """Return the results as Markdown."""
    first, *_ = stores.values()
    lines = [f"| {count:,} events | {' | '.join(stores)} |", "|---|" + "---|" * len(stores)]
    for task in first:
        cells = [
            f"{shown(times[task])} ({times[task] / first[task]:.2g})" for times in stores.values()
        ]
        lines.append(f"| {task} | {' | '.join(cells)} |")
    lines += ["", f"| copying {count:,} lines | |", "|---|---|"]
    lines += [f"| {task} | {shown(seconds)} |" for task, seconds in copies.items()]
    facts = "; ".join(f"{name}: {value}" for name, value in describe().items())
    notes = "In brackets the ratio to the file. The best of several rounds, stores taking turns.\n"
    return "\n".join(["# Servers", "", *lines, "", notes, facts, ""])


def main() -> None:
    """Measure, print the table and write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="see that it works, write nothing")
    count, rounds = (500, 1) if parser.parse_args().quick else (20_000, 3)
    with servers_folder() as folder, tempfile.TemporaryDirectory() as logs:
        server = Server(folder / "server").initialise().start()
        try:
            conninfo, logs_folder = server.conninfo, Path(logs)
            makes: dict[str, Callable[[str], Store]] = {
                "file": lambda name: SimpleJsonStore(logs_folder / name),
                "file, fsync": lambda name: SimpleJsonStore(logs_folder / name, fsync=True),
                "server": lambda name: SimplePostgresStore(conninfo, name),
            }
            found: dict[str, list[Times]] = {title: [] for title in makes}
            copies: list[Times] = []
            for number in range(rounds):
                for title, make in makes.items():
                    found[title].append(measure(make, f"{title}-{number}", count))
                copies.append(measure_copies(logs_folder, conninfo, f"copy-{number}", count))
            version = str(server.execute("SHOW server_version")[0][0])
        finally:
            server.kill()
    stores = {title: best(times) for title, times in found.items()}
    text = report(count, stores, best(copies)) + f"PostgreSQL: {version}\n"
    sys.stdout.write(text)
    if count == 20_000:  # noqa: PLR2004  # a quick run's numbers mean nothing
        RESULTS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
