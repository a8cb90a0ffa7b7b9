"""The part of the ``spec_kitty_events`` contract that an event store needs."""

from .models import Event, SpecKittyEventsError, StorageError, ValidationError
from .storage import EventStore, InMemoryEventStore

__all__ = [
    "Event",
    "EventStore",
    "InMemoryEventStore",
    "SpecKittyEventsError",
    "StorageError",
    "ValidationError",
]
