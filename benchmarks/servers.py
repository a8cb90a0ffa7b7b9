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
from functools import partial
from pathlib import Path
from time import perf_counter

from tests.specify_cli.telemetry.support.servers import Server, servers_folder

from specify_cli.telemetry import SimpleJsonStore
from specify_cli.telemetry.postgres import SimplePostgresStore
from specify_cli.telemetry.sync import copy_new

from .chart import number
from .logs import ThisStore
from .measure import expect
from .report import describe, table
from .workload import aggregate_id, in_batches

_RESULTS = Path(__file__).resolve().parent / "results" / "servers.md"
_BATCH, _POLLS = 100, 200
_NOTE = "In brackets the ratio to the file. The best of several rounds, stores taking turns."

Make = Callable[[str], SimpleJsonStore | SimplePostgresStore]
Times = dict[str, float]


@contextmanager
def timed(times: Times, task: str, of: int = 1) -> Iterator[None]:
    """Keep the seconds that a task takes, of one event, load, poll or copy, if it is the best."""
    begin = perf_counter()
    yield
    times[task] = min(times.get(task, sys.maxsize), (perf_counter() - begin) / of)


def measure(times: Times, make: Make, name: str, count: int) -> None:
    """Time what a store does, with two new logs."""
    saved = ThisStore.events(0, count)
    single = saved[: count // 20]
    store = make(f"{name}-single")
    store.save_event(single[0])
    for task, events in (("save one", single[1:]), ("save one again", single)):
        with timed(times, task, len(events)):
            for event in events:
                store.save_event(event)
    store = make(f"{name}-batches")
    with timed(times, f"save {_BATCH} at once, each", count):
        for batch in in_batches(saved, _BATCH):
            store.save_events(batch)
    with timed(times, "load all"):
        expect(len(make(f"{name}-batches").load_all_events()), count)
    with timed(times, "load one aggregate first"):
        expect(len(make(f"{name}-batches").load_events(aggregate_id(0))), count // 20)
    _, cursor = store.read_since()
    with timed(times, "poll without news", _POLLS):
        for _ in range(_POLLS):
            expect(len(store.read_since(cursor).events), 0)


def measure_copies(times: Times, file: Make, server: Make, name: str, count: int) -> None:
    """Time pushing, looking again without a cursor, and pulling."""
    here, there, back = file(f"{name}-here"), server(name), file(f"{name}-back")
    here.save_events(ThisStore.events(0, count))
    tasks = [("push", here, there, count), ("push again, cursors lost", here, there, 0)]
    for task, source, target, new in [*tasks, ("pull", there, back, count)]:
        with timed(times, task):
            expect(copy_new(source, target).new, new)


def main() -> None:
    """Measure, print the table and write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="see that it works, write nothing")
    is_quick = parser.parse_args().quick
    count, rounds = (500, 1) if is_quick else (20_000, 3)
    copies: Times = {}
    with servers_folder() as folder, tempfile.TemporaryDirectory() as logs:
        server = Server(folder / "server").initialise().start()
        try:
            makes: dict[str, Make] = {
                "file": lambda name: SimpleJsonStore(Path(logs) / name),
                "file, fsync": lambda name: SimpleJsonStore(Path(logs) / name, fsync=True),
                "server": partial(SimplePostgresStore, server.conninfo),
            }
            found: dict[str, Times] = {title: {} for title in makes}
            for turn in range(rounds):
                for title, make in makes.items():
                    measure(found[title], make, f"{title}-{turn}", count)
                measure_copies(copies, makes["file"], makes["server"], f"copy-{turn}", count)
            version = str(server.execute("SHOW server_version")[0][0])
        finally:
            server.kill()
    rows = [
        [
            task,
            *(
                f"{number(times[task] * 1e3, 3)} ({times[task] / best:.2g})"
                for times in found.values()
            ),
        ]
        for task, best in found["file"].items()
    ]
    copied = [[task, number(seconds * 1e3, 3)] for task, seconds in copies.items()]
    tables = [
        table([f"{count:,} events (ms)", *found], rows),
        table([f"{count:,} lines", "ms"], copied),
    ]
    facts = "; ".join(f"{name}: {value}" for name, value in describe().items())
    text = "\n\n".join(["# Servers", *tables, _NOTE, f"{facts}; PostgreSQL: {version}"]) + "\n"
    sys.stdout.write(text)
    if not is_quick:
        _RESULTS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
