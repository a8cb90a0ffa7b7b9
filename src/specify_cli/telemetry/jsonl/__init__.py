"""The event store and the log of records, each over one append-only JSONL file."""

from .._log import LockTimeoutError
from .cursor import NewEvents
from .errors import MalformedLineError
from .log import JsonlLog
from .store import JsonlEventStore
from .transaction import Transaction

__all__ = [
    "JsonlEventStore",
    "JsonlLog",
    "LockTimeoutError",
    "MalformedLineError",
    "NewEvents",
    "Transaction",
]
