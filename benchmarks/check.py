"""Is anything slower than it was? ``python -m benchmarks.check``, from the folder above this one.

It runs the store of this tree and that of a kept commit in turns, each measurement in a process of
its own, and fails with the rows that got slower by more than the run's own noise. The commit is
that of the file ``KEPT``, or of ``--since``.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from math import sqrt
from pathlib import Path
from shutil import copyfile
from statistics import median, quantiles
from time import get_clock_info
from typing import NamedTuple

from . import workload
from .measure import Job, Values
from .report import table
from .runner import IMPORTS, ROOT, Children, summary

KEPT = Path(__file__).with_name("KEPT")
# What happens once in a process is timed by its own clock, which leaves out what else the machine
# does, where that clock is fine enough; what happens often, by the median.
CLOCK = "process_time" if get_clock_info("process_time").resolution < 1e-6 else "perf_counter"
# Less than this may come of where the linker or the allocator has put things.
LEAST_NOISE = 0.03


class Row(NamedTuple):
    """One metric, measured in rounds, each of them with the kept commit twice.

    Attributes:
        ratios: The time over that of the kept commit, the mean of its two.
        same: The second time of the kept commit over its first: what is no difference at all.
    """

    ratios: list[float]
    same: list[float]

    @property
    def noise(self) -> float:
        """How far from 1 the middle ratio may be by chance alone: two to three standard errors."""
        low, _, high = quantiles(self.same)
        spread = 2 * (high - low) / sqrt(len(self.same))
        return max(LEAST_NOISE, spread, abs(median(self.same) - 1))

    @property
    def is_worse(self) -> bool:
        """Whether it takes longer than it did."""
        return bool(self.ratios) and median(self.ratios) > 1 + self.noise

    @property
    def is_better(self) -> bool:
        """Whether it takes less time."""
        return median(self.ratios) < 1 / (1 + self.noise)


class Task(NamedTuple):
    """What to run for some of the rows, and how many events it saves."""

    rows: dict[str, str]
    saves: int = 0
    is_on_empty: bool = False


TASKS = {
    "save": Task({"save": "save, warm"}, 2_000),
    "first_save": Task({"first_save": "first save", "second_save": "second save"}),
    "known_id": Task({"known_id_median": "save of a known id"}, 2_000),
    "save_many": Task(
        {"save_many": "save 1,000 at once", "encode": "encode"}, 5_000, is_on_empty=True
    ),
    "load_all": Task({"load_all": "load all"}),
    "load_one": Task({"load_one": "load one aggregate", "load_again": "load another"}),
    "read_since": Task({"read_since": "read_since, all"}),
    "iterate": Task({"iterate": "iterate"}),
    "record": Task({"record": "record"}, 2_000),
    "append": Task({"append": "append to a JsonlLog"}, 2_000, is_on_empty=True),
    "import": Task({"import": "import"}),
}


class Pair:
    """The kept commit and this tree, side by side."""

    def __init__(self, folder: Path, kept: Path, count: int) -> None:
        """Make the log of ``count`` events that every measurement gets a copy of."""
        self._folder, self._count = folder, count
        self._kept = Children(folder, kept / "src")
        self._ours = Children(folder)
        workload.write_log(folder / "full", map(workload.record, range(count)))
        (folder / "empty").touch()

    def measure(self, task: str, rounds: int) -> dict[str, Row]:
        """Measure a task, this tree between two turns of the kept commit, in so many rounds."""
        for children in (self._kept, self._ours):
            self._values(task, children)  # the first one compiles
        rows = {title: Row([], []) for title in TASKS[task].rows.values()}
        for _ in range(rounds):
            first, ours, second = (
                self._values(task, children) for children in (self._kept, self._ours, self._kept)
            )
            for metric, title in TASKS[task].rows.items():
                if metric not in ours:
                    raise RuntimeError(f"this tree cannot do: {title}")
                if metric in first:
                    between = sqrt(first[metric] * second[metric])
                    rows[title].ratios.append(ours[metric] / between)
                    rows[title].same.append(second[metric] / first[metric])
        return rows

    def measure_twice(self, task: str, rounds: int) -> dict[str, Row]:
        """Measure a task; if it looks slower, again and longer: chance rarely strikes twice."""
        rows = self.measure(task, rounds)
        return (
            self.measure(task, 2 * rounds) if any(row.is_worse for row in rows.values()) else rows
        )

    def _values(self, task: str, children: Children) -> Values:
        if task == "import":
            return {"import": children.import_time(list(IMPORTS.values())[1], CLOCK)}
        what = TASKS[task]
        count = 0 if what.is_on_empty else self._count
        path = self._folder / "log"
        copyfile(self._folder / ("full" if count else "empty"), path)
        (values,) = children.run(
            Job(task, "store", str(path), count, count, what.saves, clock=CLOCK)
        )
        return summary([values]) if task == "save" else values


@contextmanager
def checked_out(commit: str, folder: Path) -> Iterator[Path]:
    """Have the tree of a commit in ``folder``, and nothing of it left afterwards."""
    if _git("rev-parse", "--git-dir").returncode:
        sys.exit("bench-check compares with a commit of a git repository; this is none")
    if _git("cat-file", "-e", f"{commit}^{{commit}}").returncode:
        sys.exit(
            f"commit {commit} is not in this clone: fetch it (git fetch --unshallow),"
            " or name another one (make bench-check SINCE=commit)"
        )
    tree = folder / "kept"
    try:
        added = _git("worktree", "add", "--quiet", "--detach", str(tree), commit)
        if added.returncode:
            sys.exit(f"cannot check out {commit}: {added.stderr}")
        yield tree
    finally:
        _git("worktree", "remove", "--force", str(tree))


def main() -> None:
    """Measure, print the table, fail if anything is worse."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.check")
    parser.add_argument("--since", help="the commit to compare with")
    parser.add_argument("--quick", action="store_true", help="few events, to see that it works")
    parser.add_argument("--only", nargs="+", choices=TASKS, default=list(TASKS))
    options = parser.parse_args()
    commit = options.since or KEPT.read_text(encoding="utf-8").strip()
    count, rounds = (1_000, 3) if options.quick else (20_000, 9)
    with tempfile.TemporaryDirectory(prefix="benchmark-") as temporary:
        folder = Path(temporary)
        with checked_out(commit, folder) as kept:
            pair = Pair(folder, kept, count)
            rows: dict[str, Row] = {}
            for task in options.only:
                print(f"  {task}", file=sys.stderr, flush=True)
                rows |= pair.measure_twice(task, rounds)
    print(report(rows, commit))
    if any(row.is_worse for row in rows.values()):
        sys.exit(f"slower than {commit}: {', '.join(t for t in rows if rows[t].is_worse)}")


def report(rows: dict[str, Row], commit: str) -> str:
    """Return the table."""
    lines = []
    for title, row in rows.items():
        if not row.ratios:
            lines.append([title, "-", "-", "-", f"{commit} has none"])
            continue
        low, _, high = quantiles(row.ratios)
        verdict = "**slower**" if row.is_worse else "faster" if row.is_better else "the same"
        lines.append(
            [
                title,
                f"{median(row.ratios):.3f}",
                f"{low:.3f} to {high:.3f}",
                f"{row.noise:.3f}",
                verdict,
            ]
        )
    return table(
        [f"time over that of {commit}", "median", "half of the rounds", "noise", ""], lines
    )


def _git(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["git", "-C", str(ROOT), *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603  # ours


if __name__ == "__main__":
    main()
