"""The benchmark: ``python -m benchmarks.run``, from the folder above this one.

Without options, the comparison: all contenders on the same 20,000 events. With ``--scaling``, logs
from 1,000 to 1,000,000 events instead. With ``--quick``, both on few events, to see that all works:
its numbers mean nothing, and it writes nothing but what ``--output`` asks for.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

from . import report
from .contenders import EVERYONE, RELEASES
from .runner import IMPORTS, ROOT, Children, Results, Runner

# Those that several processes may save to, with commits that wait for no device.
_SHARED = ("store", "sqlite", "diskcache", "lmdb")


@dataclass(frozen=True)
class Plan:
    """How much to measure; by default, all of it."""

    # First saves are measured on logs of both sizes, all else on the larger one.
    sizes: list[int] = field(default_factory=lambda: [5_000, 20_000])
    rounds: int = 3
    processes: tuple[int, ...] = (1, 2, 4, 8)
    # One by one, and in batches.
    saves: int = 10_000
    import_rounds: int = 11
    # Numbers of events and rounds of the scaling run, and how many saves it times in a process:
    # SQLite needs hundreds to come to its checkpoints.
    scaling: tuple[tuple[int, int], ...] = ((1_000, 5), (10_000, 5), (100_000, 3), (1_000_000, 2))
    warm_saves: int = 2_000


QUICK = Plan([500, 1_000], 1, (1, 2), 1_000, 1, ((500, 1), (1_000, 1), (2_000, 1)), 100)


def compare(plan: Plan, folder: Path, output: Path) -> None:
    """Measure all contenders on the same events."""
    runner = Runner(folder, plan.rounds)
    names = [name for name, contender in EVERYONE.items() if contender.is_installed()]
    files = [name for name in names if name != "limit"]
    small, n = plan.sizes
    for processes in plan.processes:
        saving = [name for name in names if processes == 1 or name in _SHARED]
        runner.measure("save", saving, 0, plan.saves // max(1, processes // 2), at=processes)
    runner.measure("save_many", names, 0, plan.saves)
    runner.fill(names, n)
    reading = [name for name in names if EVERYONE[name].reads]
    runner.measure("load_all", reading, n)
    runner.measure("load_one", reading, n)
    knowing = [name for name in names if EVERYONE[name].does.ids != "-"]
    runner.measure("known_id", knowing, n, plan.saves // 2)
    few = [name for name in files if name in {"store", "plain", "sqlite", *RELEASES}]
    runner.fill(few, small)
    runner.measure("first_save", files * 2, n)
    runner.measure("first_save", few * 2, small)
    children = Children(folder)
    imports = {
        name: [children.import_time(before) for _ in range(plan.import_rounds)]
        for name, before in IMPORTS.items()
    }
    report.write_comparison(runner.results, plan.sizes, imports, output)


def scale(plan: Plan, folder: Path, output: Path) -> None:
    """Measure the store, plain JSONL and SQLite on logs of growing size."""
    contenders = ["store", "plain", "sqlite"]
    runs: dict[int, Results] = {}
    for count, rounds in plan.scaling:
        runner = Runner(folder, rounds)
        runner.fill(contenders, count)
        runner.measure("iterate", ["store"], count)
        runner.measure("load_one", contenders, count)
        runner.measure("load_all", contenders, count)
        runner.measure("first_save", contenders, count)
        runner.measure("save", contenders, count, min(count, plan.warm_saves))
        runs[count] = runner.results
    report.write_scaling(runs, output)


def main() -> None:
    """Measure, print the tables, write the results and the chart."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run")
    parser.add_argument("--quick", action="store_true", help="few events, to see that it works")
    parser.add_argument("--scaling", action="store_true", help="up to 1,000,000 events instead")
    parser.add_argument("--output", type=Path, help="folder for results")
    options = parser.parse_args()
    plan = QUICK if options.quick else Plan()
    start = perf_counter()
    # Made and removed here, however the run ends.
    with tempfile.TemporaryDirectory(prefix="benchmark-") as temporary:
        folder = Path(temporary)
        default = folder / "results" if options.quick else ROOT / "benchmarks" / "results"
        output = options.output or default
        output.mkdir(parents=True, exist_ok=True)
        if options.quick or not options.scaling:
            compare(plan, folder, output)
        if options.quick or options.scaling:
            scale(plan, folder, output)
    print(f"\nDone in {perf_counter() - start:.0f} s", file=sys.stderr)
    if options.quick:
        print("A quick run shows that the benchmark works; its numbers mean nothing.")


if __name__ == "__main__":
    main()
