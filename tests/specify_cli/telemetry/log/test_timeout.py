"""Waiting for the lock has an end; the file is untouched by who did not get it."""

from __future__ import annotations

import os
import pickle
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from specify_cli.spec_kitty_events import Event, StorageError
from specify_cli.telemetry import JsonlEventStore, JsonlLog, LockTimeoutError, SimpleJsonStore
from specify_cli.telemetry._log import in_flight, lock
from specify_cli.telemetry._log.held import snapshot_of

from ..support.descriptors import nothing_stays_open
from ..support.events import make_event


class OwnError(OSError):
    """The error of a contract that knows nothing of this one's."""


class OwnStore(JsonlEventStore[Event]):
    """A store for it."""

    event_model = Event
    storage_error = OwnError


@pytest.fixture
def held(log: Path) -> Iterator[Path]:
    """Hold the lock of a log with one event, as another process does, for a whole test."""
    SimpleJsonStore(log).save_event(make_event())
    fd = os.open(log, os.O_RDWR | getattr(os, "O_BINARY", 0))
    assert lock.acquire(fd)
    yield log
    lock.release(fd)
    os.close(fd)


def save(log: Path, timeout: float) -> None:
    """Save an event."""
    SimpleJsonStore(log, timeout=timeout).save_event(make_event())


def append(log: Path, timeout: float) -> None:
    """Append a record."""
    JsonlLog(log, timeout=timeout).append({"n": 1})


def hold(log: Path, timeout: float) -> None:
    """Lock the log, to look and decide."""
    with JsonlLog(log, timeout=timeout).locked():
        raise AssertionError


@pytest.mark.parametrize("timeout", [0, 0.2, 1])
@pytest.mark.parametrize("how", [save, append, hold])
def test_a_call_gives_up_in_time(
    how: Callable[[Path, float], None], timeout: float, held: Path
) -> None:
    """The error names the file, and says how long it was waited for; the file is untouched."""
    content = held.read_bytes()
    start = time.monotonic()
    with pytest.raises(LockTimeoutError, match="another call has held its lock for") as caught:
        how(held, timeout)
    waited = time.monotonic() - start
    assert timeout <= waited < timeout * 1.1 + 0.5
    assert f'cannot append to "{held}"' in str(caught.value)
    assert isinstance(caught.value.__cause__, TimeoutError)
    assert held.read_bytes() == content


@pytest.mark.parametrize("how", ["save_event", "record"])
def test_threads_of_one_store_give_up_at_the_same_time(how: str, held: Path) -> None:
    """They wait for each other, and none of them for longer than the store is to wait."""
    store = SimpleJsonStore(held, timeout=1.5)
    waited: list[float] = []
    save: Callable[[], object] = partial(store.save_event, make_event())
    if how == "record":
        save = partial(store.record, "E", aggregate_id="a", node_id="n")

    def give_up() -> None:
        start = time.monotonic()
        with pytest.raises(StorageError, match=r"has held its lock for 1\.5 seconds"):
            save()
        waited.append(time.monotonic() - start)

    threads = [threading.Thread(target=give_up) for _ in range(6)]
    for thread in threads:
        thread.start()
        time.sleep(0.1)  # so that the first gives up before the others do, and one gets its turn
    for thread in threads:
        thread.join()
    assert len(waited) == 6
    assert max(waited) < 1.5 * 1.1 + 0.7


@pytest.mark.parametrize("timeout", [0, 0.2])
@pytest.mark.parametrize("how", ["save_event", "record"])
def test_a_thread_gives_up_one_that_takes_too_long(how: str, timeout: float, log: Path) -> None:
    """As a process would; here the other thread waits for what makes its event."""
    store = SimpleJsonStore(log, timeout=timeout)
    begun, end = threading.Event(), threading.Event()

    def make(clock: int) -> Event:
        begun.set()
        end.wait(10)
        return make_event(lamport_clock=clock)

    save: Callable[[], object] = partial(store.save_event, make_event())
    if how == "record":
        save = partial(store.record, "E", aggregate_id="a", node_id="n")
    with ThreadPoolExecutor(1) as pool:
        saving = pool.submit(store.save_next, make)
        begun.wait(10)
        with pytest.raises(LockTimeoutError, match=f"has held its lock for {timeout} seconds"):
            save()
        end.set()
        assert [saving.result()] == store.load_all_events()
    save()
    assert len(store.load_all_events()) == 2


def test_a_store_may_wait_for_ever(log: Path) -> None:
    """Without a timeout, or with one that no clock goes to."""
    for timeout in (None, float("inf"), 1e300):
        SimpleJsonStore(log, timeout=timeout).save_event(make_event())
    assert len(SimpleJsonStore(log).load_all_events()) == 3


def test_what_was_waited_before_counts(held: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For the lock that the threads of a store share, say: there is nothing left to wait."""

    def sleep(seconds: float) -> None:
        assert not seconds  # for no time, to let others run, where there is no other way

    monkeypatch.setattr(time, "sleep", sleep)
    store = SimpleJsonStore(held, timeout=60)
    with pytest.raises(LockTimeoutError, match="for 60 seconds"):
        store._log.append(lambda _: b"", time.monotonic() - 61)


def test_a_thread_that_waits_for_another_of_its_store_gives_up_too(log: Path) -> None:
    """By the error that tells which log it is."""
    store = SimpleJsonStore(log, timeout=0)
    caught: list[BaseException | None] = []

    def give_up() -> None:
        with pytest.raises(LockTimeoutError, match=r"cannot append to .* for 0 seconds") as error:
            store.save_event(make_event())
        caught.append(error.value.__cause__)

    thread = threading.Thread(target=give_up)
    with store._writer._lock:
        thread.start()
        thread.join(5)
        assert len(caught) == 1
    thread.join()
    assert isinstance(caught[0], TimeoutError)


def test_without_a_timeout_another_thread_of_the_store_is_waited_for_without_end(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And its event is saved then."""
    store = SimpleJsonStore(log, timeout=None)
    of_threads = store._writer._lock
    waits: list[tuple[bool, float]] = []

    class Noting:
        release = staticmethod(of_threads.release)

        def acquire(self, blocking: bool, timeout: float = -1) -> bool:  # noqa: FBT001  # as RLock
            waits.append((blocking, timeout))
            return of_threads.acquire(blocking, timeout)

    monkeypatch.setattr(store._writer, "_lock", Noting())
    thread = threading.Thread(target=store.save_event, args=(event := make_event(),))
    with of_threads:
        thread.start()
        while thread.is_alive() and len(waits) < 2:
            time.sleep(0.001)
        assert store.load_all_events() == []
    thread.join()
    assert waits == [(False, -1), (True, -1)]
    assert store.load_all_events() == [event]


def test_a_known_event_is_not_waited_for_twice(log: Path) -> None:
    """Once to look it up, and once to save it, that would be."""
    store = SimpleJsonStore(log, timeout=1)
    store.save_event(known := make_event())
    fd = os.open(log, os.O_RDWR | getattr(os, "O_BINARY", 0))
    try:
        assert lock.acquire(fd)
        start = time.monotonic()
        with pytest.raises(StorageError, match="has held its lock"):
            store.save_event(known)
        assert time.monotonic() - start < 1.6
    finally:
        lock.release(fd)
        os.close(fd)


def test_the_error_is_one_of_the_stores_own_too(held: Path) -> None:
    """Whoever catches the one or the other has it, also from another process."""
    with pytest.raises(LockTimeoutError) as caught:
        OwnStore(held, timeout=0).save_event(make_event())
    assert isinstance(caught.value, OwnError)
    assert isinstance(caught.value, StorageError)
    with pytest.raises(LockTimeoutError) as usual:
        SimpleJsonStore(held, timeout=0).save_event(make_event())
    assert type(usual.value) is LockTimeoutError
    assert usual.value.__cause__ is not None
    for error in (caught.value, usual.value, usual.value.__cause__):
        again = pickle.loads(pickle.dumps(error))  # noqa: S301  # its own
        assert type(again) is type(error)
        assert again.args == error.args


def test_other_refusals_are_not_of_that_kind(log: Path) -> None:
    """A directory in its place, say."""
    log.mkdir()
    with pytest.raises(StorageError) as caught:
        SimpleJsonStore(log).save_event(make_event())
    assert not isinstance(caught.value, LockTimeoutError)
    assert sys.platform == "win32" or "Is a directory" in str(caught.value)


def test_a_follower_gives_up_in_time(held: Path) -> None:
    """It reads nothing that may yet be rolled back."""
    with pytest.raises(StorageError, match=r"cannot read .* for 0.1 seconds"):
        SimpleJsonStore(held, timeout=0.1).read_since()


def test_a_load_does_not_wait_for_a_whole_log(held: Path) -> None:
    """It takes no lock; only a torn tail makes it wait, and then it returns what is there."""
    store = SimpleJsonStore(held, timeout=0.1)
    assert len(store.load_all_events()) == 1
    held.write_bytes(held.read_bytes() + b"torn")
    assert len(store.load_all_events()) == 1


def test_a_lock_given_back_in_time_is_had(log: Path) -> None:
    """With an end to the waiting, or without."""
    SimpleJsonStore(log).save_event(make_event())
    for timeout in (20, None):
        fd = os.open(log, os.O_RDWR | getattr(os, "O_BINARY", 0))
        assert lock.acquire(fd)
        timer = threading.Timer(0.2, lock.release, [fd])
        timer.start()
        SimpleJsonStore(log, timeout=timeout).save_event(make_event())
        timer.join()
        os.close(fd)
    assert len(SimpleJsonStore(log).load_all_events()) == 3


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no shared locks here")
def test_several_may_look_at_once(log: Path) -> None:
    """Following, and looking a known event up, keep only writers waiting."""
    store = SimpleJsonStore(log, timeout=0.1)
    store.save_event(event := make_event())
    fd = os.open(log, os.O_RDONLY)
    try:
        assert lock.acquire(fd, "shared")
        store.save_event(event)
        assert store.read_since().events == [event]
        with pytest.raises(StorageError, match="has held its lock"):
            store.save_event(make_event())
    finally:
        lock.release(fd)
        os.close(fd)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no shared locks here")
def test_a_signal_handler_may_look_while_its_thread_looks(log: Path) -> None:
    """It waits for nobody: a lock that is free to be shared is had at once."""
    log.touch()
    first, second = (lock.hold(str(log), os.O_RDONLY, "shared", timeout=0) for _ in range(2))
    (one, is_locked), (other, is_locked_too) = next(first), next(second)
    assert one != other
    assert is_locked
    assert is_locked_too
    second.close()
    first.close()


@pytest.mark.parametrize("how", ["a reader", "a check"])
def test_a_reader_of_what_is_settled_keeps_nobody_waiting(how: str, log: Path) -> None:
    """It gives the lock back before it reads: even its own thread may append meanwhile."""
    store = SimpleJsonStore(log, timeout=0)
    store.save_event(first := make_event())
    opened = store._log.opened(settled=True) if how == "a reader" else snapshot_of(log)
    with opened as file:
        assert not in_flight.threads
        store.save_event(make_event())
        assert file is not None
        assert file.size < log.stat().st_size
    assert first in store.load_all_events()
    with store._log.opened():
        assert not in_flight.threads


def test_a_check_that_is_given_up_leaves_nothing_open(log: Path) -> None:
    """Not even while the error is looked at."""
    log.touch()
    with nothing_stays_open(), pytest.raises(KeyboardInterrupt) as caught, snapshot_of(log):
        raise KeyboardInterrupt
    assert caught.tb is not None


def test_pauses_grow_until_the_time_is_over(held: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From almost none to a hundredth of a second; the last one ends when the time does.

    Before the first of them, others are let run: most locks are free again by then.
    """
    pauses: list[float] = []
    tries: list[int] = []
    monkeypatch.setattr(lock, "_let_others_run", lambda: tries.append(len(pauses)))
    monkeypatch.setattr(time, "sleep", pauses.append)
    monkeypatch.setattr(time, "monotonic", lambda: sum(pauses))
    with pytest.raises(LockTimeoutError):
        save(held, 1)
    assert sum(pauses) == pytest.approx(1)
    *growing, _ = pauses
    assert growing == sorted(growing)
    assert 0 < growing[0] < growing[-1] <= 0.01
    assert tries == [0] * lock._TRIES


def test_how_long_a_store_waits_is_part_of_it(log: Path) -> None:
    """Where it is not the usual time."""
    usual = f"SimpleJsonStore({str(log)!r}, fsync=False)"
    assert repr(SimpleJsonStore(log)) == repr(SimpleJsonStore(log, timeout=30)) == usual
    assert repr(JsonlLog(log)) == f"JsonlLog({str(log)!r}, fsync=False)"
    store = SimpleJsonStore(log, timeout=None)
    assert repr(store) == f"SimpleJsonStore({str(log)!r}, fsync=False, timeout=None)"


@pytest.mark.parametrize("timeout", ["1", True, [1]], ids=repr)
def test_a_timeout_that_is_no_number_is_a_type_error(timeout: Any, log: Path) -> None:
    """When the store is made, not when another one holds the lock."""
    with pytest.raises(TypeError, match="timeout is a number of seconds or None"):
        SimpleJsonStore(log, timeout=timeout)


@pytest.mark.parametrize("timeout", [-1, float("nan"), 10**400])
def test_a_timeout_that_never_comes_is_a_value_error(timeout: float, log: Path) -> None:
    """No wait is shorter than none, nothing is later than what is no number; nor is it a float."""
    with pytest.raises(ValueError, match="timeout is from 0 on"):
        SimpleJsonStore(log, timeout=timeout)
