"""What the project asks of its store, as ratios within one run, and what was reached."""

from __future__ import annotations

from dataclasses import dataclass

from .runner import Results


@dataclass(frozen=True)
class Target:
    """One aim.

    Attributes:
        text: What it is about.
        limit: The number to reach.
        reached: The number measured; None when this run did not measure it.
        at_least: Whether more is better.
        unit: What the numbers count.
    """

    text: str
    limit: float
    reached: float | None
    at_least: bool = False
    unit: str = "x"

    @property
    def met(self) -> bool | None:
        """Whether the aim is reached; None when not measured."""
        if self.reached is None:
            return None
        return self.reached >= self.limit if self.at_least else self.reached <= self.limit


def main_targets(results: Results, imported: float, sizes: list[int]) -> list[Target]:
    """Return the aims that the main run measures.

    Args:
        results: What the run measured.
        imported: The import time that counts, in milliseconds.
        sizes: The sizes of the logs, ascending; most is measured on the last.
    """
    n = sizes[-1]

    def over(metric: str, contender: str, size: int = n) -> float | None:
        return ratio(results, f"{metric}@{size}", "store", contender)

    def under(metric: str, contender: str) -> float | None:
        return ratio(results, f"{metric}@{n}", contender, "store")

    encoding = results["store"][f"save_many@{n}"] / results["store"][f"encode@{n}"]
    small = [value for size in sizes[:-1] if (value := over("first_save", "sqlite", size))]
    return [
        Target(
            "warm save: times faster than plain JSONL", 2.2, under("save", "plain"), at_least=True
        ),
        Target("warm save: times faster than SQLite", 3.5, under("save", "sqlite"), at_least=True),
        Target("save_events of 1,000: its time over encoding alone", 1.6, encoding),
        Target(
            f"first save, log of {n:,}: times faster than plain JSONL",
            80,
            under("first_save", "plain"),
            at_least=True,
        ),
        Target(f"first save, logs up to {sizes[-2]:,}: time over SQLite's", 1, max(small)),
        Target("load all: time over the bare limit", 1.05, over("load_all", "limit")),
        Target("load one aggregate: time over SQLite's", 1.2, over("load_again", "sqlite")),
        Target(
            "load one aggregate, the first in a process: time over SQLite's",
            1.2,
            over("load_one", "sqlite"),
        ),
        Target("save of a known id: time over SQLite's", 1, over("known_id", "sqlite")),
        *memory_targets(results),
        Target("import: time added to a bare `import pydantic`", 10, imported, unit=" ms"),
    ]


def scaling_targets(results: Results, sizes: list[int]) -> list[Target]:
    """Return the aims that the scaling run measures, the largest log against one a hundredth of it.

    Args:
        results: What the run measured.
        sizes: The sizes of the logs, ascending, ten times as many events each time.
    """
    small, large = sizes[-3], sizes[-1]
    store = results["store"]
    return [
        Target(
            f"warm save, log of {large:,}: time over that at {small:,}",
            1.3,
            store[f"warm_save@{large}"] / store[f"warm_save@{small}"],
        ),
        Target(
            f"iterating {large:,} events: growth of the process",
            20,
            store.get(f"growth@{large}"),
            unit=" MB",
        ),
        *memory_targets(results),
    ]


def memory_targets(results: Results) -> list[Target]:
    """Return the aim for the memory of known ids, at each number of them that was measured."""
    return [
        Target(f"memory per known id, {int(size):,} ids", 120, value, unit=" bytes")
        for metric, _, size in (key.partition("@") for key in results["store"])
        if metric == "memory" and (value := results["store"][f"memory@{size}"])
    ]


def ratio(results: Results, key: str, above: str, below: str) -> float | None:
    """Return a metric of one contender divided by that of another; None where either lacks."""
    dividend = results.get(above, {}).get(key)
    divisor = results.get(below, {}).get(key)
    return None if dividend is None or divisor is None else dividend / divisor
