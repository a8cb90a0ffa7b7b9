"""Reading a log in a database: how far it goes, its lines in pages, and single ones."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from .rows import Found
from .session import Rows
from .statements import LAST, LINES, PAGE, PAGE_OF_AGGREGATE, STATE, key_of, text_array

MOST_ROWS = 1_000


class State(NamedTuple):
    """The last position that a log has, and the key at one that was asked for, if it is there."""

    end: int
    key: bytes | None


class LogReader(ABC):
    """What can be read of a log.

    Args:
        name: Which log.
    """

    state_statement = STATE

    def __init__(self, name: str) -> None:
        """Ask nothing yet."""
        self.name = name
        self._name = name.encode()

    @abstractmethod
    def _read(
        self, statement: bytes, parameters: Sequence[bytes], arrays: Sequence[bytes] = ()
    ) -> Rows:
        """Run a statement and return its rows."""

    def state(self, position: int = 0) -> State:
        """Return how far the log goes, 0 if there is none, and what is at a position."""
        rows = self._read(self.state_statement, (self._name, b"%d" % position))
        return State(number_of(rows[0][0]), rows[0][1]) if rows else State(0, None)

    def pages(
        self,
        after: int = 0,
        upto: int | None = None,
        aggregate_id: str | None = None,
        *,
        rows: int = MOST_ROWS,
        size: int = 4 << 20,
    ) -> Iterator[list[Found]]:
        """Yield the lines behind a position, in order; no transaction is open between the pages.

        Args:
            after: The position.
            upto: The last position; by default the end of the log as it is now.
            aggregate_id: Only lines of this aggregate, or of one with the same key.
            rows: How many lines a page has at most.
            size: How many bytes, but for its last line.
        """
        last = self.state().end if upto is None else upto
        statement = PAGE if aggregate_id is None else PAGE_OF_AGGREGATE
        key = () if aggregate_id is None else (key_of(aggregate_id),)
        while after < last:
            numbers = (b"%d" % number for number in (after, last, rows, size))
            found = self._read(statement, (self._name, *numbers, *key))
            page = [
                Found(number_of(position), key or b"", line or b"") for position, key, line in found
            ]
            if not page:
                return
            yield page
            after = page[-1].position

    def last(self) -> Found | None:
        """Return where the last line is, but not the line; None if there is none."""
        rows = self._read(LAST, (self._name,))
        return Found(number_of(rows[0][0]), rows[0][1] or b"", b"") if rows else None

    def lines_of(self, event_ids: Sequence[str]) -> dict[bytes, bytes]:
        """Return the lines of events by what stands for their ids."""
        keys = text_array([key_of(event_id) for event_id in event_ids])
        rows = self._read(LINES, (self._name,), (keys,))
        return {key or b"": line or b"" for key, line in rows}


def number_of(text: bytes | None) -> int:
    """Return a number that the server gives as text."""
    return int(text or b"0")
