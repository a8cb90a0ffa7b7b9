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
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from .._log import files
from .._log.next_version import NextVersion
from .audit import Sifted


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
        """Begin without any record."""
        self._log_name = log.name
        self._version = version
        self._size_before = size_before
        self._date = datetime.now(UTC).isoformat(timespec="seconds")
        self._has_records = False
        self._put: tuple[int, int, int] | None = None

    def add(self, sifted: Sifted) -> None:
        """Add a record; see the format."""
        header = {
            "date": self._date,
            "kind": sifted.kind,
            "length": len(sifted.data),
            "line": sifted.line,
            "log": self._log_name,
            "offset": sifted.offset,
            "reason": sifted.reason,
        }
        text = json.dumps(header, sort_keys=True)
        self._version.write(b"%b\n%b\n" % (text.encode("ascii"), sifted.data))
        self._has_records = True

    def put(self) -> None:
        """Put the file in place, durably, if there is anything to add to it."""
        if not self._has_records:
            return
        self._version.finish()
        self._put = _which(self._version.name)
        self._version.put()
        files.sync_directory(self._version.path.parent)

    def take_back(self) -> None:
        """Remove the records again, unless the file has changed since.

        Without this nothing would be lost either, but a repair that is refused and tried again
        would add the same records each time.

        Raises:
            OSError: It cannot be changed.
        """
        path = self._version.path
        if self._put is None or _which(path) != self._put:
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
    """
    # A link stays a link, as the log's own does.
    path = Path(os.path.realpath(rejected_path(log)))
    try:
        status = path.stat()
    except FileNotFoundError:
        with NextVersion(path, like) as version:
            yield NextRejected(log, version, None)
    else:
        with NextVersion(path, status) as version:
            _copy(path, version)
            yield NextRejected(log, version, status.st_size)


def _copy(path: Path, version: NextVersion) -> None:
    block = b"\n"
    fd = files.open_file(os.fspath(path), os.O_RDONLY)
    try:
        for _, block in files.read_blocks(fd, 0, files.regular(fd).st_size):
            version.write(block)
    finally:
        files.close_quietly(fd)
    if not block.endswith(b"\n"):  # edited by hand; a header begins a line
        version.write(b"\n")


def _which(path: str | Path) -> tuple[int, int, int]:
    """Return which file is at ``path``, and how long it is."""
    status = os.stat(path)  # noqa: PTH116  # either kind of path
    return status.st_dev, status.st_ino, status.st_size
