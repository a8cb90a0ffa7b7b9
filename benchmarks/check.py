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
from shutil import copyfile, which
from statistics import median, quantiles
from typing import NamedTuple

from . import workload
from .measure import Job, Values
from .report import table
from .runner import IMPORTS, ROOT, Children, summary

_KEPT = Path(__file__).with_name("KEPT")
# What happens once in a process is timed by its own clock, which leaves out what else the machine
# does, where that clock is fine enough; what happens often, by the median.
_CLOCK = "perf_counter" if sys.platform == "win32" else "process_time"
# So much may come of where code and data happen to lie in memory.
_LEAST_NOISE = 0.03
# A run whose noise is above that is made longer.
_MOST_NOISE = 0.1
# By task: the metrics with what the table calls them, and how many events it saves to a full log or
# to an empty one.
_TASKS: dict[str, tuple[dict[str, str], int, str]] = {
    "save": ({"save": "save, warm"}, 2_000, "full"),
    "first_save": ({"first_save": "first save", "next_saves": "four more saves"}, 0, "full"),
    "known_id": ({"known_id_median": "save of a known id"}, 2_000, "full"),
    "save_many": ({"save_many": "save 1,000 at once", "encode": "encode"}, 5_000, "empty"),
    "load_all": ({"load_all": "load all"}, 0, "full"),
    "load_one": ({"load_one": "load one", "load_again": "load another"}, 0, "full"),
    "read_since": ({"read_since": "read_since, all"}, 0, "full"),
    "iterate": ({"iterate": "iterate"}, 0, "full"),
    "record": ({"record": "record"}, 2_000, "full"),
    "append": ({"append": "append to a JsonlLog"}, 2_000, "empty"),
    "import": ({"import": "import"}, 0, "full"),
}


class Row(NamedTuple):
    """One metric, round by round."""

    # The time over that of the kept commit, which runs before and after.
    ratios: list[float]
    # The kept commit's second time over its first: no difference, and so noise.
    same: list[float]

    @property
    def noise(self) -> float:
        """How far from 1 the median may be by chance alone: two to three standard errors."""
        low, _, high = quantiles(self.same)
        spread = 2 * (high - low) / sqrt(len(self.same))
        return max(_LEAST_NOISE, spread, abs(median(self.same) - 1))

    def cells(self) -> list[str]:
        """Return the row of the table, whose last word is the verdict."""
        if not self.ratios:
            return ["-", "-", "-", "not in the kept commit"]
        low, ratio, high = quantiles(self.ratios)
        word = (
            "slower" if ratio > 1 + self.noise else "faster" if ratio < 1 / (1 + self.noise) else ""
        )
        return [f"{ratio:.3f}", f"{low:.3f} to {high:.3f}", f"{self.noise:.3f}", word]


class Pair:
    """The kept commit and this tree, side by side; every measurement gets a copy of one log."""

    def __init__(self, folder: Path, kept: Path, count: int) -> None:
        """Make the log, of ``count`` events."""
        self._folder, self._count = folder, count
        self._kept, self._ours = Children(folder, kept / "src"), Children(folder)
        workload.write_log(folder / "full", map(workload.record, range(count)))
        workload.write_log(folder / "empty", [])

    def rows(self, task: str, rounds: int, longer: int) -> dict[str, Row]:
        """Measure a task; if it looks slower or cannot be told, again, and longer.

        Chance rarely strikes twice.
        """
        for children in (self._kept, self._ours):
            self._values(task, children)  # the first one compiles
        rows = self._measure(task, rounds)
        measured = [row for row in rows.values() if row.ratios]
        if longer and any(
            row.cells()[-1] == "slower" or row.noise > _MOST_NOISE for row in measured
        ):
            rows = self._measure(task, longer)
        return rows

    def _measure(self, task: str, rounds: int) -> dict[str, Row]:
        metrics, *_ = _TASKS[task]
        rows = {title: Row([], []) for title in metrics.values()}
        for _ in range(rounds):
            turns = (self._kept, self._ours, self._kept)
            before, ours, after = (self._values(task, children) for children in turns)
            for metric, title in metrics.items():
                if metric in before:
                    rows[title].ratios.append(ours[metric] / sqrt(before[metric] * after[metric]))
                    rows[title].same.append(after[metric] / before[metric])
        return rows

    def _values(self, task: str, children: Children) -> Values:
        _, saves, log = _TASKS[task]
        if task == "import":
            return {"import": children.import_time(list(IMPORTS.values())[1], _CLOCK)}
        count, path = self._count if log == "full" else 0, self._folder / "log"
        copyfile(self._folder / log, path)
        job = Job(task, "store", str(path), count, count, min(saves, self._count), clock=_CLOCK)
        (values,) = children.run(job)
        return summary([values]) if task == "save" else values


@contextmanager
def checked_out(commit: str, folder: Path) -> Iterator[Path]:
    """Have the tree of a commit in ``folder``, and nothing of it left afterwards."""
    if which("git") is None or _git("rev-parse", "--git-dir").returncode:
        sys.exit("bench-check needs git, and a repository with the commit to compare with")
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


def _git(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["git", "-C", str(ROOT), *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603  # ours


def main() -> None:
    """Measure, print the table, fail if anything is slower."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.check")
    parser.add_argument("--since", metavar="COMMIT", help="what to compare with")
    parser.add_argument("--quick", action="store_true", help="few events, to see that it works")
    parser.add_argument("--only", nargs="+", metavar="TASK", choices=_TASKS, default=_TASKS)
    options = parser.parse_args()
    commit = options.since or _KEPT.read_text(encoding="utf-8").strip()
    count, rounds, longer = (200, 2, 0) if options.quick else (20_000, 9, 18)
    rows: dict[str, Row] = {}
    with tempfile.TemporaryDirectory(prefix="benchmark-") as temporary:
        folder = Path(temporary)
        with checked_out(commit, folder) as kept:
            pair = Pair(folder, kept, count)
            for task in options.only:
                print(f"  {task}", file=sys.stderr, flush=True)
                rows |= pair.rows(task, rounds, longer)
    header = [f"time over that of {commit[:12]}", "median", "half of the rounds", "noise", ""]
    print(table(header, [[title, *row.cells()] for title, row in rows.items()]))
    if slower := [title for title, row in rows.items() if row.cells()[-1] == "slower"]:
        sys.exit(f"slower than {commit[:12]}: {', '.join(slower)}")


if __name__ == "__main__":
    main()
