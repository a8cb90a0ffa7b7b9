"""A fork in the middle of an append: neither parent nor child waits, or writes, for the other."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest

from specify_cli.spec_kitty_events import StorageError
from specify_cli.telemetry import SimpleJsonStore
from specify_cli.telemetry._log import files, in_flight

from ..support import daemon
from ..support.events import make_event, make_events
from ..support.platforms import exit_code_of_child, has_fork
from ..support.processes import start
from ..support.system_calls import LOCK, READ, SystemCalls

pytestmark = has_fork


@pytest.mark.parametrize("call", ["fstat", "write", "stat"])
def test_a_daemon_does_not_keep_the_lock(call: str, log: Path) -> None:
    """The thread that would give it back does not exist in the child; the parent is gone."""
    with start(daemon, log, call) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
    try:
        before = time.monotonic()
        SimpleJsonStore(log, timeout=20).save_event(event := make_event())
        assert time.monotonic() - before < 10
        assert event in SimpleJsonStore(log).load_all_events()
    finally:
        os.kill(child, 9)


def in_the_middle(
    monkeypatch: pytest.MonkeyPatch, log: Path, use: Callable[[], None], call: str
) -> None:
    """Call ``use`` when an append has come to a call; the append goes on afterwards."""
    calls = SystemCalls(monkeypatch, log)
    calls.at(call, 1, use)
    SimpleJsonStore(log).save_event(make_event())
    assert calls.fired


@pytest.mark.parametrize("call", ["fstat", READ, "write", "stat"])
def test_a_child_forked_by_another_thread_has_no_copy_of_the_descriptor(
    call: str, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the parent has open to append with is closed in the child, first thing."""
    codes: list[int] = []

    def fork() -> None:
        descriptors = list(in_flight.threads)
        assert descriptors

        def look() -> None:
            gone = 0
            for fd in descriptors:
                try:
                    os.fstat(fd)
                except OSError:
                    gone += 1
            os._exit(0 if gone == len(descriptors) and not in_flight.threads else 3)

        thread = threading.Thread(target=lambda: codes.append(exit_code_of_child(look)))
        thread.start()
        thread.join()

    in_the_middle(monkeypatch, log, fork, call)
    assert codes == [0]
    assert len(SimpleJsonStore(log).load_all_events()) == 1


def test_an_interrupt_in_the_child_leaves_nothing_of_the_parents_append(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python reports what is raised while a child starts, and goes on with it all the same."""
    codes: list[int] = []
    close = files.close_quietly
    interrupts = [KeyboardInterrupt]

    def close_and_be_interrupted(fd: int) -> None:
        close(fd)
        if interrupts:
            raise interrupts.pop()

    def fork() -> None:
        monkeypatch.setattr(sys, "unraisablehook", lambda _: None)
        monkeypatch.setattr(files, "close_quietly", close_and_be_interrupted)
        look = lambda: os._exit(3 if in_flight.threads or interrupts else 0)  # noqa: E731
        thread = threading.Thread(target=lambda: codes.append(exit_code_of_child(look)))
        thread.start()
        thread.join()

    in_the_middle(monkeypatch, log, fork, "write")
    assert codes == [0]


def test_an_interrupt_in_the_child_leaves_no_store_with_its_parents_lock(
    store: SimpleJsonStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thread that holds it does not exist there."""
    start_over, lock = store._writer.start_over_in_child, store._writer._lock
    interrupts = [KeyboardInterrupt]

    def be_interrupted() -> None:
        if interrupts:
            raise interrupts.pop()
        start_over()

    monkeypatch.setattr(sys, "unraisablehook", lambda _: None)
    monkeypatch.setattr(store._writer, "start_over_in_child", be_interrupted)
    code = exit_code_of_child(
        lambda: os._exit(3 if interrupts or store._writer._lock is lock else 0)
    )
    assert code == 0


@pytest.mark.parametrize("call", [1, 2])
def test_an_interrupt_while_a_process_forks_keeps_no_thread_waiting(
    call: int, store: SimpleJsonStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the parent Python reports it, too, and the process has forked."""
    parent, calls = os.getpid(), 0

    def interrupt(frame: FrameType, _event: str, _: object) -> None:
        nonlocal calls
        if frame.f_code.co_filename == in_flight.__file__ and os.getpid() == parent:
            calls += 1
            if calls == call:
                raise KeyboardInterrupt

    monkeypatch.setattr(sys, "unraisablehook", lambda _: None)
    tracing = sys.gettrace()
    sys.settrace(interrupt)
    try:
        code = exit_code_of_child(lambda: os._exit(0))
    finally:
        sys.settrace(tracing)
    assert code == 0
    thread = threading.Thread(target=store.save_event, args=(make_event(),), daemon=True)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()


def test_a_child_and_its_own_child_save_in_any_thread(store: SimpleJsonStore) -> None:
    """What keeps forks away is free again in each of them."""

    def save() -> None:
        thread = threading.Thread(target=store.save_event, args=(make_event(),), daemon=True)
        thread.start()
        thread.join(10)
        assert not thread.is_alive()

    def save_in_a_child(generations: int) -> None:
        save()
        left = generations - 1
        os._exit(exit_code_of_child(lambda: save_in_a_child(left)) if left else 0)

    assert exit_code_of_child(lambda: save_in_a_child(2)) == 0
    save()
    assert len(store.load_all_events()) == 3


@pytest.mark.parametrize("call", ["open", LOCK, "fstat", READ, "write"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_child_that_goes_on_with_the_parents_append_is_refused(
    call: str,
    moment: str,
    log: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A signal handler that forks returns into the append twice; one of them writes."""
    if (call, moment) == ("open", "before"):
        pytest.skip("nothing is open yet: the child makes an append of its own")
    store = SimpleJsonStore(log)
    store.save_event(make_event(lamport_clock=0))
    child = -1

    def fork() -> None:
        nonlocal child
        child = os.fork()

    calls = SystemCalls(monkeypatch, log)
    calls.at(call, 1, fork, after=moment == "after")
    event = make_event(lamport_clock=1)
    refused = False
    try:
        store.save_event(event)
    except StorageError:
        refused = True
    finally:
        if not child:
            # An append that was written before the fork is the parent's, and is there.
            os._exit(0 if refused or (call, moment) == ("write", "after") else 3)
    assert not refused
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert [e.lamport_clock for e in store.load_all_events()] == [0, 1]
    SimpleJsonStore(log, timeout=5).save_event(make_event(lamport_clock=2))


def test_a_child_that_goes_on_with_the_parents_read_is_refused_or_reads(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It never returns a part of the log as if it were all of it."""
    store = SimpleJsonStore(log)
    store.save_events(events := make_events(3))
    child = -1

    def fork() -> None:
        nonlocal child
        child = os.fork()

    SystemCalls(monkeypatch, log).at(LOCK, 1, fork, after=True)
    code = 3
    try:
        code = 0 if store.read_since().events == events else 3
    except StorageError:
        code = 0
    finally:
        if not child:
            os._exit(code)
    assert code == 0
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_an_iteration_goes_on_in_parent_and_child(store: SimpleJsonStore) -> None:
    """It holds no lock, so nothing is taken from it."""
    store.save_events(events := make_events(3))
    iteration = store.iter_events()
    assert next(iteration) == events[0]
    assert exit_code_of_child(lambda: os._exit(0 if list(iteration) == events[1:] else 3)) == 0
    assert list(iteration) == events[1:]
