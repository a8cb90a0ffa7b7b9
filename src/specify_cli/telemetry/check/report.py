"""Looking through a log for everything that is wrong with it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic

from .._codec.codec import Codec, MalformedLineError, codec_of, is_blank
from .._codec.event import EventT, StorableEvent
from .._codec.fragments import pieces_of
from .._contract import Event, StorageError
from .._log import files
from .._log.append import AppendLog
from ..jsonl.recent import RecentIds
from . import distinct
from .distinct import DistinctIds
from .problems import Problem, ProblemKind, problem_of_duplicate, problems_of_line

__all__ = ["LogReport", "Problem", "ProblemKind", "check_log"]


@dataclass(frozen=True, slots=True)
class LogReport:
    """What a log holds.

    Attributes:
        path: The log.
        size: How many bytes were read.
        lines: How many lines they are.
        events: How many events load from them, each id once.
        aggregates: How many aggregates these belong to.
        malformed_lines: How many lines do not load, not counting blank ones.
        recoverable_events: How many further events there are, whole, in lines that do not load.
        counts: How many problems there are of each kind that occurs.
        problems: The first of them, in the order of the file.

    Example:
        >>> store.save_events([event, other_event])
        2
        >>> report = check_log(store.file_path)
        >>> report.events, report.aggregates, report.is_clean
        (2, 1, True)
    """

    path: Path
    size: int
    lines: int
    events: int
    aggregates: int
    malformed_lines: int
    recoverable_events: int
    counts: Mapping[ProblemKind, int]
    problems: tuple[Problem, ...]

    @property
    def is_clean(self) -> bool:
        """Whether there is no problem at all."""
        return not self.counts


def check_log(
    path: str | os.PathLike[str],
    *,
    event_model: type[StorableEvent] = Event,
    progress: Callable[[int, int], None] | None = None,
    max_problems: int = 1000,
) -> LogReport:
    """Return what a log holds and what is wrong with it.

    Nothing is written. The log may be in use: it is read up to the end it has at the start, and an
    append under way there is waited for. Memory is bounded, however long the log: 150 MB at most,
    besides the longest line and the problems reported. A log of more than two million events is
    read several times.

    Args:
        path: The log. Unlike for a store, a missing file is an error: it is probably a mistake.
        event_model: The pydantic model of the events.
        progress: Called now and then with how many bytes have been read and how many there are;
            it begins again at 0 each time the log is read.
        max_problems: How many problems the report holds; all of them are counted.

    Returns:
        The report.

    Raises:
        StorageError: The file is missing, or the operating system refused to read it.

    Example:
        >>> store.save_event(event)
        >>> with store.file_path.open("ab") as file:
        ...     written = file.write(b"<<<<<<< HEAD")
        >>> for problem in check_log(store.file_path).problems:
        ...     print(problem.line, problem.kind, problem.excerpt)
        2 conflict marker b'<<<<<<< HEAD'
    """
    log = AppendLog(Path(path), fsync=False)
    size = _size_of(log.path)
    check = _Check(codec_of(event_model), max_problems)
    while not check.is_complete:
        for number, offset, block in _numbered_blocks(log):
            check.take(number, offset, block)
            if progress is not None:
                progress(offset + len(block), max(size, offset + len(block)))
        check.end_pass()
    return check.report(log)


def _size_of(path: Path) -> int:
    try:
        fd = files.open_file(os.fspath(path), os.O_RDONLY)
        try:
            return files.regular(fd).st_size
        finally:
            os.close(fd)
    except OSError as error:
        raise StorageError(f'cannot read "{path}": {error.strerror or error}') from error


def _numbered_blocks(log: AppendLog) -> Iterator[tuple[int, int, bytes]]:
    """Yield blocks of lines, each with the number of its first line and its place in the file."""
    number, offset = 1, 0
    for block in log.blocks():
        yield number, offset, block
        number += block.count(b"\n")
        offset += len(block)


class _Check(Generic[EventT]):
    """One check: as many passes over the log as it takes."""

    def __init__(self, codec: Codec[EventT], max_problems: int) -> None:
        self._codec = codec
        self._max_problems = max_problems
        self._ids = DistinctIds(distinct.BUDGET, max_problems)
        self._aggregates = DistinctIds(distinct.BUDGET, 0)
        self._recent_aggregates = RecentIds()
        self._counts: Counter[ProblemKind] = Counter()
        self._problems: list[Problem] = []
        self._size = self._lines = self._malformed_lines = 0
        self._is_first_pass = True

    @property
    def is_complete(self) -> bool:
        return self._ids.is_complete and self._aggregates.is_complete

    def take(self, number: int, offset: int, block: bytes) -> None:
        """Take in whole lines; only the last of the log may lack its newline."""
        if self._is_first_pass:
            self._size = offset + len(block)
            self._lines = number + block.count(b"\n", 0, -1)
        for line in block.removesuffix(b"\n").split(b"\n"):
            if offset >= self._size:  # appended since the first pass
                return
            try:
                event = self._codec.decode(line)
            except MalformedLineError:
                if not is_blank(line):
                    has_newline = block.endswith(b"\n")
                    self._take_malformed(number, offset, line, has_newline=has_newline)
            else:
                self._ids.add(event.event_id, number, offset)
                if self._recent_aggregates.is_new(event.aggregate_id):
                    self._aggregates.add(event.aggregate_id, number, offset)
            number += 1
            offset += len(line) + 1

    def _take_malformed(self, number: int, offset: int, line: bytes, *, has_newline: bool) -> None:
        pieces = pieces_of(line, self._codec)
        for piece in pieces:
            if piece.event is not None:
                self._ids.add(piece.event.event_id, number, offset, hidden=True)
        if self._is_first_pass:
            self._malformed_lines += 1
            problems = problems_of_line(pieces, number, offset, has_newline=has_newline)
            self._counts.update(problem.kind for problem in problems)
            self._problems += problems[: self._max_problems - len(self._problems)]

    def end_pass(self) -> None:
        """Be ready to read the log again."""
        self._ids.end_pass()
        self._aggregates.end_pass()
        self._recent_aggregates = RecentIds()
        self._is_first_pass = False

    def report(self, log: AppendLog) -> LogReport:
        """Return what was found."""
        duplicates = [
            problem_of_duplicate(
                repeat.line,
                repeat.offset,
                log.line_at(repeat.offset),
                repeat.first_line,
                log.line_at(repeat.first_offset),
            )
            for repeat in self._ids.repeats
        ]
        counts = dict(self._counts)
        if self._ids.repeat_count:
            counts["duplicate"] = self._ids.repeat_count
        return LogReport(
            path=log.path,
            size=self._size,
            lines=self._lines,
            events=self._ids.count,
            aggregates=self._aggregates.count,
            malformed_lines=self._malformed_lines,
            recoverable_events=self._ids.hidden,
            counts=counts,
            problems=tuple(sorted([*self._problems, *duplicates])[: self._max_problems]),
        )
