"""One copy of the project, in which one mutant at a time is tried in both ways."""

from __future__ import annotations

import multiprocessing
import shutil
from collections.abc import Callable
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

from . import disk, memory
from .child import FAILED, PASSED, Outcome, Request

ROOT = Path(__file__).parents[2]


class Server:
    """A process that answers requests, and can be started again."""

    def __init__(self, target: Callable[..., None], *arguments: Any) -> None:
        """Start nothing yet."""
        self._target, self._arguments = target, arguments
        self._process: SpawnProcess | None = None

    def start(self) -> None:
        """Start it, and wait until it is ready."""
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=self._target, args=(theirs, *self._arguments))
        self._process.start()
        theirs.close()
        self._connection.recv()

    def stop(self) -> None:
        """Have it end, if it runs, whatever it is at."""
        if self._process is not None:
            self._process.terminate()
            self._process.join()
            self._connection.close()
            self._process = None

    def restart(self) -> None:
        """Have it forget what a change may have harmed, such as a database."""
        self.stop()
        self.start()

    def ask(self, request: Request) -> Outcome:
        """Return what becomes of a request."""
        self._connection.send(request)
        outcome: Outcome = self._connection.recv()
        return outcome

    def confirmed(self, request: Request, leave_out: Callable[[str], None]) -> Outcome:
        """Return what becomes of a request; a test only fails if it passes without the change."""
        doubted: set[str] = set()
        while request.tests and (outcome := self.ask(request)).status == FAILED:
            again = [test for test in request.tests if test.name == outcome.test]
            again = again or request.tests[:1]
            without = request._replace(text=None, tests=again)
            if self.ask(without).status != FAILED:
                return outcome
            self.restart()
            name = again[0].name
            if name in doubted:
                if self.ask(without).status != FAILED:
                    return outcome
                leave_out(name)
                rest = [test for test in request.tests if test.name != name]
                request = request._replace(tests=rest)
            doubted.add(name)
        return outcome if request.tests else Outcome(PASSED)


class Worker:
    """The copy, and the servers in it."""

    def __init__(self, project: Path, folders: list[str]) -> None:
        """Copy the project, and start nothing yet."""
        self.project = project
        self.disk = Server(disk.serve, project)
        self.memory = Server(memory.serve, project, folders)
        for name in ("src", "tests"):
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, project / name, ignore=ignored)
        shutil.copy(ROOT / "pyproject.toml", project)

    def start(self) -> None:
        """Start both servers."""
        self.disk.start()
        self.memory.start()

    def stop(self) -> None:
        """Stop both."""
        self.disk.stop()
        self.memory.stop()
