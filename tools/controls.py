"""Remove each protection of the store in turn, and show which test turns red.

A test that passes with the protection removed proves nothing. This script copies the project, takes
one protection out of the copy, runs the tests that are there for it, and expects them to fail.
The protections are listed in ``controls.toml``.

Usage: ``python tools/controls.py [REGEX]``, to try those whose name matches, or all.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
SOURCES = Path("src/specify_cli/telemetry")
TESTS = Path("tests/specify_cli/telemetry")
LIST = Path(__file__).with_name("controls.toml")
# Seconds that all tests of a file may take, and how many more they may without the protection than
# three times what they took with it. A test that hangs then has turned red too.
LONGEST, MORE = 600.0, 30.0


class Control(NamedTuple):
    """One protection, and how to take it out.

    Attributes:
        name: What protects.
        module: Where it is.
        old: The code that does it.
        new: The code without it.
        test: The test file that has to turn red.
    """

    name: str
    module: str
    old: str
    new: str
    test: str


def controls(pattern: str) -> list[Control]:
    """Return the controls whose name matches ``pattern``."""
    rows = tomllib.loads(LIST.read_text(encoding="utf-8"))["control"]
    return [control for row in rows if re.search(pattern, (control := Control(**row)).name)]


def first_failure(project: Path, test: str, limit: float) -> str | None:
    """Run one test file in a copy of the project; return the first test that fails, if any.

    Args:
        project: The copy.
        test: The file.
        limit: How many seconds it may take.
    """
    options = ["-x", "-q", "-p", "no:cacheprovider", "-m", "not servers"]
    command = [sys.executable, "-m", "pytest", *options, str(TESTS / test)]
    # A group of its own, so that what the tests have started ends with them.
    with subprocess.Popen(
        command, cwd=project, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            output, _ = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            return "a test that never ends"
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    failure = re.search(r"^(?:FAILED|ERROR) \S*?::(\S+)", output, re.MULTILINE)
    if process.returncode == 0:
        return None
    return failure[1] if failure else output[-2000:]


def main(pattern: str = "") -> int:
    """Try every control that matches; return how many protections could be removed unnoticed."""
    chosen = controls(pattern)
    unnoticed = 0
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        for name in ("src", "tests"):
            shutil.copytree(ROOT / name, project / name)
        shutil.copy(ROOT / "pyproject.toml", project)
        limits = {}
        for test in sorted({control.test for control in chosen}):
            start = time.monotonic()
            if failure := first_failure(project, test, LONGEST):
                sys.exit(f"{test} fails with every protection in place: {failure}")
            limits[test] = 3 * (time.monotonic() - start) + MORE
        for control in chosen:
            module = project / SOURCES / control.module
            original = module.read_text(encoding="utf-8")
            if control.old not in original:
                sys.exit(f"{control.module} has no {control.old!r}")
            module.write_text(original.replace(control.old, control.new), encoding="utf-8")
            failure = first_failure(project, control.test, limits[control.test])
            module.write_text(original, encoding="utf-8")
            unnoticed += failure is None
            print(f"{control.name}: {failure or 'NOTHING TURNED RED'}", flush=True)
    print(f"{len(chosen) - unnoticed} of {len(chosen)} protections are missed when removed")
    return unnoticed


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
