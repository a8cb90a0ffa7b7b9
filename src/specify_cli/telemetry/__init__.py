"""A file-backed event store: one JSON line per event, append-only, nothing acknowledged is lost."""

from .jsonl import JsonlEventStore, NewEvents
from .store import SimpleJsonStore

__all__ = ["JsonlEventStore", "NewEvents", "SimpleJsonStore"]
