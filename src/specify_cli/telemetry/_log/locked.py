"""A log as its one writer sees it while holding the lock."""

from __future__ import annotations

import contextlib
import os
from typing import NamedTuple

from . import files, in_flight
from .snapshot import TAIL_SIZE, Prefix, Snapshot


class Appended(NamedTuple):
    """What an append has left behind.

    Attributes:
        start: Where in the file the first line written begins.
        prefix: The whole lines of the file, those just written included.
    """

    start: int
    prefix: Prefix


class LockedLog(Snapshot):
    """A log as its one writer sees it; size and tail include what has been written.

    Attributes:
        counts_on_tail: Whether the last line counts as saved and has no newline yet.
    """

    __slots__ = ("_start", "_written", "counts_on_tail")

    def __init__(self, fd: int, name: str, timeout: float | None) -> None:
        """Look at the end of the file.

        Raises:
            OSError: It cannot be read, or is not a regular file.
        """
        super().__init__(fd, name, timeout)
        self._start = self.size
        self._written = b""
        self.counts_on_tail = False

    def acknowledge(self, line: bytes) -> None:
        """Note that a line of the log counts as saved: without a newline, it is to be ended.

        Until it is, whoever follows the log leaves it out, as the beginning of a longer one.
        """
        if not line.endswith(b"\n"):
            self.counts_on_tail = True

    def write(self, lines: bytes) -> None:
        """Write whole lines at the end, or none; a torn tail is sealed with a newline first.

        Raises:
            OSError: Not all of it could be written; ``roll_back`` is due.
        """
        torn = self.size > 0 and not self.tail.endswith(b"\n")
        self._written = data = b"\n" + lines if torn else lines
        files.write_all(self._fd, data)
        # A network filesystem or a quota may report only on close what it could not write. Closing
        # a copy asks for that now, while the lock is held and rolling back is possible.
        in_flight.close_copy(self._fd)
        self.size += len(data)
        self.tail = (self.tail + data)[-TAIL_SIZE:]

    def sync(self) -> None:
        """Wait until the file is on the device."""
        files.sync_file(self._fd)

    def roll_back(self) -> None:
        """Truncate a write away, if what follows the old end is that write and nothing else."""
        # A refusal is left to the next writer, who seals the torn tail; the first error counts.
        with contextlib.suppress(OSError):
            # Someone who takes no lock may have appended since. Those bytes are theirs.
            left = self.read(self._start, len(self._written) + 1)
            if not (left and self._written.startswith(left)):
                return
            # The size last: no system has a truncation that depends on it, so what is appended
            # between this call and the next is cut off.
            if os.fstat(self._fd).st_size == self._start + len(left):
                os.ftruncate(self._fd, self._start)


class PendingAppend:
    """A log that is held, and what is to be appended when it is let go.

    Attributes:
        log: The log.
        lines: Whole lines, or nothing.
        appended: What has been left behind, once it has.
    """

    __slots__ = ("appended", "lines", "log")

    def __init__(self, log: LockedLog) -> None:
        """Start with nothing to append."""
        self.log = log
        self.lines = b""
        self.appended: Appended | None = None
