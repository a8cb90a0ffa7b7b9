"""What logs hold, in numbers: counts, and sums over the fields of records."""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from .._contract import StorageError
from .._log import files
from .._log.backwards import lines_in
from .._log.held import snapshot_of
from .record import Record
from .selection import Selection


@dataclass(slots=True)
class Total:
    """The sum of a field.

    Attributes:
        count: How many records have a number there.
        sum: The sum of these, as exact as their decimal digits are.
    """

    count: int = 0
    sum: Decimal = Decimal(0)

    def add(self, value: object) -> None:
        """Add a number; anything else does not count."""
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return
        if isinstance(value, float) and not math.isfinite(value):
            return
        self.count += 1
        # 0.1 + 0.2 is 0.3 to whoever reads a log.
        self.sum += Decimal(repr(value)) if isinstance(value, float) else value

    @property
    def mean(self) -> Decimal | None:
        """The mean; None without a number."""
        return self.sum / self.count if self.count else None


@dataclass(slots=True)
class Group:
    """The records that have the same values of the fields that they are grouped by.

    Attributes:
        key: These values.
        records: How many records there are.
        totals: The sums, one for each field asked for.
    """

    key: tuple[object, ...]
    totals: list[Total]
    records: int = 0


@dataclass(slots=True)
class Stats:
    """What some logs hold.

    Attributes:
        by: The fields that the records are grouped by.
        fields: The fields that are summed.
        logs: How many logs.
        size: How many bytes.
        records: How many records are asked for, each id once.
        repeats: How many lines were left out because their id was there before.
        other_lines: How many lines hold no record.
        first: The earliest time.
        last: The latest time.
        aggregates: How many records each aggregate has.
        types: How many records of each type.
        nodes: How many records of each node.
        groups: The groups, by their key.
    """

    by: Sequence[str] = ()
    fields: Sequence[str] = ()
    logs: int = 0
    size: int = 0
    records: int = 0
    repeats: int = 0
    other_lines: int = 0
    first: datetime | None = None
    last: datetime | None = None
    aggregates: Counter[str] = field(default_factory=Counter)
    types: Counter[str] = field(default_factory=Counter)
    nodes: Counter[str] = field(default_factory=Counter)
    groups: dict[str, Group] = field(default_factory=dict)
    _ids: set[str] = field(default_factory=set)

    def add(self, record: Record) -> None:
        """Take in a record, unless its id is known."""
        event_id = record.event_id
        if event_id is not None:
            if event_id in self._ids:
                self.repeats += 1
                return
            self._ids.add(event_id)
        self.records += 1
        for counts, name in (
            (self.aggregates, record.aggregate),
            (self.types, record.type),
            (self.nodes, record.node),
        ):
            if name:
                counts[name] += 1
        time = record.time
        if time is not None:
            if self.first is None or time < self.first:
                self.first = time
            if self.last is None or time > self.last:
                self.last = time
        if self.by or self.fields:
            self._add_to_group(record)

    def _add_to_group(self, record: Record) -> None:
        key = tuple(record.value(name) for name in self.by)
        # A value may be a list; and 1 is not True, nor 1.0.
        group = self.groups.get(name := repr(key))
        if group is None:
            group = self.groups[name] = Group(key, [Total() for _ in self.fields])
        group.records += 1
        for total, name in zip(group.totals, self.fields, strict=True):
            total.add(record.value(name))

    def sorted_groups(self) -> list[Group]:
        """Return the groups, the one with the greatest first sum, or count, first."""

        def rank(group: Group) -> tuple[Decimal, int]:
            return (group.totals[0].sum if group.totals else Decimal(0), group.records)

        return sorted(self.groups.values(), key=rank, reverse=True)


def gather(
    stats: Stats,
    path: str | os.PathLike[str],
    selection: Selection,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Take in a log.

    Memory: about 100 bytes for an id, and the groups.

    Args:
        stats: What it is added to.
        path: The log. A missing file is an error: it is probably a mistake.
        selection: Which records count.
        progress: Called now and then with how many bytes have been read and how many there are.

    Raises:
        StorageError: The file is missing, or the operating system refused to read it.
    """
    log = Path(path)
    try:
        with snapshot_of(log) as snapshot:
            for offset, block in snapshot.blocks(0, snapshot.size):
                for line in lines_in(block):
                    if not line or line.isspace():
                        continue
                    record = selection.read(line)
                    if record is None:
                        stats.other_lines += 1
                    elif selection.takes(record):
                        stats.add(record)
                if progress is not None:
                    progress(offset + len(block), snapshot.size)
            stats.logs += 1
            stats.size += snapshot.size
    except OSError as error:
        raise StorageError(files.refusal("read", log, error)) from error
