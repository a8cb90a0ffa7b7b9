"""A loss of power: what of a disk may be left, and whether what was promised is there."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .inodes import Inode
from .record import PATH

if TYPE_CHECKING:
    from .scenarios import Run

# What a device writes at once. Real ones write more, and so leave less to chance.
PAGE = 64
_MOST = 48


def check_crashes(run: Run) -> int:
    """Check what a loss of power at this moment may leave of the log; return how many disks.

    All that may be left are tried where they are few, otherwise the extremes and some of chance.
    """
    contents = set(_contents(run.machine.kernel.disk.root, PATH.strip("/").split("/")))
    for content in contents:
        run.record.check_file(content or b"", durable=True)
    return len(contents)


def _contents(directory: Inode, path: list[str]) -> Iterator[bytes | None]:
    """Yield what the file at a path may hold after a loss of power; None if it may be missing."""
    name, *rest = path
    for inode in _left_under(directory, name):
        if inode is None:
            yield None
        elif rest:
            yield from _contents(inode, rest)
        else:
            yield from left_of(inode.versions)


def _left_under(directory: Inode, name: str) -> list[Inode | None]:
    past = directory.past.get(name)
    return list(dict.fromkeys(past)) if past else [directory.entries.get(name)]


def left_of(versions: list[bytes]) -> Iterator[bytes]:
    """Yield what may be left of a file: any size it had, and of each page any state it was in."""
    for size in {len(version) for version in versions}:
        pages = []
        for start in range(0, size, PAGE):
            stop = min(size, start + PAGE)
            width = stop - start
            pages.append(list({v[start:stop].ljust(width, b"\0") for v in versions}))
        several = [len(page) for page in pages if len(page) > 1]
        if _product(several) <= _MOST:
            for chosen in itertools.product(*pages):
                yield b"".join(chosen)
            continue
        chance = random.Random(size)
        for version in versions:
            yield version[:size].ljust(size, b"\0")
        for _ in range(_MOST):
            yield b"".join(chance.choice(page) for page in pages)


def _product(numbers: list[int]) -> int:
    product = 1
    for number in numbers:
        product *= number
    return product
