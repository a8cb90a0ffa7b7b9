"""Change the code in one place at a time, and list the changes that no test notices.

Each mutant is one edit. It is killed when a test fails, or does not end, that passes without it.
Tests that run the edited lines are run, the fastest first: with the functions changed in memory
and, of the rest, those that start processes, with the module changed on the disk of a copy of the
project; all of them with it there, if the lines run when the module is imported. No mutant gets
more than thirty seconds of tests in memory and twenty on the disk; one that passes them gets all
tests of its wing.

Mutants that change nothing are listed in ``equivalent.txt``, each as its scope and edit are
printed, and not run. The report goes to standard output; to standard error, each mutant with the
test that killed it.

Usage: ``python -m tools.mutants [REGEX [COMMIT]]``, on POSIX, to run the mutants that match, or
all, and of these only the ones in lines that are new since a commit.
"""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from .choice import wing_of
from .edits import Module, Mutant
from .runner import SOURCES, Result, Runner
from .worker import ROOT

EQUIVALENT = Path(__file__).with_name("equivalent.txt")
ORDER = ("postgres", "sync", "query", "_cli", "check", "repair", "jsonl", "_log", "_codec")


def changed_lines(since: str) -> set[tuple[Path, int]]:
    """Return the lines of the sources that are new since a commit."""
    command = ["git", "diff", "-U0", "--no-color", since, "--", str(SOURCES)]
    diff = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    path, lines = Path(), set()
    for line in diff.splitlines():
        if line.startswith("+++ b/"):
            path = Path(line.removeprefix("+++ b/"))
        elif match := re.match(r"@@ -\S+ \+(\d+)(?:,(\d+))? @@", line):
            first, count = int(match[1]), int(match[2] or 1)
            lines |= {(path, number) for number in range(first, first + count)}
    return lines


def every_mutant() -> list[Mutant]:
    """Return all mutants of the sources."""
    modules = sorted(path.relative_to(ROOT) for path in (ROOT / SOURCES).rglob("*.py"))
    found = (mutant for path in modules for mutant in Module(ROOT, path).mutants())
    return list({(mutant.path, mutant.text): mutant for mutant in found}.values())


def equivalents() -> set[str]:
    """Return the edits that are listed as changing nothing."""
    lines = EQUIVALENT.read_text(encoding="utf-8").splitlines()
    return {line for line in lines if line and not line.startswith("#")}


def tried(mutants: list[Mutant]) -> list[tuple[Mutant, Result]]:
    """Try mutants, and tell of each."""
    results = []
    with tempfile.TemporaryDirectory(prefix="m-") as folder:
        runner = Runner(Path(folder), {wing_of(mutant) for mutant in mutants})
        try:
            runner.start()
            for mutant, result in zip(mutants, runner.results(mutants), strict=True):
                results.append((mutant, result))
                outcome = result.killer or "NOTHING TURNED RED"
                place = f"{mutant.path}:{mutant.line}: {mutant.edit}"
                sys.stderr.write(f"{place}\n    {outcome} ({result.way})\n")
        finally:
            runner.stop()
    return results


def main(pattern: str = "", since: str = "") -> int:
    """Run the mutants that match ``pattern``; return 1 if a test is missing, 0 if none is.

    Args:
        pattern: What is looked for in their names; nothing matches all.
        since: A commit; given, only mutants of lines that are new since then.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    every, equivalent = every_mutant(), equivalents()
    chosen = [mutant for mutant in every if re.search(pattern, mutant.edit)]
    if since:
        new = changed_lines(since)
        chosen = [mutant for mutant in chosen if (mutant.path, mutant.line) in new]
    same = Counter(wing_of(mutant) for mutant in chosen if mutant.edit in equivalent)
    chosen = [mutant for mutant in chosen if mutant.edit not in equivalent]
    chosen.sort(key=lambda mutant: (*ORDER, wing_of(mutant)).index(wing_of(mutant)))
    print(f"{len(chosen)} of {len(every)} mutants", flush=True)
    results = tried(chosen) if chosen else []
    left = [mutant for mutant, result in results if result.killer is None]
    print(*(f"{mutant.path}:{mutant.line}: {mutant.edit}" for mutant in left), sep="\n")
    for wing in [*dict.fromkeys(map(wing_of, chosen)), ""]:
        own = [(mutant, result) for mutant, result in results if wing in {"", wing_of(mutant)}]
        remaining = [mutant for mutant, result in own if result.killer is None]
        words = sum(mutant.wording for mutant in remaining)
        endless = sum(result.endless for _, result in own)
        print(
            f"{wing or 'all'}: {len(own) - len(remaining)} of {len(own)} killed"
            f" ({endless} did not end), {len(remaining) - words} left and {words} of messages,"
            f" {same[wing] if wing else same.total()} listed as changing nothing"
        )
    gone = equivalent - {mutant.edit for mutant in every}
    print(*(f"no longer there: {edit}" for edit in sorted(gone)), sep="\n")
    return int(any(not mutant.wording for mutant in left))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
