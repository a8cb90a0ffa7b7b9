"""A server that the tests of this folder share, and logs of their own in it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

pytest.importorskip("psycopg", reason="needs psycopg")

from specify_cli.telemetry.postgres import SimplePostgresStore

from ..support.servers import Server, UnavailableError, programs, servers_folder

_numbers = itertools.count()

# Tests of the contract that make a commit between any two steps of a call: hundreds of commits.
_MANY_COMMITS = {
    "test_a_load_may_be_interrupted_by_processes",
    "test_a_load_may_be_interrupted_by_threads",
    "test_a_save_may_be_interrupted_by_processes",
    "test_threads_may_each_open_a_store",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave what takes long to those who ask for it."""
    for item in items:
        if isinstance(item, pytest.Function) and item.originalname in _MANY_COMMITS:
            if item.path.parent == Path(__file__).parent:
                item.add_marker(pytest.mark.servers)


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    """Return a folder in which servers can be."""
    try:
        programs()
    except UnavailableError as error:
        pytest.skip(str(error))
    with servers_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def server(folder: Path) -> Iterator[Server]:
    """Return a server that runs, for tests that leave it running."""
    server = Server(folder / "shared").initialise().start()
    yield server
    server.kill()


@pytest.fixture
def log() -> str:
    """Return the name of a log that does not exist yet."""
    return f"log-{next(_numbers)}"


@pytest.fixture
def open_store(server: Server, log: str) -> Callable[[], SimplePostgresStore]:
    """Return what opens a store on one log."""
    return partial(SimplePostgresStore, server.conninfo, log)


@pytest.fixture
def store(open_store: Callable[[], SimplePostgresStore]) -> SimplePostgresStore:
    """Return a store on a log that does not exist yet."""
    return open_store()


@pytest.fixture
def own_server(folder: Path) -> Iterator[Server]:
    """Return a server of the test's own, which is not running yet."""
    server = Server(folder / f"own-{next(_numbers)}").initialise()
    yield server
    server.kill()
