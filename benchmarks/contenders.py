"""The contenders that need no database, and the list of them all."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from specify_cli.spec_kitty_events import Event, InMemoryEventStore
from specify_cli.telemetry import SimpleJsonStore

from .contender import Contender, causal_order
from .databases import Eventsourcing, Sqlite, TinyDb


class ThisStore(Contender):
    """The store of this project."""

    title = "SimpleJsonStore"

    def __init__(self, path: Path) -> None:
        """Use the log at ``path``."""
        self.store = SimpleJsonStore(path)

    def save(self, event: Event) -> None:
        """Keep one event."""
        self.store.save_event(event)

    def save_many(self, events: list[Event]) -> None:
        """Keep several events under one lock."""
        self.store.save_events(events)

    def load(self, aggregate_id: str) -> list[Event]:
        """Return the events of one aggregate."""
        return self.store.load_events(aggregate_id)

    def load_all(self) -> list[Event]:
        """Return all events."""
        return self.store.load_all_events()


class PlainJsonl(Contender):
    """A JSONL store as one writes it in an hour: no lock, no seal, nothing checked."""

    title = "plain JSONL"

    def __init__(self, path: Path) -> None:
        """Use the log at ``path``."""
        self._path = path
        self._ids: set[str] | None = None

    def save(self, event: Event) -> None:
        """Append one event, unless its id is known."""
        self.save_many([event])

    def save_many(self, events: list[Event]) -> None:
        """Append the events whose ids are not known, opening the file once."""
        if self._ids is None:
            self._ids = {record["event_id"] for record in self._records()}
        new = [event for event in events if event.event_id not in self._ids]
        if not new:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            for event in new:
                file.write(json.dumps(event.to_dict(), sort_keys=True, default=str) + "\n")
                self._ids.add(event.event_id)

    def load(self, aggregate_id: str) -> list[Event]:
        """Return the events of one aggregate; other lines are parsed, but not validated."""
        found = (record for record in self._records() if record["aggregate_id"] == aggregate_id)
        return sorted(map(Event.from_dict, found), key=causal_order)

    def load_all(self) -> list[Event]:
        """Return all events."""
        return sorted(map(Event.from_dict, self._records()), key=causal_order)

    def _records(self) -> Iterator[dict[str, Any]]:
        if self._path.exists():
            with self._path.open(encoding="utf-8") as file:
                yield from map(json.loads, file)


class InMemory(Contender):
    """The dictionary that comes with the contract; nothing is kept."""

    title = "InMemoryEventStore"
    persistent = False

    @classmethod
    def fill(cls, path: Path, count: int) -> None:
        """Do nothing: each process fills its own."""

    def __init__(self, path: Path) -> None:
        """Start empty."""
        del path
        self._store = InMemoryEventStore()

    def save(self, event: Event) -> None:
        """Keep one event."""
        self._store.save_event(event)

    def save_many(self, events: list[Event]) -> None:
        """Keep several events, one by one: it has nothing else."""
        for event in events:
            self._store.save_event(event)

    def load(self, aggregate_id: str) -> list[Event]:
        """Return the events of one aggregate."""
        return self._store.load_events(aggregate_id)

    def load_all(self) -> list[Event]:
        """Return all events."""
        return self._store.load_all_events()


class BareLimit(Contender):
    """What no store can be much faster than: it writes ready-made bytes, and parses what it must.

    A save is one ``os.write`` to a file that stays open, of a line encoded beforehand. A load
    parses every line with pydantic, or those that name the aggregate. No ids, order or checks.
    """

    title = "bare limit"
    knows_ids = False

    def __init__(self, path: Path) -> None:
        """Open the log at ``path``."""
        self._path = path
        binary = getattr(os, "O_BINARY", 0)  # Windows would write two bytes for a line end
        self._fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | binary)
        self._lines: dict[str, bytes] = {}

    def prepare(self, events: list[Event]) -> None:
        """Encode the events that will be saved."""
        for event in events:
            record = event.model_dump(mode="json")
            self._lines[event.event_id] = json.dumps(record, sort_keys=True).encode() + b"\n"

    def save(self, event: Event) -> None:
        """Write the line made beforehand."""
        os.write(self._fd, self._lines[event.event_id])

    def save_many(self, events: list[Event]) -> None:
        """Write the lines made beforehand, in one call."""
        os.write(self._fd, b"".join([self._lines[event.event_id] for event in events]))

    def load(self, aggregate_id: str) -> list[Event]:
        """Parse the lines that name the aggregate."""
        name = f'"{aggregate_id}"'.encode()
        with self._path.open("rb") as file:
            return [Event.model_validate_json(line) for line in file if name in line]

    def load_all(self) -> list[Event]:
        """Parse every line."""
        with self._path.open("rb") as file:
            return [Event.model_validate_json(line) for line in file]

    def close(self) -> None:
        """Close the log."""
        os.close(self._fd)


# The order of the tables. The store of this project comes first: ratios are to it.
CONTENDERS: dict[str, type[Contender]] = {
    "store": ThisStore,
    "plain": PlainJsonl,
    "sqlite": Sqlite,
    "eventsourcing": Eventsourcing,
    "tinydb": TinyDb,
    "memory": InMemory,
    "limit": BareLimit,
}
