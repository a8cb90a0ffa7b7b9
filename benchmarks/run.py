"""The benchmark: ``python -m benchmarks.run``, from the folder above this one.

Without options, the comparison: all contenders on the same 20,000 events. With ``--scaling``, logs
from 1,000 to 1,000,000 events instead. With ``--quick``, both on few events, to see that all works:
its numbers mean nothing, and it writes nothing but what ``--output`` asks for.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from . import report
from .contenders import CONTENDERS, RELEASES, installed
from .runner import IMPORTS, ROOT, Children, Runner

PROCESSES = (1, 2, 4, 8)


@dataclass(frozen=True)
class Plan:
    """How much to measure.

    Attributes:
        sizes: The logs that a first save is measured on; the rest is measured on the last.
        rounds: How often each contender has its turn; twice as often at first saves.
        saves: How many events are saved one by one, and in batches.
        import_rounds: How often an import is timed.
        memory_sizes: How many known ids the memory for them is measured with.
        scaling: The sizes of the scaling run, with the rounds of each.
        warm_saves: How many saves the scaling run times in one process, at most as many as the
            log has events. SQLite needs hundreds to come to its checkpoints.
    """

    sizes: list[int]
    rounds: int
    saves: int
    import_rounds: int
    memory_sizes: list[int]
    scaling: dict[int, int]
    warm_saves: int


FULL = Plan(
    sizes=[5_000, 20_000],
    rounds=3,
    saves=10_000,
    import_rounds=11,
    # A dictionary has just doubled with 22,000 keys: memory per key is at its highest there.
    memory_sizes=[20_000, 22_000],
    scaling={1_000: 5, 10_000: 5, 100_000: 3, 1_000_000: 2},
    warm_saves=2_000,
)
QUICK = Plan(
    sizes=[500, 1_000],
    rounds=1,
    saves=1_000,
    import_rounds=1,
    memory_sizes=[1_000],
    scaling={1_000: 1, 2_000: 1, 5_000: 1},
    warm_saves=100,
)


def compare(plan: Plan, folder: Path) -> report.Comparison:
    """Measure all contenders on the same events."""
    runner = Runner(folder, plan.rounds)
    types = CONTENDERS | RELEASES
    names = installed(types)
    for name in types.keys() - names:
        print(f"  {types[name].title} is not installed: left out", file=sys.stderr)
    files = [name for name in names if types[name].persistent and name != "limit"]
    n = plan.sizes[-1]
    for processes in PROCESSES:
        # Those that several processes may save to; none of them waits for a device.
        several = [name for name in CONTENDERS if name in {"store", "sqlite", "diskcache", "lmdb"}]
        saving = [name for name in names if processes == 1 or name in several]
        runner.measure_together(saving, processes, plan.saves // max(1, processes // 2))
    runner.measure("save_many", names, 0, plan.saves)
    runner.fill(names, n)
    reading = [name for name in names if types[name].reads]
    runner.measure("load_all", reading, n)
    runner.measure("load_one", reading, n)
    knowing = [name for name in names if types[name].does.ids != "-"]
    runner.measure("known_id", knowing, n, plan.saves // 2)
    runner.measure("first_save", files, n, rounds=2 * plan.rounds)
    for size in plan.sizes[:-1]:
        few = [name for name in files if name in {"store", "plain", "sqlite"}]
        runner.fill(few, size)
        runner.measure("first_save", few, size, rounds=2 * plan.rounds)
    for size in plan.memory_sizes:
        runner.fill(["store"], size)
        runner.measure("memory", ["store"], size, rounds=1)
    children = Children(folder)
    imports = {
        name: [children.import_time(before) for _ in range(plan.import_rounds)]
        for name, before in IMPORTS.items()
    }
    return report.Comparison(runner.results, plan.sizes, imports)


def scale(plan: Plan, folder: Path) -> report.Scaling:
    """Measure the store, plain JSONL and SQLite on logs of growing size."""
    contenders = ["store", "plain", "sqlite"]
    results = {}
    for count, rounds in plan.scaling.items():
        runner = Runner(folder, rounds)
        runner.fill(contenders, count)
        runner.measure("iterate", ["store"], count)
        runner.measure("load_one", contenders, count)
        runner.measure("load_all", contenders, count)
        runner.measure("memory", ["store"], count, rounds=1)
        runner.measure("first_save", contenders, count)
        runner.measure("save", contenders, count, min(count, plan.warm_saves))
        runner.clear(contenders, count)
        results[count] = runner.results
    return report.Scaling(results)


def main() -> None:
    """Measure, print the tables, write the results and the chart."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run")
    parser.add_argument("--quick", action="store_true", help="few events, to see that it works")
    parser.add_argument("--scaling", action="store_true", help="up to 1,000,000 events instead")
    parser.add_argument("--output", type=Path, help="folder for results")
    options = parser.parse_args()
    plan = QUICK if options.quick else FULL
    start = perf_counter()
    # Made and removed here, however the run ends.
    with tempfile.TemporaryDirectory(prefix="benchmark-") as temporary:
        folder = Path(temporary)
        default = folder / "results" if options.quick else ROOT / "benchmarks" / "results"
        output = options.output or default
        output.mkdir(parents=True, exist_ok=True)
        if options.quick or not options.scaling:
            report.write_comparison(compare(plan, folder), output)
        if options.quick or options.scaling:
            report.write_scaling(scale(plan, folder), output)
    print(f"\nDone in {perf_counter() - start:.0f} s", file=sys.stderr)
    if options.quick:
        print("A quick run shows that the benchmark works; its numbers mean nothing.")


if __name__ == "__main__":
    main()
