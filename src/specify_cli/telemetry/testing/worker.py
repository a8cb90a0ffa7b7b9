"""A process that uses a store as it is told."""

from __future__ import annotations

import multiprocessing
import os
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from typing import Any, Literal, Self, TypeAlias

from .._contract import EventStore
from .calls import Others
from .steps import Interruption, Steps
from .suite import save

OpenStore: TypeAlias = Callable[[], EventStore]

_SECONDS_TO_EXIT = 5.0


@dataclass(frozen=True)
class Task:
    """A use of a store.

    Attributes:
        use: What is called with the store; it can be pickled.
        anew: Whether the store is opened for it, rather than the one that the process keeps open.
        interrupted: Whether it is stopped at a step where none was stopped before.
    """

    use: Callable[[EventStore], object]
    anew: bool = False
    interrupted: bool = False


@dataclass(frozen=True)
class Answer:
    """What a use has returned, and whether it was stopped, so that another one may be."""

    value: Any
    more: bool


@dataclass(frozen=True)
class Failure:
    """What a use has raised."""

    traceback: str


_NOTHING = Others()


class Worker:
    """A process that uses stores as it is told, and ends with the test.

    Args:
        open_store: What opens a store; it can be pickled.
        seconds: How long to wait for an answer.
    """

    def __init__(self, open_store: OpenStore, seconds: float) -> None:
        """Start the process."""
        # Not forked: a thread of the test run may hold a lock at this moment.
        context = multiprocessing.get_context("spawn")
        self._seconds = seconds
        self._connection, theirs = context.Pipe()
        self._connection.send(open_store)
        self._process = context.Process(target=serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()

    def __enter__(self) -> Self:
        """Return the worker."""
        return self

    def __exit__(self, error_type: type[BaseException] | None, *_: object) -> None:
        """End the process, which may be waiting for ever if something was raised."""
        self._connection.close()
        self._process.join(0 if error_type else _SECONDS_TO_EXIT)
        self._process.kill()
        self._process.join()
        self._process.close()

    def start(self, task: Task) -> None:
        """Tell the process what to do, and do not wait for it."""
        self._connection.send(task)

    def run(self, task: Task, meanwhile: Interruption = _NOTHING) -> Answer:
        """Tell the process what to do and return its answer.

        Args:
            task: What to do.
            meanwhile: What happens while it is stopped; by default, nothing.

        Raises:
            RuntimeError: It has raised something, or the process has ended.
            TimeoutError: There was no answer in time.
        """
        try:
            self.start(task)
            while not isinstance(message := self._receive(), Answer):
                done = meanwhile.begin() if message == "begin" else meanwhile.finished()
                self._connection.send(done)
        except (EOFError, ConnectionError) as error:
            self._process.join(_SECONDS_TO_EXIT)
            raise RuntimeError(f"a process ended with {self._process.exitcode}") from error
        return message

    def wait_until_ready(self) -> None:
        """Wait until the process has opened a store."""
        self.run(Task(id))

    def exit_code(self) -> int | None:
        """Wait until the process has ended by itself, and return how."""
        # Which of them says that it is gone, is the platform's choice.
        with suppress(EOFError, ConnectionError):
            self._receive()
        self._process.join(_SECONDS_TO_EXIT)
        return self._process.exitcode

    def _receive(self) -> Answer | Literal["begin", "finished"]:
        if not self._connection.poll(self._seconds):
            raise TimeoutError(f"another process was not done after {self._seconds:g} seconds")
        message: Answer | Failure | Literal["begin", "finished"] = self._connection.recv()
        if isinstance(message, Failure):
            raise RuntimeError(f"in another process:\n{message.traceback}")  # noqa: TRY004
        return message


class Asking:
    """What happens in the process of the test while a call in this one stands still.

    Args:
        connection: Where to ask.
    """

    def __init__(self, connection: Connection) -> None:
        """Remember whom to ask."""
        self._connection = connection

    def begin(self) -> bool:
        """Let the others begin, and return whether they have all ended without waiting."""
        return self._ask("begin")

    def finished(self) -> bool:
        """Return whether the others have all ended."""
        return self._ask("finished")

    def _ask(self, what: str) -> bool:
        self._connection.send(what)
        return bool(self._connection.recv())


def serve(connection: Connection) -> None:
    """Use stores as ``connection`` says, until it is closed."""
    kept, new = Steps(), Steps(in_lines=False)
    try:
        open_store: OpenStore = connection.recv()
        store = open_store()
        while True:
            task: Task = connection.recv()
            steps = new if task.anew else kept
            use = (
                partial(_use_anew, task.use, open_store) if task.anew else partial(task.use, store)
            )
            value = steps.interrupt(use, Asking(connection)) if task.interrupted else use()
            connection.send(Answer(value, steps.more))
    except EOFError:
        return
    except BaseException:
        connection.send(Failure(traceback.format_exc()))
        raise


def save_and_die(events: Iterable[Any], store: EventStore) -> None:
    """Save events one by one, and end the process without any clean-up.

    What a save has acknowledged must not depend on anything that happens at exit.
    """
    save(store, events)
    os._exit(0)


def save_one(store: EventStore, event: Any) -> None:
    """Save an event."""
    store.save_event(event)


def ids_of_all(store: EventStore) -> list[str]:
    """Return the ids of all events."""
    return [event.event_id for event in store.load_all_events()]


def _use_anew(use: Callable[[EventStore], object], open_store: OpenStore) -> object:
    return use(open_store())
