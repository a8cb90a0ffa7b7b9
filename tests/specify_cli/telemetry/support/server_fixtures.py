"""Servers as fixtures: one that tests share, with a log for each of them, and others."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from specify_cli.telemetry.postgres import SimplePostgresStore

from .servers import PASSWORD, Server, UnavailableError, programs, servers_folder

__all__ = ["database", "folder", "log", "open_store", "own_server", "role", "server", "store"]


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    """Return a folder in which servers can be."""
    try:
        programs()
    except UnavailableError as error:
        # Where they have to run, a reason why they do not is a failure.
        if "REQUIRE_SERVERS" in os.environ:
            raise
        pytest.skip(str(error))
    with servers_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def server(folder: Path) -> Iterator[Server]:
    """Return a server that runs, for tests that leave it running."""
    server = Server(folder / "shared").initialise()
    # Nothing here sees a loss of power, and that is all that waiting for the disk is for.
    server.set(fsync="off")
    yield server.start()
    server.kill()


@pytest.fixture
def database(server: Server) -> str:
    """Return the name of an empty database on the server that tests share."""
    name = f"database_{secrets.token_hex(6)}"
    server.execute(f"CREATE DATABASE {name}")
    return name


@pytest.fixture
def role(server: Server) -> str:
    """Return the name of a role that may connect to the server that tests share."""
    name = f"role_{secrets.token_hex(6)}"
    server.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'")
    return name


@pytest.fixture
def log() -> str:
    """Return the name of a log that does not exist yet."""
    return f"log-{secrets.token_hex(4)}"


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
    server = Server(folder / f"own-{secrets.token_hex(4)}").initialise()
    yield server
    server.kill()
    shutil.rmtree(server.folder, ignore_errors=True)  # all of them go in the end
