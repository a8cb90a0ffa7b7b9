"""A log that is looked at while nothing is appended to it, and one that is held against writers."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

from . import files, in_flight, lock
from .snapshot import Snapshot

_CLOSED = -1

if sys.platform == "win32":  # pragma: windows
    from .retry import retried

    def _hold(path: Path, flags: int, kind: lock.Kind) -> tuple[Generator[object], int, bool]:
        """Open and lock a file, or refuse after a moment: nobody opens one that is replaced."""
        return retried(lambda: _try_to_hold(path, flags, kind), seconds=0.25)

else:  # pragma: posix

    def _hold(path: Path, flags: int, kind: lock.Kind) -> tuple[Generator[object], int, bool]:
        """Open and lock a file."""
        return _try_to_hold(path, flags, kind)


class ChangedError(Exception):
    """The path names another file than the one that was read, or the file has changed."""


@contextlib.contextmanager
def snapshot_of(path: Path) -> Iterator[Snapshot]:
    """Open a log as it is at a moment when no append to it is under way.

    Raises:
        OSError: It is missing, or cannot be read.
    """
    holding, fd, _ = _hold(path, os.O_RDONLY, "shared")
    try:
        try:
            snapshot = Snapshot(fd, os.fspath(path))
        finally:
            lock.release(fd)
            in_flight.threads.pop(fd, None)
        yield snapshot
    finally:
        holding.close()


class HeldLog:
    """A log that no writer can append to; see ``held``.

    Attributes:
        path: The file itself, where a symbolic link was given.
        status: The file's status when it was opened.
        snapshot: The file as it was then.
    """

    def __init__(self, path: Path) -> None:
        """Open and lock the log."""
        self.path = Path(os.path.realpath(path))
        self.hold(path)
        try:
            self.status = files.regular(self._fd)
            self.snapshot = Snapshot(self._fd, os.fspath(path))
            self.check()
        except BaseException:
            self.let_go()
            raise

    def hold(self, path: Path) -> None:
        """Open and lock the file, by any of its names."""
        self._holding, self._fd, is_locked = _hold(path, os.O_RDWR, "exclusive")
        if not is_locked:
            self.let_go()
            # A save without a lock goes wrong once in a while; this would lose what is saved.
            raise OSError(errno.ENOLCK, "the file system has no file locks")

    def let_go(self) -> None:
        """Give the lock back and close the file, if it is open."""
        self._fd = _CLOSED
        # Nothing has been written to it that closing could lose.
        with contextlib.suppress(OSError):
            self._holding.close()

    @property
    def is_held(self) -> bool:
        """Whether nobody else writes to this file, and the path names it."""
        return self._fd != _CLOSED and files.names(self.path, self.snapshot.identity)

    def check(self) -> None:
        """See that the path names this file, and that it is as long as it was.

        Raises:
            ChangedError: A checkout has replaced it, say, or a program that takes no lock has
                appended to it.
        """
        if not self.is_held or os.fstat(self._fd).st_size != self.snapshot.size:
            raise ChangedError

    def appended(self) -> bytes:
        """Return what the file holds by now behind the snapshot."""
        blocks = files.read_blocks(self._fd, self.snapshot.size, os.fstat(self._fd).st_size)
        return b"".join(block for _, block in blocks)


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


def _try_to_hold(path: Path, flags: int, kind: lock.Kind) -> tuple[Generator[object], int, bool]:
    holding = lock.hold(os.fspath(path), flags, kind)
    try:
        return holding, *next(holding)
    except BaseException:
        holding.close()
        raise
