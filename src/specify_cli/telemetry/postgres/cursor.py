"""Following a log in a database: what was appended since the last look, and where to go on.

Positions are in the order of commits, so nothing is ever committed behind a cursor. It holds a
digest of the id at its position too: a database that was restored, or a standby that took over
without the last events, may have another event there, or none.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator

from ..jsonl.cursor import NewEvents
from .reading import MOST_ROWS, LogReader
from .rows import Found

_CURSOR = re.compile(r"1:(\d{1,18}):([0-9a-f]{16})", re.ASCII)


class Position:
    """How far a log has been read.

    Attributes:
        number: The position of the last line.
        digest: Of the key of that line.
    """

    def __init__(self, number: int = 0, digest: str = "0" * 16) -> None:
        """Be at that position."""
        self.number = number
        self.digest = digest

    @classmethod
    def parse(cls, cursor: str | None) -> Position:
        """Return the position that a cursor tells; the beginning for None.

        Raises:
            TypeError: It is not a text.
            ValueError: It is not a cursor.
        """
        if cursor is None:
            return cls()
        if not isinstance(cursor, str):
            raise TypeError(f"a cursor is a str or None, not {cursor!r}")
        match = _CURSOR.fullmatch(cursor)
        if match is None:
            raise ValueError(f"not a cursor: {cursor!r}")
        return cls(int(match[1]), match[2])

    def __str__(self) -> str:
        """Return the position as a cursor."""
        return f"1:{self.number}:{self.digest}"

    def is_at(self, key: bytes | None) -> bool:
        """Return whether the line at this position, if there is one, is the one that was read."""
        return self.number == 0 or (key is not None and _digest(key) == self.digest)

    def move_to(self, line: Found) -> None:
        """Be behind a line."""
        self.number, self.digest = line.position, _digest(line.key)


class Following:
    """The lines behind a cursor.

    Args:
        log: Where they are.
        cursor: Behind which; None for the beginning, ``END`` for the end.

    Attributes:
        position: Behind the lines that have been yielded.
        end: The last position that the log had, when this was made.
        restarted: Whether the log no longer has what was read last, so that this is all of it.
    """

    def __init__(self, log: LogReader, cursor: str | None) -> None:
        """Look how far the log goes."""
        self._log = log
        self.restarted = False
        if cursor == NewEvents.END:
            self.position = position_at_end(log)
            self.end = self.position.number
            return
        self.position = Position.parse(cursor)
        state = log.state(self.position.number)
        self.end = state.end
        self.restarted = not self.position.is_at(state.key)
        if self.restarted:
            self.position = Position()

    def pages(self, room: Callable[[], int] | None = None) -> Iterator[list[Found]]:
        """Yield the lines, with the position behind each page that is yielded.

        Args:
            room: How many lines a page may have; it ends where there is no room.
        """
        while (rows := MOST_ROWS if room is None else min(room(), MOST_ROWS)) > 0:
            page = next(self._log.pages(self.position.number, self.end, rows=rows), None)
            if page is None:
                return
            self.position.move_to(page[-1])
            yield page


def position_at_end(log: LogReader) -> Position:
    """Return the position of the last line."""
    position = Position()
    last = log.last()
    if last is not None:
        position.move_to(last)
    return position


def _digest(key: bytes) -> str:
    return hashlib.blake2b(key, digest_size=8).hexdigest()
