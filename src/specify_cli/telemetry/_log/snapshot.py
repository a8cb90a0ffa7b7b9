"""The log as a reader sees it: an open file, as long as it was when it was opened."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from . import files, lock

TAIL_SIZE = 512


class OpenLog:
    """An open log file.

    Attributes:
        identity: Which file this is: device and inode number.
        size: Its length in bytes.
        tail: Its last bytes, at most ``TAIL_SIZE``.
        changed: When it was last changed, in nanoseconds.
    """

    __slots__ = ("_fd", "changed", "identity", "size", "tail")

    def __init__(self, fd: int) -> None:
        """Look at the end of the file.

        Raises:
            OSError: It cannot be read, or is not a regular file.
        """
        status = files.regular(fd)
        self._fd = fd
        self.size = size = status.st_size
        self.changed = status.st_mtime_ns
        self.identity = (status.st_dev, status.st_ino)
        self.tail = files.read_at(fd, max(0, size - TAIL_SIZE), TAIL_SIZE)

    def read(self, offset: int, size: int) -> bytes:
        """Return up to ``size`` bytes from ``offset`` on."""
        return files.read_at(self._fd, offset, size)

    def line_at(self, offset: int) -> bytes:
        """Return the line that begins at ``offset``."""
        return files.read_line(self._fd, offset, self.size)

    def blocks(self, start: int, stop: int) -> Iterator[tuple[int, bytes]]:
        """Yield the bytes from ``start`` to ``stop`` as offset and whole lines."""
        return files.read_blocks(self._fd, start, stop)

    def blocks_from(self, start: int) -> Iterator[tuple[int, bytes]]:
        """Yield the bytes from ``start`` on as offset and whole lines, the last perhaps torn."""
        for offset, block in self.blocks(start, self.size):
            yield offset, block if block.endswith(b"\n") else self._complete_line(offset)

    def _complete_line(self, offset: int) -> bytes:
        """Return the line at ``offset``, having waited for the append that may be writing it."""
        with locked_if_possible(self._fd):
            return files.read_line(self._fd, offset, os.fstat(self._fd).st_size)


@contextlib.contextmanager
def locked_if_possible(fd: int) -> Iterator[None]:
    """Hold the lock, for a reader."""
    locked = False
    # Without the lock (a network filesystem may refuse one on a file opened to read), what is there
    # now has to do.
    with contextlib.suppress(OSError):
        locked = lock.acquire(fd)
    try:
        yield
    finally:
        if locked:
            lock.release(fd)
