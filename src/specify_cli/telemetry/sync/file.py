"""A log in a file, to be copied from and to."""

from __future__ import annotations

import collections
from collections.abc import Iterator, Sequence
from typing import Any

from ..jsonl import JsonlEventStore
from ..jsonl.cursor import Position
from .side import Batch, Line, Received, differ

# No file is open while the other side is at work, so each batch opens it.
_BATCH = 1 << 20

_NOWHERE = str(Position(0, 1, 0))


class FileSide:
    """The log of a store in a file.

    Args:
        store: The store.
    """

    def __init__(self, store: JsonlEventStore[Any]) -> None:
        """Touch nothing on disk."""
        self.codec = store._codec  # noqa: SLF001  # of the same package
        self._log = store._log  # noqa: SLF001  # the same
        self._writer = store._writer  # noqa: SLF001  # the same

    def has(self, mark: str) -> bool:
        """Return whether the file begins with what was there."""
        try:
            position = Position.parse(mark)
        except ValueError:
            return False
        with self._log.opened(settled=True) as file:
            return position.offset == 0 or (file is not None and position.is_in(file))

    def mark(self, before: str | None) -> str:
        """Return a cursor at the end of the file."""
        position = Position.parse(before) if before else Position()
        with self._log.opened(settled=True) as file:
            if position.offset and (file is None or not position.is_in(file)):
                # Replaced meanwhile, so it may lack anything: this is a cursor of no file.
                return _NOWHERE
            if file is not None:
                collections.deque(position.blocks_after(file), maxlen=0)
        return str(position)

    def batches(self, cursor: str | None) -> Iterator[Batch]:
        """Yield what is behind a cursor that the file still has, or all of it."""
        position = Position.parse(cursor) if cursor else Position()
        while True:
            with self._log.opened(settled=True) as file:
                if file is None or not position.is_in(file):
                    return
                blocks = list(position.blocks_after(file, _BATCH))
            data = b"".join(blocks)
            if not data:
                return
            yield Batch(data.removesuffix(b"\n").split(b"\n"), str(position))

    def append(self, lines: Sequence[Line]) -> Received:
        """Append the lines whose ids are not in the file."""
        new = self._writer.append([(line.event_id, line.data + b"\n") for line in lines])
        known = new < len(lines)
        return Received(new, list(self._differing(lines)) if known else [])

    def _differing(self, lines: Sequence[Line]) -> Iterator[str]:
        with self._log.opened() as file:
            for line in lines:
                start = self._writer.start_of(line.event_id)
                there = b"" if file is None or start is None else file.line_at(start)
                # The place is a hint; what another line says of the id is nothing to go by.
                if self.codec.loads_as(there) == line.event_id and differ(there, line.data):
                    yield line.event_id
