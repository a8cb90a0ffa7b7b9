"""A log on a server, to be copied from and to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..postgres import PostgresEventStore
from ..postgres.cursor import Following, Position, position_at_end
from ..postgres.rows import Row
from ..postgres.statements import key_of
from .side import Batch, Line, Received, differ


class ServerSide:
    """The log of a store on a server.

    Args:
        store: The store.
    """

    def __init__(self, store: PostgresEventStore[Any]) -> None:
        """Touch no network."""
        self.codec = store._codec  # noqa: SLF001  # of the same package
        self._log = store._log  # noqa: SLF001  # the same

    def has(self, mark: str) -> bool:
        """Return whether the line is there that was the last one."""
        try:
            position = Position.parse(mark)
        except ValueError:
            return False
        return position.is_at(self._log.state(position.number).key)

    def mark(self, before: str | None) -> str:
        """Return a cursor at the last line."""
        del before  # the last line is quick to find
        return str(position_at_end(self._log))

    def batches(self, cursor: str | None) -> Iterator[Batch]:
        """Yield what is behind a cursor that the log still has, or all of it."""
        following = Following(self._log, cursor)
        for page in following.pages():
            yield Batch([found.line for found in page], str(following.position))

    def append(self, lines: Sequence[Line]) -> Received:
        """Append the lines whose ids are not in the log."""
        rows = [Row(line.event_id, line.aggregate_id, line.data) for line in lines]
        new = self._log.append(rows)
        if new == len(lines):
            return Received(new, [])
        there = self._log.lines_of([line.event_id for line in lines])
        differing = [
            line.event_id
            for line in lines
            if differ(there.get(key_of(line.event_id), line.data), line.data)
        ]
        return Received(new, differing)
