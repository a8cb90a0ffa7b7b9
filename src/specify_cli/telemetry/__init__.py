"""A file-backed event store: one JSON line per event, append-only, nothing acknowledged is lost."""

from ._following import Since
from .jsonl import JsonlEventStore
from .store import SimpleJsonStore

__all__ = ["JsonlEventStore", "SimpleJsonStore", "Since"]
