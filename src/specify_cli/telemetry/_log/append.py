"""An append-only file of lines, shared by threads and processes; it knows nothing of events.

A writer opens the file, locks it, looks at what is there, writes once and closes; nothing stays
open between calls. Under the lock these hold:

* A last line without its newline is a torn tail: the writer died. It is sealed, never removed: the
  next append begins with a newline.
* A write that fails is rolled back by truncating to where it began, unless the bytes there are not,
  or not only, the ones being rolled back.
* The path may come to name another file at any time. What was not written to the file at the path
  is written again.

A reader takes no lock. It reads up to the size it found at the start; only a last line without
newline, perhaps half of an append in flight, makes it wait for the lock and look again.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from . import files, in_flight, lock
from .directories import DirectorySync
from .locked import LockedLog
from .snapshot import Prefix, Snapshot

_MAX_REPLACEMENTS = 100


class Appended(NamedTuple):
    """What an append has left behind.

    Attributes:
        start: Where in the file the first line written begins.
        prefix: The whole lines of the file, those just written included.
    """

    start: int
    prefix: Prefix


class AppendLog:
    """The file of lines at one path.

    Args:
        path: The file; it need not exist, nor its directories.
        fsync: Whether an append waits for the device.
        timeout: How many seconds to wait for the lock; None waits without end.
        logger: Where warnings go.
        error_type: What is raised when the operating system refuses.
    """

    def __init__(
        self,
        path: Path,
        *,
        fsync: bool,
        timeout: float | None = lock.TIMEOUT,
        logger: logging.Logger,
        error_type: type[Exception],
    ) -> None:
        self.path = path
        self.fsync = fsync
        self.timeout = timeout
        self.error_type = error_type
        self.logger = logger
        self._name = os.fspath(path)
        self._directories = DirectorySync(self._name)
        self._warned = False

    def append(self, choose: Callable[[LockedLog], bytes]) -> Appended:
        """Append the lines that ``choose`` returns after looking at the locked file.

        Args:
            choose: Returns whole lines, or nothing to leave the file as it is. Called again when
                the path turns out to name another file.

        Returns:
            What is in the file on return, whole; synced, if so asked.

        Raises:
            StorageError: The operating system refused. None of the lines is in the file, unless
                rolling the write back was refused too.
        """
        last_error = OSError(errno.EAGAIN, "it is replaced again and again")
        try:
            for _ in range(_MAX_REPLACEMENTS):
                try:
                    appended = self._try_append(choose)
                except FileNotFoundError as error:
                    last_error = error
                    self.path.parent.mkdir(parents=True, exist_ok=True)
                    continue
                if appended is not None:
                    return appended
            raise last_error
        except OSError as error:
            raise self._refused("append to", error) from error

    @contextlib.contextmanager
    def opened(self, *, settled: bool = False) -> Iterator[Snapshot | None]:
        """Give the file as it is now, to read; None if it is missing. Nothing is written.

        Args:
            settled: Whether to wait for a moment when no append is under way: then none of what is
                there up to its size can still be rolled back.

        Raises:
            StorageError: The operating system refused, here or while the file was read; or, if it
                is to be settled, this thread is in the middle of an append.
        """
        opening = lock.hold(
            self._name, os.O_RDONLY, "shared" if settled else "no", timeout=self.timeout
        )
        try:
            try:
                fd, _ = next(opening)
                try:
                    snapshot = Snapshot(fd, self._name, self.timeout)
                finally:
                    if settled:
                        lock.release(fd)
                        in_flight.threads.pop(fd, None)
                yield snapshot
            except FileNotFoundError:
                yield None
            finally:
                opening.close()
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
                yield from log.all_blocks()

    def line_at(self, offset: int) -> bytes:
        """Return the line that begins at ``offset``, or nothing if none can be read there.

        No append is under way at that moment, so the line cannot be rolled back.
        """
        looking = lock.hold(self._name, os.O_RDONLY, "shared", timeout=self.timeout)
        try:
            fd, _ = next(looking)
            return files.read_line(fd, offset, files.regular(fd).st_size)
        except OSError:
            return b""
        finally:
            # Nothing has been written that closing could report.
            with contextlib.suppress(OSError):
                looking.close()

    def _try_append(self, choose: Callable[[LockedLog], bytes]) -> Appended | None:
        """Append once, or return None when the path turned out to name another file."""
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT
        holding = lock.hold(self._name, flags, timeout=self.timeout)
        try:
            fd, locked = next(holding)
            if not locked:
                self._warn_once()
            return self._write(
                LockedLog(fd, self._name, self.timeout), choose, may_roll_back=locked
            )
        finally:
            try:  # noqa: SIM105  # no call of Python code here: see lock.hold
                holding.close()
            except OSError:  # what closing could still report, the write has asked for
                pass

    def _write(
        self, log: LockedLog, choose: Callable[[LockedLog], bytes], *, may_roll_back: bool
    ) -> Appended | None:
        """Write the lines whole or not at all; return None if not to the file at the path."""
        lines = choose(log)
        current = False
        try:
            if lines:
                log.write(lines)
            if self.fsync:
                # Also when nothing was written: another writer, one that does not sync, may have
                # saved what is about to be acknowledged.
                log.sync()
                self._directories.sync()
            # Only now: the path may have come to name another file while we waited for the lock,
            # and also while we wrote.
            current = files.names(self._name, log.identity)
        finally:
            # Not only on OSError: an interrupt must not leave half a line either.
            if not current and may_roll_back:
                log.roll_back()
        return Appended(log.size - len(lines), log.prefix()) if current else None

    def _warn_once(self) -> None:
        if not self._warned:
            self._warned = True
            self.logger.warning(
                'No file locks for "%s": a save by another process at the same moment may be '
                "written twice",
                self.path,
            )

    def _refused(self, action: str, error: OSError) -> Exception:
        return self.error_type(files.refusal(action, self.path, error))
