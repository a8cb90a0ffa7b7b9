"""What a disk holds: files and directories, as programs see them and as the device has them.

A program sees a page cache. What the device has follows it when it is synced; until then, a loss of
power leaves any mixture of what there was since. ``versions`` is what it may leave.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from .descriptors import OpenFile

Kind: TypeAlias = Literal["file", "directory", "link"]


class Inode:
    """A file, a directory or a symbolic link.

    Attributes:
        number: The inode number. It comes back when nothing names the file any more.
        kind: What it is.
        mode: The bits of its permissions.
        changed_ns: When it was changed last.
        links: How many names it has.
        opened: The open files on it, one for each time it was opened.
        locks: Which of them hold a lock, and whether it is an exclusive one.
        data: What is in a file.
        unclosed: Which process has written to it and closed nothing since, and what it held before.
        target: Where a symbolic link points.
        entries: What is in a directory.
        versions: What a file has held since the device had it, that first.
        past: What a directory had under each name since the device had it, that first.
    """

    def __init__(self, number: int, kind: Kind, mode: int, now: int) -> None:
        """Make an empty one, of which the device knows nothing."""
        self.number = number
        self.kind = kind
        self.mode = mode
        self.changed_ns = now
        self.links = 0
        self.opened: list[OpenFile] = []
        self.locks: dict[OpenFile, bool] = {}
        self.data = b""
        self.unclosed: tuple[str, bytes] | None = None
        self.target = ""
        self.entries: dict[str, Inode] = {}
        self.versions: list[bytes] = [b""]
        self.past: dict[str, list[Inode | None]] = {}

    def put(self, data: bytes, now: int) -> None:
        """Change what a file holds."""
        self.data = data
        self.changed_ns = now
        self.versions.append(data)

    def enter(self, name: str, inode: Inode | None, now: int) -> None:
        """Let a name in a directory name another file, or none."""
        before = self.entries.get(name)
        self.past.setdefault(name, [before]).append(inode)
        if before is not None:
            before.links -= 1
            before.changed_ns = now
        if inode is None:
            del self.entries[name]
        else:
            self.entries[name] = inode
            inode.links += 1
            inode.changed_ns = now
        self.changed_ns = now

    def sync(self) -> None:
        """Wait until the device has it as it is."""
        self.versions = [self.data]
        self.past.clear()

    def key(self, *, device: bool) -> tuple[object, ...]:
        """Return all that tells one state of it from another.

        Args:
            device: Whether it matters what the device has.
        """
        past: tuple[object, ...] = ()
        if self.kind == "directory":
            if device:
                past = tuple(
                    (name, *(inode and (inode.number, *inode.versions) for inode in inodes))
                    for name, inodes in sorted(self.past.items())
                )
            # What the names lead to is told where they are gone through.
            return self.number, self.changed_ns, past
        if device:
            past = tuple(self.versions)
        return self.number, self.changed_ns, self.data, past, self.target
