"""Replacing a log by its next version, so that no writer's line is lost; it knows no events.

Writers hold the log's lock while they write, and see to it before they let go that the path still
names the file they wrote to; if not, they write again. So what is in the file when the lock is held
is all there is, and when another file is in its place before the lock is given back, whoever was
waiting ends up in that one.

Windows replaces no file that anyone has open, and waiting for the lock takes an open file. There
the log is let go, and replaced at once; if someone else was faster, another try is due, and if they
appended, another repair. One who appends and is gone between letting go and replacing is not
noticed so. So the old file keeps a second name, ``.NAME.RANDOM.repair.old``, until it has been
looked at again; a repair that dies before that leaves it behind.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from ..spec_kitty_events import StorageError
from . import _file, _lock
from ._nextversion import NextVersion

_CLOSED = -1


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
        self._fd = _file.open_file(os.fspath(path), os.O_RDWR)
        try:
            self.path = Path(os.path.realpath(path))
            self._lock()
            self.status = _file.regular(self._fd)
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
        return _file.read_blocks(self._fd, 0, self.size)

    def appended(self) -> bytes:
        """Return what the file holds beyond ``size`` by now."""
        blocks = _file.read_blocks(self._fd, self.size, os.fstat(self._fd).st_size)
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
            _lock.release(fd)
            _file.close_quietly(fd)

    def hold_again(self, path: Path) -> None:  # pragma: windows
        """Open and lock the file that has been let go, by any of its names."""
        self._fd = _file.open_file(os.fspath(path), os.O_RDWR)
        self._lock()

    def _lock(self) -> None:
        if not _lock.acquire(self._fd):
            # A save without a lock goes wrong once in a while; this would lose what is saved.
            raise OSError(errno.ENOLCK, "the file system has no file locks")


if sys.platform == "win32":  # pragma: windows
    import time

    # Five seconds in all.
    _DELAYS = [0.005 * number for number in range(45)]

    @contextlib.contextmanager
    def alone(path: Path) -> Iterator[None]:
        """Keep other repairs out: after letting go, the lock does not.

        The file that says so goes away with the process.
        """
        path = Path(os.path.realpath(path))
        name = path.with_name(f".{path.name}.repairing")
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_TEMPORARY
        for delay in _DELAYS:
            # Refused for another reason too, while it is being removed.
            with contextlib.suppress(FileExistsError, PermissionError):
                fd = _file.open_file(os.fspath(name), flags)
                break
            time.sleep(delay)
        else:
            raise OSError(errno.EEXIST, f'another repair has made "{name}"')
        try:
            yield
        finally:
            _file.close_quietly(fd)

    @contextlib.contextmanager
    def replaced(log: HeldLog, version: NextVersion) -> Iterator[bytes]:
        """Replace a log, as below."""
        log.check()
        old = Path(f"{version.name}.old")
        _replace_when_closed(log, version, old)
        try:
            log.hold_again(old)
            yield log.appended()
        except (OSError, StorageError) as error:
            raise OSError(errno.EIO, f'{error}; the old log is kept as "{old}"') from error
        log.let_go()
        _unlink(old)

    def _replace_when_closed(log: HeldLog, version: NextVersion, old: Path) -> None:
        for delay in _DELAYS:
            log.let_go()
            with contextlib.suppress(PermissionError):
                return _replace(log.path, version, old)
            time.sleep(delay)
            log.hold_again(log.path)
            log.check()
        raise PermissionError(errno.EACCES, "another program has the log open")

    def _replace(path: Path, version: NextVersion, old: Path) -> None:
        # Refused while anyone has the file open. Then the second name could not be removed either.
        path.rename(path)
        os.link(path, old)
        try:
            version.put()
        except BaseException:
            _unlink(old)
            raise

    def _unlink(path: Path) -> None:
        for delay in _DELAYS:
            with contextlib.suppress(PermissionError):
                path.unlink(missing_ok=True)
                break
            time.sleep(delay)

else:  # pragma: posix

    @contextlib.contextmanager
    def alone(path: Path) -> Iterator[None]:  # noqa: ARG001  # of use on Windows
        """Do nothing: the lock keeps other repairs out."""
        yield

    @contextlib.contextmanager
    def replaced(log: HeldLog, version: NextVersion) -> Iterator[bytes]:
        """Replace a log by its finished next version.

        Args:
            log: The log, held.
            version: What to put in its place.

        Yields:
            What was appended to the old file without its lock since it was read: it belongs at the
            end of the new one.

        Raises:
            ChangedError: The log is not what was read any more. It has not been replaced.
            OSError: It cannot be replaced, or, if ``version`` is in place, not synced.
        """
        log.check()
        version.put()
        yield log.appended()
        _file.sync_directory(log.path.parent)
