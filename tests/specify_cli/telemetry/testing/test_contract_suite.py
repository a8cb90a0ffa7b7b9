"""The contract suite that others use: each promise broken turns the right tests red."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
import threading
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from pytest import MonkeyPatch, Pytester  # noqa: PT013  # types

from specify_cli import telemetry
from specify_cli.spec_kitty_events import Event
from specify_cli.telemetry import SimpleJsonStore
from specify_cli.telemetry.testing import EventStoreContract
from specify_cli.telemetry.testing.concurrency import _run, in_processes, in_threads, save_and_die
from specify_cli.telemetry.testing.difference import difference

from ..support.events import make_event, make_events
from . import broken_stores

pytest_plugins = ["pytester"]

WITH_EVENTS = {
    "an_event_that_is_only_mentioned_can_be_saved",
    "aggregates_are_apart",
    "every_field_comes_back",
    "loads_are_in_causal_order",
    "one_event_stays_under_an_id",
    "saving_again_changes_nothing",
    "ties_are_in_the_contracts_order",
    "what_a_load_returns_is_the_callers",
    "what_is_saved_is_loaded",
}

FAILING = {
    "Unsorted": {
        "an_event_that_is_only_mentioned_can_be_saved",
        "every_field_comes_back",
        "loads_are_in_causal_order",
    },
    "SortedByClockOnly": {"loads_are_in_causal_order"},
    "SortedByText": {"every_field_comes_back", "loads_are_in_causal_order"},
    "KeepingRepeats": {"one_event_stays_under_an_id", "saving_again_changes_nothing"},
    "KeepingVersions": {"one_event_stays_under_an_id"},
    "MovingRepeats": {"one_event_stays_under_an_id", "saving_again_changes_nothing"},
    "TakingMentionsForEvents": {"an_event_that_is_only_mentioned_can_be_saved"},
    "MixingAlike": {"aggregates_are_apart", "loads_are_in_causal_order"},
    "MixingPrefixes": {"aggregates_are_apart"},
    "MixingAll": {"aggregates_are_apart", "loads_are_in_causal_order"},
    "LosingPayloads": {
        "an_event_that_is_only_mentioned_can_be_saved",
        "aggregates_are_apart",
        "every_field_comes_back",
    },
    "LosingCauses": {
        "an_event_that_is_only_mentioned_can_be_saved",
        "every_field_comes_back",
    },
    "ReturningAnotherType": WITH_EVENTS,
    "Late": WITH_EVENTS,
    "Leaking": {"what_a_load_returns_is_the_callers"},
    "Inventing": WITH_EVENTS | {"a_new_store_is_empty"},
    "SplittingText": {"every_field_comes_back"},
    "NotDurable": {
        "another_store_has_what_was_saved",
        "another_store_knows_the_ids",
        "stores_take_turns",
    },
    "NotIdempotentWhenOpened": {"another_store_knows_the_ids", "stores_take_turns"},
    "Stale": {"stores_take_turns"},
    "Buffered": {"processes_lose_and_repeat_nothing"},
    "OfOneProcess": {"processes_lose_and_repeat_nothing"},
}

# Whether other tests fail too is chance.
FAILING_AT_LEAST = {
    "SortedById": {
        "one_event_stays_under_an_id",
        "saving_again_changes_nothing",
        "ties_are_in_the_contracts_order",
    },
    "LosingInThreads": {"threads_lose_nothing"},
    "RepeatingInThreads": {"threads_repeat_nothing"},
    "EmptyWhileSaving": {"threads_load_what_is_saved"},
}


def test_every_broken_promise_turns_its_tests_red(pytester: Pytester) -> None:
    """Each broken store fails the tests of what it breaks and no other; two that work fail none."""
    run = pytester.inline_run(broken_stores.__file__, "--no-summary", "-p", "no:cacheprovider")
    failing = defaultdict(set)
    passed = set()
    for report in run.getreports("pytest_runtest_logreport"):
        _, store, test = report.nodeid.split("::")
        if report.failed:
            failing[store.removeprefix("Test")].add(test.removeprefix("test_"))
        elif report.passed and report.when == "call":
            passed.add(store.removeprefix("Test"))
    for store, tests in FAILING_AT_LEAST.items():
        assert failing.pop(store, set()) >= tests
    assert failing == FAILING
    assert {"Store", "FileStore"} <= passed


def test_a_failure_says_what_was_lost_added_and_repeated() -> None:
    """Each event that should or should not be there is named, with what places it."""
    lost, kept, added, repeated = make_events(4)
    assert difference([kept, added, repeated, repeated], [lost, kept, repeated]) == (
        f"not loaded: event {lost.event_id} (clock 1, node 'cli:WP01', "
        "aggregate '043-telemetry-foundation')\n"
        f"does not belong here: event {added.event_id} (clock 3, node 'cli:WP01', "
        "aggregate '043-telemetry-foundation')\n"
        f"loaded 2 times: event {repeated.event_id} (clock 4, node 'cli:WP01', "
        "aggregate '043-telemetry-foundation')"
    )


def test_a_failure_says_what_was_changed() -> None:
    """Each field that differs is named, with both values."""
    event = make_event(payload={"n": 1})
    loaded = event.model_copy(update={"payload": {"n": 1.5}, "node_id": "b"})
    found = difference([loaded], [event])
    assert found is not None
    payload, node = sorted(found.splitlines(), reverse=True)
    assert payload.startswith(f"changed: payload of event {event.event_id} (")
    assert payload.endswith("): saved {'n': 1}, loaded {'n': 1.5}")
    assert node.startswith("changed: node_id of")


def test_a_long_value_is_cut() -> None:
    """A payload of any length leaves a message that can be read."""
    event = make_event(payload={"text": "x" * 10_000})
    found = difference([event.model_copy(update={"payload": {}})], [event])
    assert found is not None
    assert found.endswith("xxx..., loaded {}")
    assert len(found) < 500


def test_a_failure_says_which_order_is_right() -> None:
    """Where all events are there, both orders are shown."""
    events = make_events(2)
    found = difference(events[::-1], events)
    assert found is not None
    assert re.sub(r"event .*? \((.*?),.*\)", r"\1", found).splitlines() == [
        *("the order is", "  clock 2", "  clock 1"),
        *("and should be", "  clock 1", "  clock 2"),
    ]


def test_a_long_failure_is_cut() -> None:
    """Ten facts are enough to see what is wrong."""
    ten, eleven = make_events(10), make_events(11)
    assert (difference([], ten) or "").count("\n") == 9
    assert (difference([], eleven) or "").splitlines()[10:] == ["and more"]


def test_no_difference_is_none() -> None:
    """The same events in the same order are as expected, whatever sequences they are in."""
    events = make_events(2)
    assert difference(tuple(events), events) is None


def test_events_are_made_as_the_model_needs_them() -> None:
    """A subclass adds to what every event has, and each test says what it is about."""

    class Wider(Event):
        build_id: str

    class Suite(EventStoreContract):
        event_model = Wider

        def make_event(self, **fields: object) -> object:
            return super().make_event(build_id="main", **fields)

    made = Suite().make_event(lamport_clock=7)
    assert isinstance(made, Wider)
    assert (made.build_id, made.lamport_clock) == ("main", 7)


def test_the_suite_is_not_collected_where_it_is_imported(pytester: Pytester) -> None:
    """Only subclasses are tests."""
    pytester.makepyfile("from specify_cli.telemetry.testing import *")
    assert pytester.inline_run("--collect-only").ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_without_pytest_the_suite_says_what_it_needs(monkeypatch: MonkeyPatch) -> None:
    """The error of importing it names the module and pytest."""
    name = "specify_cli.telemetry.testing"
    monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pytest", None)
    with pytest.raises(ImportError, match=f"^{name} needs pytest"):
        importlib.import_module(name)


def test_nothing_else_imports_pytest() -> None:
    """Every other module of the package imports where there is no pytest."""
    modules = [
        f"specify_cli.telemetry.{path.stem}"
        for path in Path(telemetry.__path__[0]).glob("*.py")
        if path.stem not in {"testing", "__init__", "__main__"}
    ]
    code = f"import importlib, sys\nsys.modules['pytest'] = None\nfor name in {modules}:"
    subprocess.run(
        [sys.executable, "-c", f"{code}\n    importlib.import_module(name)"],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        check=True,
    )


def test_what_a_thread_raises_is_raised() -> None:
    """A store that fails in a thread fails its test."""

    def fail() -> None:
        raise RuntimeError("in a thread")

    with pytest.raises(RuntimeError, match="in a thread"):
        in_threads([fail, lambda: None])


class DeadOnArrival:
    """What ends the process that unpickles it."""

    def __call__(self) -> None:
        """Do nothing."""

    def __reduce__(self) -> tuple[Callable[[int], object], tuple[int]]:
        """Return how to unpickle it."""
        return sys.exit, (3,)


def test_a_process_that_cannot_begin_does_not_keep_the_others_waiting(log: Path) -> None:
    """Whatever a store raises in another process, the test of it ends."""
    assert in_processes([partial(log.touch), partial(sys.exit, 0)]) == [0, 0]
    assert log.exists()
    assert in_processes([DeadOnArrival(), partial(log.unlink)]) == [3, 1]
    assert log.exists()


def test_a_process_dies_without_clean_up(log: Path, monkeypatch: MonkeyPatch) -> None:
    """It begins with the others, saves, and is gone."""
    codes: list[int] = []
    monkeypatch.setattr(os, "_exit", codes.append)
    events = make_events(2)
    _run(threading.Barrier(1), partial(save_and_die, partial(SimpleJsonStore, log), events))  # type: ignore[arg-type]  # as good
    assert codes == [0]
    assert SimpleJsonStore(log).load_all_events() == events
