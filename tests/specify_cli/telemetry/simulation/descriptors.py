"""Open files and the numbers by which processes know them, and the locks they hold."""

from __future__ import annotations

import errno
from collections.abc import Iterator

from .disk import Disk, refuse
from .inodes import Inode


class OpenFile:
    """A file opened once. Descriptors that are copies of each other, or inherited, share it.

    Attributes:
        inode: Which file.
        flags: How it was opened.
        position: Where the next read begins, where no place is given.
        copies: How many descriptors there are of it.
        path: By which name it was opened.
    """

    def __init__(self, inode: Inode, flags: int, path: str) -> None:
        """Open it."""
        self.inode = inode
        self.flags = flags
        self.position = 0
        self.copies = 1
        self.path = path
        inode.opened.append(self)

    def key(self) -> tuple[object, ...]:
        """Return all that tells one state of it from another."""
        nameless = None if self.inode.links else self.inode.key(device=False)
        lock = self.inode.locks.get(self)
        return self.inode.number, self.flags, self.position, self.copies, lock, nameless


class Locks:
    """The locks on files: each belongs to an open file, and goes with the last copy of it.

    Attributes:
        released: How many were given back so far. Whoever waits tries again when it has changed.
    """

    def __init__(self) -> None:
        """Start with none."""
        self.released = 0

    def take(self, file: OpenFile, *, exclusive: bool) -> None:
        """Lock a file, or refuse at once.

        Raises:
            OSError: Another open file holds a lock that excludes this one.
        """
        holders = file.inode.locks
        if holders.get(file) is exclusive:
            return
        # As the manual says: the lock it had is given back first, and lost if this is refused.
        self.give_back(file)
        if any(exclusive or held for held in holders.values()):
            raise refuse(errno.EWOULDBLOCK)
        holders[file] = exclusive

    def give_back(self, file: OpenFile) -> None:
        """Unlock a file, if it is locked."""
        if file.inode.locks.pop(file, None) is not None:
            self.released += 1


class Process:
    """A process, as the operating system knows it.

    Attributes:
        name: What traces call it.
        is_alive: Whether it still runs.
        is_foreign: Whether it runs another program, which may leave open what it likes.
        files: Its open files, by descriptor.
    """

    def __init__(self, name: str) -> None:
        """Start one without open files."""
        self.name = name
        self.is_alive = True
        self.is_foreign = False
        self.files: dict[int, OpenFile] = {}

    def number(self, file: OpenFile) -> int:
        """Return a descriptor for an open file: the lowest that is free."""
        fd = next(fd for fd in range(3, 1 << 16) if fd not in self.files)
        self.files[fd] = file
        return fd

    def file(self, fd: int) -> OpenFile:
        """Return what a descriptor is for.

        Raises:
            OSError: It is none.
        """
        if fd not in self.files:
            raise refuse(errno.EBADF)
        return self.files[fd]

    def key(self) -> tuple[object, ...]:
        """Return all that tells one state of it from another."""
        files = tuple((fd, *file.key()) for fd, file in self.files.items())
        return self.is_alive, files


class Descriptors:
    """What opens and closes files for processes.

    Args:
        disk: Where the files are.
    """

    def __init__(self, disk: Disk) -> None:
        """Start with no open file."""
        self.disk = disk
        self.locks = Locks()

    def close(self, process: Process, fd: int) -> OpenFile:
        """Close a descriptor and, with the last copy, the file."""
        file = process.file(fd)
        del process.files[fd]
        file.copies -= 1
        if not file.copies:
            self.locks.give_back(file)
            file.inode.opened.remove(file)
            self.disk.let_go(file.inode)
        return file

    def copy(self, process: Process, fd: int) -> int:
        """Return another descriptor for the same open file."""
        file = process.file(fd)
        file.copies += 1
        return process.number(file)

    def inherit(self, parent: Process, child: Process) -> None:
        """Give a forked child what its parent has open."""
        for fd, file in parent.files.items():
            child.files[fd] = file
            file.copies += 1

    def end(self, process: Process) -> Iterator[OpenFile]:
        """End a process: all it has open is closed."""
        process.is_alive = False
        for fd in list(process.files):
            yield self.close(process, fd)
