"""Stores, threads and processes on one file at once (G4, G6)."""

from __future__ import annotations

import copy
import errno
import json
import logging
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from specify_cli.spec_kitty_events import StorageError
from specify_cli.telemetry import SimpleJsonStore

from ..support import writer
from ..support.events import make_event, make_events
from ..support.platforms import has_fork, posix_only
from ..support.system_calls import LOCK, SystemCalls

if sys.platform != "win32":
    import fcntl


def start_writer(
    log: Path, what: str, number: int, count: int, stdout: int = subprocess.PIPE
) -> subprocess.Popen[str]:
    """Start a process that saves events."""
    command = [sys.executable, writer.__file__, log, what, number, count]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen([*map(str, command)], stdout=stdout, text=True, env=environment)


def ids_in(log: Path) -> Counter[str]:
    """Return the ids in the file, found without the store's own reading."""
    content = log.read_bytes()
    assert content.endswith(b"\n")
    return Counter(json.loads(line)["event_id"] for line in content.split(b"\n")[:-1])


@pytest.mark.parametrize(("what", "count"), [("same", 200), ("own", 800)])
def test_four_processes_lose_and_repeat_nothing(what: str, count: int, log: Path) -> None:
    """200 events each, the same or different ones, make 200 or 800 lines that all load."""
    processes = [start_writer(log, what, number, 200) for number in range(4)]
    acknowledged: set[str] = set()
    for process in processes:
        output, _ = process.communicate(timeout=120)
        assert process.returncode == 0
        acknowledged.update(output.split())
    assert len(acknowledged) == count
    assert ids_in(log) == Counter(acknowledged)
    assert {event.event_id for event in SimpleJsonStore(log).iter_events()} == acknowledged


def test_a_mix_of_same_and_own_events_under_a_reader(
    log: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A reader that loops meanwhile sees no malformed line and loses no event it has seen."""
    processes = [
        start_writer(log, what, number, 150, subprocess.DEVNULL)
        for what in ("same", "own")
        for number in range(2)
    ]
    reader = SimpleJsonStore(log)
    seen: set[str] = set()
    with caplog.at_level(logging.WARNING):
        while any(process.poll() is None for process in processes):
            loaded = {event.event_id for event in reader.iter_events()}
            assert seen <= loaded
            seen = loaded
    for process in processes:
        assert process.wait(timeout=120) == 0
    assert caplog.records == []
    assert sum(ids_in(log).values()) == len(ids_in(log)) == 450


def in_threads(count: int, use: Callable[[int], object]) -> None:
    """Call ``use`` with 0, 1, ... in as many threads that begin at one moment."""
    barrier = threading.Barrier(count)

    def run(number: int) -> None:
        barrier.wait()
        use(number)

    with ThreadPoolExecutor(count) as pool:
        for future in [pool.submit(run, number) for number in range(count)]:
            future.result()


@pytest.mark.parametrize("stores", [1, 8], ids=["one store", "eight stores"])
def test_eight_threads_lose_and_repeat_nothing(stores: int, log: Path) -> None:
    """Threads that share a store, or have one each, write each of their events once."""
    shared = [SimpleJsonStore(log) for _ in range(stores)]
    same = make_events(100)
    own = [make_events(25) for _ in range(8)]

    def use(number: int) -> None:
        store = shared[number % stores]
        for event, other in zip(same, own[number] * 4, strict=True):
            store.save_event(event)
            store.save_events([other, event])

    in_threads(8, use)
    expected = Counter(event.event_id for events in [same, *own] for event in events)
    assert ids_in(log) == expected
    assert len(SimpleJsonStore(log).load_all_events()) == 300


def test_a_reader_waits_for_an_append_in_flight(
    log: Path, store: SimpleJsonStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a line that is just being written is not reported as malformed."""
    store.save_event(first := make_event(lamport_clock=1))
    second = make_event(lamport_clock=2)
    write = os.write
    halfway, go_on = threading.Event(), threading.Event()

    def write_in_halves(fd: int, data: bytes) -> int:
        monkeypatch.setattr(os, "write", write)
        written = write(fd, bytes(data[:100]))
        halfway.set()
        go_on.wait(30)
        return written

    monkeypatch.setattr(os, "write", write_in_halves)
    with ThreadPoolExecutor(2) as pool:
        saving = pool.submit(store.save_event, second)
        halfway.wait(30)
        loading = pool.submit(SimpleJsonStore(log).load_all_events)
        assert not loading.done()
        go_on.set()
        saving.result()
        assert loading.result() == [first, second]


@has_fork
def test_a_child_forked_while_a_thread_saves_can_save(log: Path) -> None:
    """The child neither waits for a thread that it does not have, nor repeats a line."""
    store = SimpleJsonStore(log)
    events = make_events(2000)
    saving = threading.Thread(target=lambda: list(map(store.save_event, events)))
    saving.start()
    children = []
    for number in range(10):
        child = os.fork()
        if not child:
            try:
                store.save_events([make_event(lamport_clock=5000 + number), *events[:50]])
                store.save_event(events[0])
            finally:
                # Not by exiting: a measurement of coverage would save itself then, and may wait for
                # ever for a lock of its own that the thread held when the child was made.
                os.kill(os.getpid(), signal.SIGKILL)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
    saving.join()
    ids = ids_in(log)
    assert set(ids.values()) == {1}
    assert len(ids) == 2010


@has_fork
def test_a_child_forked_during_a_save_does_not_keep_the_lock(
    log: Path, store: SimpleJsonStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A child has a copy of the locked descriptor; the lock is given back all the same."""
    children: list[int] = []

    def fork() -> None:
        child = os.fork()
        if not child:
            time.sleep(20)
            os._exit(0)
        children.append(child)

    with monkeypatch.context() as patch:
        SystemCalls(patch, log).at("write", 1, fork, after=True)
        store.save_event(make_event())
    try:
        start = time.monotonic()
        SimpleJsonStore(log).save_event(make_event())
        assert time.monotonic() - start < 15
        assert os.waitpid(children[0], os.WNOHANG) == (0, 0)
    finally:
        os.kill(children[0], signal.SIGKILL)
        os.waitpid(children[0], 0)
    assert len(store.load_all_events()) == 2


@has_fork
def test_a_forked_child_shares_an_iteration_without_disturbing_it(log: Path) -> None:
    """Parent and child go on reading, each from where it was."""
    store = SimpleJsonStore(log)
    store.save_events(events := make_events(2000, payload={"text": "x" * 400}))
    iteration = store.iter_events()
    read = [next(iteration)]
    child = os.fork()
    if not child:
        os._exit(0 if [*read, *iteration] == events else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert [*read, *iteration] == events


@pytest.mark.parametrize(
    "duplicate",
    [copy.copy, copy.deepcopy, lambda store: pickle.loads(pickle.dumps(store))],  # noqa: S301  # made here
    ids=["copy", "deepcopy", "pickle"],
)
def test_a_copy_is_a_store_on_the_same_file(
    duplicate: Callable[[SimpleJsonStore], SimpleJsonStore], log: Path
) -> None:
    """A copied store has the path and the durability of the first, and a lock of its own."""
    store = SimpleJsonStore(log, fsync=True)
    store.save_event(event := make_event())
    twin = duplicate(store)
    assert repr(twin) == repr(store) == f"SimpleJsonStore({str(log)!r}, fsync=True)"
    twin.save_event(event)
    twin.save_event(other := make_event())
    store.save_event(other)
    assert sum(ids_in(log).values()) == 2
    assert twin._writer._lock is not store._writer._lock


def test_a_failing_thread_leaves_the_store_usable(log: Path, store: SimpleJsonStore) -> None:
    """Locks are given back when a save fails."""
    log.mkdir()
    with pytest.raises(StorageError):
        store.save_event(make_event())
    log.rmdir()
    in_threads(2, lambda _: store.save_event(make_event()))
    assert len(store.load_all_events()) == 2


@posix_only
def test_the_lock_is_given_back_although_a_copy_of_the_descriptor_lives(
    log: Path, store: SimpleJsonStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A child that another thread forks during a save has such a copy; nobody waits for it."""
    write = os.write
    copies: list[int] = []

    def write_and_copy(fd: int, data: bytes) -> int:
        copies.append(os.dup(fd))
        return write(fd, data)

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", write_and_copy)
        store.save_event(make_event())
    try:
        with log.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        for fd in copies:
            os.close(fd)
    assert copies


@posix_only
def test_a_reader_does_not_keep_the_lock(log: Path, store: SimpleJsonStore) -> None:
    """Whoever iterates may save before the last line, one without newline, is done with."""
    store.save_events(make_events(3))
    log.write_bytes(log.read_bytes().removesuffix(b"\n"))
    iteration = store.iter_events()
    assert [next(iteration).lamport_clock for _ in range(3)] == [1, 2, 3]
    with log.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    del iteration


def test_threads_of_one_store_take_turns_where_there_are_no_locks(
    log: Path, store: SimpleJsonStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store itself keeps them apart; only other processes are beyond it."""
    events = make_events(100)
    calls = SystemCalls(monkeypatch, log)

    def refuse() -> None:
        calls.at(LOCK, 1, refuse)
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    calls.at(LOCK, 1, refuse)

    def save_all(_: int) -> None:
        for event in events:
            store.save_event(event)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        in_threads(8, save_all)
    finally:
        sys.setswitchinterval(interval)
    assert set(ids_in(log).values()) == {1}
    assert len(ids_in(log)) == 100
