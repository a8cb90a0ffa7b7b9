"""Reading the events of a log, past whatever else it holds."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from pathlib import Path
from typing import Generic

from .._codec import Codec, EventCodec, EventT, MalformedLineError, is_blank, lines_of_aggregate
from .._log import AppendLog, Logger
from . import errors
from .recent import RecentIds

_MAX_WARNINGS = 10


class SkippedLines:
    """Reports the lines that a read skips: the first ten, and at its end how many there were."""

    def __init__(self, path: Path | str, logger: Logger) -> None:
        """Start with no line."""
        self.path = path
        self.logger = logger
        self.count = 0

    def report(self, number: int, reason: MalformedLineError) -> None:
        """Report one line, unless there were many already."""
        self.count += 1
        if self.count <= _MAX_WARNINGS:
            self.warn_of_one(number, reason)

    def summarize(self) -> None:
        """Report how many lines there were, if not each of them was reported."""
        if self.count > _MAX_WARNINGS:
            self.warn_of_all()

    def warn_of_one(self, number: int, reason: MalformedLineError) -> None:
        """Warn that a line is no record."""
        self.logger.warning(
            'Skipping malformed record line %d of "%s": %s', number, self.path, reason
        )

    def warn_of_all(self) -> None:
        """Warn that so many lines are no records."""
        self.logger.warning('Skipped %d malformed record lines of "%s"', self.count, self.path)


class SkippedEvents(SkippedLines):
    """Reports the lines that are no events."""

    def warn_of_one(self, number: int, reason: MalformedLineError) -> None:
        """Warn that a line is no event."""
        self.logger.warning(
            'Skipping malformed event line %d of "%s": %s', number, self.path, reason
        )

    def warn_of_all(self) -> None:
        """Warn that so many lines are no events."""
        self.logger.warning('Skipped %d malformed event lines of "%s"', self.count, self.path)


class Reader(Generic[EventT]):
    """Reads one log. It remembers nothing of it: each read goes by the bytes that are there.

    Args:
        log: The file.
        codec: What tells whether a line loads.
    """

    _skipped_lines = SkippedLines

    def __init__(self, log: AppendLog, codec: Codec[EventT]) -> None:
        """Touch nothing on disk."""
        self._log = log
        self._codec = codec

    def events(self) -> Iterator[EventT]:
        """Yield the events of the lines that load, in file order, reporting the other lines.

        Raises:
            StorageError: The operating system refused.
        """
        return self.events_in(self._log.blocks())

    def distinct(self, events: Iterable[EventT]) -> Iterator[EventT]:
        """Yield the events, each id once as far as ``RecentIds`` reaches."""
        recent = RecentIds()
        for event in events:
            event_id = self._codec.id_of(event)
            if event_id is None:
                yield event
            elif event_id not in recent:
                recent.add(event_id)
                yield event

    def key_of(self, event: EventT) -> Hashable:
        """Return what tells an event from every other: its id, or that it is itself."""
        event_id = self._codec.id_of(event)
        return object() if event_id is None else event_id

    def first_of_each_id(self, events: Iterable[EventT]) -> list[EventT]:
        """Return the events, of those with one id the first."""
        key_of = self.key_of
        found: dict[Hashable, EventT] = {}
        for event in events:
            found.setdefault(key_of(event), event)
        return list(found.values())

    def events_in(self, blocks: Iterable[bytes], first_line: int = 1) -> Iterator[EventT]:
        """Yield the events of the lines in ``blocks`` that load, reporting the other lines.

        Args:
            blocks: Whole lines; the last may lack its newline.
            first_line: The number of the first of them.
        """
        skipped = self._skipped_lines(self._log.path, self._log.logger)
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

    def records(self, blocks: Iterable[bytes], *, strict: bool) -> Iterator[EventT]:
        """Yield what the lines in ``blocks`` hold, each id once as far as ``RecentIds`` reaches.

        Args:
            blocks: Whole lines from the start of the log; the last may lack its newline.
            strict: Whether to raise at the first malformed line, or report them all.

        Raises:
            errors.MalformedLineError: A line is malformed, and it is to be strict.
        """
        return self.distinct(self._strictly(blocks) if strict else self.events_in(blocks))

    def _strictly(self, blocks: Iterable[bytes]) -> Iterator[EventT]:
        number = offset = 0
        for block in blocks:
            for line in block.removesuffix(b"\n").split(b"\n"):
                number += 1
                if not is_blank(line):
                    try:
                        value = self._codec.decode(line)
                    except MalformedLineError as reason:
                        raise errors.MalformedLineError(
                            self._log.path, number, offset, str(reason)
                        ) from reason
                    yield value
                offset += len(line) + 1


class EventReader(Reader[EventT]):
    """Reads one log of events, which have an aggregate.

    Args:
        log: The file.
        codec: What tells whether a line loads.
    """

    _skipped_lines = SkippedEvents

    def __init__(self, log: AppendLog, codec: EventCodec[EventT]) -> None:
        """Touch nothing on disk."""
        super().__init__(log, codec)
        self._events = codec

    def distinct_events(self, aggregate_id: str | None = None) -> Iterator[EventT]:
        """Return the events as ``events`` does, each id once as far as ``RecentIds`` reaches.

        Args:
            aggregate_id: The aggregate to yield events of; by default, all of them.

        Raises:
            TypeError: ``aggregate_id`` is not a str.
        """
        events = self.distinct(self.events())
        if aggregate_id is None:
            return events
        check_aggregate(aggregate_id, self._events)
        aggregate_of = self._events.aggregate_of
        return (event for event in events if aggregate_of(event) == aggregate_id)

    def events_of(self, aggregate_id: str) -> Iterator[EventT]:
        """Yield the events of one aggregate in file order.

        Lines that are malformed are reported if they may be this aggregate's, or stand near a line
        that does not look like a record.

        Raises:
            StorageError: The operating system refused.
            TypeError: ``aggregate_id`` is not a str.
        """
        check_aggregate(aggregate_id, self._events)
        skipped = self._skipped_lines(self._log.path, self._log.logger)
        lines_before = 0
        for block in self._log.blocks():
            count, lines = lines_of_aggregate(block, aggregate_id, self._events)
            for start, line in lines:
                if line.isspace():
                    continue
                try:
                    event = self._codec.decode(line)
                except MalformedLineError as reason:
                    if not is_blank(line):
                        skipped.report(lines_before + block.count(b"\n", 0, start) + 1, reason)
                else:
                    if self._events.aggregate_of(event) == aggregate_id:
                        yield event
            lines_before += count
        skipped.summarize()


def check_aggregate(aggregate_id: object, codec: EventCodec[EventT]) -> None:
    """See that events can be loaded by an aggregate that a caller has given.

    Raises:
        TypeError: It is not a str, or the events have none.
    """
    if codec.aggregate_field is None:
        raise TypeError("events without an aggregate cannot be loaded by one")
    if not isinstance(aggregate_id, str):
        raise TypeError(f"an aggregate_id is a str, not {aggregate_id!r}")
