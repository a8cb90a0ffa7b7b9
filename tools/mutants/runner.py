"""Tries mutants, with workers side by side."""

from __future__ import annotations

import os
import queue
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from .child import FAILED, NOT_IN_MEMORY, Request, Test
from .choice import FOLDERS, Choice
from .edits import Mutant
from .record import Lines, record
from .worker import ROOT, Worker

SOURCES, TESTS = Path("src/specify_cli/telemetry"), Path("tests/specify_cli/telemetry")
WORKERS = 2


class Result(NamedTuple):
    """What became of a mutant.

    Attributes:
        killer: The test that failed; None if none did.
        way: Where the change was, for the tests that decided it.
        endless: Whether the killer did not end.
    """

    killer: str | None
    way: str
    endless: bool = False


class Runner:
    """The workers, and what they know of the tests."""

    def __init__(self, folder: Path, wings: set[str]) -> None:
        """Make the copies, and start nothing yet."""
        folder.chmod(0o755)  # database servers do not run as root
        os.environ["PYTHONHASHSEED"] = "0"
        self._names = sorted({name for wing in wings for name in FOLDERS[wing]})
        paths = [str(TESTS / name) for name in self._names]
        self._every = [Worker(folder / str(number), paths) for number in range(WORKERS)]
        self._free: queue.SimpleQueue[Worker] = queue.SimpleQueue()
        for worker in self._every:
            self._free.put(worker)
        self._pool = ThreadPoolExecutor(WORKERS)

    def start(self) -> None:
        """See which tests run what, and that they pass without a mutant in the fast way too."""
        lines = Lines()
        for project, data, tests in self._map(_recorded, self._names):
            lines.add(data, project, tests)
        _tell("which tests run which lines is known")
        self._choice = Choice(ROOT, lines)
        list(self._pool.map(Worker.start, self._every))
        _tell("the tests are loaded")
        list(self._map(self._control, self._names))
        first = self._choice.of_folder(self._names[0])[:1]
        broken = Request(SOURCES / "__init__.py", b"raise RuntimeError", first)
        for worker in self._every:
            statuses = [server.ask(broken).status for server in (worker.disk, worker.memory)]
            if statuses != [FAILED, NOT_IN_MEMORY]:
                sys.exit("the tests run, but not with the code of the copy")
        _tell("the tests pass without a mutant")

    def results(self, mutants: list[Mutant]) -> Iterator[Result]:
        """Yield what becomes of each."""
        return self._map(self._try, mutants)

    def stop(self) -> None:
        """Stop the workers."""
        for is_over in (False, True):  # what was being started again is stopped in the end
            self._pool.shutdown(wait=is_over, cancel_futures=True)
            for worker in self._every:
                worker.stop()

    def _map(self, action: Callable[[Worker, Any], Any], arguments: list[Any]) -> Iterator[Any]:
        def act(argument: Any) -> Any:
            worker = self._free.get()
            try:
                return action(worker, argument)
            finally:
                self._free.put(worker)

        return self._pool.map(act, arguments)

    def _control(self, worker: Worker, folder: str) -> None:
        tests = self._choice.of_folder(folder)
        request = Request(SOURCES / "__init__.py", None, tests)
        while tests and (outcome := worker.memory.ask(request._replace(tests=tests))).status:
            self._leave_out(outcome.test)
            worker.memory.restart()
            names = [test.name for test in tests]
            tests = tests[names.index(outcome.test) + 1 :]

    def _leave_out(self, name: str) -> None:
        sys.stderr.write(f"left out, for it fails without a mutant: {name}\n")
        self._choice.leave_out(name)

    def _try(self, worker: Worker, mutant: Mutant) -> Result:
        result = self._try_fast(worker, mutant)
        if result.killer is None:
            result = self._on_disk(worker, mutant, self._choice.whole_wing(mutant))
        return result

    def _try_fast(self, worker: Worker, mutant: Mutant) -> Result:
        on_import = self._choice.runs_on_import(mutant)
        if not on_import and (tests := self._choice.here(mutant)):
            request = Request(mutant.path, mutant.text, tests)
            outcome = worker.memory.confirmed(request, self._leave_out)
            if outcome.status == FAILED:
                return Result(outcome.test, "memory", outcome.endless)
            on_import = outcome.status == NOT_IN_MEMORY
        if not on_import:
            return self._on_disk(worker, mutant, self._choice.elsewhere(mutant))
        result = self._on_disk(worker, mutant, self._choice.naming(mutant))
        if result.killer is None:
            result = self._on_disk(worker, mutant, self._choice.whole_module(mutant))
        return result

    def _on_disk(self, worker: Worker, mutant: Mutant, tests: list[Test]) -> Result:
        if not tests:
            return Result(None, "memory")
        request = Request(mutant.path, mutant.text, tests)
        outcome = worker.disk.confirmed(request, self._leave_out)
        return Result(outcome.test if outcome.status == FAILED else None, "disk", outcome.endless)


def _recorded(worker: Worker, name: str) -> tuple[Any, ...]:
    return worker.project, *record(worker.project, str(TESTS / name))


def _tell(fact: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {fact}\n")
