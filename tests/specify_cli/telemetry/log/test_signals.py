"""Signals in the middle of a call: a handler gets an answer at once, an interrupt leaks nothing."""

from __future__ import annotations

import errno
import gc
import os
import signal
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from specify_cli.spec_kitty_events import StorageError
from specify_cli.telemetry import SimpleJsonStore
from specify_cli.telemetry._log import in_flight

from ..support import interrupted
from ..support.descriptors import next_descriptor
from ..support.events import make_event, make_events
from ..support.processes import start
from ..support.system_calls import LOCK, READ, SystemCalls, failing

CALLS = [LOCK, "fstat", READ, "write", "dup", "stat"]


def answer_of(use: Callable[[], object]) -> object:
    """Return what a use of a store gives, or the error it raises."""
    try:
        return use()
    except StorageError as error:
        return error


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("whose", ["its own store", "another store"])
def test_a_handler_that_saves_gets_an_error_at_once(
    whose: str, call: str, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Waiting for the append that it has interrupted would be waiting for ever."""
    store = SimpleJsonStore(log)
    store.save_event(first := make_event(lamport_clock=1))
    own = store if whose == "its own store" else SimpleJsonStore(log)
    inner, outer = make_event(lamport_clock=2), make_event(lamport_clock=3)
    answers: list[object] = []
    calls = SystemCalls(monkeypatch, log)
    calls.at(call, 1, lambda: answers.append(answer_of(partial(own.save_event, inner))), after=True)
    store.save_event(outer)
    (answer,) = answers
    assert isinstance(answer, StorageError)
    assert "an append of this very thread is under way" in str(answer)
    own.save_event(inner)
    assert list(store.iter_events()) == [first, outer, inner]


@pytest.mark.parametrize("call", CALLS)
def test_a_handler_that_reads_gets_an_answer_at_once(
    call: str, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Loads return what is there; to follow, which must not see what may be undone, is refused."""
    store = SimpleJsonStore(log)
    store.save_event(first := make_event(lamport_clock=1))
    log.write_bytes(log.read_bytes() + b"torn")
    answers: list[object] = []

    def read() -> None:
        answers.append(answer_of(store.load_all_events))
        answers.append(answer_of(SimpleJsonStore(log).read_since))

    calls = SystemCalls(monkeypatch, log)
    calls.at(call, 1, read, after=True)
    store.save_event(second := make_event(lamport_clock=2))
    loaded, followed = answers
    assert loaded in ([first], [first, second])
    assert isinstance(followed, StorageError)
    assert store.load_all_events() == [first, second]


def test_a_handler_that_saves_to_another_log_is_not_in_the_way(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the file that is being appended to is taken."""
    other = SimpleJsonStore(log.with_name("other.jsonl"))
    calls = SystemCalls(monkeypatch, log)
    calls.at("write", 1, lambda: other.save_event(make_event()))
    SimpleJsonStore(log).save_event(make_event())
    assert len(other.load_all_events()) == 1


def test_a_handler_that_saves_while_its_thread_waits_for_the_lock_waits_too(log: Path) -> None:
    """Another holds it; both get it afterwards."""
    store = SimpleJsonStore(log)
    store.save_event(make_event(lamport_clock=0))
    holding = SimpleJsonStore(log)
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        def wait(_: object) -> bytes:
            held.set()
            done.wait(20)
            return b""

        holding._log.append(wait)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(20)
    assert not in_flight.is_this_threads(0)
    threading.Timer(0.1, done.set).start()
    store.save_event(make_event(lamport_clock=1))
    thread.join()
    assert len(store.load_all_events()) == 2


def test_where_there_are_no_locks_a_handler_is_refused_too(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its line would stand in the middle of the other."""
    store = SimpleJsonStore(log)
    store.save_event(make_event(lamport_clock=1))
    answers: list[object] = []
    calls = SystemCalls(monkeypatch, log)

    def save() -> None:
        calls.at(LOCK, 1, failing(errno.ENOLCK))
        answers.append(answer_of(partial(SimpleJsonStore(log).save_event, make_event())))

    calls.at(LOCK, 1, failing(errno.ENOLCK))
    calls.at("write", 1, save)
    store.save_event(make_event(lamport_clock=2))
    assert isinstance(answers[0], StorageError)
    assert len(store.load_all_events()) == 2


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs timers that send signals")
def test_interrupts_at_any_moment_lose_and_leak_nothing(log: Path) -> None:
    """Neither events nor descriptors, and the collector is as it was."""
    with start(interrupted, log, os.environ.get("INTERRUPTS", "2")) as process:
        output, _ = process.communicate(timeout=300)
    assert process.returncode == 0
    assert int(output) > 100


def test_an_interrupt_while_the_index_is_made_leaves_a_store_that_saves(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is known of a log is replaced as a whole, or stays as it was."""
    SimpleJsonStore(log).save_events(events := make_events(2000))
    some = [*events[:3], *events[-3:]]  # more than are searched for without an index
    for number in range(1, 9):
        store = SimpleJsonStore(log)
        with monkeypatch.context() as patch:

            def interrupt() -> None:
                raise KeyboardInterrupt

            calls = SystemCalls(patch, log)
            calls.at(READ, number, interrupt)
            with pytest.raises(KeyboardInterrupt):
                store.save_events(some)
            assert calls.fired
        assert store.save_events(some) == 0
    assert gc.isenabled()
    assert next_descriptor() == next_descriptor()
