"""The slow way: the changed module is on the disk, and children import it, and so do their own."""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

# So that no child has to import these; nothing here may import the code.
import psycopg
import pydantic
import pytest
import ulid

from .child import FAILED, OPTIONS, PASSED, Plugin, Repeatable, Request, Test, run

__all__ = ["psycopg", "pydantic", "serve", "ulid"]


def serve(connection: Connection, project: Path) -> None:
    """Answer requests."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    os.chdir(project)
    for stream in (1, 2):
        os.dup2(os.open(project / "disk.txt", os.O_CREAT | os.O_WRONLY | os.O_APPEND), stream)
    connection.send([])
    for number in itertools.count():
        try:
            request = connection.recv()
        except EOFError:
            break
        module = project / request.path
        original, state = module.read_bytes(), module.stat()
        try:
            if request.text is not None:
                module.write_bytes(request.text)
                os.utime(module, (number, number))  # else what is compiled could be another's
            outcome = run(project / f"d{number}", 60.0, _action(request))
        finally:
            module.write_bytes(original)
            os.utime(module, ns=(state.st_atime_ns, state.st_mtime_ns))
        connection.send(outcome)


def _action(request: Request) -> Callable[[Callable[[Test], None]], int]:
    seconds: dict[str, float] = {}
    for test in request.tests:
        name = test.name.partition("::")[0]
        seconds[name] = seconds.get(name, 0.0) + test.seconds
    first, *others = sorted(seconds, key=seconds.__getitem__)

    def action(tell: Callable[[Test], None]) -> int:
        plugin = Plugin(request.tests, tell)
        # Most mutants are killed by the first: the others need not even be collected.
        for files in filter(None, ([first], others)):
            tell(Test(f"{files[0]} (as it is collected)", 5.0))
            code = pytest.main([*OPTIONS, *files], plugins=[plugin, Repeatable()])
            if code not in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
                return FAILED
        return PASSED

    return action
