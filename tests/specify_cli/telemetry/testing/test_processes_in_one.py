"""What the suite of processes finds, with threads in the place of the processes, which is quick."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from specify_cli.spec_kitty_events import EventStore
from specify_cli.telemetry.testing import ProcessSafeEventStoreContract, processes
from specify_cli.telemetry.testing.calls import Call
from specify_cli.telemetry.testing.worker import Worker, serve

pytest.importorskip("fcntl", reason="these stores use the locks of POSIX")

from . import broken_in_processes as broken
from .working_stores import FileStore, LockedFileStore, failures, only

LOSE_NOTHING = "processes_lose_and_repeat_nothing"
SAVE = "a_save_may_be_interrupted_by_processes"
LOAD = "a_load_may_be_interrupted_by_processes"
THREADS = "threads_may_each_open_a_store"
A_LOAD_LACKS = r"a load while others save is wrong:\nnot loaded: event"
TWICE = r"(load_all_events\(\)|a load while others save) is wrong:\nloaded 2 times"


class InAThread(Worker):
    """What serves in a thread of this process."""

    def __init__(self, open_store: Callable[[], EventStore], seconds: float) -> None:
        """Begin."""
        self._seconds = seconds
        self._connection, theirs = multiprocessing.Pipe()
        self._connection.send(open_store)
        self.serving = Call(partial(serve, theirs))

    def __exit__(self, *_: object) -> None:
        """End."""
        self._connection.close()
        self.serving.join(10)

    def exit_code(self) -> int | None:
        """Return what a process would have ended with."""
        self.serving.join(10)
        error = self.serving._error
        return int(str(error.code)) if isinstance(error, SystemExit) else 1


@pytest.fixture(autouse=True)
def in_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have workers serve in threads."""

    def end(code: int) -> None:
        raise SystemExit(code)

    monkeypatch.setattr(os, "_exit", end)
    monkeypatch.setattr(processes, "Worker", InAThread)


@pytest.mark.parametrize(
    ("store", "test", "says"),
    [
        (
            broken.KeepingTheLastBack,
            LOSE_NOTHING,
            r"load_all_events\(\) is wrong:\nnot loaded: event",
        ),
        (broken.RefusingANode, LOSE_NOTHING, r"processes that save ended with \[0, 0, 0, 1\]$"),
        (FileStore, SAVE, TWICE),
        (broken.LockingThreadsOnly, SAVE, TWICE),
        (broken.LockingWritesOnly, SAVE, TWICE),
        (broken.InventingWhileSaving, SAVE, r"load_all_events\(\) is wrong:\ndoes not belong here"),
        (broken.WritingInParts, SAVE, ""),
        (broken.Rewriting, SAVE, A_LOAD_LACKS),
        (broken.NewestFirst, LOAD, r"a load while others save lacks \['[0-9A-Z]{26}'\]$"),
        (
            broken.InventingWhileLoading,
            LOAD,
            r"load_all_events\(\) is wrong:\ndoes not belong here",
        ),
        (broken.LockingProcessesOnly, THREADS, r"load_all_events\(\) is wrong:\nloaded 2 times"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_broken_store_fails_the_test_of_what_it_breaks(
    store: type[FileStore], test: str, says: str, tmp_path: Path
) -> None:
    """A failure says what was lost or repeated, or how the processes ended."""
    numbers = itertools.count()
    contract = only(broken.OfBoth, test)
    failing = failures(lambda: partial(store, tmp_path / f"{next(numbers)}"), contract)
    assert re.match(says, failing[test]), failing[test]


def test_a_store_with_locks_fails_nothing(tmp_path: Path) -> None:
    """Processes and their threads may use it at once."""
    numbers = itertools.count()
    contract = only(broken.OfBoth, LOSE_NOTHING, SAVE, LOAD, THREADS)
    assert failures(lambda: partial(LockedFileStore, tmp_path / f"{next(numbers)}"), contract) == {}


def test_where_threads_are_not_promised_nothing_is_tried(tmp_path: Path) -> None:
    """The test says why."""
    with pytest.raises(pytest.skip.Exception, match="this store is not promised to be for threads"):
        ProcessSafeEventStoreContract().test_threads_may_each_open_a_store(
            partial(LockedFileStore, tmp_path / "events")
        )


def test_what_processes_save(tmp_path: Path) -> None:
    """Four of them save events of their own, and some that are the same; others come between."""
    contract = ProcessSafeEventStoreContract()
    contract.test_processes_lose_and_repeat_nothing(partial(LockedFileStore, tmp_path / "1"))
    saved = LockedFileStore(tmp_path / "1").load_all_events()
    assert [(event.lamport_clock, event.node_id) for event in saved] == [
        (clock, f"node-{number}") for clock in range(25) for number in range(5)
    ]
    for test, path in (
        (partial(contract.test_a_save_may_be_interrupted_by_processes, anew=False), "2"),
        (contract.test_a_load_may_be_interrupted_by_processes, "3"),
    ):
        test(open_store=partial(LockedFileStore, tmp_path / path))
        saved = LockedFileStore(tmp_path / path).load_all_events()
        assert len(saved) > 3
        assert [event.lamport_clock for event in saved] == [*range(len(saved))]


def test_processes_begin_when_all_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the first could have ended before the last began."""
    done: list[str] = []

    class Noting(InAThread):
        def wait_until_ready(self) -> None:
            super().wait_until_ready()
            done.append("ready")

        def exit_code(self) -> int | None:
            done.append("waited for")
            return super().exit_code()

    monkeypatch.setattr(processes, "Worker", Noting)
    ProcessSafeEventStoreContract().test_processes_lose_and_repeat_nothing(
        partial(LockedFileStore, tmp_path / "events")
    )
    assert done == ["ready"] * 4 + ["waited for"] * 4


def test_a_worker_is_ready_when_it_has_opened_a_store(tmp_path: Path) -> None:
    """What opens it has been called then."""
    path = tmp_path / "events"
    with InAThread(partial(LockedFileStore, path), 10) as worker:
        worker.wait_until_ready()
        assert path.exists()
