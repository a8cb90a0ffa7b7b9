"""An append-only file of lines, shared by threads and processes; it knows nothing of events.

A writer opens the file, locks it, looks at what is there, writes once and closes; nothing stays
open between calls. Under the lock these hold:

* A last line without its newline is a torn tail: the writer died. It is sealed, never removed: the
  next append begins with a newline.
* A write that fails is rolled back by truncating to where it began, unless the bytes there are not,
  or not only, the ones being rolled back.
* The path may come to name another file at any time. What was not written to the file at the path
  is written again.

A reader takes no lock: see ``Snapshot``.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Generator, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

from . import files, in_flight, lock
from .directories import DirectorySync
from .errors import HeldTooLongError, lock_timeout
from .locked import Appended, LockedLog, PendingAppend
from .logger import Logger
from .snapshot import Snapshot

_T = TypeVar("_T")

_MAX_REPLACEMENTS = 100
_APPENDING = os.O_RDWR | os.O_APPEND | os.O_CREAT


class AppendLog:
    """The file of lines at one path.

    Args:
        path: The file; it need not exist, nor its directories.
        fsync: Whether an append waits for the device.
        timeout: How many seconds to wait for the lock; None waits without end.
        mode: What the umask leaves of it is the mode of a file that is created.
        follow_symlinks: Whether the path may be a symbolic link.
        logger: Where warnings go.
        error_type: What is raised when the operating system refuses.
    """

    def __init__(  # noqa: PLR0913  # all of a store's, and each by name
        self,
        path: Path,
        *,
        fsync: bool,
        timeout: float | None = lock.TIMEOUT,
        mode: int = files.MODE,
        follow_symlinks: bool = True,
        logger: Logger,
        error_type: type[Exception],
    ) -> None:
        self.path = path
        self.fsync = fsync
        self.timeout = timeout
        self.mode = mode
        self.follow_symlinks = follow_symlinks
        self.error_type = error_type
        self.logger = logger
        self._name = name = os.fspath(path)
        self._hold = partial(lock.hold, name, timeout=timeout, mode=mode, follow=follow_symlinks)
        self._directories = DirectorySync(name)
        self._has_warned = False

    def append(self, choose: Callable[[LockedLog], bytes], since: float | None = None) -> Appended:
        """Append the lines that ``choose`` returns after looking at the locked file.

        Args:
            choose: Returns whole lines, or nothing to leave the file as it is. Called again when
                the path turns out to name another file.
            since: From which ``time.monotonic`` on to wait; by default from now on.

        Returns:
            What is in the file on return, whole; synced, if so asked.

        Raises:
            StorageError: The operating system refused. None of the lines is in the file, unless
                rolling the write back was refused too.
        """
        return self._until_current(lambda: self._try_append(choose, since))

    @contextlib.contextmanager
    def locked(self) -> Iterator[PendingAppend]:
        """Hold the log, and append on leaving what is pending then; nothing if anything was raised.

        Raises:
            StorageError: The operating system refused, there are no locks, or the path has come to
                name another file. Nothing is appended.
        """
        holding, log = self._until_current(self._try_to_hold)
        try:
            pending = PendingAppend(log)
            yield pending
            try:
                pending.appended = self._write(log, pending.lines, may_roll_back=True)
            except OSError as error:
                raise self.refused("append to", error) from error
            if pending.appended is None:
                gone = OSError(errno.ESTALE, "another file has taken its place")
                raise self.refused("append to", gone) from gone
        finally:
            with contextlib.suppress(OSError):
                holding.close()

    @contextlib.contextmanager
    def opened(self, *, settled: bool = False) -> Iterator[Snapshot | None]:
        """Give the file as it is now, to read; None if it is missing. Nothing is written.

        Args:
            settled: Whether to wait for a moment when no append is under way: then none of what is
                there up to its size can still be rolled back.

        Raises:
            StorageError: It was refused, here or while it was read, or see ``lock.acquire``.
        """
        opening = self._hold(os.O_RDONLY, "shared" if settled else "no")
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
            raise self.refused("read", error) from error

    def blocks(self) -> Iterator[bytes]:
        """Yield blocks of whole lines, the last perhaps torn; nothing if there is no file.

        Raises:
            StorageError: The operating system refused.
        """
        with self.opened() as log:
            if log is not None:
                yield from log.all_blocks()

    def line_at(self, offset: int) -> bytes:
        """Return the line at ``offset``; nothing where that is refused, or another is appending."""
        with contextlib.suppress(OSError):
            looking = self._hold(os.O_RDONLY, "shared", timeout=0)
            try:
                fd, _ = next(looking)
                return files.read_line(fd, offset, files.regular(fd).st_size)
            finally:
                looking.close()
        return b""

    def refuse_own(self) -> None:
        """Refuse what this thread would wait for in vain: it has the log locked itself."""
        if in_flight.is_locked_by_this_thread(self._name):
            error = OSError(*lock.OWN_APPEND)
            raise self.refused("append to", error) from error

    def refused(self, action: str, error: OSError) -> Exception:
        """Return what to raise when the operating system refuses, or no lock was to be had."""
        is_late = isinstance(error, HeldTooLongError)
        error_type = lock_timeout(self.error_type) if is_late else self.error_type
        return error_type(files.refusal(action, self.path, error))

    def _until_current(self, attempt: Callable[[], _T | None]) -> _T:
        """Return what ``attempt`` returns when the path has not come to name another file."""
        last_error = OSError(errno.EAGAIN, "it is replaced again and again")
        try:
            for _ in range(_MAX_REPLACEMENTS):
                try:
                    result = attempt()
                except FileNotFoundError as error:
                    last_error = error
                    self.path.parent.mkdir(parents=True, exist_ok=True)
                    continue
                if result is not None:
                    return result
            raise last_error
        except OSError as error:
            raise self.refused("append to", error) from error

    def _try_append(
        self, choose: Callable[[LockedLog], bytes], since: float | None
    ) -> Appended | None:
        """Append once, or return None when the path turned out to name another file."""
        holding = self._hold(_APPENDING, "exclusive", since=since)
        try:
            fd, locked = next(holding)
            if not (locked or self._has_warned):
                self._has_warned = True
                self.logger.warning(
                    'No file locks for "%s": a save by another process at the same moment may be '
                    "written twice",
                    self.path,
                )
            log = LockedLog(fd, self._name, self.timeout)
            return self._write(log, choose(log), may_roll_back=locked)
        finally:
            try:  # noqa: SIM105  # no call of Python code here: see lock.hold
                holding.close()
            except OSError:  # what closing could still report, the write has asked for
                pass

    def _try_to_hold(self) -> tuple[Generator[object], LockedLog] | None:
        """Open and lock the file, or return None when the path turned out to name another one."""
        holding = self._hold(_APPENDING, "exclusive")
        is_current = False
        try:
            fd, locked = next(holding)
            if not locked:
                # An append without a lock goes wrong once in a while; this would promise too much.
                raise OSError(errno.ENOLCK, "the file system has no file locks")
            log = LockedLog(fd, self._name, self.timeout)
            is_current = files.names(self._name, log.identity, follow=self.follow_symlinks)
            return (holding, log) if is_current else None
        finally:
            if not is_current:
                holding.close()

    def _write(self, log: LockedLog, lines: bytes, *, may_roll_back: bool) -> Appended | None:
        """Write the lines whole or not at all; return None if not to the file at the path."""
        current = False
        try:
            if lines or log.counts_on_tail:
                log.write(lines)
            if self.fsync:
                # Also when nothing was written: another writer, one that does not sync, may have
                # saved what is about to be acknowledged.
                log.sync()
                self._directories.sync()
            # Only now: the path may have come to name another file while we waited for the lock,
            # and also while we wrote.
            current = files.names(self._name, log.identity, follow=self.follow_symlinks)
        finally:
            # Not only on OSError: an interrupt must not leave half a line either.
            if not current and may_roll_back:
                log.roll_back()
        return Appended(log.size - len(lines), log.prefix()) if current else None
