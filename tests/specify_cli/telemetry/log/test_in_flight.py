"""The list of descriptors in flight, step by step in one process; nothing is left to chance."""

from __future__ import annotations

import errno
import gc
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType, SimpleNamespace
from typing import Any, TypeAlias

import pytest

from specify_cli.spec_kitty_events import StorageError
from specify_cli.telemetry import SimpleJsonStore
from specify_cli.telemetry._log import files, in_flight

from ..support.descriptors import next_descriptor, nothing_stays_open
from ..support.events import make_event
from ..support.platforms import exit_code_of_child, has_fork

OPEN = os.open

TraceFunction: TypeAlias = Callable[[FrameType, str, Any], Any]


@pytest.fixture
def fds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Yield descriptors of two files, the first of them open twice; none is in flight."""
    names = [tmp_path / name for name in ("one", "one", "two")]
    opened = [OPEN(name, os.O_RDWR | os.O_CREAT) for name in names]
    monkeypatch.setattr(in_flight, "threads", {})
    monkeypatch.setattr(in_flight, "locked", set())
    yield opened
    for fd in opened:
        files.close_quietly(fd)


def test_a_call_whose_open_came_back_in_a_forked_child_is_refused(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The descriptor shares the parent's lock; it is closed, and nothing is written."""
    store = SimpleJsonStore(log)
    store.save_event(first := make_event())

    def open_and_fork(path: str, flags: int, mode: int) -> int:
        fd = OPEN(path, flags, mode)
        monkeypatch.setattr(in_flight, "_forks", in_flight._forks + 1)
        return fd

    with nothing_stays_open(), monkeypatch.context() as patch:
        patch.setattr(os, "open", open_and_fork)
        with pytest.raises(StorageError, match="a signal handler has forked"):
            store.save_event(make_event())
    assert not in_flight.threads
    assert store.load_all_events() == [first]


def test_only_the_same_file_in_flight_by_the_same_thread_is_waiting_for_oneself(
    fds: list[int],
) -> None:
    """Neither another file nor another thread is, nor the descriptor itself."""
    one, again, two = fds
    thread = threading.get_ident()
    for threads, expected in [
        ({}, False),
        ({one: thread}, False),
        ({one: thread, again: thread + 1}, False),
        ({one: thread, two: thread}, False),
        ({one: thread, again: thread}, True),
        ({one: thread, two: thread, again: thread}, True),
    ]:
        in_flight.threads.clear()
        in_flight.threads.update(threads)
        assert in_flight.is_this_threads(one) is expected, threads


def test_a_thread_holds_what_it_has_in_flight_and_locked(fds: list[int], tmp_path: Path) -> None:
    """By any descriptor of the file; not another file, nor what it only waits for."""
    _, again, two = fds
    path, thread = str(tmp_path / "one"), threading.get_ident()
    for threads, locked, expected in [
        ({}, {again}, False),
        ({again: thread}, set(), False),
        ({again: thread}, {two}, False),
        ({again: thread + 1}, {again}, False),
        ({two: thread}, {two}, False),
        ({two: thread, again: thread}, {two, again}, True),
    ]:
        in_flight.threads.clear()
        in_flight.threads.update(threads)
        in_flight.locked.clear()
        in_flight.locked.update(locked)
        assert in_flight.is_locked_by_this_thread(path) is expected, (threads, locked)
        assert not in_flight.is_locked_by_this_thread("no\0path")
    assert not in_flight.is_locked_by_this_thread(str(tmp_path / "missing"))
    os.close(two)
    assert not in_flight.is_locked_by_this_thread(str(tmp_path / "two"))


def test_a_number_that_comes_back_is_not_locked_yet(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A descriptor has the number of one that was; what was known of that is forgotten."""
    monkeypatch.setattr(in_flight, "locked", {next_descriptor()})
    opened: list[int] = []
    in_flight.open_into(opened, str(log), os.O_CREAT | os.O_RDWR, files.MODE)
    assert not in_flight.is_locked_by_this_thread(str(log))
    in_flight.threads.pop(*opened)
    os.close(*opened)


def test_a_descriptor_that_was_closed_meanwhile_is_nobodys(fds: list[int]) -> None:
    """What cannot be looked at any more is no append under way."""
    one, again, two = fds
    thread = threading.get_ident()
    os.close(two)
    in_flight.threads.update({one: thread, two: thread})
    assert not in_flight.is_this_threads(one)
    in_flight.threads[again] = thread
    assert in_flight.is_this_threads(one)


def test_what_cannot_be_told_counts_as_waiting_for_oneself(
    fds: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a signal handler would wait for the call that it has interrupted."""
    one, _, two = fds
    in_flight.threads.update({one: threading.get_ident(), two: threading.get_ident()})

    def refuse(_one: int, _other: int) -> bool:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os.path, "sameopenfile", refuse)
    assert in_flight.is_this_threads(one)


def test_other_threads_open_and_close_files_while_the_list_is_looked_at(
    fds: list[int], tmp_path: Path
) -> None:
    """Garbage may be collected at any moment, and what that runs lets another thread on."""
    one, again, _ = fds
    in_flight.threads.update({one: threading.get_ident(), again: threading.get_ident()})
    in_flight.locked.add(again)
    opened: list[int] = []

    def open_or_close() -> None:
        if opened:
            in_flight.threads.pop(fd := opened.pop())
            os.close(fd)
        else:
            in_flight.open_into(opened, str(tmp_path / "new"), os.O_RDWR | os.O_CREAT, 0o600)

    def let_another_thread_on(phase: str, _: object) -> None:
        if phase == "start":
            thread = threading.Thread(target=open_or_close)
            thread.start()
            thread.join()

    # Python keeps some thousand tuples to use again; only a new one is a reason to collect.
    _kept = [(number, number) for number in range(5_000)]
    threshold = gc.get_threshold()
    gc.callbacks.append(let_another_thread_on)
    gc.set_threshold(1)
    try:
        answers = [
            in_flight.is_this_threads(one),
            in_flight.is_locked_by_this_thread(str(tmp_path / "one")),
        ]
    finally:
        gc.set_threshold(*threshold)
        gc.callbacks.remove(let_another_thread_on)
        for fd in opened:
            os.close(fd)
    assert answers == [True, True]


def no_fork_is_free() -> bool:
    """Return whether another thread could fork now."""
    got: list[bool] = []

    def try_to_fork() -> None:
        got.append(in_flight._no_fork.acquire(blocking=False))
        if got[0]:
            in_flight._no_fork.release()

    thread = threading.Thread(target=try_to_fork)
    thread.start()
    thread.join()
    return got[0]


@pytest.mark.parametrize("call", ["open", "dup"])
def test_nobody_forks_while_a_descriptor_is_made(
    call: str, fds: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A child would have it for life, and with it the lock, if its parent were killed."""
    was_free: list[bool] = []
    real = getattr(os, call)

    def look(*arguments: Any) -> int:
        was_free.append(no_fork_is_free())
        fd: int = real(*arguments)
        return fd

    monkeypatch.setattr(os, call, look)
    if call == "dup":
        in_flight.close_copy(fds[0])
    else:
        fds.append(in_flight.open_into([], str(tmp_path / "new"), os.O_RDWR | os.O_CREAT, 0o600))
    assert was_free == [False]
    assert no_fork_is_free()


class NoFork:
    """Stands for the lock that keeps forks away, and is had at once."""

    def __init__(self) -> None:
        """Begin with no call."""
        self.calls: list[tuple[object, ...]] = []

    def acquire(self, *arguments: object) -> bool:
        """Note how it was asked for."""
        self.calls.append(arguments)
        return True

    def release(self) -> None:
        """Note it."""
        self.calls.append(())


def test_a_fork_that_is_under_way_is_waited_for_a_moment(
    fds: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And no longer: it may wait for this very append."""
    monkeypatch.setattr(in_flight, "_no_fork", lock := NoFork())
    in_flight.close_copy(fds[0])
    (blocking, seconds), release = lock.calls
    assert blocking is True
    assert isinstance(seconds, float)
    assert 0 < seconds < 1
    assert release == ()


@has_fork
def test_a_fork_waits_for_another_thread_to_open_its_file() -> None:
    """And keeps it waiting no longer than it takes."""
    is_held, is_open = threading.Event(), threading.Event()

    def open_slowly() -> None:
        with in_flight._no_fork:
            is_held.set()
            time.sleep(0.02)
            is_open.set()

    thread = threading.Thread(target=open_slowly)
    thread.start()
    is_held.wait(10)
    assert exit_code_of_child(lambda: os._exit(0 if is_open.is_set() else 3)) == 0
    thread.join()
    assert no_fork_is_free()


def test_an_append_goes_on_though_forks_cannot_be_kept_away(
    fds: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever keeps them away may be waiting, in a signal handler, for this very append."""
    monkeypatch.setattr(in_flight, "_PATIENCE", 0.01)
    is_held, is_done = threading.Event(), threading.Event()

    def hold() -> None:
        with in_flight._no_fork:
            is_held.set()
            is_done.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    is_held.wait(10)
    with nothing_stays_open():
        in_flight.close_copy(fds[0])
        assert not is_done.is_set()
        assert thread.is_alive()
        is_done.set()
        thread.join()


@has_fork
def test_after_a_fork_the_descriptors_of_other_threads_are_closed_and_ones_own_refuse(
    fds: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The child's thread goes on with its call, and gets an error; the other threads are gone."""
    mine, other, _ = fds
    thread = threading.get_ident()
    following = next_descriptor()
    monkeypatch.setattr(in_flight, "_forks", 0)
    monkeypatch.setattr(in_flight, "_no_fork", lock := threading.RLock())
    monkeypatch.setattr(in_flight, "_methods", methods := SimpleNamespace())
    in_flight.threads.update({mine: thread, other: thread + 1})
    in_flight._after_fork_in_child()
    assert not in_flight.threads
    assert in_flight._forks == 1
    for fd in (other, following):  # nothing that it took to refuse has stayed open
        with pytest.raises(OSError, match=os.strerror(errno.EBADF)):
            os.fstat(fd)
    assert not os.get_inheritable(mine)
    assert in_flight._no_fork is not lock
    assert {in_flight._no_fork.acquire, in_flight._no_fork.release} == {*vars(methods).values()}
    with pytest.raises(OSError, match=os.strerror(errno.EBADF)):
        os.write(mine, b"a line\n")
    with pytest.raises(OSError, match=os.strerror(errno.EINVAL)):
        os.ftruncate(mine, 0)
    with pytest.raises(IsADirectoryError):
        os.read(mine, 1)


@pytest.mark.parametrize("name", ["close_copy", "sync_directory"])
def test_an_interrupt_right_after_a_descriptor_is_opened_leaves_it_open_nowhere(
    name: str, fds: list[int], tmp_path: Path
) -> None:
    """Either the code can still close it, or it is closed before any interrupt could come."""

    def interrupt(frame: FrameType, event: str, _: object) -> TraceFunction:
        frame.f_trace_opcodes = True
        if event == "opcode" and next_descriptor() != free:
            raise KeyboardInterrupt
        return interrupt

    tracing = sys.gettrace()
    with nothing_stays_open() as free:
        sys.settrace(interrupt)
        try:
            if name == "close_copy":
                in_flight.close_copy(fds[0])
            else:
                files.sync_directory(tmp_path)
        except KeyboardInterrupt:
            pass
        finally:
            sys.settrace(tracing)
