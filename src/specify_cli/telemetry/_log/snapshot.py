"""A log as a reader sees it: an open file, as long as it was when it was opened.

A reader takes no lock. It reads up to the size it found at the start; only a last line without
newline, perhaps half of an append in flight, makes it wait for the lock and look again.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import NamedTuple

from . import files, lock

TAIL_SIZE = 512


class Prefix(NamedTuple):
    """The beginning of a file, by which it is known again when it has grown.

    What is kept of a file between calls is kept with a prefix, and used only while the file still
    begins with it: the same file, with the same bytes just before the end of the prefix.

    Attributes:
        identity: Which file it is: device and inode number.
        end: How many bytes it has.
        tail: The last of them.
    """

    identity: tuple[int, int]
    end: int
    tail: bytes


# No file begins with it.
NO_PREFIX = Prefix((-1, -1), 0, b"")


class Snapshot:
    """An open log file.

    Attributes:
        identity: Which file this is: device and inode number.
        size: Its length in bytes.
        tail: Its last bytes.
    """

    __slots__ = ("_fd", "_name", "_timeout", "identity", "size", "tail")

    def __init__(self, fd: int, name: str, timeout: float | None = None) -> None:
        """Look at the end of the file.

        Args:
            fd: The open file.
            name: Its path.
            timeout: How many seconds to wait for an append under way; None waits without end.

        Raises:
            OSError: It cannot be read, or is not a regular file.
        """
        status = files.regular(fd)
        self._fd = fd
        self._name = name
        self._timeout = timeout
        self.size = size = status.st_size
        self.identity = (status.st_dev, status.st_ino)
        start = max(0, size - TAIL_SIZE)
        self.tail = files.read_at(fd, start, size - start)

    def read(self, offset: int, size: int) -> bytes:
        """Return ``size`` bytes from ``offset`` on, fewer only where the file ends."""
        return files.read_at(self._fd, offset, size)

    def line_at(self, offset: int) -> bytes:
        """Return the line that begins at ``offset``; nothing if none begins there."""
        return files.read_line(self._fd, offset, self.size)

    def blocks(self, start: int, stop: int) -> Iterator[tuple[int, bytes]]:
        """Yield the bytes from ``start`` to ``stop`` as offset and whole lines."""
        return files.read_blocks(self._fd, start, stop)

    def all_blocks(self) -> Iterator[bytes]:
        """Yield all of the file as whole lines, the last perhaps torn."""
        for offset, block in self.blocks(0, self.size):
            yield block if block.endswith(b"\n") else self._complete_line(offset)

    def prefix(self, end: int | None = None) -> Prefix:
        """Return the beginning of the file up to ``end``, by default up to its last line end.

        A torn tail is no part of it: a writer that takes no lock may yet complete it. Of a file
        whose last line is torn and long, nothing is told: the prefix is empty.
        """
        if end is None:
            tail = self.tail[: self.tail.rfind(b"\n") + 1]
            end = self.size - len(self.tail) + len(tail) if tail else 0
            return Prefix(self.identity, end, tail)
        if end == self.size:
            return Prefix(self.identity, end, self.tail)
        start = max(0, end - TAIL_SIZE)
        return Prefix(self.identity, end, self.read(start, end - start))

    def begins_with(self, prefix: Prefix) -> bool:
        """Return whether the file begins with ``prefix``, going by the last bytes of it."""
        start = prefix.end - len(prefix.tail)
        return self.identity == prefix.identity and (
            prefix.tail == self.tail
            if prefix.end == self.size
            else prefix.tail == self.read(start, len(prefix.tail))
        )

    def _complete_line(self, offset: int) -> bytes:
        """Return the line at ``offset``, having waited for the append that may be writing it."""
        waiting = lock.hold(self._name, os.O_RDONLY, "shared", timeout=self._timeout)
        try:
            # Without the lock, or where the path names another file by now, what is there will do.
            with contextlib.suppress(OSError):
                next(waiting)
            # Before the lock is given back: the next append may be at the same place.
            return files.read_line(self._fd, offset, os.fstat(self._fd).st_size)
        finally:
            with contextlib.suppress(OSError):
                waiting.close()
