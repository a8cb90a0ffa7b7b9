"""The installed package, as its users have it."""

from __future__ import annotations

import os
import sys
import sysconfig
from pathlib import Path

import pytest

from .conftest import ROOT
from .processes import Environment, run

USE = """
from datetime import UTC, datetime
from typing import assert_type

from spec_kitty_telemetry import (
    Event,
    EventStore,
    InMemoryEventStore,
    JsonlEventStore,
    NewEvents,
    SimpleJsonStore,
    StorageError,
    __version__,
    check_log,
    repair_log,
)
from spec_kitty_telemetry.check import LogReport
from spec_kitty_telemetry.repair import RepairReport

store = SimpleJsonStore("log.jsonl")
event = Event(
    event_id="E" * 26, event_type="T", aggregate_id="a", node_id="n", lamport_clock=1,
    timestamp=datetime.now(UTC),
)
store.save_event(event)
stores: list[EventStore] = [store, InMemoryEventStore()]
stores[1].save_event(event)
assert [each.load_all_events() for each in stores] == [[event], [event]]
assert_type(store.load_all_events(), list[Event])
assert_type(store.load_all_events()[0].lamport_clock, int)
assert_type(store.read_since(), NewEvents[Event])
assert_type(check_log("log.jsonl"), LogReport)
assert_type(repair_log("log.jsonl"), RepairReport)
assert_type(__version__, str)
assert issubclass(SimpleJsonStore, JsonlEventStore) and issubclass(StorageError, Exception)
"""

# Each of these is an error that a type checker cannot find if a type is lost on the way.
MISUSE = """
from spec_kitty_telemetry import Event, InMemoryEventStore, SimpleJsonStore

SimpleJsonStore("log.jsonl").save_event("text")
InMemoryEventStore().load_events(1)
SimpleJsonStore("log.jsonl").load_all_events()[0].no_such_field
Event(event_id=1)
import spec_kitty_telemetry
spec_kitty_telemetry.check_logs
"""


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Return an environment with the wheel, and what it depends on."""
    folder = tmp_path_factory.mktemp("installed") / "environment"
    environment = Environment(folder, Path(sysconfig.get_path("purelib")))
    # What is found there already may be the package itself, of another day.
    environment.pip("install", "--no-deps", "--ignore-installed", wheel)
    where = "import spec_kitty_telemetry as package; print(package.__file__)"
    found = environment.run(environment.python, "-c", where).strip()
    assert Path(found).is_relative_to(environment.site_packages())
    return environment


def test_every_name_can_be_imported_and_used(installed: Environment) -> None:
    """What the pages import is there, and does what it does in the source tree."""
    assert not installed.run(installed.python, "-c", USE)


def test_its_types_are_those_of_the_contract(installed: Environment, tmp_path: Path) -> None:
    """A user's type checker knows what a load returns, and finds misuse."""
    pytest.importorskip("mypy", reason="needs the type checker")
    (tmp_path / "use.py").write_text(USE, encoding="utf-8")
    (tmp_path / "misuse.py").write_text(MISUSE, encoding="utf-8")
    mypy: list[str | Path]
    mypy = [sys.executable, "-m", "mypy", "--strict", "--python-executable", installed.python]
    output = run([*mypy, "use.py"], tmp_path, {"PYTHONPATH": ""})
    assert output.startswith("Success")
    with pytest.raises(AssertionError) as caught:
        run([*mypy, "misuse.py"], tmp_path, {"PYTHONPATH": ""})
    for line in (4, 5, 6, 7, 9):
        assert f"misuse.py:{line}: error: " in str(caught.value)


def test_its_commands_are_called_as_they_were_run(installed: Environment) -> None:
    """The module and the program are the same, and the usage line names the one that was run."""
    usage = installed.run(installed.python, "-m", "spec_kitty_telemetry", "check", "--help")
    assert usage.startswith("usage: python -m spec_kitty_telemetry check ")
    usage = installed.run("spec-kitty-telemetry", "check", "--help")
    name = "spec-kitty-telemetry.exe" if os.name == "nt" else "spec-kitty-telemetry"
    assert usage.startswith((f"usage: {name} check ", "usage: spec-kitty-telemetry check "))


def test_the_example_runs_with_it(installed: Environment) -> None:
    """`make demo` shows what whoever installs the package gets."""
    printed = installed.run(installed.python, ROOT / "examples" / "quickstart.py")
    assert "\n5 events load\n" in printed
    assert printed.split("$ spec-kitty-telemetry show")[1].count("ExecutionEvent") == 5
