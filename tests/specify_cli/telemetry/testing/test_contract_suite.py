"""The contract suite that others use: each promise broken turns the right tests red."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pytest import MonkeyPatch, Pytester  # noqa: PT013  # types

from specify_cli import telemetry
from specify_cli.spec_kitty_events import Event, EventStore
from specify_cli.telemetry.testing import (
    DurableEventStoreContract,
    EventStoreContract,
    ProcessSafeEventStoreContract,
    ThreadSafeEventStoreContract,
)

from ..support.driver import HAS_DRIVER

pytest_plugins = ["pytester"]

IN_PROCESSES = {"a_save_may_be_interrupted_by_processes", "processes_lose_and_repeat_nothing"}
BETWEEN_STEPS = {"a_save_may_be_interrupted_by_processes"}

FAILING = {
    "broken_in_processes": {
        "UnlockedFile": BETWEEN_STEPS,
        "LockingThreadsOnly": BETWEEN_STEPS,
        "LockingWritesOnly": BETWEEN_STEPS,
        "WritingInParts": BETWEEN_STEPS,
        "Rewriting": BETWEEN_STEPS,
        "Buffered": IN_PROCESSES,
        "OfOneProcess": IN_PROCESSES | {"a_load_may_be_interrupted_by_processes"},
        "FailingInProcesses": IN_PROCESSES,
        "DyingInProcesses": IN_PROCESSES,
        "NewestFirst": {"a_load_may_be_interrupted_by_processes"},
        "HangingInProcesses": IN_PROCESSES,
        "LockingProcessesOnly": {"threads_may_each_open_a_store"},
    },
}

# Whether other tests fail too is chance.
FAILING_AT_LEAST = {
    "ExclusiveForLife": {"another_store_has_what_was_saved", "stores_take_turns"},
}

WORKING = {"FileStore", "LockedStore", "LockedFileStore"}


@pytest.mark.parametrize(
    "module",
    [
        *sorted(FAILING.keys() - {"broken_in_processes"}),
        pytest.param("broken_in_processes", marks=pytest.mark.uncounted),
    ],
)
def test_every_broken_promise_turns_its_tests_red(pytester: Pytester, module: str) -> None:
    """Each broken store fails the tests of what it breaks and no other; a good one fails none."""
    if module == "broken_in_processes":
        pytest.importorskip("fcntl", reason="these stores use the locks of POSIX")
    path = Path(__file__).with_name(f"{module}.py")
    run = pytester.inline_run(str(path), "--no-summary", "-p", "no:cacheprovider")
    failing = defaultdict(set)
    stores = set()
    for report in run.getreports("pytest_runtest_logreport"):
        _, store, test = report.nodeid.partition("[")[0].split("::")
        stores.add(store.removeprefix("Test"))
        if report.failed:
            failing[store.removeprefix("Test")].add(test.removeprefix("test_"))
    for store in stores & FAILING_AT_LEAST.keys():
        assert failing.pop(store, set()) >= FAILING_AT_LEAST[store], store
    assert failing == FAILING[module]
    assert stores - WORKING == FAILING[module].keys() | (stores & FAILING_AT_LEAST.keys())


def test_events_are_made_as_the_model_needs_them() -> None:
    """A subclass adds to what every event has, and each test says what it is about."""

    class Wider(Event):
        build_id: str

    class Suite(EventStoreContract):
        event_model = Wider

        def make_event(self, **fields: object) -> object:
            return super().make_event(build_id="main", **fields)

    made = Suite().make_event(payload={"n": 1})
    assert isinstance(made, Wider)
    assert made == Wider(
        event_id=made.event_id,
        event_type="Tested",
        aggregate_id="one",
        timestamp=datetime(2026, 2, 16, 9, 12, 58, 36834, tzinfo=UTC),
        node_id="a",
        lamport_clock=1,
        payload={"n": 1},
        build_id="main",
    )
    assert made != Suite().make_event(lamport_clock=7, event_id=made.event_id, payload={"n": 1})


def test_some_tests_are_run_for_each_of_several_cases() -> None:
    """Every promise with stores that are opened again, and saves of both kinds of stores."""
    promises = [name for name in dir(EventStoreContract) if name.startswith("test_")]
    assert len(promises) == 15
    suite = ProcessSafeEventStoreContract
    for test, cases in (
        (suite.test_promises_hold_for_a_store_opened_for_each_call, ("promise", promises)),
        (
            suite.test_promises_hold_for_a_store_that_saves_and_another_that_loads,
            ("promise", promises),
        ),
        (suite.test_a_save_may_be_interrupted_by_processes, ("anew", [False, True])),
    ):
        (mark,) = vars(test)["pytestmark"]
        assert (mark.name, mark.args) == ("parametrize", cases)
    assert mark.kwargs == {"ids": ["open before", "opened for it"]}


class Losing(EventStore):
    """A store that loses everything."""

    def save_event(self, event: Event) -> None:
        """Keep nothing."""

    def load_events(self, aggregate_id: str) -> list[Event]:  # noqa: ARG002  # as it is
        """Return no event."""
        return []

    def load_all_events(self) -> list[Event]:
        """Return no event."""
        return []


def test_a_failure_is_shown_where_the_suite_looks_at_the_store() -> None:
    """What the suite does to compare is hidden."""

    class Suite(ThreadSafeEventStoreContract, DurableEventStoreContract):
        pass

    for test, argument, shown in (
        (Suite().test_what_is_saved_is_loaded, Losing(), "test_what_is_saved_is_loaded"),
        (Suite().test_every_field_comes_back, Losing(), "test_every_field_comes_back"),
        (Suite().test_threads_lose_nothing, Losing(), "test_threads_lose_nothing"),
        (Suite()._expect_in_loads, Losing(), "_expect_in_loads"),
        (Suite().test_stores_take_turns, Losing, "test_stores_take_turns"),
    ):
        arguments = [argument] if "expect" not in shown else [argument, [Suite().make_event()]]
        with pytest.raises(pytest.fail.Exception) as caught:
            test(*arguments)
        names = [entry.name for entry in caught.traceback.filter(caught)]
        assert names[-1] == shown
        assert "bounded" not in names


def test_the_suite_is_not_collected_where_it_is_imported(pytester: Pytester) -> None:
    """Only subclasses are tests."""
    pytester.makepyfile("from specify_cli.telemetry.testing import *")
    assert pytester.inline_run("--collect-only").ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_without_pytest_the_suite_says_what_it_needs(monkeypatch: MonkeyPatch) -> None:
    """The error of importing it names the package and pytest."""
    name = "specify_cli.telemetry.testing"
    for module in list(sys.modules):
        if module == name or module.startswith(f"{name}."):
            monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "pytest", None)
    says = f"^{name} needs pytest, for tests: pip install pytest$"
    with pytest.raises(ImportError, match=says) as caught:
        importlib.import_module(name)
    assert isinstance(caught.value.__cause__, ImportError)


def test_nothing_else_imports_pytest() -> None:
    """Every other module of the package imports where there is no pytest."""
    left_out = {"testing", "__main__"}
    if not HAS_DRIVER:
        left_out |= {"postgres", "sync", "_cli/sharing"}
    folder = Path(telemetry.__path__[0])
    paths = [path.relative_to(folder).with_suffix("") for path in folder.rglob("*.py")]
    modules = [
        ".".join(["specify_cli.telemetry", *path.parts])
        for path in paths
        if not {path.parts[0], path.as_posix()} & left_out
    ]
    assert len(modules) > 20
    code = f"import importlib, sys\nsys.modules['pytest'] = None\nfor name in {modules}:"
    subprocess.run(
        [sys.executable, "-c", f"{code}\n    importlib.import_module(name)"],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        check=True,
    )
