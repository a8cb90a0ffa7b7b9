"""A log that is looked at while nothing is appended to it, and one that is held against writers."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from . import files, lock
from .snapshot import OpenLog, locked_if_possible

_CLOSED = -1

if sys.platform == "win32":  # pragma: windows
    from .retry import retried

    def open_log(path: Path, flags: int) -> int:
        """Open a log, or refuse after a moment: while it is being replaced, nobody can open it."""
        return retried(lambda: files.open_file(os.fspath(path), flags), seconds=0.25)

else:  # pragma: posix

    def open_log(path: Path, flags: int) -> int:
        """Open a log."""
        return files.open_file(os.fspath(path), flags)


class ChangedError(Exception):
    """The path names another file than the one that was read, or the file has changed."""


@contextlib.contextmanager
def snapshot_of(path: Path) -> Iterator[OpenLog]:
    """Open a log as it is at a moment when no append to it is under way.

    Raises:
        OSError: It is missing, or cannot be read.
    """
    fd = open_log(path, os.O_RDONLY)
    try:
        with locked_if_possible(fd):
            snapshot = OpenLog(fd)
        yield snapshot
    finally:
        files.close_quietly(fd)


class HeldLog:
    """A log that no writer can append to; see ``held``.

    Attributes:
        path: The file itself, where a symbolic link was given.
        status: The file's status when it was opened.
        snapshot: The file as it was then.
    """

    def __init__(self, path: Path) -> None:
        """Open and lock the log."""
        self._fd = open_log(path, os.O_RDWR)
        try:
            self.path = Path(os.path.realpath(path))
            self._lock()
            self.status = files.regular(self._fd)
            self.snapshot = OpenLog(self._fd)
            self.check()
        except BaseException:
            self.let_go()
            raise

    def appended(self) -> bytes:
        """Return what the file holds by now behind the snapshot."""
        blocks = files.read_blocks(self._fd, self.snapshot.size, os.fstat(self._fd).st_size)
        return b"".join(block for _, block in blocks)

    @property
    def is_held(self) -> bool:
        """Whether nobody else writes to this file, and the path names it."""
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
        if not self.is_held or os.fstat(self._fd).st_size != self.snapshot.size:
            raise ChangedError

    def let_go(self) -> None:
        """Give the lock back and close the file, if it is open."""
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


@contextlib.contextmanager
def held(path: Path) -> Iterator[HeldLog]:
    """Hold a log: nobody else appends to it until the context is left.

    Raises:
        ChangedError: The path came to name another file while the lock was waited for.
        OSError: It cannot be opened and locked.
    """
    log = HeldLog(path)
    try:
        yield log
    finally:
        log.let_go()
