"""The fast way: tests that are loaded already, in children whose functions are changed in memory.

What ran when the code was imported has run without the change, and other processes import the code
from the disk: neither is for this way.
"""

from __future__ import annotations

import gc
import itertools
import os
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from .child import FAILED, NOT_IN_MEMORY, OPTIONS, PASSED, Plugin, Repeatable, Request, Test, run
from .swap import Functions


class Service:
    """Answers requests once pytest has collected the tests."""

    def __init__(self, connection: Connection, project: Path) -> None:
        """Answer to ``connection``."""
        self._connection = connection
        self._project = project

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Answer until there are no more requests."""
        self._start_servers(session)
        functions = Functions(self._project / "src")
        gc.collect()
        gc.freeze()  # else each child would copy it all
        gc.disable()
        self._connection.send([item.nodeid for item in session.items])
        for number in itertools.count():
            try:
                request = self._connection.recv()
            except EOFError:
                break
            scratch = self._project / f"m{number}"
            outcome = run(scratch, 60.0, self._action(session, functions, request, scratch))
            self._connection.send(outcome)
        return True

    @staticmethod
    def _start_servers(session: pytest.Session) -> None:
        """Start the database servers that tests share: the first test to ask for one does."""
        folders = set()
        for item in session.items:
            if "server" in getattr(item, "fixturenames", ()) and item.path.parent not in folders:
                folders.add(item.path.parent)
                # What is next tells what to keep.
                item.ihook.pytest_runtest_protocol(item=item, nextitem=session)

    def _action(
        self, session: pytest.Session, functions: Functions, request: Request, scratch: Path
    ) -> Callable[[Callable[[Test], None]], int]:
        def action(tell: Callable[[Test], None]) -> int:
            path, text = self._project / request.path, request.text
            if text is not None and not functions.swap(path, text):
                return NOT_IN_MEMORY
            # There is no other way to give tests new folders once there are some.
            factory = session.config._tmp_path_factory  # type: ignore[attr-defined]  # noqa: SLF001
            factory._basetemp = scratch / "tmp"  # noqa: SLF001
            plugin = Plugin(request.tests, tell)
            session.config.pluginmanager.register(plugin)
            items = plugin.chosen(session.items)
            for item, following in itertools.zip_longest(items, items[1:], fillvalue=session):
                item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
            return PASSED if items else FAILED

        return action


def serve(connection: Connection, project: Path, folders: list[str]) -> None:
    """Collect the tests in some folders of a project, tell their names, and answer requests."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    os.chdir(project)
    os.environ["TMPDIR"] = str(project)  # for what the tests share
    for stream in (1, 2):
        os.dup2(os.open(project / "memory.txt", os.O_CREAT | os.O_WRONLY | os.O_APPEND), stream)
    pytest.main([*OPTIONS, *folders], plugins=[Service(connection, project), Repeatable()])
