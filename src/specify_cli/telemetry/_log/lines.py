"""The lines of a file, with their numbers and places."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import NamedTuple

_SPACE = b" \t\r\n"
_BOM = b"\xef\xbb\xbf"


class Line(NamedTuple):
    """A line of a file.

    Attributes:
        number: Its number, from 1.
        offset: Where in the file it begins.
        data: Its bytes, its newline included.
    """

    number: int
    offset: int
    data: bytes


def lines_of(blocks: Iterable[tuple[int, bytes]]) -> Iterator[Line]:
    """Yield the lines of some blocks of whole lines, each block with its offset."""
    number = 0
    for offset, block in blocks:
        start = 0
        while start < len(block):
            end = block.find(b"\n", start) + 1 or len(block)
            number += 1
            yield Line(number, offset + start, block[start:end])
            start = end


def content_of(line: Line) -> tuple[bytes, int]:
    """Return what is left of a line without white space around it, and where that begins."""
    content = line.data.removeprefix(_BOM).strip(_SPACE)
    return content, line.offset + line.data.find(content)


class Contents:
    """Where in a file the lines of each key are, and what they hold, without keeping that.

    Of a key that comes again only lines that differ are kept: a repeated line takes no memory.

    Args:
        read: Returns so many bytes of the file from an offset on.

    Attributes:
        read: The same.
    """

    def __init__(self, read: Callable[[int, int], bytes]) -> None:
        """Start with no key."""
        self.read = read
        self._firsts: dict[Hashable, int] = {}
        self._others: dict[int, int] = {}

    def __len__(self) -> int:
        """Return how many keys there are."""
        return len(self._firsts)

    def first(self, key: Hashable) -> int | None:
        """Return where the content of the first line of a key begins; None for a new key."""
        return self._firsts.get(key)

    def find(self, key: Hashable, content: bytes, before: int | None = None) -> int | None:
        """Return where a line of a key begins that has this very content, if one does.

        Args:
            key: The key.
            content: The content.
            before: Only lines before this one count.
        """
        for start in (self._firsts.get(key), self._others.get(hash(content))):
            if start is None or (before is not None and start >= before):
                continue
            # One JSON object is never the beginning of another.
            if self.read(start, len(content)) == content:
                return start
        return None

    def add(self, key: Hashable, content: bytes, start: int) -> None:
        """Add a content that ``find`` does not find, and where it begins."""
        if self._firsts.setdefault(key, start) != start:
            self._others.setdefault(hash(content), start)
