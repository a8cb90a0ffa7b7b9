"""A loss of power: what of a disk may be left, and whether what was promised is there."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .inodes import Inode
from .record import PATH, REJECTED, TARGET

if TYPE_CHECKING:
    from .scenarios import Run

# What a device writes at once. Real ones write more, and so leave less to chance.
PAGE = 64
_MOST = 48


def check_crashes(run: Run) -> int:
    """Check what a loss of power at this moment may leave of the log; return how many disks.

    All that may be left are tried where they are few, otherwise the extremes and some of chance.
    """
    log_path = TARGET if run.scenario.is_linked else PATH
    logs, rejected = ({*_contents(run, path)} for path in (log_path, REJECTED))
    for log, beside in itertools.product(logs, rejected):
        run.record.check_file(log, beside, durable=True)
    return len(logs) * len(rejected)


def _contents(run: Run, path: str) -> Iterator[bytes]:
    """Yield what the file at a path may hold after a loss of power, nothing if it is missing."""
    inodes: list[Inode | None] = [run.machine.kernel.disk.root]
    for name in path.strip("/").split("/"):
        inodes = [left for inode in inodes for left in _left_under(inode, name)]
    for inode in inodes:
        yield from left_of(inode.versions) if inode else (b"",)


def _left_under(directory: Inode | None, name: str) -> list[Inode | None]:
    if directory is None:
        return [None]
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
