"""The event store over one append-only JSONL file."""

from .cursor import NewEvents
from .store import JsonlEventStore

__all__ = ["JsonlEventStore", "NewEvents"]
