"""How much of a file is known to hold nothing but intact events."""

from __future__ import annotations

from collections.abc import Iterator

from .._log.snapshot import TAIL_SIZE, OpenLog
from .recent import RecentIds


class CleanPrefix:
    """The beginning of a file, found to hold intact events only, each id once.

    Attributes:
        end: Its length in bytes; 0 where nothing is known.
        lines: How many lines it has.
    """

    def __init__(self) -> None:
        """Know nothing."""
        self.end = self.lines = 0
        self._identity: tuple[int, int] | None = None
        self._tail = b""
        self._seen = (0, 0)
        self._ids = RecentIds()
        # While the rest of a file is read: whether it has been clean so far, the ids of the block
        # at hand, and those of what cannot be taken in.
        self._clean = True
        self._block: list[str] = []
        self._ids_after = RecentIds()

    def is_in(self, log: OpenLog) -> bool:
        """Return whether ``log`` still begins with this, going by the last bytes of it."""
        if self._identity != log.identity:
            return False
        # What has been written to and is no longer than before was changed in place.
        if self._seen[0] == log.size and self._seen[1] != log.changed:
            return False
        return self._tail == log.read(self.end - len(self._tail), len(self._tail))

    def blocks_after(self, log: OpenLog) -> Iterator[bytes]:
        """Yield the rest of ``log``, taking in each block that turns out to be clean as well.

        A block is clean if ``is_new`` has been true for each of its lines before the next is asked
        for.
        """
        self._clean, self._ids_after = True, RecentIds()
        for offset, block in log.blocks_from(self.end):
            self._block = []
            yield block
            if self._clean:
                self._take_in(offset, block)
        self._block, self._ids_after = [], RecentIds()
        self._identity, self._seen = log.identity, (log.size, log.changed)
        self._tail = log.read(max(0, self.end - TAIL_SIZE), min(self.end, TAIL_SIZE))

    def is_new(self, event_id: str) -> bool:
        """Return whether the id of an intact event has not been seen, of late, in this file."""
        if not self._clean:
            return event_id not in self._ids and self._ids_after.is_new(event_id)
        is_new = self._ids.is_new(event_id)
        if is_new:
            self._block.append(event_id)
        return is_new

    def _take_in(self, offset: int, block: bytes) -> None:
        lines = block.count(b"\n")
        if block.endswith(b"\n") and len(self._block) == lines:
            self.end = offset + len(block)
            self.lines += lines
            return
        self._clean = False
        for event_id in self._block:
            self._ids.forget(event_id)
            self._ids_after.is_new(event_id)
