"""What logs hold as text for people, and as JSON and CSV for others."""

from __future__ import annotations

import csv
import json
import sys
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import TextIO

from ..query import Group, Stats
from .check_text import count
from .show_text import local_time
from .streams import printable
from .terminal import BOLD, CYAN, DIM, Paint, columns_of, cut, padded, shown_by, width_of

_MAX_NAMES = 5
_MAX_KEY = 40
_BAR = 20
_MIN_BAR = 4
_SEPARATOR = 2


def stats_as_json(stats: Stats) -> dict[str, object]:
    """Return numbers as what ``json.dumps`` takes."""
    return {
        "logs": stats.logs,
        "size": stats.size,
        "events": stats.records,
        "repeats": stats.repeats,
        "other_lines": stats.other_lines,
        "first": stats.first and stats.first.isoformat(),
        "last": stats.last and stats.last.isoformat(),
        "aggregates": dict(stats.aggregates.most_common()),
        "types": dict(stats.types.most_common()),
        "nodes": dict(stats.nodes.most_common()),
        "groups": [
            {
                "by": dict(zip(stats.by, group.key, strict=True)),
                "events": group.records,
                "sum": {
                    name: _number(total.sum if total.count else None)
                    for name, total in zip(stats.fields, group.totals, strict=True)
                },
                "mean": {
                    name: _number(total.mean)
                    for name, total in zip(stats.fields, group.totals, strict=True)
                },
            }
            for group in stats.sorted_groups()
        ],
    }


def write_csv(stats: Stats, stream: TextIO) -> None:
    """Write the groups: a line of names, and one line each."""
    rows = csv.writer(stream, lineterminator="\n")
    sums = [f"{what}_{name}" for name in stats.fields for what in ("sum", "mean")]
    rows.writerow([*stats.by, "events", *sums])
    for group in stats.sorted_groups():
        values = (
            _number(value)
            for total in group.totals
            for value in (total.sum if total.count else None, total.mean)
        )
        rows.writerow([*map(_cell, group.key), group.records, *values])


def stats_as_text(stats: Stats, stream: TextIO) -> str:
    """Return numbers to be read by a person."""
    lines = [*_summary(stats, stream)]
    if stats.by or stats.fields:
        lines += ["", *_groups(stats, stream)]
    return "\n".join(lines)


def _summary(stats: Stats, stream: TextIO) -> Iterator[str]:
    paint = Paint(stream)
    columns = columns_of(stream)
    rows = [
        ("events", f"{stats.records:,} in {count(stats.logs, 'log')}, {_size(stats.size)}"),
        ("time", _span(stats)),
        ("aggregates", _most(stats.aggregates)),
        ("types", _most(stats.types)),
        ("nodes", _most(stats.nodes)),
    ]
    if stats.repeats:
        rows.append(("repeats", f"{count(stats.repeats, 'line')} with a known id, left out"))
    if stats.other_lines:
        rows.append(("others", f"{count(stats.other_lines, 'line')} without a record: see check"))
    for name, text in rows:
        if columns is not None:
            text = cut(text, max(0, columns - 13), shown_by(stream, "…", "~"))  # noqa: PLW2901  # as shown
        if text:
            yield f"{paint(padded(name, 10), DIM)}  {text}"


def _groups(stats: Stats, stream: TextIO) -> Iterator[str]:
    paint = Paint(stream)
    mark = shown_by(stream, "…", "~")
    groups = stats.sorted_groups()
    heads = [*stats.by, "events", *(h for name in stats.fields for h in (name, "mean"))]
    rows = [
        [
            *(cut(printable(_cell(value) or "-"), _MAX_KEY, mark) for value in group.key),
            f"{group.records:,}",
            *(
                _shown(value)
                for total in group.totals
                for value in (total.sum if total.count else None, total.mean)
            ),
        ]
        for group in groups
    ]
    widths = [max(map(width_of, column)) for column in zip(*([heads, *rows]), strict=True)]
    keys = len(stats.by)
    columns = columns_of(stream)
    used = sum(widths) + _SEPARATOR * len(widths)
    room = 0 if columns is None else min(_BAR, columns - 1 - used)
    greatest = max([Decimal(0), *map(_measure, groups)])

    def line(cells: list[str], style: str, bar: str = "") -> str:
        texts = [
            padded(cell, width) if index < keys else " " * (width - width_of(cell)) + cell
            for index, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        text = "  ".join(texts)
        if columns is not None:
            text = cut(text, columns - 1, mark)
        return f"{paint(text, style)}  {paint(bar, CYAN)}".rstrip()

    yield line(heads, BOLD)
    block = shown_by(stream, "█", "#")
    for group, cells in zip(groups, rows, strict=True):
        share = max(Decimal(0), _measure(group)) / greatest if greatest > 0 else Decimal(0)
        yield line(cells, "", block * round(share * room) if room >= _MIN_BAR else "")


def _measure(group: Group) -> Decimal:
    return group.totals[0].sum if group.totals else Decimal(group.records)


def _most(counts: Counter[str]) -> str:
    if not counts:
        return ""
    shown = ", ".join(
        f"{printable(name)} {number:,}" for name, number in counts.most_common(_MAX_NAMES)
    )
    return f"{len(counts):,}: {shown}" + (", ..." if len(counts) > _MAX_NAMES else "")


def _span(stats: Stats) -> str:
    return f"{local_time(stats.first)} to {local_time(stats.last)}" if stats.first else ""


def _size(size: int) -> str:
    value = float(size)
    for unit in ("bytes", "kB", "MB"):
        if value < 1000:  # noqa: PLR2004  # so many make one of the next
            return f"{value:,.0f} {unit}" if unit == "bytes" else f"{value:,.1f} {unit}"
        value /= 1000
    return f"{value:,.1f} GB"


def _number(value: Decimal | None) -> int | float | str | None:
    if value is None:
        return None
    if value.adjusted() >= sys.int_info.str_digits_check_threshold:
        return str(value)  # Python may refuse to spell it as an integer, and no float holds it
    return int(value) if value == value.to_integral_value() else float(value)


def _shown(value: Decimal | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.4f}".rstrip("0").removesuffix(".")


def _cell(value: object) -> str:
    if value is None:
        return ""
    try:
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    except RecursionError:  # nested as deep as Python can still read
        return "..."
