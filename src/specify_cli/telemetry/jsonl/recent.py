"""Ids seen lately, in constant memory."""

from __future__ import annotations

from .._codec import EventId


class RecentIds:
    """A set of ids that holds at least the last ``GENERATION`` of those added."""

    GENERATION = 30_000

    def __init__(self) -> None:
        """Start empty."""
        self._young: set[EventId] = set()
        self._old: set[EventId] = set()

    def __contains__(self, event_id: EventId) -> bool:
        """Return whether ``event_id`` is one of the ids held."""
        return event_id in self._young or event_id in self._old

    def add(self, event_id: EventId) -> None:
        """Hold ``event_id``, letting go of the oldest ids where there are too many."""
        if len(self._young) == self.GENERATION:
            self._old, self._young = self._young, set()
        self._young.add(event_id)
