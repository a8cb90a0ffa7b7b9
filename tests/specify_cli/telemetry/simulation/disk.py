"""A file system: names, and the files they name."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator

from .inodes import Inode, Kind

DEVICE = 64
_MOST_LINKS = 8


def refuse(number: int) -> OSError:
    """Return the error that an operating system makes of a number."""
    return OSError(number, os.strerror(number))


class Disk:
    """The names and files of one device.

    Attributes:
        root: The directory at the top.
        clock_ns: What time it is.
        step_ns: In what steps the file system tells times.
        room: How many bytes fit in yet; None while there is no end to it.
        has_locks: Whether files can be locked.
        loses_power: Whether it matters what the device has.
    """

    def __init__(
        self, *, step_ns: int = 1, has_locks: bool = True, loses_power: bool = False
    ) -> None:
        """Make an empty one."""
        self.loses_power = loses_power
        self.clock_ns = 1_700_000_000_000_000_000
        self.step_ns = step_ns
        self.room: int | None = None
        self.has_locks = has_locks
        self._numbers: set[int] = set()
        self.root = self._new("directory", 0o755)
        self.root.links = 1

    @property
    def now(self) -> int:
        """The time, as a file is told it."""
        return self.clock_ns - self.clock_ns % self.step_ns

    def _new(self, kind: Kind, mode: int) -> Inode:
        number = next(n for n in range(2, 1 << 20) if n not in self._numbers)
        self._numbers.add(number)
        return Inode(number, kind, mode, self.now)

    def find(self, path: str, *, follow: bool = True) -> Inode:
        """Return what a path names.

        Raises:
            OSError: It names nothing.
        """
        inode = self.place(path, follow=follow)[2]
        if inode is None:
            raise refuse(errno.ENOENT)
        return inode

    def place(self, path: str, *, follow: bool = True) -> tuple[Inode, str, Inode | None]:
        """Return the directory that a path leads to, the name in it, and what that names."""
        if "\0" in path:
            raise ValueError("embedded null byte")
        directory, inode, name = self.root, self.root, ""
        parts = [part for part in path.split("/") if part][::-1]
        links = 0
        while parts:
            name = parts.pop()
            if inode.kind != "directory":
                raise refuse(errno.ENOTDIR)
            directory = inode
            found = directory.entries.get(name)
            if found is None:
                if parts:
                    raise refuse(errno.ENOENT)
                return directory, name, None
            if found.kind == "link" and (parts or follow):
                links += 1
                if links > _MOST_LINKS:
                    raise refuse(errno.ELOOP)
                parts += [part for part in found.target.split("/") if part][::-1]
                inode = self.root if found.target.startswith("/") else directory
                continue
            inode = found
        return directory, name, inode

    def make(self, path: str, kind: Kind, mode: int) -> Inode:
        """Make a file, a directory or a link where there is none."""
        directory, name, inode = self.place(path, follow=kind == "file")
        if inode is not None:
            raise refuse(errno.EEXIST)
        made = self._new(kind, mode)
        directory.enter(name, made, self.now)
        return made

    def unlink(self, path: str) -> None:
        """Take a name away; the file goes with the last of its names and open files."""
        directory, name, inode = self.place(path, follow=False)
        if inode is None:
            raise refuse(errno.ENOENT)
        if inode.kind == "directory":
            raise refuse(errno.EISDIR)
        directory.enter(name, None, self.now)
        self.let_go(inode)

    def rmdir(self, path: str) -> None:
        """Remove an empty directory."""
        directory, name, inode = self.place(path, follow=False)
        if inode is None:
            raise refuse(errno.ENOENT)
        if inode.kind != "directory":
            raise refuse(errno.ENOTDIR)
        if inode.entries:
            raise refuse(errno.ENOTEMPTY)
        directory.enter(name, None, self.now)
        self.let_go(inode)

    def rename(self, old: str, new: str) -> None:
        """Give a file another name, in the place of what had it."""
        source, old_name, inode = self.place(old, follow=False)
        target, new_name, there = self.place(new, follow=False)
        if inode is None:
            raise refuse(errno.ENOENT)
        if inode.kind == "directory" and _is_in(target, inode):
            raise refuse(errno.EINVAL)
        if there is not None and there.kind == "directory" and _is_in(source, there):
            raise refuse(errno.ENOTEMPTY)
        if there is inode:
            return
        if there is not None and (there.kind == "directory") != (inode.kind == "directory"):
            raise refuse(errno.EISDIR if there.kind == "directory" else errno.ENOTDIR)
        if there is not None and there.entries:
            raise refuse(errno.ENOTEMPTY)
        target.enter(new_name, inode, self.now)
        source.enter(old_name, None, self.now)
        if there is not None:
            self.let_go(there)

    def link(self, old: str, new: str) -> None:
        """Give a file a second name."""
        inode = self.find(old, follow=False)
        directory, name, there = self.place(new, follow=False)
        if there is not None:
            raise refuse(errno.EEXIST)
        if inode.kind == "directory":
            raise refuse(errno.EPERM)
        directory.enter(name, inode, self.now)

    def let_go(self, inode: Inode) -> None:
        """Give the number of a file back, if nothing names it and nobody has it open."""
        if not inode.links and not inode.opened:
            self._numbers.discard(inode.number)

    def everything(self) -> Iterator[tuple[str, Inode]]:
        """Yield all that has a name, with that name, the top first."""
        waiting = [("", self.root)]
        while waiting:
            path, inode = waiting.pop()
            yield path or "/", inode
            waiting += [(f"{path}/{name}", child) for name, child in inode.entries.items()]

    def sync(self) -> None:
        """Wait until the device has all of it."""
        for _, inode in self.everything():
            inode.sync()

    def key(self) -> tuple[object, ...]:
        """Return all that tells one state of it from another."""
        files = tuple(
            (path, inode.key(device=self.loses_power)) for path, inode in self.everything()
        )
        return self.clock_ns, self.room, files


def _is_in(inode: Inode, directory: Inode) -> bool:
    children = directory.entries.values()
    return inode is directory or any(_is_in(inode, child) for child in children)
