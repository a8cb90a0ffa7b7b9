"""The highest clock in a log, asked under the log's lock."""

from __future__ import annotations

from typing import Generic

from .._codec import EventCodec, EventT, highest_clock
from .._log import Appended, Prefix, Snapshot

# How much of the end of a log is looked at first: there the clocks are the highest.
_END = 1 << 16


class HighestClock(Generic[EventT]):
    """The highest clock of the events in one log, following the file as ``IdIndex`` does.

    What was read before counts only while the file still begins with it.

    Args:
        codec: What tells whether a line loads, and with what clock.
    """

    def __init__(self, codec: EventCodec[EventT]) -> None:
        """Start with nothing read."""
        self._codec = codec
        # Replaced as a whole, so that no exception leaves half of it.
        self._read = (Prefix((-1, -1), 0, b""), 0)

    def of(self, log: Snapshot) -> int:
        """Return the highest clock of the events in ``log``; 0 if none has a clock.

        An event on a last line without newline counts: it loads, too.

        Raises:
            OSError: The log cannot be read.
        """
        prefix, highest = self._read
        if not log.begins_with(prefix):
            prefix, highest = log.prefix(0), self._at_the_end_of(log)
        elif prefix.end == log.size:
            return highest
        end, torn = prefix.end, b""
        for offset, block in log.blocks(prefix.end, log.size):
            whole = block[: block.rfind(b"\n") + 1]
            highest = highest_clock(whole, highest, self._codec)
            end, torn = offset + len(whole), block[len(whole) :]
        self._read = (log.prefix(end), highest)
        return highest_clock(torn, highest, self._codec)

    def add(self, clock: int, appended: Appended) -> None:
        """Take in an event just appended with a clock above all others."""
        self._read = (appended.prefix, clock)

    def _at_the_end_of(self, log: Snapshot) -> int:
        """Return a clock that no event near the end is above: then few before it are."""
        start = max(0, log.size - _END)
        highest = 0
        for _, block in log.blocks(start, log.size):
            lines = block[block.find(b"\n") + 1 :] if start else block
            highest = highest_clock(lines, highest, self._codec)
            start = 0  # only the first block begins in the middle of a line
        return highest
