"""The highest clock in a log, asked under the log's lock.

It is kept as ids are: for as long as the file begins with what was gone through, and only while the
line that has it loads with it. So neither a line cut short, nor a file edited or replaced, nor a
number in a payload makes a clock count that is not in the log.
"""

from __future__ import annotations

from typing import Generic, NamedTuple

from .._codec import EventCodec, EventT, clock_in, highest_clock
from .._log import NO_PREFIX, Appended, LockedLog, Prefix
from .._log.backwards import blocks_backwards

# What is read at once, without a look at its end before.
_SHORT = 1 << 16


class _Scanned(NamedTuple):
    """What is known of one file. It is replaced as a whole, so that no exception leaves half of it.

    Attributes:
        prefix: The part of the file that it is about.
        highest: The highest clock in it, at least 0.
        start: Where the line with that clock begins.
    """

    prefix: Prefix
    highest: int
    start: int


_NOTHING = _Scanned(NO_PREFIX, 0, 0)


class HighestClock(Generic[EventT]):
    """The highest clock in one log, following the file as it grows.

    Args:
        codec: What tells whether a line loads, and with which clock.
    """

    def __init__(self, codec: EventCodec[EventT]) -> None:
        """Start with nothing scanned."""
        self._codec = codec
        self._scanned = _NOTHING

    def of(self, log: LockedLog) -> int:
        """Return the highest clock that a line of ``log`` loads with, at least 0."""
        scanned = self._scanned
        if not (log.begins_with(scanned.prefix) and self._stands(log)):
            scanned = _NOTHING
        start, highest = scanned.prefix.end, (scanned.highest, scanned.start)
        if start < log.size:
            highest = self._highest_after(start, log, highest)
            self._scanned = _Scanned(log.prefix(), *highest)
        return highest[0]

    def add(self, clock: int, appended: Appended) -> None:
        """Take in a line just appended to the log that ``of`` was asked about last."""
        self._scanned = _Scanned(appended.prefix, clock, appended.start)

    def _stands(self, log: LockedLog) -> bool:
        """Return whether the line that has the highest clock still does."""
        prefix, highest, start = self._scanned
        if not highest or prefix.end - len(prefix.tail) < start < prefix.end:
            # It is in the tail, whose bytes are the same, the newline before it included.
            return True
        return clock_in(log.line_at(start), self._codec) == highest

    def _highest_after(self, start: int, log: LockedLog, found: tuple[int, int]) -> tuple[int, int]:
        stop = log.size
        if stop - start > _SHORT:
            # The highest is near the end of most logs. Once it is known, hardly a line is above it.
            last, block = next(blocks_backwards(log))
            if last > start:
                found, stop = self._higher(last, block, found), last
        for offset, block in log.blocks(start, stop):
            found = self._higher(offset, block, found)
        return found

    def _higher(self, offset: int, block: bytes, found: tuple[int, int]) -> tuple[int, int]:
        higher = highest_clock(block, found[0], self._codec)
        return found if higher is None else (higher[0], offset + higher[1])
