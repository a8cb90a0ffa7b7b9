"""The records of a log as they come."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .._contract import StorageError
from .._log import AppendLog, Logger
from .._log.backwards import lines_in
from ..jsonl.cursor import Position
from .recent import recent_in
from .record import Record
from .selection import Selection

_logger = Logger(__name__)


@dataclass(frozen=True, slots=True)
class Batch:
    """What a look at a log has brought.

    Attributes:
        records: New records that are asked for, each with its line.
        is_missing: Whether there is no file.
        is_restarted: Whether the file no longer begins with what was read before, so that it is
            read from its start.
        is_last: Whether there is no more yet.
    """

    records: list[tuple[bytes, Record]] = field(default_factory=list)
    is_missing: bool = False
    is_restarted: bool = False
    is_last: bool = True


def follow(path: Path, selection: Selection, last: int | None) -> Iterator[Batch]:
    """Yield what is in a log and what comes, without end; wait as you like between two batches.

    The log may be missing, come, be truncated or be replaced. A line is yielded when its newline
    is there. Memory: a block of 64 kB, or twice the longest line.

    Args:
        path: The log.
        selection: What is asked for.
        last: How many records to begin with; None to begin at the start of the log.

    Raises:
        StorageError: The operating system refused to read the file.
    """
    log = AppendLog(path, fsync=False, logger=_logger, error_type=StorageError)
    position = Position()
    with log.opened(settled=True) as file:
        if file is not None and last is not None:
            # These first: the way to the end of a long log takes a second.
            yield Batch(recent_in(file, selection, last).records, is_last=False)
            for _ in position.blocks_after(file):
                pass
    while True:
        with log.opened(settled=True) as file:
            restarted = position.offset > 0 and (file is None or not position.is_in(file))
            if restarted:
                position = Position()
                yield Batch(is_restarted=True, is_last=False)
            for block in () if file is None else position.blocks_after(file):
                yield Batch(_records_in(block, selection), is_last=False)
        yield Batch(is_missing=file is None)


def _records_in(block: bytes, selection: Selection) -> list[tuple[bytes, Record]]:
    found = []
    for line in lines_in(block):
        record = selection.read(line)
        if record is not None and selection.takes(record):
            found.append((line, record))
    return found
