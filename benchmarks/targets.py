"""What the project asks of its store, as ratios within one run, and what was reached."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import NamedTuple

from .runner import Results, best


class Target(NamedTuple):
    """One aim; ``reached`` is None where this run did not measure it."""

    text: str
    limit: float
    reached: float | None
    unit: str = "x"
    at_least: bool = False

    @property
    def met(self) -> bool | None:
        """Whether the aim is reached; None when not measured."""
        if self.reached is None:
            return None
        return self.reached >= self.limit if self.at_least else self.reached <= self.limit


def main_targets(results: Results, imported: list[float], sizes: list[int]) -> list[Target]:
    """Return the aims that the main run measures, most of them on the largest log."""
    small, n = sizes

    def over(key: str, name: str, above: str = "store") -> float | None:
        dividend, divisor = best(results, above, key), best(results, name, key)
        return None if dividend is None or divisor is None else dividend / divisor

    def faster(key: str, than: str) -> float | None:
        return over(key, "store", than)

    save, first = "save@1 processes", f"first_save@{n}"
    batch, encoding = best(results, "store", "save_many@0"), best(results, "store", "encode@0")
    return [
        Target("save: times faster than plain JSONL", 2.2, faster(save, "plain"), at_least=True),
        Target("save: times faster than SQLite", 3.5, faster(save, "sqlite"), at_least=True),
        Target("save_events of 1,000: its time over encoding alone", 1.6, batch / encoding),
        Target(
            *(f"first save, log of {n:,}: times faster than plain JSONL", 80),
            *(faster(first, "plain"), "x", True),
        ),
        Target(
            *(f"first save, log of {small:,}: time over SQLite's", 1),
            over(f"first_save@{small}", "sqlite"),
        ),
        Target("load all: time over the bare limit", 1.05, over(f"load_all@{n}", "limit")),
        Target("load one: time over SQLite's", 1.2, over(f"load_one@{n}", "sqlite")),
        Target("load another: time over SQLite's", 1.2, over(f"load_again@{n}", "sqlite")),
        Target("save of a known id: time over SQLite's", 1, over(f"known_id@{n}", "sqlite")),
        *memory_targets(results),
        Target("import: time added to a bare `import pydantic`", 10, median(imported), " ms"),
    ]


def scaling_targets(results: dict[int, Results]) -> list[Target]:
    """Return the aims that the scaling run measures, the largest log against one a hundredth."""
    *_, small, _, large = results
    warm = {size: best(results[size], "store", f"save@{size}") for size in (small, large)}
    grown = best(results[large], "store", f"growth@{large}")
    text = f"save, log of {large:,}: time over that at {small:,}"
    return [
        Target(text, 1.3, (warm[large] or 0) / (warm[small] or 1)),
        Target(f"iterating {large:,} events: growth of the process", 20, grown, " MB"),
        *(target for size in results for target in memory_targets(results[size])),
    ]


def memory_targets(results: Results) -> Iterator[Target]:
    """Yield the aim for the memory of known ids, at each number of them that was measured."""
    for key, values in results["store"].items():
        metric, _, size = key.partition("@")
        if metric == "memory":
            yield Target(f"memory per known id, {int(size):,} ids", 120, min(values), " bytes")
