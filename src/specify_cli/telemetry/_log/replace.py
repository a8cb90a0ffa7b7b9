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

from .._contract import StorageError
from . import files
from .held import HeldLog
from .next_version import NextVersion

if sys.platform == "win32":  # pragma: windows
    from .retry import retried

    _PATIENCE = 5.0

    @contextlib.contextmanager
    def alone(path: Path) -> Iterator[None]:
        """Keep other repairs out: after letting go, the lock does not.

        The file that says so goes away with the process.
        """
        path = Path(os.path.realpath(path))
        name = path.with_name(f".{path.name}.repairing")
        fds: list[int] = []
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_TEMPORARY
        try:
            # Refused for another reason than that it exists, while it is being removed.
            retried(lambda: files.open_into(fds, os.fspath(name), flags), seconds=_PATIENCE)
        except (FileExistsError, PermissionError) as error:
            raise OSError(errno.EEXIST, f'another repair has made "{name}"') from error
        try:
            yield
        finally:
            files.close_from(fds)

    @contextlib.contextmanager
    def replaced(log: HeldLog, version: NextVersion) -> Iterator[bytes]:
        """Replace a log, as below."""
        log.check()
        old = Path(f"{version.name}.old")
        _replace_when_closed(log, version, old)
        try:
            log.hold(old)
            yield log.appended()
        except (OSError, StorageError) as error:
            raise OSError(errno.EIO, f'{error}; the old log is kept as "{old}"') from error
        log.let_go()
        _unlink(old)

    def _replace_when_closed(log: HeldLog, version: NextVersion, old: Path) -> None:
        def replace() -> None:
            if not log.is_held:
                log.hold(log.path)
                log.check()
            log.let_go()
            _replace(log.path, version, old)

        try:
            retried(replace, seconds=_PATIENCE)
        except PermissionError as error:
            # Held once more, so that the caller can take back what it has put beside the log.
            with contextlib.suppress(OSError):
                log.hold(log.path)
            raise PermissionError(errno.EACCES, "another program has the log open") from error

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
        with contextlib.suppress(PermissionError):
            retried(lambda: path.unlink(missing_ok=True), seconds=_PATIENCE)

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
        files.sync_directory(log.path.parent)
