"""The last records of a log."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .._contract import StorageError
from .._log import Snapshot, files
from .._log.backwards import blocks_backwards, lines_in
from .._log.held import snapshot_of
from .record import Record
from .selection import Selection


@dataclass(frozen=True, slots=True)
class Recent:
    """The last records of a log.

    Attributes:
        records: Each with its line, in the order of the file.
        other_lines: How many lines were passed that hold no record.
    """

    records: list[tuple[bytes, Record]]
    other_lines: int


def recent_lines(
    path: str | os.PathLike[str],
    selection: Selection,
    count: int | None,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> Recent:
    """Return the last records of a log that are asked for, reading it from its end.

    Args:
        path: The log. A missing file is an error: it is probably a mistake.
        selection: What is asked for.
        count: At most so many; None for all of them.
        progress: Called now and then with how many bytes have been read and how many there are.

    Raises:
        StorageError: The file is missing, or the operating system refused to read it.
    """
    log = Path(path)
    try:
        with snapshot_of(log) as snapshot:
            return recent_in(snapshot, selection, count, progress)
    except OSError as error:
        raise StorageError(files.refusal("read", log, error)) from error


def recent_in(
    snapshot: Snapshot,
    selection: Selection,
    count: int | None,
    progress: Callable[[int, int], None] | None = None,
) -> Recent:
    """Return the last records of an open log."""
    found: list[tuple[bytes, Record]] = []
    others = 0
    for offset, block in blocks_backwards(snapshot) if count != 0 else ():
        for line in reversed(lines_in(block)):
            if not line or line.isspace():
                continue
            record = selection.read(line)
            if record is None:
                others += 1
            elif selection.takes(record):
                found.append((line, record))
                if len(found) == count:
                    return Recent(found[::-1], others)
        if progress is not None:
            progress(snapshot.size - offset, snapshot.size)
    return Recent(found[::-1], others)
