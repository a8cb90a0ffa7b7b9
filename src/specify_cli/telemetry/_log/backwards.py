"""Reading a log from its end: the last lines of a long one come as fast as of a short one."""

from __future__ import annotations

from collections.abc import Iterator

from . import files
from .snapshot import Snapshot


def blocks_backwards(log: Snapshot) -> Iterator[tuple[int, bytes]]:
    """Yield offset and whole lines, the last block of the file first.

    Memory: a block of ``BLOCK_SIZE``, or twice the longest line.
    """
    end = log.size
    size = files.BLOCK_SIZE
    while end > 0:
        start = max(0, end - size)
        block = log.read(start, end - start)
        # What is before the first newline may be the end of a line that begins further up.
        cut = block.find(b"\n") + 1 if start else 0
        if start and cut in {0, len(block)}:
            size *= 2
            continue
        yield start + cut, block[cut:]
        end = start + cut
        size = files.BLOCK_SIZE


def lines_in(block: bytes) -> list[bytes]:
    """Return the lines of a block, without their newlines."""
    return block.removesuffix(b"\n").split(b"\n")
