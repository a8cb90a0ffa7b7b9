"""The contenders, in the order of the tables. Ratios are to the first."""

from __future__ import annotations

from . import databases, logs
from .contender import Contender

CONTENDERS: dict[str, type[Contender]] = {
    "store": logs.ThisStore,
    "plain": logs.PlainJsonl,
    "jsonlines": logs.Jsonlines,
    "logging": logs.Logging,
    "structlog": logs.Structlog,
    "sqlite": databases.Sqlite,
    "diskcache": databases.DiskCache,
    "lmdb": databases.Lmdb,
    "leveldb": databases.LevelDb,
    "rocksdb": databases.RocksDb,
    "duckdb": databases.DuckDb,
    "limit": logs.BareLimit,
}
# The store with events of other releases of the contract: in a table of their own.
RELEASES = {"release6": logs.Published, "release11": logs.PublishedLater}
EVERYONE = CONTENDERS | RELEASES
