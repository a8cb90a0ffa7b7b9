r"""The file beside a log that takes what a repair moves out of it.

Its format::

    rejected = *record
    record   = header LF data LF
    header   = a JSON object, in ASCII, keys sorted

``data`` is exactly the bytes that were in the log, ``length`` of them; they may hold anything, line
ends too, so a reader goes by the length. The fields of a header:

* ``date``: when the repair was made, UTC.
* ``kind``: what the bytes are, in a word or two.
* ``length``: how many bytes follow the header's line end.
* ``line``: the number of the line in the log that they came from, from 1.
* ``log``: the name of the log, without its directory.
* ``offset``: where in the log they began, from 0.
* ``reason``: why they are no event of the log.

Lines and offsets are those of the log as it was before that repair.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from .._log import files
from .._log.next_version import NextVersion, next_version
from .audit import AuditedPiece


def rejected_path(log: Path) -> Path:
    """Return where a repair moves what it takes out of ``log``."""
    if log.is_symlink():
        log = log.resolve()
    return log.with_name(f"{log.name}.rejected")


class NextRejected:
    """What the file beside a log will hold: all that it holds now, and the records of a repair.

    It is made anew and put in place as a whole, so that no crash leaves half a record in it.

    Args:
        log: The log.
        version: The file's next version, what it holds now being written.
        size_before: How much it holds now, or None if there is no such file.
    """

    def __init__(self, log: Path, version: NextVersion, size_before: int | None) -> None:
        """Start without any record."""
        self._log_name = log.name
        self._version = version
        self._size_before = size_before
        self._date = datetime.now(UTC).isoformat(timespec="seconds")
        self._has_records = False
        self._put: tuple[int, int, int] | None = None

    @property
    def differences(self) -> list[str]:
        """How owner, group and mode are not those they were to be, in words."""
        return self._version.differences if self._has_records else []

    def add(self, piece: AuditedPiece) -> None:
        """Add a record; see the format."""
        header = {
            "date": self._date,
            "kind": piece.kind,
            "length": len(piece.data),
            "line": piece.line,
            "log": self._log_name,
            "offset": piece.offset,
            "reason": piece.reason,
        }
        text = json.dumps(header)
        with _naming(self._version.path):
            self._version.write(b"%b\n%b\n" % (text.encode("ascii"), piece.data))
        self._has_records = True

    def put(self) -> None:
        """Put the file in place, durably, if there is anything to add to it."""
        if not self._has_records:
            return
        with _naming(self._version.path):
            self._version.finish()
            self._put = _which(self._version.name)
            self._version.put()
            files.sync_directory(self._version.path.parent)

    def roll_back(self) -> None:
        """Remove the records again, unless the file has changed since.

        Without this nothing would be lost either, but a repair that is refused and tried again
        would add the same records each time.

        Raises:
            OSError: It is not there, or cannot be changed.
        """
        path = self._version.path
        if _which(path) != self._put:
            return
        if self._size_before is None:
            path.unlink()
        else:
            os.truncate(path, self._size_before)


@contextlib.contextmanager
def next_rejected(log: Path, like: os.stat_result) -> Iterator[NextRejected]:
    """Begin the next version of the file beside ``log``; on leaving, it is in place or gone.

    Args:
        log: The log.
        like: Its status: what is in it is nobody else's to read in the new file either.

    Raises:
        OSError: It cannot be written, or is not a file of this log's own.
    """
    path = rejected_path(log)
    with contextlib.ExitStack() as stack:
        with _naming(path):
            status = _status_of_own(path)
            version = stack.enter_context(next_version(path, status or like))
            if status is not None:
                _copy(path, version, status)
        yield NextRejected(log, version, status.st_size if status else None)


def _status_of_own(path: Path) -> os.stat_result | None:
    """Return the status of a file, or None if there is none.

    Raises:
        OSError: It has other names too. Two logs may then share it, and their locks do not keep
            their repairs apart; or it is the log itself.
    """
    try:
        status = path.lstat()
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "not a regular file")
    if status.st_nlink > 1:
        raise OSError(errno.EMLINK, "the file has another name too")
    return status


def _copy(path: Path, version: NextVersion, status: os.stat_result) -> None:
    block = b"\n"
    fds: list[int] = []
    try:
        files.open_into(fds, os.fspath(path), os.O_RDONLY)
        if not os.path.samestat(files.regular(fds[0]), status):
            raise OSError(errno.EAGAIN, "it was replaced")
        for _, block in files.read_blocks(fds[0], 0, status.st_size):
            version.write(block)
    finally:
        with contextlib.suppress(OSError):
            files.close_from(fds)
    if not block.endswith(b"\n"):  # edited by hand; a header begins a line
        version.write(b"\n")


@contextlib.contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Name the file that is at fault in an error."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, files.refusal("write", path, error)) from error


def _which(path: str | Path) -> tuple[int, int, int]:
    """Return which file is at ``path``, and how long it is."""
    status = os.stat(path)  # noqa: PTH116  # either kind of path
    return status.st_dev, status.st_ino, status.st_size
