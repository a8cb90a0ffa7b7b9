"""Which ids of a log are distinct, in bounded memory and exactly.

A log of any length is read as often as it takes. Of each id 33 bytes are kept: a digest, which no
two ids share, and where the id is. Digests fall into buckets by their first byte. When the ids are
more than the budget, the last buckets are let go, and left to the next pass over the log.
"""

from __future__ import annotations

import struct
from hashlib import blake2b
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple, TypeAlias

# Ids take 66 MB at most, aggregate ids as much; a log of two million events is read once.
BUDGET = 2_000_000

_BUCKETS = 256
_RECORD = struct.Struct(">16s?QQ")

_Record: TypeAlias = tuple[bytes, bool, int, int]
_digest_of = itemgetter(0)


class Repeat(NamedTuple):
    """A place where an id is that is somewhere before already."""

    line: int
    offset: int
    first_line: int
    first_offset: int


class DistinctIds:
    """Counts ids. Every pass has to add the same ids, in the same order.

    Args:
        budget: How many ids are kept at once.
        max_repeats: How many repeats are remembered.

    Attributes:
        count: How many distinct ids there are.
        hidden: How many more there are among the hidden ones.
        repeat_count: How many times an id came again, not counting hidden ones.
        is_complete: Whether no further pass is needed.
    """

    def __init__(self, budget: int, max_repeats: int) -> None:
        """Begin the first pass."""
        self.count = self.hidden = self.repeat_count = 0
        self._repeats: list[Repeat] = []
        self._budget = budget
        self._max_repeats = max_repeats
        self._first = 0
        self._begin()

    def _begin(self) -> None:
        self._stop = _BUCKETS
        self._buckets = [bytearray() for _ in range(_BUCKETS)]
        self._size = 0

    @property
    def is_complete(self) -> bool:
        """Whether no further pass is needed."""
        return self._first == _BUCKETS

    @property
    def repeats(self) -> list[Repeat]:
        """The first repeats, in the order of the log."""
        return sorted(self._repeats)[: self._max_repeats]

    def add(self, name: str, line: int, offset: int, *, hidden: bool = False) -> None:
        """Take in an id.

        Args:
            name: The id.
            line: The number of its line.
            offset: Where it is in the file.
            hidden: Whether it counts only if it is nowhere else.
        """
        digest = blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        if self._first <= digest[0] < self._stop:
            self._buckets[digest[0]] += _RECORD.pack(digest, hidden, line, offset)
            self._size += 1
            if self._size > self._budget:
                self._shrink()

    def end_pass(self) -> None:
        """Count what this pass has found, and begin the next one, if one is needed."""
        for bucket in self._buckets[self._first : self._stop]:
            for _, hidden, _, _ in self._firsts_of(bucket):
                self.hidden += hidden
                self.count += not hidden
        self._first = self._stop
        self._begin()

    def _shrink(self) -> None:
        while self._size > self._budget // 2 and self._stop - self._first > 1:
            self._stop -= 1
            self._size -= len(self._buckets[self._stop]) // _RECORD.size
            self._buckets[self._stop].clear()
        if self._size > self._budget // 2:
            # One id again and again, most likely: no other bucket is left.
            firsts = self._firsts_of(self._buckets[self._first])
            self._buckets[self._first] = bytearray().join(_RECORD.pack(*first) for first in firsts)
            self._size = len(firsts)
            self._budget = max(self._budget, 2 * self._size)

    def _firsts_of(self, bucket: bytearray) -> list[_Record]:
        """Return the first record of each id, having counted the others."""
        firsts = []
        for _, same in groupby(sorted(_RECORD.iter_unpack(bucket)), _digest_of):
            first, *others = same
            firsts.append(first)
            for _, hidden, line, offset in others:
                if not hidden:
                    self.repeat_count += 1
                    self._repeats.append(Repeat(line, offset, first[2], first[3]))
            if len(self._repeats) > 2 * self._max_repeats:
                self._repeats = self.repeats
        return firsts
