"""Ids seen lately, in constant memory."""

from __future__ import annotations


class RecentIds:
    """Tells new ids from repeated ones, remembering at least the last ``GENERATION`` of them."""

    GENERATION = 30_000

    def __init__(self) -> None:
        """Remember nothing yet."""
        self._young: set[str] = set()
        self._old: set[str] = set()

    def is_new(self, event_id: str) -> bool:
        """Return whether ``event_id`` is none of those remembered, and remember it."""
        if event_id in self._young or event_id in self._old:
            return False
        if len(self._young) == self.GENERATION:
            self._old, self._young = self._young, set()
        self._young.add(event_id)
        return True

    def __contains__(self, event_id: str) -> bool:
        """Return whether ``event_id`` is one of those remembered."""
        return event_id in self._young or event_id in self._old

    def forget(self, event_id: str) -> None:
        """Let ``event_id`` be new again."""
        self._young.discard(event_id)
        self._old.discard(event_id)
