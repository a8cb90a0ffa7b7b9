"""The system calls of a simulated Windows, as CPython offers them there."""

from __future__ import annotations

import errno
import os

from .descriptors import OpenFile, Process
from .disk import Disk, refuse
from .inodes import Inode
from .kernel import Kernel

# Where the tests run on another system, numbers that mean nothing else there.
BINARY = getattr(os, "O_BINARY", 1 << 24)
TEMPORARY = getattr(os, "O_TEMPORARY", 1 << 25)
_UNLOCK, _TRY = 0, 2


class WindowsKernel(Kernel):
    """An operating system of the other kind.

    A name that is open can neither be removed nor replaced: CPython does not ask to share that.
    Locks are on ranges of bytes, belong to an open file, and keep others from reading these bytes.
    """

    def __init__(self, disk: Disk) -> None:
        """Boot it, without any process."""
        super().__init__(disk)
        self._ranges: dict[OpenFile, set[tuple[int, int]]] = {}

    def open(self, process: Process, path: str, flags: int, mode: int = 0o777) -> int:
        """Open a file; directories are not."""
        inode = self.disk.place(path)[2]
        if inode is not None and flags & os.O_CREAT and flags & os.O_EXCL:
            raise refuse(errno.EEXIST)
        if inode is not None and inode.kind == "directory":
            raise refuse(errno.EACCES)
        if inode is not None and any(file.flags & TEMPORARY for file in inode.opened):
            raise refuse(errno.EACCES)
        return super().open(process, path, flags, mode)

    def close(self, process: Process, fd: int) -> None:
        """Close a descriptor; a temporary file goes with it."""
        file = process.file(fd)
        super().close(process, fd)
        self._closed(file)

    def kill(self, process: Process) -> None:
        """End a process, wherever it is."""
        for file in self.descriptors.end(process):
            self._closed(file)

    def _closed(self, file: OpenFile) -> None:
        if not file.copies:
            self._ranges.pop(file, None)
            # Whoever waits for a name or a lock tries again.
            self.descriptors.locks.released += 1
            if file.flags & TEMPORARY:
                self.disk.unlink(file.path)

    def unlink(self, process: Process, path: str) -> None:  # noqa: ARG002  # as all
        """Take a name away, unless the file is open."""
        inode = self.disk.find(path, follow=False)
        _refuse_if_open(inode)
        if inode.kind == "directory":
            raise refuse(errno.EACCES)
        self.disk.unlink(path)

    def replace(self, process: Process, old: str, new: str) -> None:  # noqa: ARG002
        """Give a file another name, unless it or the one in its place is open."""
        inode = self.disk.find(old, follow=False)
        there = self.disk.place(new, follow=False)[2]
        _refuse_if_open(inode)
        if there is not None:
            _refuse_if_open(there)
            if "directory" in {inode.kind, there.kind} and there is not inode:
                raise refuse(errno.EACCES)
        self.disk.rename(old, new)

    def fsync(self, process: Process, fd: int) -> None:
        """Wait until the device has a file, which has to be open to write."""
        if not process.file(fd).flags & (os.O_WRONLY | os.O_RDWR):
            raise refuse(errno.EACCES)
        super().fsync(process, fd)

    def ftruncate(self, process: Process, fd: int, size: int) -> None:
        """Set the length of an open file."""
        if not process.file(fd).flags & (os.O_WRONLY | os.O_RDWR):
            raise refuse(errno.EBADF)
        super().ftruncate(process, fd, size)

    def truncate(self, process: Process, path: str, size: int) -> None:
        """Set the length of a file; directories have none."""
        if self.disk.find(path).kind == "directory":
            raise refuse(errno.EACCES)
        super().truncate(process, path, size)

    def rename(self, process: Process, old: str, new: str) -> None:
        """Give a file another name, which nothing may have."""
        inode = self.disk.find(old, follow=False)
        there = self.disk.place(new, follow=False)[2]
        if there is not None and there is not inode:
            _refuse_if_open(inode)
            raise refuse(errno.EEXIST)
        self.replace(process, old, new)

    def read(self, process: Process, fd: int, size: int) -> bytes:
        """Read, unless another open file has locked some of it."""
        file = self._to_read(process, fd)
        start, stop = file.position, min(file.position + size, len(file.inode.data))
        for other, ranges in self._ranges.items():
            if other is not file and other.inode is file.inode:
                for first, count in ranges:
                    if first < stop and start < first + count:
                        raise refuse(errno.EACCES)
        return super().read(process, fd, size)

    def locking(self, process: Process, fd: int, mode: int, size: int) -> None:
        """Lock or unlock bytes from the position on, as ``msvcrt.locking`` does."""
        file = process.file(fd)
        wanted = file.position, size
        if mode == _UNLOCK:
            if wanted not in self._ranges.get(file, set()):
                raise refuse(errno.EACCES)
            self._ranges[file].remove(wanted)
            self.descriptors.locks.released += 1
            return
        assert mode == _TRY, "a lock that waits could not be ended"
        for other, ranges in self._ranges.items():
            if other.inode is file.inode:
                for first, count in ranges:
                    if first < wanted[0] + size and wanted[0] < first + count:
                        raise refuse(errno.EACCES)
        self._ranges.setdefault(file, set()).add(wanted)

    def key(self) -> tuple[object, ...]:
        """Return all that tells one state of the system from another."""
        locked = sorted((file.inode.number, *ranges) for file, ranges in self._ranges.items())
        return *super().key(), tuple(locked)


def _refuse_if_open(inode: Inode) -> None:
    if inode.opened:
        raise refuse(errno.EACCES)
