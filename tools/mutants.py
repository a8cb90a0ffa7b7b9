"""Change the code in one place at a time, and list the changes that no test notices.

Each mutant, one edit in a copy of the project, is killed when a test fails or the tests do not end.
Mutants of the wording of errors and log messages are counted apart. Mutants that change nothing are
listed in ``mutants_equivalent.txt``, each as its scope and edit are printed, and not run. The
report goes to standard output; to standard error, each mutant with the test that killed it.

Usage: ``python -m tools.mutants [REGEX [COMMIT]]``, on POSIX, to run the mutants that match, or
all, and of these only the ones in lines that are new since a commit.
"""

from __future__ import annotations

import contextlib
import os
import queue
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .edits import Module, Mutant

ROOT = Path(__file__).parents[1]
SOURCES, TESTS = Path("src/specify_cli/telemetry"), Path("tests/specify_cli/telemetry")
EQUIVALENT = Path(__file__).with_name("mutants_equivalent.txt")
WORKERS = 2
TIMEOUT = 20.0  # seconds; three times what the tests take without a mutant, if that is longer
LIMITS = {resource.RLIMIT_AS: 4 << 30, resource.RLIMIT_FSIZE: 1 << 30, resource.RLIMIT_CPU: 900}

# The folders of tests for each wing; what is not in a wing has the tests of the store.
FOLDERS = {
    "_log": ("log", "jsonl", "repair"),
    "_codec": ("codec", "jsonl", "check"),
    "jsonl": ("jsonl", "log", "codec"),
    "check": ("check", "cli"),
    "repair": ("repair", "cli"),
    "testing": ("testing",),
    "_cli": ("cli",),
    "telemetry": ("jsonl", "codec"),
}
# They need too much memory.
UNUSED = {"test_memory.py"}
LAST = {f"test_{name}.py" for name in ("any_bytes", "contention", "crash", "model", "round_trip")}
# Slow, and they add nothing.
SLOWEST = "killed_writers or terminated_processes or interrupts_at_any_moment"

# Hypothesis draws the same examples every time, and spends none on making a failing one small.
RUN = """
import sys, pytest

class Plugin:
    def pytest_configure(self):
        from hypothesis import Phase, settings
        phases = [Phase.explicit, Phase.generate]
        settings.register_profile("mutants", phases=phases, derandomize=True, database=None)
        settings.load_profile("mutants")

options = ["-x", "-q", "--tb=no", "-p", "no:cacheprovider", "-m", "not slow"]
sys.exit(pytest.main(options + sys.argv[1:], plugins=[Plugin()]))
"""


def run(project: Path, tests: list[str], limit: float) -> str | None:
    """Return the test that fails in ``project``; None if all pass within ``limit`` seconds."""
    scratch = project / "tmp"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    settings = {"TMPDIR": str(scratch), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"}
    with (project / "output").open("w+b") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", RUN, "-k", f"not ({SLOWEST})", *tests],
            cwd=project,
            env=os.environ | settings,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        timer = threading.Timer(limit, os.killpg, (process.pid, signal.SIGKILL))
        timer.start()
        # Until process.wait, the number of the group cannot become another's.
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        timer.cancel()
        timer.join()
        os.killpg(process.pid, signal.SIGKILL)  # what the tests have left behind
        process.wait()
        output.seek(0)
        text = output.read().decode(errors="replace")
    failure = re.search(r"^(?:FAILED|ERROR) (?:\S+/)?(\S+)", text, re.MULTILINE)
    if process.returncode in {0, -signal.SIGKILL}:
        return "no end" if process.returncode else None
    return failure[1] if failure else " ".join(text[-200:].split())


def _wing_of(mutant: Mutant) -> str:
    return mutant.path.parent.name


def _tests_of(wing: str) -> list[str]:
    paths = [
        path.relative_to(ROOT)
        for folder in FOLDERS[wing]
        for path in sorted((ROOT / TESTS / folder).glob("test_*.py"))
        if path.name not in UNUSED
    ]
    return [str(path) for path in sorted(paths, key=lambda path: path.name in LAST)]


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


class Runner:
    """Copies of the project, one per worker, each with at most one mutant in it at a time."""

    def __init__(self, folder: Path, wings: Iterable[str]) -> None:
        """Make the copies, and see all tests pass in them, and fail without the code."""
        self._limits: dict[str, float] = {}
        self._projects: queue.SimpleQueue[Path] = queue.SimpleQueue()
        for number in range(WORKERS):
            project = folder / str(number)
            for name in ("src", "tests"):
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(ROOT / name, project / name, ignore=ignored)
            shutil.copy(ROOT / "pyproject.toml", project)
            self._projects.put(project)
        for wing in dict.fromkeys(wings):
            start = time.monotonic()
            if failure := run(project, _tests_of(wing), 900.0):
                sys.exit(f"the tests fail without a mutant: {failure}")
            self._limits[wing] = max(TIMEOUT, 3 * (time.monotonic() - start))
        broken = Mutant(SOURCES / "__init__.py", 1, "no code", b"raise RuntimeError", wording=False)
        if not self.killer(broken):
            sys.exit("the tests run, but not with the code of the copy")

    def killer(self, mutant: Mutant) -> str | None:
        """Return the first test that fails with ``mutant`` in place, if any does."""
        project = self._projects.get()
        module = project / mutant.path
        original = module.read_bytes()
        try:
            module.write_bytes(mutant.text)
            wing = _wing_of(mutant)
            killer = run(project, _tests_of(wing), self._limits.get(wing, 900.0))
        finally:
            module.write_bytes(original)
            self._projects.put(project)
        outcome = killer or "NOTHING TURNED RED"
        sys.stderr.write(f"{mutant.path}:{mutant.line}: {mutant.edit}\n    {outcome}\n")
        return killer


def main(pattern: str = "", since: str = "") -> int:
    """Run the mutants that match ``pattern``; return 1 if a test is missing, 0 if none is.

    Args:
        pattern: What is looked for in their names; nothing matches all.
        since: A commit; given, only mutants of lines that are new since then.
    """
    for limit, most in LIMITS.items():
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(limit, (most, resource.getrlimit(limit)[1]))
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    modules = sorted(path.relative_to(ROOT) for path in (ROOT / SOURCES).rglob("*.py"))
    found = (mutant for path in modules for mutant in Module(ROOT, path).mutants())
    every = list({mutant.text: mutant for mutant in found}.values())
    lines = EQUIVALENT.read_text(encoding="utf-8").splitlines() if EQUIVALENT.exists() else []
    equivalent = {line for line in lines if line and not line.startswith("#")}
    chosen = [m for m in every if m.edit not in equivalent and re.search(pattern, m.edit)]
    if since:
        new = changed_lines(since)
        chosen = [mutant for mutant in chosen if (mutant.path, mutant.line) in new]
    print(f"{len(chosen)} of {len(every)} mutants, a few seconds each", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        runner = Runner(Path(folder), map(_wing_of, chosen))
        with ThreadPoolExecutor(WORKERS) as pool:
            killers = list(pool.map(runner.killer, chosen))
    for wording, title in ((False, "mutants of the code"), (True, "mutants of messages")):
        results = [pair for pair in zip(chosen, killers, strict=True) if pair[0].wording == wording]
        survivors = [mutant for mutant, killer in results if killer is None]
        print(*(f"{m.path}:{m.line}: {m.edit}" for m in survivors), sep="\n")
        killed, endless = len(results) - len(survivors), [k for _, k in results].count("no end")
        score = f"{killed / max(1, len(results)):.1%}, {endless} because the tests did not end"
        print(f"{title}: {killed} of {len(results)} killed ({score})\n")
    print(f"not run, for they change nothing: {len({m.edit for m in every} & equivalent)}")
    print(*(f"no longer there: {edit}" for edit in equivalent - {m.edit for m in every}), sep="\n")
    return int(any(k is None and not m.wording for m, k in zip(chosen, killers, strict=True)))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
