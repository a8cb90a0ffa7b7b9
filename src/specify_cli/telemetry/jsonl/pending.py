"""Lines that are to be appended to a log while it is held."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic

from .._codec import EventId, EventT
from .._log import Appended, LockedLog
from .id_index import IdIndex, KnownIds


class PendingLines(Generic[EventT]):
    """Collects what is appended in one write when a log is let go.

    Args:
        log: The log, held.
        ids: The index of the ids in it.

    Attributes:
        log: The same.
        lines: The lines, each with its id.
    """

    def __init__(self, log: LockedLog, ids: IdIndex[EventT]) -> None:
        """Start with nothing."""
        self.log = log
        self.lines: list[tuple[EventId | None, bytes]] = []
        self._ids = ids
        self._known: KnownIds[EventT] | None = None
        self._added: set[EventId | None] = set()

    def add(self, lines: Sequence[tuple[EventId | None, bytes]]) -> int:
        """Add the lines whose ids are neither in the log nor added yet; return how many.

        Raises:
            OSError: The log cannot be read. None has been added.
        """
        self._known = self._ids.catch_up(self.log, [event_id for event_id, _ in lines])
        new = self._known.new_lines(lines, self._added)
        self._added.update(event_id for event_id, _ in new)
        self.lines += new
        return len(new)

    def are_in(self, appended: Appended) -> None:
        """Take the lines into the index: they are in the file by now."""
        if self._known is not None:  # else nobody has looked which ids the log has
            self._ids.add(self.lines, appended, self._known)
