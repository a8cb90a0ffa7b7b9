"""The databases among the contenders. Two are libraries, and left out where not installed."""

from __future__ import annotations

import importlib
import json
import sqlite3
from pathlib import Path
from typing import Any, ClassVar

from specify_cli.spec_kitty_events import Event

from . import workload
from .contender import Contender, causal_order

_SCHEMA = """
    create table if not exists events (
        event_id text primary key,
        aggregate_id text not null,
        lamport_clock integer not null,
        node_id text not null,
        body text not null
    );
    create index if not exists causal on events (aggregate_id, lamport_clock, node_id);
"""
_INSERT = "insert or ignore into events values (?, ?, ?, ?, ?)"
_COLUMNS = ("event_id", "aggregate_id", "lamport_clock", "node_id")


class Sqlite(Contender):
    """SQLite from the standard library: one connection a process, one transaction a save."""

    title = "SQLite"

    @classmethod
    def fill(cls, path: Path, count: int) -> None:
        """Insert the first ``count`` events, without making events of them: it takes half as long.

        The body has the form that ``model_dump_json`` gives it.
        """
        records = map(workload.record, range(count))
        rows = (
            (*(record[name] for name in _COLUMNS), json.dumps(record, separators=(",", ":")))
            for record in records
        )
        contender = cls(path)
        with contender._connection:
            contender._connection.executemany(_INSERT, rows)
        contender.close()

    def __init__(self, path: Path) -> None:
        """Open the database at ``path``."""
        self._connection = sqlite3.connect(path)
        self._connection.execute("pragma journal_mode = wal")
        self._connection.execute("pragma synchronous = normal")
        self._connection.executescript(_SCHEMA)

    def save(self, event: Event) -> None:
        """Insert one event, unless its id is known."""
        with self._connection:
            self._connection.execute(_INSERT, _row(event))

    def save_many(self, events: list[Event]) -> None:
        """Insert several events in one transaction."""
        with self._connection:
            self._connection.executemany(_INSERT, map(_row, events))

    def load(self, aggregate_id: str) -> list[Event]:
        """Return the events of one aggregate, in the order of the index."""
        rows = self._connection.execute(
            "select body from events where aggregate_id = ? order by lamport_clock, node_id, rowid",
            (aggregate_id,),
        )
        return [Event.model_validate_json(body) for (body,) in rows]

    def load_all(self) -> list[Event]:
        """Return all events; sorting them here is faster than sorting rows."""
        rows = self._connection.execute("select body from events order by rowid")
        return sorted((Event.model_validate_json(body) for (body,) in rows), key=causal_order)

    def close(self) -> None:
        """Close the database."""
        self._connection.close()


class Eventsourcing(Contender):
    """The SQLite recorder of the ``eventsourcing`` library, with the settings it comes with.

    It tells events apart by aggregate and version, for which the Lamport clock serves here.
    """

    title = "eventsourcing"
    _persistence: ClassVar[Any]
    _sqlite: ClassVar[Any]

    @classmethod
    def load_library(cls) -> bool:
        """Import the library; return whether it is installed."""
        try:
            cls._persistence = importlib.import_module("eventsourcing.persistence")
            cls._sqlite = importlib.import_module("eventsourcing.sqlite")
        except ImportError:
            return False
        return True

    @classmethod
    def fill(cls, path: Path, count: int) -> None:
        """Insert the first ``count`` events in one transaction."""
        cls.fill_by_saving(path, count)

    def __init__(self, path: Path) -> None:
        """Open the database at ``path``."""
        self._store = self._sqlite.SQLiteDatastore(str(path), originator_id_type="text")
        self._recorder = self._sqlite.SQLiteApplicationRecorder(self._store)
        self._recorder.create_table()

    def save(self, event: Event) -> None:
        """Insert one event, unless there is one in its place."""
        try:
            self.save_many([event])
        except self._persistence.IntegrityError:
            return

    def save_many(self, events: list[Event]) -> None:
        """Insert several events in one transaction."""
        self._recorder.insert_events([self._stored(event) for event in events])

    def load(self, aggregate_id: str) -> list[Event]:
        """Return the events of one aggregate, which come sorted."""
        stored = self._recorder.select_events(aggregate_id)
        return [Event.model_validate_json(item.state) for item in stored]

    def load_all(self) -> list[Event]:
        """Return all events, as one page of notifications."""
        stored = self._recorder.select_notifications(start=1, limit=2**62)
        return sorted((Event.model_validate_json(i.state) for i in stored), key=causal_order)

    def close(self) -> None:
        """Close the database."""
        self._store.close()

    def _stored(self, event: Event) -> Any:
        state = event.model_dump_json().encode()
        return self._persistence.StoredEvent(
            event.aggregate_id, event.lamport_clock, event.event_type, state
        )


class TinyDb(Contender):
    """TinyDB: one JSON file, which every save reads and writes whole."""

    title = "TinyDB"
    max_events = 500
    _tinydb: ClassVar[Any]

    @classmethod
    def load_library(cls) -> bool:
        """Import the library; return whether it is installed."""
        try:
            cls._tinydb = importlib.import_module("tinydb")
        except ImportError:
            return False
        return True

    @classmethod
    def fill(cls, path: Path, count: int) -> None:
        """Insert the first ``count`` events at once."""
        cls.fill_by_saving(path, count)

    def __init__(self, path: Path) -> None:
        """Open the database at ``path``."""
        self._database = self._tinydb.TinyDB(path)

    def save(self, event: Event) -> None:
        """Insert one event, unless its id is known."""
        if not self._database.contains(self._tinydb.where("event_id") == event.event_id):
            self._database.insert(event.model_dump(mode="json"))

    def save_many(self, events: list[Event]) -> None:
        """Insert the events whose ids are not known, at once."""
        known = {record["event_id"] for record in self._database.all()}
        new = [event for event in events if event.event_id not in known]
        self._database.insert_multiple(event.model_dump(mode="json") for event in new)

    def load(self, aggregate_id: str) -> list[Event]:
        """Return the events of one aggregate."""
        found = self._database.search(self._tinydb.where("aggregate_id") == aggregate_id)
        return sorted(map(Event.from_dict, found), key=causal_order)

    def load_all(self) -> list[Event]:
        """Return all events."""
        return sorted(map(Event.from_dict, self._database.all()), key=causal_order)

    def close(self) -> None:
        """Close the database."""
        self._database.close()


def _row(event: Event) -> tuple[str, str, int, str, str]:
    return (
        event.event_id,
        event.aggregate_id,
        event.lamport_clock,
        event.node_id,
        event.model_dump_json(),
    )
