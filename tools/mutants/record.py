"""Which tests run which line: the tests once, measured, with a context for each of them."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType, FunctionType, MethodType
from typing import TYPE_CHECKING, Any, Literal

import coverage
import pytest

from .child import OPTIONS, Repeatable, Test

if TYPE_CHECKING:
    from _typeshed import TraceFunction

# A line of the measured code, and what runs it.
Line = tuple[Path, int]
Moment = Literal["call", "line", "return", "exception", "opcode"]
SETTINGS = """
[run]
source_pkgs = specify_cli.telemetry
parallel = true
patch = _exit, fork, subprocess
data_file = {folder}/data
"""


class Recorder:
    """Has coverage know which test runs, here and in the processes that it starts.

    Attributes:
        tests: The tests that have run.
        unmeasured: The lines that each test ran while it had its own trace function in the place of
            coverage's, by the number of the test and by file.
    """

    def __init__(self, measured: coverage.Coverage) -> None:
        """Tell ``measured``."""
        self._measured = measured
        self.tests: list[Test] = []
        self.unmeasured: dict[int, dict[str, set[int]]] = {}

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Note the lines of a test, and how long it takes."""
        number = len(self.tests)
        # What its children are measured with.
        self._measured.set_option("run:context", f">{number}")
        os.environ["COVERAGE_PROCESS_CONFIG"] = self._measured.config.serialize()
        self._measured.switch_context(str(number))
        start = time.monotonic()
        result = yield
        self.tests.append(Test(item.nodeid, time.monotonic() - start))
        self._measured.switch_context("")
        return result

    @contextlib.contextmanager
    def tracing(self) -> Iterator[None]:
        """Note the lines also where a test traces the code itself."""
        trace = sys.settrace

        def replacement(function: TraceFunction | None) -> None:
            is_own = isinstance(function, FunctionType | MethodType)
            trace(self._noting(function) if is_own else function)

        sys.settrace = replacement
        yield
        sys.settrace = trace

    def _noting(self, function: TraceFunction | None) -> TraceFunction:
        def note(frame: FrameType, moment: Moment, argument: Any) -> TraceFunction | None:
            file, line = frame.f_code.co_filename, frame.f_lineno
            if file == __file__:  # the end of tracing, which is none of the test's
                return None
            if line is not None:
                self.unmeasured.setdefault(len(self.tests), {}).setdefault(file, set()).add(line)
            return self._noting(function and function(frame, moment, argument))

        return note


class Lines:
    """The tests that run each line.

    Attributes:
        tests: All of them, and those that run none.
        here: Those that run it in the process of the tests.
        elsewhere: Those that run it in another process.
        on_import: The lines that ran between tests, when the code was imported.
    """

    def __init__(self) -> None:
        """Know of no line."""
        # Looking a line up adds none: threads do so while others go through them.
        self.here: dict[Line, set[Test]] = {}
        self.elsewhere: dict[Line, set[Test]] = {}
        self.on_import: set[Line] = set()
        self.tests: set[Test] = set()

    def every(self) -> set[Line]:
        """Return the lines that tests run."""
        return {*self.here, *self.elsewhere}

    def add(self, data: coverage.CoverageData, project: Path, tests: list[Test]) -> None:
        """Add what was measured of some tests."""
        self.tests.update(tests)
        for file in data.measured_files():
            path = Path(file).relative_to(project)
            for number, contexts in data.contexts_by_lineno(file).items():
                line = (path, number)
                for context in contexts:
                    if context:
                        kind = self.elsewhere if context.startswith(">") else self.here
                        kind.setdefault(line, set()).add(tests[int(context.strip(">"))])
                    else:
                        self.on_import.add(line)


def record(project: Path, folder: str) -> tuple[coverage.CoverageData, list[Test]]:
    """Run the tests in a folder of a project, measured."""
    # Each has its own: a process that outlives its test writes when others are measured.
    scratch = project / "measured" / Path(folder).name
    scratch.mkdir(parents=True)
    ours, theirs = multiprocessing.get_context("spawn").Pipe(duplex=False)
    process = multiprocessing.get_context("spawn").Process(
        target=_record, args=(theirs, project, folder, scratch)
    )
    process.start()
    theirs.close()
    tests = ours.recv()
    process.join()
    data = coverage.CoverageData(str(scratch / "all"))
    for part in scratch.glob("data.*"):
        other = coverage.CoverageData(str(part))
        with contextlib.suppress(coverage.CoverageException):  # its process was killed
            other.read()
            data.update(other)
        part.unlink()
    return data, tests


def _record(connection: Connection, project: Path, folder: str, scratch: Path) -> None:
    os.chdir(project)
    for stream in (1, 2):
        os.dup2(os.open(project / "measured.txt", os.O_CREAT | os.O_WRONLY | os.O_APPEND), stream)
    settings = scratch / "settings"
    settings.write_text(SETTINGS.format(folder=scratch))
    measured = coverage.Coverage(config_file=str(settings))
    recorder = Recorder(measured)
    measured.start()
    with recorder.tracing():
        pytest.main([*OPTIONS, folder], plugins=[recorder, Repeatable()])
    measured.stop()
    measured.save()
    traced = coverage.CoverageData(str(scratch / "data.traced"))
    sources = str(project / "src")
    for number, files in recorder.unmeasured.items():
        traced.set_context(str(number))
        traced.add_lines({file: files[file] for file in files if file.startswith(sources)})
    connection.send(recorder.tests)
    connection.close()
