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
from .contenders import CONTENDERS
from .imports import import_times
from .runner import Runner, installed

RESULTS = Path(__file__).resolve().parent / "results"


@dataclass(frozen=True)
class Plan:
    """How much to measure.

    Attributes:
        sizes: The logs that a first save is measured on; the rest is measured on the last.
        rounds: How often each contender has its turn.
        import_rounds: How often an import is timed.
        memory_sizes: How many known ids the memory for them is measured with.
        scaling: The sizes of the scaling run, with the rounds of each.
        warm_saves: How many saves the scaling run times in one process, at most as many as the
            log has events. SQLite needs hundreds to come to its checkpoints.
    """

    sizes: list[int]
    rounds: int
    import_rounds: int
    memory_sizes: list[int]
    scaling: dict[int, int]
    warm_saves: int


FULL = Plan(
    sizes=[1_000, 5_000, 20_000],
    rounds=5,
    import_rounds=15,
    # A dictionary has just doubled with 22,000 keys: memory per key is at its highest there.
    memory_sizes=[20_000, 22_000],
    scaling={1_000: 5, 10_000: 5, 100_000: 3, 1_000_000: 2},
    warm_saves=2_000,
)
QUICK = Plan(
    sizes=[500, 1_000, 2_000],
    rounds=2,
    import_rounds=3,
    memory_sizes=[1_000],
    scaling={1_000: 2, 2_000: 2, 5_000: 2},
    warm_saves=100,
)


def compare(plan: Plan, folder: Path) -> report.Comparison:
    """Measure all contenders on the same events."""
    runner = Runner(folder)
    everyone = installed()
    unbounded = [name for name in everyone if CONTENDERS[name].max_events is None]
    logs = [name for name in unbounded if CONTENDERS[name].persistent and name != "limit"]
    count = plan.sizes[-1]
    # TinyDB takes a second for a few hundred saves, so it has one turn at them, not several.
    slow = [name for name in everyone if name not in unbounded]
    runner.measure_from_empty("save", unbounded, count, plan.rounds)
    runner.measure_from_empty("save", slow, count, 1)
    runner.measure_from_empty("save_many", everyone, count, plan.rounds)
    runner.fill(everyone, count)
    runner.measure("load_all", everyone, count, plan.rounds)
    runner.measure("load_one", everyone, count, plan.rounds)
    knowing = [name for name in unbounded if CONTENDERS[name].knows_ids]
    runner.measure("known_id", knowing, count, plan.rounds)
    runner.measure("known_id", slow, count, 1)
    for size in plan.sizes:
        if size != count:
            runner.fill(logs, size)
        runner.measure("first_save", logs, size, 2 * plan.rounds)
    for size in plan.memory_sizes:
        runner.fill(["store"], size)
        runner.measure("memory", ["store"], size, 1)
    imports = import_times(plan.import_rounds, folder)
    return report.Comparison(runner.results, plan.sizes, imports, plan.rounds)


def scale(plan: Plan, folder: Path) -> report.Scaling:
    """Measure the store, plain JSONL and SQLite on logs of growing size."""
    runner = Runner(folder)
    contenders = ["store", "plain", "sqlite"]
    for count, rounds in plan.scaling.items():
        runner.fill(contenders, count)
        runner.measure("iterate", ["store"], count, rounds)
        runner.measure("load_one", contenders, count, rounds)
        runner.measure("load_all", contenders, count, rounds)
        runner.measure("memory", ["store"], count, 1)
        runner.measure("first_save", contenders, count, rounds)
        runner.measure("warm_save", contenders, count, rounds, min(count, plan.warm_saves))
        runner.clear(contenders, count)
    return report.Scaling(runner.results, list(plan.scaling), list(plan.scaling.values()))


def main() -> None:
    """Measure, print the tables, write the results and charts."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run")
    parser.add_argument("--quick", action="store_true", help="few events, to see that it works")
    parser.add_argument("--scaling", action="store_true", help="up to 1,000,000 events instead")
    parser.add_argument("--output", type=Path, help="folder for results and charts")
    options = parser.parse_args()
    plan = QUICK if options.quick else FULL
    start = perf_counter()
    # Made and removed here, however the run ends.
    with tempfile.TemporaryDirectory(prefix="benchmark-") as temporary:
        folder = Path(temporary)
        output = options.output or (folder / "results" if options.quick else RESULTS)
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
