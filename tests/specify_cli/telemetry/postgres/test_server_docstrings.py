"""The examples of the store on a server, and of copying, are true too."""

from __future__ import annotations

import doctest
import inspect
from collections.abc import Callable
from pathlib import Path

import pytest

from specify_cli.spec_kitty_events import Event
from specify_cli.telemetry import SimpleJsonStore, sync
from specify_cli.telemetry._recorder import Recorder
from specify_cli.telemetry.postgres import PostgresEventStore, SimplePostgresStore
from specify_cli.telemetry.postgres.base import StoreBase

from ..support.events import make_event
from ..support.servers import Server

PUBLIC: dict[str, object] = {
    "PostgresEventStore": PostgresEventStore,
    "SimplePostgresStore": SimplePostgresStore,
    **{f"sync.{name}": getattr(sync, name) for name in sync.__all__},
    **{
        f"PostgresEventStore.{name}": member
        for owner in (StoreBase, PostgresEventStore, Recorder)
        for name, member in vars(owner).items()
        if not name.startswith("_") and (callable(member) or isinstance(member, property))
    },
}
# The type of their events, which says nothing.
PUBLIC.pop("PostgresEventStore.storage_error")


@pytest.mark.parametrize("name", PUBLIC)
def test_the_example_of_a_public_name_is_true(
    name: str,
    server: Server,
    open_store: Callable[[], SimplePostgresStore],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever can be had of a store on a server is shown at work."""
    text = PUBLIC[name].__doc__
    assert text, f"{name} has no docstring"
    given = {
        "Event": Event,
        "SimpleJsonStore": SimpleJsonStore,
        "copy_new": sync.copy_new,
        "PostgresEventStore": PostgresEventStore,
        "SimplePostgresStore": SimplePostgresStore,
        "conninfo": server.conninfo,
        "store": open_store(),
        "event": make_event(lamport_clock=2),
        "other_event": make_event(lamport_clock=1),
    }
    example = doctest.DocTestParser().get_doctest(inspect.cleandoc(text), given, name, name, 0)
    assert example.examples, f"{name} has no example"
    monkeypatch.chdir(tmp_path)
    output: list[str] = []
    result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example, out=output.append)
    assert not result.failed, "".join(output)


def test_the_names_are_those_of_the_store_in_a_file() -> None:
    """One is a drop-in for the other."""
    names = {name for name in dir(SimpleJsonStore) if not name.startswith("_")}
    assert names - {"file_path"} <= set(dir(SimplePostgresStore))
    assert {"PostgresEventStore.read_since", "sync.copy_new"} <= PUBLIC.keys()
