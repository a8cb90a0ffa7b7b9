"""An append-only file of lines, shared by threads and processes; it knows nothing of events.

A writer opens the file, locks it, looks at what is there, writes once and closes; nothing stays
open between calls. Under the lock these hold:

* A last line without its newline is a torn tail: the writer died. It is sealed, never removed: the
  next append begins with a newline.
* A write that fails is undone by truncating to where it began, unless the bytes there are not, or
  not only, the ones being undone.
* The path may come to name another file at any time. What was not written to the file at the path
  is written again.

A reader takes no lock. It reads up to the size it found at the start; only a last line without
newline, perhaps half of an append in flight, makes it wait for the lock and look again.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from .._contract import StorageError
from . import files, lock
from .locked import LockedLog
from .snapshot import OpenLog, locked_if_possible

logger = logging.getLogger(__name__)

_MAX_REPLACEMENTS = 100


class AppendLog:
    """The file of lines at one path.

    Args:
        path: The file; it need not exist, nor its directories.
        fsync: Whether an append waits for the device.
        error_type: What is raised when the operating system refuses.
    """

    def __init__(
        self, path: Path, *, fsync: bool, error_type: type[Exception] = StorageError
    ) -> None:
        self.path = path
        self.fsync = fsync
        self.error_type = error_type
        self._name = os.fspath(path)
        self._synced_directory_of: tuple[int, int] | None = None
        self._warned = False

    def append(self, choose: Callable[[LockedLog], bytes]) -> LockedLog:
        """Append the lines that ``choose`` returns after looking at the locked file.

        Args:
            choose: Returns whole lines, or nothing to leave the file as it is. Called again when
                the path turns out to name another file.

        Returns:
            The file as it is on return: the lines are in it, whole; synced, if so asked.

        Raises:
            StorageError: The operating system refused. None of the lines is in the file, unless
                undoing the write was refused too.
        """
        try:
            for _ in range(_MAX_REPLACEMENTS):
                log = self._try_append(choose)
                if log is not None:
                    return log
        except OSError as error:
            raise self._refused("append to", error) from error
        raise self.error_type(f'cannot append to "{self.path}": it is replaced again and again')

    @contextlib.contextmanager
    def opened(self, *, settled: bool = False) -> Iterator[OpenLog | None]:
        """Give the file as it is now, to read; None if it is missing. Nothing is written.

        Args:
            settled: Whether to wait for a moment when no append is under way: then none of what is
                there up to its size can still be rolled back.

        Raises:
            StorageError: The operating system refused, here or while the file was read.
        """
        fd = None
        try:
            with contextlib.suppress(FileNotFoundError):
                fd = files.open_file(self._name, os.O_RDONLY)
            if fd is None:
                yield None
                return
            try:
                with locked_if_possible(fd) if settled else contextlib.nullcontext():
                    log = OpenLog(fd)
                yield log
            finally:
                os.close(fd)
        except OSError as error:
            raise self._refused("read", error) from error

    def blocks(self) -> Iterator[bytes]:
        """Yield the content as blocks of whole lines, the last perhaps without its newline.

        A missing file yields nothing. Memory: one block of ``BLOCK_SIZE`` bytes, or the longest
        line. Nothing is written.

        Raises:
            StorageError: The operating system refused.
        """
        with self.opened() as log:
            if log is not None:
                for _, block in log.blocks_from(0):
                    yield block

    def line_at(self, offset: int) -> bytes:
        """Return the line that begins at ``offset`` now, or nothing if it cannot be read.

        Without the lock: what is returned need not stay, unless it was there under the lock before.
        """
        try:
            fd = files.open_file(self._name, os.O_RDONLY)
        except OSError:
            return b""
        try:
            return files.read_line(fd, offset, 1 << 62)
        except OSError:
            return b""
        finally:
            files.close_quietly(fd)

    def _try_append(self, choose: Callable[[LockedLog], bytes]) -> LockedLog | None:
        """Append once, or return None when the path turned out to name another file."""
        fd = self._open()
        try:
            locked = self._acquire(fd)
            try:
                log = LockedLog(fd)
                return log if self._write(fd, log, choose(log), may_undo=locked) else None
            finally:
                if locked:
                    lock.release(fd)
        finally:
            # Whatever close could still report has been asked for by the write, under the lock.
            files.close_quietly(fd)

    def _open(self) -> int:
        flags = os.O_RDWR | os.O_APPEND
        try:
            return files.open_file(self._name, flags)
        except FileNotFoundError:
            self._make_parents()
            return files.open_file(self._name, flags | os.O_CREAT)

    def _make_parents(self) -> None:
        parent = self.path.parent
        missing = [folder for folder in (parent, *parent.parents) if not folder.exists()]
        parent.mkdir(parents=True, exist_ok=True)
        if self.fsync:
            for folder in missing:
                files.sync_directory(folder.parent)

    def _acquire(self, fd: int) -> bool:
        locked = lock.acquire(fd)
        if not locked and not self._warned:
            self._warned = True
            logger.warning(
                'No file locks for "%s": a save by another process at the same moment may be '
                "written twice",
                self.path,
            )
        return locked

    def _names(self, identity: tuple[int, int]) -> bool:
        try:
            status = os.stat(self._name)  # noqa: PTH116  # on every save: Path.stat costs more
        except FileNotFoundError:
            return False
        return (status.st_dev, status.st_ino) == identity

    def _write(self, fd: int, log: LockedLog, lines: bytes, *, may_undo: bool) -> bool:
        """Write the lines whole or not at all; return whether they are in the file at the path."""
        current = False
        try:
            if lines:
                log.write(lines)
            if self.fsync:
                self._sync(fd, log.identity)
            # Only now: the path may have come to name another file while we waited for the lock,
            # and also while we wrote.
            current = self._names(log.identity)
        finally:
            # Not only on OSError: an interrupt must not leave half a line either.
            if not current and may_undo:
                log.undo()
        return current

    def _sync(self, fd: int, identity: tuple[int, int]) -> None:
        # Also when nothing was written: another writer, one that does not sync, may have saved the
        # event that is about to be acknowledged.
        files.sync_file(fd)
        if self._synced_directory_of != identity:
            files.sync_directory(self.path.parent)
            self._synced_directory_of = identity

    def _refused(self, action: str, error: OSError) -> Exception:
        return self.error_type(f'cannot {action} "{self.path}": {error.strerror or error}')
