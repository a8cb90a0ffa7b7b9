"""Which event ids a log holds, asked under the log's lock.

What is kept per id is a number made of it and where a line that names it begins, never the answer
itself: whether an id is known is decided by decoding that line, as it is in the file now. So a
cheap scan is enough to collect the ids, and neither a malformed line, nor an id in a payload, nor a
file that was changed in place can make an event seem saved that is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic

from .._codec.codec import Codec
from .._codec.event import EventT
from .._codec.search import find_event, named_ids
from .._log.locked import LockedLog

# Numbers below 2**60 take 32 bytes, the ids themselves would take 80.
_MASK = (1 << 60) - 1


class KnownIds(Generic[EventT]):
    """The ids in one log, following the file as it grows and starting over when it is replaced."""

    def __init__(self, codec: Codec[EventT]) -> None:
        """Know nothing."""
        self._codec = codec
        self._starts: dict[int, int] = {}
        self._identity: tuple[int, int] | None = None
        # The file is known up to _end, but named ids are in _starts only from _indexed_from on.
        self._indexed_from = 0
        self._end = 0
        self._tail = b""

    def catch_up(self, log: LockedLog, saving: int) -> None:
        """Take in what was appended since the last save, or all of a file not seen before.

        Args:
            log: The log, locked.
            saving: How many ids will be asked for. For one id in a file not seen before a search
                is enough, a tenth of the work; a process that saves more gets an index.
        """
        if not self._is_continued_by(log):
            self._start_over(log)
            if saving == 1:
                return
        if self._indexed_from:
            self._index(log, 0, self._indexed_from)
            self._indexed_from = 0
        if self._end < log.size:
            self._index(log, self._end, log.size)

    def start_of(self, event_id: str) -> int | None:
        """Return where a line begins that was found or written under the lock and names the id."""
        return self._starts.get(_number(event_id))

    def holds(self, event_id: str, log: LockedLog) -> bool:
        """Return whether a line of ``log`` loads as the event ``event_id``."""
        start = self.start_of(event_id)
        if start is not None:
            if self._codec.loads_as(log.line_at(start)) == event_id:
                return True
            # Named by that line, or by one that has changed; perhaps another line holds it.
            return self._find(event_id, log, log.size)
        return self._indexed_from > 0 and self._find(event_id, log, self._indexed_from)

    def add(self, lines: Mapping[str, bytes], log: LockedLog) -> None:
        """Take in the lines just written at the end of ``log``, by event id; perhaps none.

        From here on the file counts as known up to its end, what ``catch_up`` took in included.
        """
        start = log.size - sum(map(len, lines.values()))
        for event_id, line in lines.items():
            self._starts[_number(event_id)] = start
            start += len(line)
        self._follow(log)

    def _is_continued_by(self, log: LockedLog) -> bool:
        """Return whether ``log`` still begins with what was scanned, going by its last bytes."""
        if self._identity != log.identity:
            return False
        if self._end == log.size:
            return self._tail == log.tail
        return self._tail == log.read(self._end - len(self._tail), len(self._tail))

    def _start_over(self, log: LockedLog) -> None:
        self._starts.clear()
        self._indexed_from = log.size
        self._follow(log)

    def _follow(self, log: LockedLog) -> None:
        # Up to the last line end: a torn tail may yet be completed by a writer that takes no lock.
        tail = log.tail
        self._tail = tail if tail.endswith(b"\n") else tail[: tail.rfind(b"\n") + 1]
        self._end = log.size - len(tail) + len(self._tail)
        # A tail that is all one torn line gives nothing to go by; the next save starts over.
        self._identity = log.identity if self._tail or not log.size else None

    def _index(self, log: LockedLog, start: int, stop: int) -> None:
        for offset, block in log.blocks(start, stop):
            for event_id, position in named_ids(block, self._codec):
                self._starts[_number(event_id)] = offset + position

    def _find(self, event_id: str, log: LockedLog, stop: int) -> bool:
        for offset, block in log.blocks(0, stop):
            position = find_event(block, event_id, self._codec)
            if position is not None:
                self._starts[_number(event_id)] = offset + position
                return True
        return False


def _number(event_id: str) -> int:
    return hash(event_id) & _MASK
