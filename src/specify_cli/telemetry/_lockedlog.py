"""The log as its one writer sees it while holding the lock."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from . import _file

TAIL_SIZE = 512


class LockedLog:
    """An open and locked log file.

    Attributes:
        identity: Which file this is: device and inode number.
        size: Its length in bytes, what has been written included.
        tail: Its last bytes, at most ``TAIL_SIZE``, what has been written included.
    """

    __slots__ = ("_fd", "_start", "_written", "identity", "size", "tail")

    def __init__(self, fd: int) -> None:
        """Look at the end of the file.

        Raises:
            OSError: It cannot be read, or is not a regular file.
        """
        status = _file.regular(fd)
        self._fd = fd
        self._start = self.size = size = status.st_size
        self._written = b""
        self.identity = (status.st_dev, status.st_ino)
        self.tail = _file.read_at(fd, max(0, size - TAIL_SIZE), TAIL_SIZE)

    def read(self, offset: int, size: int) -> bytes:
        """Return up to ``size`` bytes from ``offset`` on."""
        return _file.read_at(self._fd, offset, size)

    def line_at(self, offset: int) -> bytes:
        """Return the line that begins at ``offset``."""
        return _file.read_line(self._fd, offset, self.size)

    def blocks(self, start: int, stop: int) -> Iterator[tuple[int, bytes]]:
        """Yield the bytes from ``start`` to ``stop`` as offset and whole lines."""
        return _file.read_blocks(self._fd, start, stop)

    def write(self, lines: bytes) -> None:
        """Write whole lines at the end; a torn tail is sealed with a newline first.

        Raises:
            OSError: Not all of it could be written; ``undo`` is due.
        """
        torn = self.size > 0 and not self.tail.endswith(b"\n")
        self._written = data = b"\n" + lines if torn else lines
        _file.write_all(self._fd, data)
        # A network filesystem or a quota may report only on close what it could not write. Closing
        # a copy asks for that now, while the lock is held and undoing is possible.
        os.close(os.dup(self._fd))
        self.size += len(data)
        self.tail = (self.tail + data)[-TAIL_SIZE:]

    def undo(self) -> None:
        """Truncate a write away, if what follows the old end is that write and nothing else."""
        # A refusal is left to the next writer, who seals the torn tail; the first error counts.
        with contextlib.suppress(OSError):
            size = os.fstat(self._fd).st_size
            # Someone who takes no lock may have appended since. Those bytes are theirs.
            if size > self._start and self._written.startswith(
                self.read(self._start, size - self._start)
            ):
                os.ftruncate(self._fd, self._start)
