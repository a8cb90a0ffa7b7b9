"""What the suite makes of a process that has gone, and how one goes that is not needed any more."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from specify_cli.telemetry import SimpleJsonStore
from specify_cli.telemetry.testing.worker import Failure, Task, Worker


class Gone:
    """A connection whose other end is gone, or has one more thing to say."""

    def __init__(self, last: object) -> None:
        """Say or raise this."""
        self._last = last

    def send(self, _: object) -> None:
        """Send nothing."""

    def poll(self, _: float) -> bool:
        """Return that there is something."""
        return True

    def recv(self) -> object:
        """Say it."""
        if isinstance(self._last, Exception):
            raise self._last
        return self._last


class Ending:
    """A process that ends when it is waited for."""

    exitcode: int | None = None

    def join(self, _: float) -> None:
        """End it."""
        self.exitcode = 3


def worker_with(last: object) -> Worker:
    """Return a worker whose process is one that ends."""
    worker = object.__new__(Worker)
    vars(worker).update(_seconds=1.0, _connection=Gone(last), _process=Ending())
    return worker


@pytest.mark.parametrize("error", [EOFError(), ConnectionResetError(), BrokenPipeError()], ids=repr)
def test_how_a_process_has_ended_is_told_once_it_has(error: Exception) -> None:
    """However the system says that it is gone."""
    with pytest.raises(RuntimeError, match=r"^a process ended with 3$") as caught:
        worker_with(error).run(Task(id))
    assert caught.value.__cause__ is error
    assert worker_with(error).exit_code() == 3


def test_what_a_process_raised_before_it_ended_is_told() -> None:
    """By either call."""
    calls: list[Callable[[Worker], object]] = [Worker.exit_code, Worker.wait_until_ready]
    for call in calls:
        with pytest.raises(RuntimeError, match=r"^in another process:\nsomething$"):
            call(worker_with(Failure("something")))


def test_a_task_is_done_in_the_store_that_is_open_and_at_one_go() -> None:
    """Unless it says otherwise."""
    assert Task(id) == Task(id, anew=False, interrupted=False)


def test_a_process_that_is_not_needed_any_more_ends_by_itself(tmp_path: Path) -> None:
    """Without an error: it is told so, not killed."""
    with Worker(partial(SimpleJsonStore, tmp_path / "log"), 30) as worker:
        worker.wait_until_ready()
        process = worker._process
        kill, codes = process.kill, list[int | None]()

        def killed() -> None:
            codes.append(process.exitcode)
            kill()

        vars(process)["kill"] = killed
    assert codes == [0]
    assert worker._connection.closed
