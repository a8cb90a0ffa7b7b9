"""The event store contract, and the store that keeps events in memory."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable

from .models import Event, StorageError

__all__ = ["EventStore", "InMemoryEventStore", "StorageError"]


class EventStore(ABC):
    """Keeps events and returns them in causal order.

    Example:
        >>> def count(store: EventStore) -> int:
        ...     return len(store.load_all_events())
        >>> count(InMemoryEventStore()), count(SimpleJsonStore("events.jsonl"))
        (0, 0)
    """

    @abstractmethod
    def save_event(self, event: Event) -> None:
        """Keep one event; saving the same id again leaves one event under that id.

        Args:
            event: The event to keep.

        Raises:
            StorageError: The event could not be kept.
        """

    @abstractmethod
    def load_events(self, aggregate_id: str) -> list[Event]:
        """Return the events of one aggregate.

        Args:
            aggregate_id: The aggregate; an unknown one gives an empty list.

        Returns:
            The events sorted by ``(lamport_clock, node_id)``, ties in the order saved.

        Raises:
            StorageError: The events could not be read.
        """

    @abstractmethod
    def load_all_events(self) -> list[Event]:
        """Return every event.

        Returns:
            The events sorted by ``(lamport_clock, node_id)``, ties in the order saved.

        Raises:
            StorageError: The events could not be read.
        """


class InMemoryEventStore(EventStore):
    """Keeps events in a dictionary, for tests and short-lived processes.

    A repeated id overwrites the event and keeps the position of the first. Nothing is durable.

    Example:
        >>> store = InMemoryEventStore()
        >>> store.save_event(event)
        >>> store.load_events(event.aggregate_id) == [event]
        True
    """

    def __init__(self) -> None:
        """Start empty."""
        self._events: dict[str, Event] = {}

    def save_event(self, event: Event) -> None:
        """Keep one event, overwriting an earlier one with the same id.

        Args:
            event: The event to keep.
        """
        self._events[event.event_id] = event

    def load_events(self, aggregate_id: str) -> list[Event]:
        """Return the events of one aggregate, sorted by ``(lamport_clock, node_id)``.

        Args:
            aggregate_id: The aggregate; an unknown one gives an empty list.
        """
        return _in_causal_order(e for e in self._events.values() if e.aggregate_id == aggregate_id)

    def load_all_events(self) -> list[Event]:
        """Return every event, sorted by ``(lamport_clock, node_id)``."""
        return _in_causal_order(self._events.values())


def _in_causal_order(events: Iterable[Event]) -> list[Event]:
    return sorted(events, key=lambda event: (event.lamport_clock, event.node_id))
