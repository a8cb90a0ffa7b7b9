"""The event store over one append-only JSONL file."""

from .cursor import Since
from .store import JsonlEventStore

__all__ = ["JsonlEventStore", "Since"]
