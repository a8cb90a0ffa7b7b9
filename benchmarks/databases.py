"""The databases among the contenders. All but SQLite are libraries; each is used as it comes."""

from __future__ import annotations

import sqlite3
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any

from specify_cli.spec_kitty_events import Event

from .contender import Contender, Does

_SCHEMA = """
    create table if not exists events (
        event_id text primary key,
        aggregate_id text not null,
        lamport_clock bigint not null,
        node_id text not null,
        body text not null
    );
    create index if not exists causal on events (aggregate_id, lamport_clock, node_id);
"""
_BODIES = "select body from events order by rowid"
_OF_ONE = "select body from events where aggregate_id = ? order by lamport_clock, node_id, rowid"


class Sqlite(Contender):
    """SQLite from the standard library: one connection a process, one transaction a save."""

    title = "SQLite"
    does = Does("yes", "processes", torn="rolled back")
    insert = "insert or ignore into events values (?, ?, ?, ?, ?)"

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, timeout=60)
        self._connection.execute("pragma journal_mode = wal")
        self._connection.execute("pragma synchronous = normal")
        self._connection.executescript(_SCHEMA)

    def save(self, event: Event) -> None:
        with self._connection:
            self._connection.execute(self.insert, _row(event))

    def save_many(self, events: list[Event]) -> None:
        with self._connection:
            self._connection.executemany(self.insert, map(_row, events))

    def found(self, aggregate_id: str | None) -> Iterable[str]:
        select = (_BODIES,) if aggregate_id is None else (_OF_ONE, (aggregate_id,))
        return (body for (body,) in self._connection.execute(*select).fetchall())

    def close(self) -> None:
        self._connection.close()


class DuckDb(Sqlite):
    """DuckDB, with the same table; a batch goes in as one list for each column."""

    title = "DuckDB"
    library = "duckdb"
    does = Does("yes", "threads", "losing power", "rolled back")

    def __init__(self, path: Path) -> None:
        self._connection = self.lib.connect(str(path))
        self._connection.execute(_SCHEMA)

    def save(self, event: Event) -> None:
        self._connection.execute(self.insert, _row(event))

    def save_many(self, events: list[Event]) -> None:
        columns = [list(column) for column in zip(*map(_row, events), strict=True)]
        several = self.insert.replace("values", "select").replace("(", "").replace(")", "")
        self._connection.execute(several.replace("?", "unnest(?)"), columns)


class DiskCache(Contender):
    """The ``diskcache`` library: a cache over SQLite, told to forget nothing; it has no index."""

    title = "diskcache"
    library = "diskcache"
    does = Does("yes", "processes", torn="rolled back")

    def __init__(self, path: Path) -> None:
        self._cache = self.lib.Cache(str(path), eviction_policy="none", cull_limit=0)

    def save(self, event: Event) -> None:
        self._cache.add(event.event_id, event.model_dump_json(), retry=True)

    def save_many(self, events: list[Event]) -> None:
        with self._cache.transact(retry=True):
            for event in events:
                self.save(event)

    def found(self, aggregate_id: str | None) -> Iterable[str]:
        name = f'"{aggregate_id}"'
        bodies = (self._cache[key] for key in self._cache)  # in the order of the first saves
        return bodies if aggregate_id is None else (body for body in bodies if name in body)

    def close(self) -> None:
        self._cache.close()


class KeyValue(Contender):
    """A sorted map of bytes: one key tells that an id is known, one has the event in its order."""

    does = Does("yes", "threads", torn="rolled back")
    _db: Any

    def found(self, aggregate_id: str | None) -> Iterable[bytes]:
        return self.under(b"event/" if aggregate_id is None else _place(aggregate_id))

    @abstractmethod
    def under(self, prefix: bytes) -> Iterator[bytes]:
        """Yield the values whose keys begin so, in their order."""

    def close(self) -> None:
        self._db.close()


class Lmdb(KeyValue):
    """LMDB, whose commits wait for no device: ``sync=False``."""

    title = "LMDB"
    library = "lmdb"
    does = Does("yes", "processes", torn="rolled back")

    def __init__(self, path: Path) -> None:
        self._db = self.lib.open(str(path), map_size=2**30, sync=False)

    def save_many(self, events: list[Event]) -> None:
        with self._db.begin(write=True) as transaction:
            for event in events:
                if transaction.put(_known(event), b"", overwrite=False):
                    transaction.put(*_item(event))

    def under(self, prefix: bytes) -> Iterator[bytes]:
        with self._db.begin() as transaction, transaction.cursor() as cursor:
            cursor.set_range(prefix)
            yield from (value for _, value in takewhile(_under(prefix), cursor))


class LevelDb(KeyValue):
    """LevelDB, by ``plyvel``."""

    title = "LevelDB"
    library = "plyvel"

    def __init__(self, path: Path) -> None:
        self._db = self.lib.DB(str(path), create_if_missing=True)

    def save_many(self, events: list[Event]) -> None:
        with self._db.write_batch() as batch:
            for event in events:
                if self._db.get(_known(event)) is None:
                    batch.put(_known(event), b"")
                    batch.put(*_item(event))

    def under(self, prefix: bytes) -> Iterator[bytes]:
        yield from self._db.iterator(prefix=prefix, include_key=False)


class RocksDb(KeyValue):
    """RocksDB, by ``rocksdict``."""

    title = "RocksDB"
    library = "rocksdict"

    def __init__(self, path: Path) -> None:
        self._db = self.lib.Rdict(str(path), self.lib.Options(raw_mode=True))

    def save_many(self, events: list[Event]) -> None:
        batch = self.lib.WriteBatch(raw_mode=True)
        for event in events:
            if _known(event) not in self._db:
                batch.put(_known(event), b"")
                batch.put(*_item(event))
        self._db.write(batch)

    def under(self, prefix: bytes) -> Iterator[bytes]:
        items = takewhile(_under(prefix), self._db.items(from_key=prefix))
        return (value for _, value in items)


def _row(event: Event) -> tuple[str, str, int, str, str]:
    body = event.model_dump_json()
    return event.event_id, event.aggregate_id, event.lamport_clock, event.node_id, body


def _under(prefix: bytes) -> Callable[[tuple[bytes, bytes]], bool]:
    return lambda item: item[0].startswith(prefix)


def _known(event: Event) -> bytes:
    return b"id/" + event.event_id.encode()


def _place(aggregate_id: str) -> bytes:
    return b"event/" + aggregate_id.encode() + b"\0"


def _item(event: Event) -> tuple[bytes, bytes]:
    clock = event.lamport_clock.to_bytes(8)
    key = _place(event.aggregate_id) + clock + f"{event.node_id}\0{event.event_id}".encode()
    return key, event.model_dump_json().encode()
