"""Run tests in a forked child that may hang, die, or leave files and processes behind."""

from __future__ import annotations

import contextlib
import gc
import os
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import hypothesis
import pytest

# One more test of a mutant ends this long after it began; the second is of what it takes without.
AT_LEAST, TIMES = 6.0, 8.0
LIMITS = {resource.RLIMIT_AS: 4 << 30, resource.RLIMIT_FSIZE: 1 << 30, resource.RLIMIT_CPU: 900}
PASSED, FAILED, NOT_IN_MEMORY = 0, 1, 2
# When a test has failed, what it has put in the place of this is still there.
end_process = os._exit

# What has every test, wherever it runs.
OPTIONS = [
    *("-q", "--tb=no", "-p", "no:cacheprovider", "-m", "not slow and not servers"),
    "--ignore-glob=*/test_memory.py",  # they need too much of it
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),  # hypothesis is there already
]


class Test(NamedTuple):
    """A test and the seconds that it takes."""

    name: str
    seconds: float


class Request(NamedTuple):
    """A module to change, if any, and the tests to run, in this order.

    Attributes:
        path: The module, relative to the project.
        text: What to have in its place; None leaves the code as it is.
        tests: The tests, which have all been seen to pass without a mutant.
    """

    path: Path
    text: bytes | None
    tests: list[Test]


class Outcome(NamedTuple):
    """What became of a request.

    Attributes:
        status: `PASSED`, `FAILED` or `NOT_IN_MEMORY`.
        test: The first test that failed.
        endless: Whether it failed in that it did not end.
    """

    status: int
    test: str = ""
    endless: bool = False


class Repeatable:
    """Has a test do the same every time, whatever ran before it.

    Hypothesis draws the same examples, and spends none on making one small.
    """

    def pytest_configure(self) -> None:
        """Set it up."""
        phases = [hypothesis.Phase.explicit, hypothesis.Phase.generate]
        hypothesis.settings.register_profile(
            "mutants", phases=phases, derandomize=True, database=None, deadline=None
        )
        hypothesis.settings.load_profile("mutants")

    def pytest_collection_finish(self) -> None:
        """Find what the code remembers of calls."""
        modules = [module for name, module in sys.modules.items() if name.startswith("specify_cli")]
        things = [thing for module in modules for thing in vars(module).values()]
        self._caches = [thing for thing in things if hasattr(thing, "cache_clear")]

    def pytest_runtest_setup(self) -> None:
        """Forget it: what a test runs must not depend on those before it."""
        for cache in self._caches:
            cache.cache_clear()


class Plugin:
    """What pytest is told in a child: which tests to run, and to end at the first that fails."""

    def __init__(self, tests: list[Test], tell: Callable[[Test], None]) -> None:
        """Run these, and tell of each that begins."""
        self._tests = {test.name: (place, test) for place, test in enumerate(tests)}
        self._tell = tell

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out the others."""
        items[:] = self.chosen(items)

    def chosen(self, items: list[pytest.Item]) -> list[pytest.Item]:
        """Return the tests to run, in order."""
        here = [item for item in items if item.nodeid in self._tests]
        return sorted(here, key=lambda item: self._tests[item.nodeid][0])

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Tell that a test begins."""
        self._tell(self._tests[nodeid][1])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """End when one fails."""
        if report.failed:
            end_process(FAILED)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """End when a module of tests cannot even be imported."""
        if report.failed:
            self._tell(Test(f"{report.nodeid} (as it is collected)", 0))
            end_process(FAILED)


def run(scratch: Path, limit: float, action: Callable[[Callable[[Test], None]], int]) -> Outcome:
    """Have a child act, and tell of each test that it begins, until one takes too long.

    Args:
        scratch: The child's folder for temporary files and home; it is gone in the end.
        limit: The seconds until the first test begins.
        action: What the child does; returns its status.
    """
    reader, writer = os.pipe()
    scratch.mkdir()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        _act(scratch, writer, action)
    os.close(writer)
    try:
        test, endless = _follow(pid, reader, limit)
    finally:
        os.close(reader)
        # Until it is waited for, the number of the group cannot become another's.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    shutil.rmtree(scratch, ignore_errors=True)
    if endless or status not in {PASSED, NOT_IN_MEMORY}:
        return Outcome(FAILED, test, endless)
    return Outcome(status)


def _act(scratch: Path, writer: int, action: Callable[[Callable[[Test], None]], int]) -> None:
    """Be the child."""
    status = FAILED
    try:
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        for name in ("tmp", "home"):
            (scratch / name).mkdir()
        scratch.chmod(0o755)
        os.environ.update(TMPDIR=str(scratch / "tmp"), HOME=str(scratch / "home"))
        tempfile.tempdir = None
        for kind, most in LIMITS.items():
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(kind, (most, resource.getrlimit(kind)[1]))
        gc.enable()
        status = action(lambda test: _tell(writer, test))
    except BaseException:  # noqa: BLE001  # whatever it is, the child ends here
        traceback.print_exc()
    finally:
        end_process(status)


def _tell(writer: int, test: Test) -> None:
    os.write(writer, f"{test.seconds} {test.name}\n".encode())


def _follow(pid: int, reader: int, limit: float) -> tuple[str, bool]:
    """Return the test that the child ended in, and whether that did not end."""
    test, text, end = "before the first test", b"", time.monotonic() + limit
    while time.monotonic() < end:
        ready, _, _ = select.select([reader], [], [], 0.05)
        if ready:
            block = os.read(reader, 1 << 16)
            if not block:
                return test, False
            *lines, text = (text + block).split(b"\n")
            if lines:
                seconds, _, name = lines[-1].decode().partition(" ")
                test, end = name, time.monotonic() + AT_LEAST + TIMES * float(seconds)
        # What it left behind may hold the pipe open.
        elif os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            return test, False
    return test, True
