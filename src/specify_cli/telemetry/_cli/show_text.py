"""Records in columns, one a line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TextIO

from ..query import Record
from .streams import printable
from .terminal import (
    BLUE,
    BOLD,
    CYAN,
    DIM,
    GREEN,
    Paint,
    columns_of,
    cut,
    padded,
    shown_by,
    width_of,
)

# Of time, clock, node, aggregate and type.
_STYLES = (DIM, DIM, GREEN, BLUE, BOLD)
_MAX_WIDTHS = (19, 8, 20, 32, 24)
_CLOCK = 1
# What a narrow terminal shortens, and to how many columns.
_SHORTENED = (3, 4, 2)
_MIN_WIDTH = 6
_ROOM_FOR_DETAILS = 24
# On a terminal narrower than these, the year and the seconds, and the aggregate, are not shown.
_WIDE, _MEDIUM = 90, 72
_AGGREGATE = 3


class Table:
    """The columns of what is shown; they are as wide as what has been shown asks for.

    Args:
        stream: Where the lines go. On a terminal they are cut to its width, and coloured.
    """

    def __init__(self, stream: TextIO) -> None:
        """Begin with no column: one that would be empty is not shown."""
        self._stream = stream
        self._paint = Paint(stream)
        self._widths = [0] * len(_MAX_WIDTHS)
        self._mark = shown_by(stream, "…", "~")

    def lines(self, records: Iterable[Record]) -> list[str]:
        """Return the records, each as one line."""
        columns = columns_of(self._stream)
        short = columns is not None and columns < _WIDE
        rows = [(_cells(record, short=short), record) for record in records]
        for index, limit in enumerate(_MAX_WIDTHS):
            widest = max((width_of(cells[index]) for cells, _ in rows), default=0)
            self._widths[index] = max(self._widths[index], min(widest, limit))
        widths = self._widths if columns is None else _fitting(self._widths, columns)
        return [self._line(cells, record, widths, columns) for cells, record in rows]

    def _line(
        self, cells: Sequence[str], record: Record, widths: Sequence[int], columns: int | None
    ) -> str:
        parts = []
        # A line that is as long as the terminal is wide might be wrapped.
        room = None if columns is None else columns - 1
        for index, (cell, width) in enumerate(zip(cells, widths, strict=True)):
            if not width:
                continue
            text = cell if columns is None else cut(cell, width, self._mark)
            text = text.rjust(width) if index == _CLOCK else padded(text, width)
            if room is not None:
                text = cut(text, room, self._mark)
                room = max(0, room - width - 2)
            parts.append(self._paint(text, _STYLES[index]))
        parts.append(self._details(record, room))
        return "  ".join(parts).rstrip()

    def _details(self, record: Record, room: int | None) -> str:
        parts = []
        for key, value in record.details():
            name, text = printable(key), _value(value)
            if room is not None:
                name = cut(name, room, self._mark)
                text = cut(text, max(0, room - width_of(name) - 1), self._mark)
                room -= width_of(name) + width_of(text) + 2
            parts.append(self._paint(f"{name}=", CYAN) + text if text else name)
            if room is not None and room <= 0:
                break
        return " ".join(parts)


def _cells(record: Record, *, short: bool) -> tuple[str, ...]:
    shown = local_time(record.time)
    if short:
        shown = shown[5:16]
    clock = "" if record.clock is None else str(record.clock)
    return (shown, clock, *map(printable, (record.node, record.aggregate, record.type)))


def local_time(time: datetime | None) -> str:
    """Return a time as a clock on the wall shows it; nothing without one."""
    if time is None:
        return ""
    try:
        return f"{time.astimezone():%Y-%m-%d %H:%M:%S}"
    except (ValueError, OverflowError, OSError):  # the first and the last day that there are
        return f"{time:%Y-%m-%d %H:%M:%S}"


def _value(value: object) -> str:
    if isinstance(value, str) and value and value.isprintable() and not set(value) & set(" \"'="):
        return value
    try:
        return printable(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
    except (ValueError, RecursionError):  # nested as deep as Python can still read
        return "..."


def _fitting(widths: Sequence[int], columns: int) -> list[int]:
    """Return widths that leave room for the details, as far as that is possible."""
    fitting = list(widths)
    if columns < _MEDIUM:
        fitting[_AGGREGATE] = 0
    while sum(width + 2 for width in fitting if width) > columns - _ROOM_FOR_DETAILS:
        widest = max(_SHORTENED, key=lambda index: fitting[index])
        if fitting[widest] <= _MIN_WIDTH:
            break
        fitting[widest] -= 1
    return fitting
