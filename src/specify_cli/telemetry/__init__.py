"""A file-backed event store: one JSON line per event, append-only, nothing acknowledged is lost."""

from .jsonl.cursor import NewEvents
from .jsonl.store import JsonlEventStore
from .store import SimpleJsonStore

__all__ = ["JsonlEventStore", "NewEvents", "SimpleJsonStore"]
