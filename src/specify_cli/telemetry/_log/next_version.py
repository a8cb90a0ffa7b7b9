"""The next version of a file: written beside it, then put in its place in one step."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from . import files


class NextVersion:
    """What a file will hold; see ``next_version``.

    Attributes:
        path: The file.
        name: Where the next version is now; empty once it is in place.
        differences: How its owner, group and mode are not those they were to be, in words.
        fds: Its descriptor, while it is open.
    """

    def __init__(self, path: Path) -> None:
        """Touch nothing on disk."""
        self.path = path
        self.name = os.fspath(path.with_name(f".{path.name}.{secrets.token_hex(8)}.repair"))
        self.fds: list[int] = []
        self._is_finished = False
        self._unwritten: list[bytes] = []
        self._unwritten_size = 0

    def create(self, like: os.stat_result) -> None:
        """Create the file beside."""
        # For nobody else to read until it has the mode that it is to have.
        files.open_into(self.fds, self.name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        fd = self.fds[0]
        _take_after(fd, like)
        self.differences = [f"{self.path}: {text}" for text in _differences(fd, like)]

    def write(self, data: bytes) -> None:
        """Write ``data`` next."""
        self._unwritten.append(data)
        self._unwritten_size += len(data)
        if self._unwritten_size >= files.BLOCK_SIZE:
            self._flush()

    def finish(self) -> None:
        """Wait until all that was written is on the device, and close the file."""
        self._flush()
        files.sync_file(self.fds[0])
        self._is_finished = True
        files.close_from(self.fds)

    def put(self) -> None:
        """Put the finished version in place; durable once the directory has been synced."""
        os.replace(self.name, self.path)  # noqa: PTH105  # a str, as everywhere at this level
        self.name = ""

    def discard(self) -> None:
        """Remove the version, unless it has been put in place."""
        is_there = self._is_finished or bool(self.fds)
        # The first error counts.
        with contextlib.suppress(OSError):
            files.close_from(self.fds)
        if is_there and self.name:
            with contextlib.suppress(OSError):
                os.unlink(self.name)  # noqa: PTH108  # see put

    def _flush(self) -> None:
        data = b"".join(self._unwritten)
        self._unwritten.clear()
        self._unwritten_size = 0
        files.write_all(self.fds[0], data)


@contextlib.contextmanager
def next_version(path: Path, like: os.stat_result) -> Iterator[NextVersion]:
    """Begin the next version of a file; on leaving, it is in place or nothing has changed.

    It is written to ``.NAME.RANDOM.repair`` in the file's directory. Only the death of the process
    leaves that behind; nothing ever reads it, and it is in nobody's way.

    Args:
        path: The file, not a symbolic link; it need not exist.
        like: Whose mode the new file gets and, where that is permitted, whose owner and group.
    """
    version = NextVersion(path)
    try:
        version.create(like)
        yield version
    finally:
        try:
            version.discard()
        finally:  # an interrupt may have ended that
            files.close_from(version.fds)


if sys.platform == "win32":  # pragma: windows

    def _take_after(fd: int, like: os.stat_result) -> None:
        """Do nothing: a new file has the access rights that its directory gives."""

    def _differences(fd: int, like: os.stat_result) -> list[str]:  # noqa: ARG001  # of use on POSIX
        return []

else:  # pragma: posix

    def _take_after(fd: int, like: os.stat_result) -> None:
        """Give an open file the group, owner and mode of another, in the order that keeps all."""
        # Only the superuser may give a file away, and others only to a group of their own.
        for owner, group in [(-1, like.st_gid), (like.st_uid, -1)]:
            with contextlib.suppress(OSError):
                os.fchown(fd, owner, group)
        os.fchmod(fd, stat.S_IMODE(like.st_mode))

    def _differences(fd: int, like: os.stat_result) -> list[str]:
        status = os.fstat(fd)
        values = {
            "owner": (like.st_uid, status.st_uid),
            "group": (like.st_gid, status.st_gid),
            "mode": (f"{stat.S_IMODE(like.st_mode):o}", f"{stat.S_IMODE(status.st_mode):o}"),
        }
        return [f"{name} {was} is now {new}" for name, (was, new) in values.items() if was != new]
