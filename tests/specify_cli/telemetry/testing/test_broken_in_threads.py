"""Stores that threads cannot share turn the right tests red."""

from __future__ import annotations

import re
import sys
import time
from traceback import walk_stack

import pytest

from specify_cli.telemetry.testing import ThreadSafeEventStoreContract, calls

from . import broken_in_threads
from .test_broken_stores import SAYS
from .test_what_is_tried import Recording
from .working_stores import InParts, LockedStore, Store, failures, only

OfThreads = only(
    ThreadSafeEventStoreContract,
    *("threads_lose_nothing", "threads_repeat_nothing", "threads_load_what_is_saved"),
    *("a_save_may_be_interrupted_by_threads", "a_load_may_be_interrupted_by_threads"),
)
IN_THREADS = {
    "a_load_may_be_interrupted_by_threads",
    "a_save_may_be_interrupted_by_threads",
    "threads_load_what_is_saved",
    "threads_lose_nothing",
    "threads_repeat_nothing",
}
FAILING = {
    "ChangingTheCallersEvents": set(),
    "FailingInThreads": IN_THREADS,
}
# Whether other tests fail too is chance.
FAILING_AT_LEAST = {
    "OfTheFirstThread": IN_THREADS - {"threads_repeat_nothing", "threads_load_what_is_saved"},
    "KnowingTheIdsOfItsThread": {"threads_repeat_nothing", "a_save_may_be_interrupted_by_threads"},
    "IteratingInThreads": {"a_load_may_be_interrupted_by_threads"},
    "InventingInThreads": {"a_load_may_be_interrupted_by_threads"},
    "NewestFirstInThreads": {"a_load_may_be_interrupted_by_threads"},
    **{
        name: {"a_save_may_be_interrupted_by_threads"}
        for name in (
            *("CountingInThreads", "EmptyWhileSaving", "LockingForItself", "LockingInParts"),
            *("LosingInOneLine", "LosingInThreads", "ReplacingInOneLine", "Unlocked"),
        )
    },
}
STORES: dict[str, type[Store]] = {
    name: thing
    for name, thing in vars(broken_in_threads).items()
    if isinstance(thing, type)
    and issubclass(thing, Store)
    and thing.__module__ == broken_in_threads.__name__
} | {"Unlocked": Store}


@pytest.mark.parametrize("name", sorted(FAILING.keys() | FAILING_AT_LEAST.keys()))
def test_a_broken_store_fails_the_tests_of_what_it_breaks(name: str) -> None:
    """It fails these, and each failure says what was wrong of what."""
    failing = failures(lambda: STORES[name], OfThreads)
    if name in FAILING:
        assert failing.keys() == FAILING[name]
    else:
        assert failing.keys() >= FAILING_AT_LEAST[name]
    for test, says in failing.items():
        assert SAYS.match(says), f"{test}: {says}"


@pytest.mark.parametrize(
    ("name", "test", "says"),
    [
        (
            *("EmptyWhileSaving", "a_save_may_be_interrupted_by_threads"),
            "a load while others save is wrong:\nnot loaded:",
        ),
        (
            *("IteratingInThreads", "a_load_may_be_interrupted_by_threads"),
            "raised RuntimeError('dictionary changed size during iteration')",
        ),
    ],
)
def test_each_of_the_loads_is_looked_at(name: str, test: str, says: str) -> None:
    """A store of which threads cannot share one of them fails the same test."""
    of_one, of_all = (
        failures(lambda: lambda: InParts(STORES[name](), LockedStore()), only(OfThreads, test)),
        failures(lambda: lambda: InParts(LockedStore(), STORES[name]()), only(OfThreads, test)),
    )
    assert of_one[test].startswith(says)
    assert of_all[test].startswith(says)


class Hurried(OfThreads):  # type: ignore[misc, valid-type]  # made above
    """A suite that does not wait for long."""

    deadline = 0.2


def test_a_store_that_hangs_in_threads_fails_every_test_in_time() -> None:
    """And nothing loads from it any more once the tests have failed."""
    failing = failures(lambda: broken_in_threads.HangingInThreads, Hurried)
    assert failing.keys() == IN_THREADS
    for says in failing.values():
        assert says.startswith("raised TimeoutError('still waiting, or at work, here:\\n")
    end = time.monotonic() + 10
    while in_a_load() and time.monotonic() < end:
        time.sleep(0.01)
    assert not in_a_load()


def in_a_load() -> bool:
    """Return whether a thread of a test still loads."""
    frames = [frame for top in sys._current_frames().values() for frame, _ in walk_stack(top)]
    return any(frame.f_code.co_qualname.endswith("saved.<locals>.load") for frame in frames)


def test_a_failure_says_where_a_store_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that waits is found before the time of its test is up."""
    assert Hurried()._patience() == 0.1
    monkeypatch.setattr(OfThreads, "_patience", lambda _: 0.1)
    monkeypatch.setattr(calls, "_SECONDS_TO_END", 0.1)
    contract = only(OfThreads, "a_load_may_be_interrupted_by_threads")
    (says,) = failures(lambda: broken_in_threads.HangingForASecondThread, contract).values()
    assert re.search(
        r"^raised TimeoutError\(.*broken_in_threads\.py\", line \d+, in save_event", says
    )


def test_what_a_load_lacks_is_found_while_threads_save() -> None:
    """And not only when they have ended."""
    contract = only(OfThreads, "threads_load_what_is_saved")
    (says,) = failures(lambda: broken_in_threads.ShowingNothingWhileSaving, contract).values()
    assert says.startswith("a load while others save is wrong:\nnot loaded: event")


def test_every_store_is_tried() -> None:
    """Those that hang or wait have tests of their own."""
    hanging = {"HangingInThreads", "HangingForASecondThread", "ShowingNothingWhileSaving"}
    assert STORES.keys() == FAILING.keys() | FAILING_AT_LEAST.keys() | hanging


def test_what_threads_save() -> None:
    """Eight of them save, each events of its own or all the same; others come in between."""
    own, same, between = Recording(), Recording(), Recording()
    ThreadSafeEventStoreContract().test_threads_lose_nothing(own)
    assert sorted((event.node_id, event.lamport_clock) for event in own.given) == [
        (f"node-{thread}", clock) for thread in range(8) for clock in range(25)
    ]
    ThreadSafeEventStoreContract().test_threads_repeat_nothing(same)
    assert sorted((event.node_id, event.lamport_clock) for event in same.given) == [
        ("node-0", clock) for clock in range(25) for _ in range(8)
    ]
    ThreadSafeEventStoreContract().test_a_save_may_be_interrupted_by_threads(between)
    clocks = [event.lamport_clock for event in between.load_all_events()]
    assert clocks == [*range(len(clocks))]


def test_a_store_with_a_lock_fails_nothing() -> None:
    """Threads may share it."""
    assert failures(lambda: LockedStore, OfThreads) == {}
