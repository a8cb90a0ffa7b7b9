"""Reading the events of a log, past whatever else it holds."""

from __future__ import annotations

import logging
from collections.abc import Hashable, Iterable, Iterator
from pathlib import Path
from typing import Generic

from .._codec import EventCodec, EventId, EventT, MalformedLineError, is_blank, lines_of_aggregate
from .._log import AppendLog
from .recent import RecentIds

_MAX_WARNINGS = 10


class SkippedLines:
    """Reports the lines that a read skips: the first ten, and at its end how many there were."""

    def __init__(self, path: Path, logger: logging.Logger) -> None:
        """Start with no line."""
        self._path = path
        self._logger = logger
        self._count = 0

    def report(self, number: int, reason: MalformedLineError) -> None:
        """Report one line, unless there were many already."""
        self._count += 1
        if self._count <= _MAX_WARNINGS:
            self._logger.warning(
                'Skipping malformed event line %d of "%s": %s', number, self._path, reason
            )

    def summarize(self) -> None:
        """Report how many lines there were, if not each of them was reported."""
        if self._count > _MAX_WARNINGS:
            self._logger.warning(
                'Skipped %d malformed event lines of "%s"', self._count, self._path
            )


class Reader(Generic[EventT]):
    """Reads one log. It remembers nothing of it: each read goes by the bytes that are there.

    Args:
        log: The file.
        codec: What tells whether a line loads.
    """

    def __init__(self, log: AppendLog, codec: EventCodec[EventT]) -> None:
        """Touch nothing on disk."""
        self._log = log
        self._codec = codec

    def events(self) -> Iterator[EventT]:
        """Yield the events of the lines that load, in file order, reporting the other lines.

        Raises:
            StorageError: The operating system refused.
        """
        return self.events_in(self._log.blocks())

    def distinct_events(self, aggregate_id: str | None = None) -> Iterator[EventT]:
        """Return the events as ``events`` does, each id once as far as ``RecentIds`` reaches.

        Args:
            aggregate_id: The aggregate to yield events of; by default, all of them.

        Raises:
            TypeError: ``aggregate_id`` is not a str.
        """
        events = self._distinct_events()
        if aggregate_id is None:
            return events
        self._check_aggregate(aggregate_id)
        aggregate_of = self._codec.aggregate_of
        return (event for event in events if aggregate_of(event) == aggregate_id)

    def _distinct_events(self) -> Iterator[EventT]:
        recent = RecentIds()
        for event in self.events():
            identity = self.identity_of(event)
            if identity not in recent:
                recent.add(identity)
                yield event

    def identity_of(self, event: EventT) -> Hashable:
        """Return what is the same of two events if one repeats the other: their id, if any."""
        event_id: EventId | None = self._codec.id_of(event)
        return object() if event_id is None else event_id

    def first_of_each_id(self, events: Iterable[EventT]) -> list[EventT]:
        """Return the events, of those with one id the first."""
        if self._codec.id_key is None:
            return list(events)
        identity_of = self.identity_of
        found: dict[Hashable, EventT] = {}
        for event in events:
            found.setdefault(identity_of(event), event)
        return list(found.values())

    def events_in(self, blocks: Iterable[bytes], first_line: int = 1) -> Iterator[EventT]:
        """Yield the events of the lines in ``blocks`` that load, reporting the other lines.

        Args:
            blocks: Whole lines; the last may lack its newline.
            first_line: The number of the first of them.
        """
        skipped = SkippedLines(self._log.path, self._log.logger)
        decode = self._codec.decode
        number = first_line - 1
        for block in blocks:
            for line in block.removesuffix(b"\n").split(b"\n"):
                number += 1
                if not line or line.isspace():
                    continue
                try:
                    event = decode(line)
                except MalformedLineError as reason:
                    if not is_blank(line):
                        skipped.report(number, reason)
                else:
                    yield event
        skipped.summarize()

    def events_of(self, aggregate_id: str) -> Iterator[EventT]:
        """Yield the events of one aggregate in file order.

        Lines that are malformed are reported if they may be this aggregate's, or stand near a line
        that does not look like a record.

        Raises:
            StorageError: The operating system refused.
            TypeError: ``aggregate_id`` is not a str.
        """
        self._check_aggregate(aggregate_id)
        skipped = SkippedLines(self._log.path, self._log.logger)
        lines_before = 0
        for block in self._log.blocks():
            for start, line in lines_of_aggregate(block, aggregate_id, self._codec):
                if line.isspace():
                    continue
                try:
                    event = self._codec.decode(line)
                except MalformedLineError as reason:
                    if not is_blank(line):
                        skipped.report(lines_before + block.count(b"\n", 0, start) + 1, reason)
                else:
                    if self._codec.aggregate_of(event) == aggregate_id:
                        yield event
            lines_before += block.count(b"\n")
        skipped.summarize()

    def _check_aggregate(self, aggregate_id: object) -> None:
        if self._codec.aggregate_field is None:
            raise TypeError("events without an aggregate cannot be loaded by one")
        if not isinstance(aggregate_id, str):
            raise TypeError(f"an aggregate_id is a str, not {aggregate_id!r}")
