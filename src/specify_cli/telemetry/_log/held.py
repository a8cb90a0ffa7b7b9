"""A log that is held: nobody else writes to it until it is let go."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from . import files, lock

_CLOSED = -1


if sys.platform == "win32":  # pragma: windows
    import time

    # A quarter of a second in all.
    _DELAYS = [0.005 * number for number in range(10)]

    def open_log(path: Path, flags: int) -> int:
        """Open a log, or refuse after a moment: while it is being replaced, nobody can open it."""
        for delay in _DELAYS:
            with contextlib.suppress(PermissionError):
                return files.open_file(os.fspath(path), flags)
            time.sleep(delay)
        return files.open_file(os.fspath(path), flags)

else:  # pragma: posix

    def open_log(path: Path, flags: int) -> int:
        """Open a log."""
        return files.open_file(os.fspath(path), flags)


class ChangedError(Exception):
    """The path names another file than the one that was read, or the file has grown."""


class HeldLog:
    """A log that no writer can append to until the context is left.

    Args:
        path: The log.

    Attributes:
        path: The file itself, where ``path`` is a symbolic link to it.
        status: The file's status when it was opened.
        size: Its length then.

    Raises:
        ChangedError: The path came to name another file while the lock was waited for.
        OSError: It cannot be opened and locked.
    """

    def __init__(self, path: Path) -> None:
        """Open and lock the log."""
        self._fd = open_log(path, os.O_RDWR)
        try:
            self.path = Path(os.path.realpath(path))
            self._lock()
            self.status = files.regular(self._fd)
            self.size = self.status.st_size
            self.check()
        except BaseException:
            self.let_go()
            raise

    def __enter__(self) -> Self:
        """Return the log."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Let others write."""
        self.let_go()

    def blocks(self) -> Iterator[tuple[int, bytes]]:
        """Yield the content as offset and block of whole lines."""
        return files.read_blocks(self._fd, 0, self.size)

    def appended(self) -> bytes:
        """Return what the file holds beyond ``size`` by now."""
        blocks = files.read_blocks(self._fd, self.size, os.fstat(self._fd).st_size)
        return b"".join(block for _, block in blocks)

    def is_held(self) -> bool:
        """Return whether nobody else writes to this file, and the path names it."""
        try:
            return self._fd != _CLOSED and os.path.samestat(os.stat(self.path), self.status)  # noqa: PTH116  # as elsewhere
        except FileNotFoundError:
            return False

    def check(self) -> None:
        """See that the path names this file, and that it is as long as it was.

        Raises:
            ChangedError: A checkout has replaced it, say, or a program that takes no lock has
                appended to it.
        """
        if not self.is_held() or os.fstat(self._fd).st_size != self.size:
            raise ChangedError

    def let_go(self) -> None:
        """Give the lock back and close the file."""
        fd, self._fd = self._fd, _CLOSED
        if fd != _CLOSED:  # pragma: no branch  # only Windows needs to let go early
            lock.release(fd)
            files.close_quietly(fd)

    def hold_again(self, path: Path) -> None:  # pragma: windows
        """Open and lock the file that has been let go, by any of its names."""
        self._fd = open_log(path, os.O_RDWR)
        self._lock()

    def _lock(self) -> None:
        if not lock.acquire(self._fd):
            # A save without a lock goes wrong once in a while; this would lose what is saved.
            raise OSError(errno.ENOLCK, "the file system has no file locks")
