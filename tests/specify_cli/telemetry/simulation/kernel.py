"""The system calls of a simulated operating system, each done in one step."""

from __future__ import annotations

import errno
import os
import stat

from .descriptors import Descriptors, OpenFile, Process
from .disk import DEVICE, Disk, refuse
from .inodes import Inode

LARGEST_READ = 2_147_479_552
_ACCESS = os.O_RDONLY | os.O_WRONLY | os.O_RDWR
_KINDS = {"file": stat.S_IFREG, "directory": stat.S_IFDIR, "link": stat.S_IFLNK}


def status_of(inode: Inode) -> os.stat_result:
    """Return the status of a file as ``os.stat`` does."""
    size = len(inode.data)
    seconds = inode.changed_ns // 1_000_000_000
    owner = (os.getuid(), os.getgid()) if hasattr(os, "getuid") else (0, 0)
    basic = (inode.mode | _KINDS[inode.kind], inode.number, DEVICE, inode.links, *owner, size)
    times = {f"st_{name}_ns": inode.changed_ns for name in ("atime", "mtime", "ctime")}
    return os.stat_result((*basic, seconds, seconds, seconds), times)


class Kernel:
    """An operating system of the POSIX kind: its files, what is open, and its processes."""

    def __init__(self, disk: Disk) -> None:
        """Boot it, without any process."""
        self.disk = disk
        self.descriptors = Descriptors(disk)
        self.processes: list[Process] = []

    def start(self, name: str) -> Process:
        """Start a process."""
        process = Process(name)
        self.processes.append(process)
        return process

    def kill(self, process: Process) -> None:
        """End a process, wherever it is."""
        for _ in self.descriptors.end(process):
            pass

    def fork(self, parent: Process, name: str) -> Process:
        """Start a process that has inherited what another has open."""
        child = self.start(name)
        self.descriptors.inherit(parent, child)
        return child

    def pass_time(self, process: Process, seconds: float) -> None:  # noqa: ARG002  # as all
        """Let time pass."""
        self.disk.clock_ns += int(seconds * 1e9)

    def open(self, process: Process, path: str, flags: int, mode: int = 0o777) -> int:
        """Open a file, making it if asked to; return its descriptor."""
        exclusive = bool(flags & os.O_CREAT and flags & os.O_EXCL)
        inode = self.disk.place(path, follow=not exclusive)[2]
        if inode is None:
            if not flags & os.O_CREAT:
                raise refuse(errno.ENOENT)
            inode = self.disk.make(path, "file", mode & ~0o022)
        elif exclusive:
            raise refuse(errno.EEXIST)
        if inode.kind == "directory" and flags & (_ACCESS | os.O_CREAT):
            raise refuse(errno.EISDIR)
        if flags & os.O_TRUNC and inode.data:
            inode.put(b"", self.disk.now)
        return process.number(OpenFile(inode, flags, path))

    def stat(self, process: Process, path: str) -> os.stat_result:  # noqa: ARG002  # as all
        """Return the status of what a path names, links followed."""
        return status_of(self.disk.find(path))

    def lstat(self, process: Process, path: str) -> os.stat_result:  # noqa: ARG002
        """Return the status of what a path names, a link itself."""
        return status_of(self.disk.find(path, follow=False))

    def access(self, process: Process, path: str, mode: int) -> bool:  # noqa: ARG002
        """Return whether there is something: everybody may do everything here."""
        try:
            self.disk.find(path)
        except OSError:
            return False
        return True

    def mkdir(self, process: Process, path: str, mode: int = 0o777) -> None:  # noqa: ARG002
        """Make a directory."""
        self.disk.make(path, "directory", mode & ~0o022)

    def rmdir(self, process: Process, path: str) -> None:  # noqa: ARG002
        """Remove an empty directory."""
        self.disk.rmdir(path)

    def unlink(self, process: Process, path: str) -> None:  # noqa: ARG002
        """Take a name away."""
        self.disk.unlink(path)

    def replace(self, process: Process, old: str, new: str) -> None:  # noqa: ARG002
        """Give a file another name, in the place of what had it."""
        self.disk.rename(old, new)

    rename = replace

    def link(self, process: Process, old: str, new: str) -> None:  # noqa: ARG002
        """Give a file a second name."""
        self.disk.link(old, new)

    def symlink(self, process: Process, target: str, path: str) -> None:  # noqa: ARG002
        """Make a symbolic link."""
        self.disk.make(path, "link", 0o777).target = target

    def readlink(self, process: Process, path: str) -> str:  # noqa: ARG002
        """Return where a symbolic link points."""
        inode = self.disk.find(path, follow=False)
        if inode.kind != "link":
            raise refuse(errno.EINVAL)
        return inode.target

    def truncate(self, process: Process, path: str, size: int) -> None:  # noqa: ARG002
        """Set the length of a file."""
        self._resize(self.disk.find(path), size)

    def close(self, process: Process, fd: int) -> None:
        """Close a descriptor."""
        inode = self.descriptors.close(process, fd).inode
        if inode.unclosed and inode.unclosed[0] == process.name:
            inode.unclosed = None

    def dup(self, process: Process, fd: int) -> int:
        """Return another descriptor for the same open file."""
        return self.descriptors.copy(process, fd)

    def dup2(self, process: Process, fd: int, other: int) -> int:
        """Let another descriptor be one for the same open file."""
        file = process.file(fd)
        if fd != other:
            if other in process.files:
                self.descriptors.close(process, other)
            process.files[other] = file
            file.copies += 1
        return other

    def fstat(self, process: Process, fd: int) -> os.stat_result:
        """Return the status of an open file."""
        return status_of(process.file(fd).inode)

    def pread(self, process: Process, fd: int, size: int, offset: int) -> bytes:
        """Read from a place."""
        inode = self._to_read(process, fd).inode
        return inode.data[offset : offset + min(size, LARGEST_READ)]

    def read(self, process: Process, fd: int, size: int) -> bytes:
        """Read from where the last read or write ended."""
        file = self._to_read(process, fd)
        data = file.inode.data[file.position : file.position + size]
        file.position += len(data)
        return data

    def lseek(self, process: Process, fd: int, offset: int, whence: int) -> int:
        """Set where the next read begins."""
        file = process.file(fd)
        start = {os.SEEK_SET: 0, os.SEEK_CUR: file.position, os.SEEK_END: len(file.inode.data)}
        position = start[whence] + offset
        if position < 0:
            raise refuse(errno.EINVAL)
        file.position = position
        return position

    def write(self, process: Process, fd: int, data: bytes) -> int:
        """Write, at the end if the file was opened to append; return how many bytes fitted in."""
        file = process.file(fd)
        if not file.flags & (os.O_WRONLY | os.O_RDWR):
            raise refuse(errno.EBADF)
        inode = file.inode
        start = len(inode.data) if file.flags & os.O_APPEND else file.position
        end = start + len(data)
        if self.disk.room is not None:
            end = min(end, len(inode.data) + self.disk.room)
            if end <= start and data:
                raise refuse(errno.ENOSPC)
            self.disk.room -= max(0, end - len(inode.data))
        part = data[: end - start]
        if part:
            before = inode.data[:start].ljust(start, b"\0")
            inode.unclosed = inode.unclosed or (process.name, inode.data)
            inode.put(before + part + inode.data[end:], self.disk.now)
        file.position = end
        return len(part)

    def ftruncate(self, process: Process, fd: int, size: int) -> None:
        """Set the length of an open file."""
        file = process.file(fd)
        if not file.flags & (os.O_WRONLY | os.O_RDWR):
            raise refuse(errno.EINVAL)
        self._resize(file.inode, size)

    def fsync(self, process: Process, fd: int) -> None:
        """Wait until the device has a file, or the names in a directory."""
        process.file(fd).inode.sync()

    def rewrite(self, process: Process, path: str, data: bytes) -> None:  # noqa: ARG002
        """Change all that a file holds in one step."""
        self.disk.find(path).put(data, self.disk.now)

    def fchmod(self, process: Process, fd: int, mode: int) -> None:
        """Set the mode of an open file."""
        process.file(fd).inode.mode = mode

    def fchown(self, process: Process, fd: int, owner: int, group: int) -> None:  # noqa: ARG002
        """Leave the owner as it is: there is only one here."""
        process.file(fd)

    def flock(self, process: Process, fd: int, operation: int) -> None:
        """Lock or unlock a file as ``fcntl.flock`` does without waiting: 1, 2 and 8, with 4."""
        file = process.file(fd)
        if not self.disk.has_locks:
            raise refuse(errno.ENOLCK)
        if operation & 8:
            self.descriptors.locks.give_back(file)
        else:
            self.descriptors.locks.take(file, exclusive=bool(operation & 2))

    def _to_read(self, process: Process, fd: int) -> OpenFile:
        file = process.file(fd)
        if file.inode.kind == "directory":
            raise refuse(errno.EISDIR)
        if file.flags & os.O_WRONLY:
            raise refuse(errno.EBADF)
        return file

    def _resize(self, inode: Inode, size: int) -> None:
        if inode.kind == "directory":
            raise refuse(errno.EISDIR)
        if size < 0:
            raise refuse(errno.EINVAL)
        if self.disk.room is not None:
            self.disk.room += max(0, len(inode.data) - size)
        inode.put(inode.data[:size].ljust(size, b"\0"), self.disk.now)

    def key(self) -> tuple[object, ...]:
        """Return all that tells one state of the system from another."""
        return self.disk.key(), tuple(process.key() for process in self.processes)
