"""Nothing in the suite waits for ever, in threads or in processes."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from unittest.mock import Mock, call

import pytest

from specify_cli.spec_kitty_events import EventStore
from specify_cli.telemetry import SimpleJsonStore
from specify_cli.telemetry.testing import worker as worker_module
from specify_cli.telemetry.testing.calls import Call, Others, in_threads, within_deadline
from specify_cli.telemetry.testing.suite import save
from specify_cli.telemetry.testing.worker import (
    Answer,
    Asking,
    Failure,
    Task,
    Worker,
    ids_of_all,
    save_and_die,
    save_one,
    serve,
)

from ..support.events import make_event, make_events


def wait_for_ever() -> None:
    """Wait for what never comes."""
    threading.Event().wait()


def fail() -> None:
    """Raise something."""
    raise RuntimeError("in a thread")


def test_what_a_thread_raises_is_raised() -> None:
    """A store that fails in a thread fails its test, and at once."""
    with pytest.raises(RuntimeError, match="in a thread"):
        in_threads([fail, lambda: None, fail], 60)


def test_threads_begin_at_one_moment_and_take_turns_often() -> None:
    """None begins before all are there; then they are interrupted as often as can be."""
    before = threading.enumerate()
    there: list[int] = []
    intervals: set[float] = set()

    def look() -> None:
        there.append(len(set(threading.enumerate()) - {*before}))
        intervals.add(sys.getswitchinterval())

    in_threads([look] * 20, 60)
    assert max(there) == 20
    assert max(intervals) < 1e-5


def test_threads_that_do_not_end_are_said_to_be_where_they_are() -> None:
    """The error says what was waited for, and the switch interval is what it was."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(0.003)
    try:
        with pytest.raises(TimeoutError, match=r"(?s)still waiting.*in wait_for_ever") as caught:
            in_threads([lambda: None, wait_for_ever, wait_for_ever], 0.1)
        assert str(caught.value).count("in wait_for_ever") == 1
        assert sys.getswitchinterval() == pytest.approx(0.003)
    finally:
        sys.setswitchinterval(interval)


class Suite:
    """A suite of tests, some of which do not end."""

    deadline = 60.0

    @within_deadline
    def test_waiting(self) -> None:
        """Wait."""
        wait_for_ever()

    @within_deadline
    def test_ending(self, *, skipped: bool) -> None:
        """End, in one way or another, after a moment."""
        time.sleep(0.01)
        if skipped:
            pytest.skip("as some are")


def test_a_test_ends_within_its_deadline() -> None:
    """What it raises, and that it is skipped, is passed on."""
    hurried = Suite()
    hurried.deadline = 0.1
    with pytest.raises(TimeoutError, match="in wait_for_ever"):
        hurried.test_waiting()
    with pytest.raises(pytest.skip.Exception, match="as some are"):
        Suite().test_ending(skipped=True)
    Suite().test_ending(skipped=False)


def test_others_that_do_not_wait_are_called_again() -> None:
    """Until none waits any more; what they find may be different by then."""
    lock = threading.Lock()
    waiting: list[None] = []
    times: list[None] = []

    def wait() -> None:
        waiting.append(None)
        with lock:
            pass

    def take_a_moment() -> None:
        time.sleep(0.01)
        times.append(None)

    others = Others(wait, take_a_moment)
    with lock:
        assert not others.begin()
        assert len(times) == 1
        assert not others.finished()
        assert len(times) == 2
        assert not others.finished()
        assert len(times) == 3
    others.end(10)
    assert others.finished()
    assert len(times) == 3
    assert len(waiting) == 1


def test_others_are_called_if_there_was_no_stop() -> None:
    """So each of many rounds does the same."""
    times: list[None] = []
    others = Others(lambda: times.append(None))
    others.end(10)
    assert len(times) == 1


def test_what_another_raises_is_raised() -> None:
    """Also by a call that was made again later."""
    others = Others(fail)
    assert others.begin()
    with pytest.raises(RuntimeError, match="in a thread"):
        others.end(10)
    lock = threading.Lock()
    times: list[None] = []

    def fail_at_first() -> None:
        times.append(None)
        if len(times) == 1:
            fail()

    others = Others(lock.acquire, fail_at_first)
    with lock:
        assert not others.begin()
        assert not others.finished()
    with pytest.raises(RuntimeError, match="in a thread"):
        others.end(10)


def test_others_that_take_a_moment_are_not_taken_for_waiting() -> None:
    """A call that ends by itself soon has ended."""
    assert Others(partial(time.sleep, 0.01)).begin() is True


def test_a_call_is_waited_for_until_its_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """And not at all if that has passed; it keeps no program from ending."""
    waits: list[float] = []
    call = Call(wait_for_ever)
    assert call.daemon
    monkeypatch.setattr(time, "monotonic", lambda: 100.0)
    monkeypatch.setattr(Call, "join", lambda _, seconds: waits.append(seconds))
    for deadline in (99.0, 100.0, 100.5, 107.0):
        with pytest.raises(TimeoutError):
            call.end(deadline)
    others = Others(wait_for_ever)
    assert others.begin() is False
    assert others.finished() is False
    with pytest.raises(TimeoutError):
        others.end(7)
    assert waits == pytest.approx([0.0, 0.0, 0.5, 7.0, 0.25, 0.001, 7.0])


def test_a_call_that_has_ended_meanwhile_is_not_late() -> None:
    """A deadline that has passed counts for what is not done."""
    call = Call(lambda: None)
    call.join()
    call.end(time.monotonic() - 1)


@pytest.fixture
def open_store(log: Path) -> Callable[[], EventStore]:
    """Return what opens a store on one log."""
    return partial(SimpleJsonStore, log)


@pytest.fixture
def connection() -> Any:
    """Return the end of a connection to what serves in a thread of this process."""
    ours, theirs = multiprocessing.Pipe()
    serving = Call(partial(serve, theirs))
    with ours:
        yield ours
    serving.join(10)
    theirs.close()


def test_a_worker_uses_stores_until_it_is_not_needed(
    connection: Connection, open_store: Callable[[], EventStore]
) -> None:
    """Its answers say what a use has returned; the one store stays open, others are opened anew."""
    connection.send(open_store)
    first, second = make_events(2)
    connection.send(Task(partial(save, events=[first])))
    assert connection.recv() == Answer(None, more=True)
    connection.send(Task(partial(save_one, event=second), anew=True))
    assert connection.recv() == Answer(None, more=True)
    connection.send(Task(ids_of_all))
    assert connection.recv() == Answer([first.event_id, second.event_id], more=True)


def begun(connection: Connection, task: Task) -> int:
    """Have a task done until it was stopped at each of its steps; return how many those are."""
    count = 0
    more = True
    while more:
        connection.send(task)
        while not isinstance(message := connection.recv(), Answer):
            count += message == "begin"
            connection.send(True)  # noqa: FBT003  # an answer
        more = message.more
    return count


def test_a_worker_keeps_one_store_open_and_its_steps_apart(
    connection: Connection, open_store: Callable[[], EventStore]
) -> None:
    """A store that is opened for a task is another, and all of its steps are new."""
    connection.send(open_store)
    stores = []
    for anew in (False, True, False):
        connection.send(Task(id, anew=anew))
        stores.append(connection.recv().value)
    assert stores[0] == stores[2] != stores[1]
    for anew in (True, False):  # whose steps are some of the others', too
        assert begun(connection, Task(ids_of_all, anew=anew, interrupted=True)) > 0


def test_a_worker_asks_what_is_to_happen_at_a_step(
    connection: Connection, open_store: Callable[[], EventStore]
) -> None:
    """And asks again while the others wait."""
    connection.send(open_store)
    connection.send(Task(ids_of_all, interrupted=True))
    assert connection.recv() == "begin"
    connection.send(False)  # noqa: FBT003  # an answer
    assert connection.recv() == "finished"
    connection.send(True)  # noqa: FBT003  # an answer
    assert connection.recv() == Answer([], more=True)


def test_what_is_asked_is_answered() -> None:
    """No tool measures this where it belongs, in a trace function."""
    ours, theirs = multiprocessing.Pipe()
    with ours, theirs:
        for answer in (True, False):
            theirs.send(answer)
            theirs.send(not answer)
            assert Asking(ours).begin() is answer
            assert Asking(ours).finished() is not answer
        assert [theirs.recv() for _ in range(4)] == ["begin", "finished"] * 2


def test_a_worker_says_what_went_wrong(connection: Connection) -> None:
    """The traceback of its process comes to the test."""
    connection.send(fail)
    failure = connection.recv()
    assert isinstance(failure, Failure)
    assert "RuntimeError: in a thread" in failure.traceback


def test_a_worker_dies_without_clean_up(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It saves, and is gone."""
    codes: list[int] = []
    monkeypatch.setattr(os, "_exit", codes.append)
    events = make_events(2)
    save_and_die(events, SimpleJsonStore(log))
    assert codes == [0]
    assert SimpleJsonStore(log).load_all_events() == events


def test_a_process_that_dies_is_said_to_be_dead(open_store: Callable[[], EventStore]) -> None:
    """Nobody waits for its answer, and its exit code is known."""
    with Worker(open_store, 30) as worker, Worker(open_store, 30) as other:
        other.start(Task(partial(save_and_die, [make_event()])))
        assert other.exit_code() == 0
        with pytest.raises(RuntimeError, match="a process ended with 0"):
            worker.run(Task(partial(save_and_die, [make_event()])))
    assert not multiprocessing.active_children()


def test_a_process_that_raises_is_heard(tmp_path: Path) -> None:
    """The error comes from whatever the store has raised there."""
    with (
        pytest.raises(RuntimeError, match=r"(?s)in another process:.*cannot read"),
        Worker(partial(SimpleJsonStore, tmp_path), 30) as worker,
    ):
        worker.run(Task(ids_of_all))
    assert not multiprocessing.active_children()


def test_a_process_that_hangs_is_ended(
    open_store: Callable[[], EventStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the test nor what comes after it waits for the process."""
    monkeypatch.setattr(worker_module, "_SECONDS_TO_EXIT", 0.1)
    with (
        pytest.raises(TimeoutError, match="another process was not done after 2 seconds"),
        Worker(open_store, 2) as worker,
    ):
        worker.run(Task(partial(_wait, 60.0)))
    assert not multiprocessing.active_children()


@pytest.mark.parametrize(("error", "patience"), [(None, 5.0), (ValueError, 0)])
def test_a_process_is_ended_with_its_worker(
    error: type[Exception] | None, patience: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may end by itself before, unless it is not known what it is at."""
    process = Mock()
    context = Mock(Pipe=multiprocessing.Pipe, Process=Mock(return_value=process))
    get_context = Mock(return_value=context)
    monkeypatch.setattr(multiprocessing, "get_context", get_context)
    with suppress(ValueError), Worker(_nothing, 1):
        (theirs,) = context.Process.call_args.kwargs["args"]
        assert theirs.closed
        if error is not None:
            raise error
    get_context.assert_called_once_with("spawn")
    context.Process.assert_called_once_with(target=serve, args=(theirs,), daemon=True)
    assert process.mock_calls == [
        *(call.start(), call.join(patience), call.kill(), call.join(), call.close()),
    ]


def _nothing() -> EventStore:
    raise NotImplementedError


def _wait(seconds: float, _: EventStore) -> None:
    time.sleep(seconds)
