"""Stores that keep the contract, in parts to break, and the suites of stores like them."""

from __future__ import annotations

import inspect
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import Field

from specify_cli.spec_kitty_events import Event, EventStore, StorageError
from specify_cli.telemetry.testing import EventStoreContract
from specify_cli.telemetry.testing.difference import same_event

ROOT = Path(__file__).parents[4]


class Store(EventStore):
    """A store in memory that keeps the contract, in parts to break."""

    def __init__(self) -> None:
        """Start empty."""
        self.events: list[Event] = []

    def save_event(self, event: Event) -> None:
        """Keep one event."""
        if self.is_new(event):
            self.events.append(self.kept(event))

    def load_events(self, aggregate_id: str) -> list[Event]:
        """Return the events of one aggregate."""
        return [event for event in self.load_all_events() if self.belongs(event, aggregate_id)]

    def load_all_events(self) -> list[Event]:
        """Return every event."""
        return sorted(self.events, key=lambda event: (event.lamport_clock, event.node_id))

    def is_new(self, event: Event) -> bool:
        """Return whether no such event is kept yet."""
        return all(event.event_id != known.event_id for known in self.events)

    def kept(self, event: Event) -> Event:
        """Return an event as it comes back."""
        return event

    def belongs(self, event: Event, aggregate_id: str) -> bool:
        """Return whether an event is of an aggregate."""
        return event.aggregate_id == aggregate_id


class Refusing(Store):
    """A store that refuses what is not JSON."""

    def kept(self, event: Event) -> Event:
        """Return an event as it comes back."""
        return refusing(event)


class LockedStore(Store):
    """A store in memory that threads may share."""

    def __init__(self) -> None:
        """Start empty."""
        super().__init__()
        self.lock = threading.Lock()

    def save_event(self, event: Event) -> None:
        """Keep one event."""
        with self.lock:
            super().save_event(event)


class PerhapsUnclocked(Event):
    """An event of a later contract, which may have no clock, and whose ids have one form."""

    event_id: Annotated[str, Field(pattern="^[0-9A-Z]{26}$")]
    lamport_clock: int | None = None  # type: ignore[assignment]  # wider


class InParts(EventStore):
    """A store that loads from one store, and all events from another."""

    def __init__(self, for_one_aggregate: Store, for_all: Store) -> None:
        """Load from these."""
        self.for_one_aggregate = for_one_aggregate
        self.for_all = for_all

    def save_event(self, event: Event) -> None:
        """Keep one event in both."""
        self.for_one_aggregate.save_event(event)
        self.for_all.save_event(event)

    def load_events(self, aggregate_id: str) -> list[Event]:
        """Return the events of one aggregate."""
        return self.for_one_aggregate.load_events(aggregate_id)

    def load_all_events(self) -> list[Event]:
        """Return every event."""
        return self.for_all.load_all_events()


class FileStore(Store):
    """A store in a file of lines that keeps the contract for one process, in parts to break."""

    def __init__(self, path: Path) -> None:
        """Remember where the lines are."""
        super().__init__()
        self.path = path
        path.touch()

    def save_event(self, event: Event) -> None:
        """Keep one event."""
        self.refresh()
        if self.is_new(event):
            self.events.append(self.kept(event))
            self.write(event)

    def load_all_events(self) -> list[Event]:
        """Return every event."""
        self.refresh()
        return super().load_all_events()

    def kept(self, event: Event) -> Event:
        """Return an event that is no more than its line."""
        try:
            read = Event.model_validate_json(event.model_dump_json())
        except ValueError as error:
            raise StorageError(str(error)) from error
        if not same_event(read, event):
            raise StorageError("does not read back")
        return event

    def refresh(self) -> None:
        """Read the lines."""
        self.events = [Event.model_validate_json(line) for line in self.lines()]

    def lines(self) -> list[str]:
        """Return the lines."""
        return self.path.read_text(encoding="utf-8").split("\n")[:-1]

    def write(self, event: Event) -> None:
        """Write one line."""
        with self.path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(event.model_dump_json() + "\n")


class LockedFileStore(FileStore):
    """A store in a file that threads and processes may use at once."""

    def save_event(self, event: Event) -> None:
        """Keep one event."""
        with self.locked():
            super().save_event(event)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep the other savers waiting."""
        import fcntl  # noqa: PLC0415  # not on Windows

        with self.path.open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def refusing(event: Event) -> Event:
    """Return an event that is no more than JSON."""
    try:
        json.dumps(event.payload, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise StorageError(str(error)) from error
    return event


def number(text: str) -> str | float:
    """Return the number that a text looks like, or the text."""
    try:
        return float(text)
    except ValueError:
        return text


def suite(
    make: Callable[[], Store], contract: type[EventStoreContract]
) -> type[EventStoreContract]:
    """Return the contract's tests of a store in memory."""

    class Suite(contract):  # type: ignore[misc, valid-type]  # whichever it is
        @pytest.fixture
        def store(self) -> EventStore:
            return make()

    return Suite


def file_suite(
    make: Callable[[Path], FileStore], contract: type[EventStoreContract]
) -> type[EventStoreContract]:
    """Return the contract's tests of a store in a file."""

    class Suite(contract):  # type: ignore[misc, valid-type]  # whichever it is
        @pytest.fixture
        def open_store(
            self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
        ) -> Callable[[], EventStore]:
            monkeypatch.syspath_prepend(str(ROOT))  # for other processes, which import this module
            return partial(make, tmp_path / "events")

        @pytest.fixture
        def store(self, open_store: Callable[[], EventStore]) -> EventStore:
            return open_store()

    return Suite


def only(contract: type[EventStoreContract], *tests: str) -> type[EventStoreContract]:
    """Return a contract with these of its tests."""
    others = {name for name in dir(contract) if name.startswith("test_")}
    others -= {f"test_{test}" for test in tests}
    return type(contract.__name__, (contract,), dict.fromkeys(others))


def failures(
    open_data: Callable[[], Callable[[], EventStore]],
    contract: type[EventStoreContract] = EventStoreContract,
) -> dict[str, str]:
    """Return what each of the contract's tests says that fails.

    Args:
        open_data: What returns, for each test, what opens a store over new data.
        contract: The suite.
    """
    found: dict[str, str] = {}
    for name in filter(re.compile("test_").match, dir(contract)):
        test = getattr(contract(), name)
        if test is not None:
            for arguments in _arguments(test):
                says = _failure(partial(test, **arguments), open_data())
                if says is not None:
                    found.setdefault(name.removeprefix("test_"), says)
    return found


def _arguments(test: Any) -> list[dict[str, object]]:
    """Return what a test is parametrized with."""
    marks = [mark.args for mark in getattr(test, "pytestmark", ()) if mark.name == "parametrize"]
    return [{name: value} for name, values in marks for value in values] or [{}]


def _failure(test: Callable[..., object], open_store: Callable[[], EventStore]) -> str | None:
    """Return what a test says if it fails."""
    takes_one = "store" in inspect.signature(test).parameters
    try:
        test(store=open_store()) if takes_one else test(open_store=open_store)
    except pytest.skip.Exception:
        return None
    except pytest.fail.Exception as failed:
        return str(failed)
    except Exception as error:  # noqa: BLE001  # whatever the store raises
        return f"raised {error!r}"
    return None
