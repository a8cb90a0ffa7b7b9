"""The lines of a log as rows: in batches on their way to the server, and as they come back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from .statements import key_of, text_array

# One statement takes no more than this of a batch; the rest follow in the same transaction.
_ROWS, _BYTES = 5_000, 16 << 20


class Row(NamedTuple):
    """A line to append, without its newline, and the ids that it is found by."""

    event_id: str | None
    aggregate_id: str
    line: bytes


class Found(NamedTuple):
    """A line of the log, where it is, and what stands for its id."""

    position: int
    key: bytes
    line: bytes


def batches_of(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """Yield the rows in parts, each of which one statement can take."""
    start = size = 0
    for number, row in enumerate(rows):
        size += len(row.line)
        if number - start + 1 == _ROWS or size >= _BYTES or number == len(rows) - 1:
            yield rows[start : number + 1]
            start, size = number + 1, 0


def arrays_of(rows: Sequence[Row]) -> tuple[bytes, bytes, bytes]:
    """Return the keys of events, those of their aggregates, and the lines."""
    ids = [None if row.event_id is None else key_of(row.event_id) for row in rows]
    aggregates = [key_of(row.aggregate_id) for row in rows]
    return text_array(ids), text_array(aggregates), text_array([row.line for row in rows])
