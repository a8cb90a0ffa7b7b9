"""Looking through a log for everything that is wrong with it."""

from __future__ import annotations

import os
from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic

from .._codec import RECORDS, Codec, EventId, EventT, MalformedLineError, codec_of
from .._codec.fragments import Piece, has_event_id, parts_of, whole_piece
from .._contract import Event, StorageError
from .._log import Snapshot, files
from .._log.held import snapshot_of
from .._log.lines import Contents, Line, content_of, lines_of
from .problems import DAMAGE, Problem, ProblemKind, problem, problems_of_line


@dataclass(frozen=True, slots=True)
class LogReport:
    """What a log holds.

    Attributes:
        path: The log.
        size: How many bytes were read.
        lines: How many lines they are.
        events: How many events load from them, each id once; one without an id each time.
        aggregates: How many aggregates these belong to.
        malformed_lines: How many lines do not load, not counting blank ones.
        recoverable_events: How many further events there are, whole, in lines that do not load.
        other_events: How many lines are JSON with an ``event_id``, and yet no event of the model:
            they may be events of another one.
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
    other_events: int
    counts: Mapping[ProblemKind, int]
    problems: tuple[Problem, ...]

    @property
    def is_clean(self) -> bool:
        """Whether there is no problem at all."""
        return not self.counts

    @property
    def is_damaged(self) -> bool:
        """Whether there is anything that a repair would mend."""
        return not DAMAGE.isdisjoint(self.counts)


def check_log(
    path: str | os.PathLike[str],
    *,
    event_model: Any = Event,
    progress: Callable[[int, int], None] | None = None,
    max_problems: int = 1000,
) -> LogReport:
    """Return what a log holds and what is wrong with it.

    Nothing is written. The log may be in use: an append under way is waited for, and what is
    appended from then on is left out. The file is opened once and read once, but for a second look
    at lines whose id comes again.

    Memory: 150 bytes for an id of 26 characters, 100 for an aggregate and its name; four times the
    longest line; and the problems reported. A line that is repeated takes nothing.

    Args:
        path: The log. Unlike for a store, a missing file is an error: it is probably a mistake.
        event_model: The type of the events, or the class of their store; None for a log of
            anything, in which every JSON object is a record, and repeats are meant.
        progress: Called now and then with how many bytes have been read and how many there are.
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
    log = Path(path)
    try:
        with snapshot_of(log) as snapshot:
            codec: Codec[Any] = RECORDS if event_model is None else codec_of(event_model)
            noun = "record" if event_model is None else "event"
            check = _Check(codec, snapshot, max_problems, noun)
            for line in lines_of(check.numbered(_reported(snapshot, progress))):
                check.take(line)
            return check.report(log)
    except OSError as error:
        raise StorageError(files.refusal("read", log, error)) from error


def _reported(
    snapshot: Snapshot, progress: Callable[[int, int], None] | None
) -> Iterator[tuple[int, bytes]]:
    """Yield the blocks of a log, and report each when the next one is asked for."""
    for offset, block in snapshot.blocks(0, snapshot.size):
        yield offset, block
        if progress is not None:
            progress(offset + len(block), snapshot.size)


class _LineNumbers:
    """Where some lines are, to tell the number of any line between."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._offsets = array("Q")
        self._numbers = array("Q")
        self._next = 1

    def noted(self, blocks: Iterator[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
        """Yield the blocks of the log, noting where each begins."""
        for offset, block in blocks:
            self._offsets.append(offset)
            self._numbers.append(self._next)
            self._next += block.count(b"\n")
            yield offset, block

    def at(self, offset: int) -> int:
        """Return the number of the line that ``offset`` is in."""
        index = bisect_right(self._offsets, offset) - 1
        start = self._offsets[index]
        return self._numbers[index] + self._snapshot.read(start, offset - start).count(b"\n")


class _Check(Generic[EventT]):
    """One check of a snapshot."""

    def __init__(
        self, codec: Codec[EventT], snapshot: Snapshot, max_problems: int, noun: str
    ) -> None:
        self._codec = codec
        self._noun = noun
        self._limit = max_problems
        self._contents = Contents(snapshot.read)
        self._numbers = _LineNumbers(snapshot)
        self._aggregates: set[str] = set()
        self._recoverable: set[EventId] = set()
        self._unnamed = self._recoverable_unnamed = 0
        self._counts: Counter[ProblemKind] = Counter()
        self._problems: list[Problem] = []
        self._size = self._lines = self._malformed_lines = self._other_events = 0

    def numbered(self, blocks: Iterator[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
        return self._numbers.noted(blocks)

    def take(self, line: Line) -> None:
        """Take in one line."""
        self._size = line.offset + len(line.data)
        self._lines = line.number
        try:
            event = self._codec.decode(line.data)
        except MalformedLineError:
            self._take_other(line)
        else:
            aggregate, event_id = self._codec.aggregate_of(event), self._codec.id_of(event)
            if aggregate is not None:
                self._aggregates.add(aggregate)
            if event_id is None:
                self._unnamed += 1
            else:
                self._take_event(line, event_id)

    def _take_event(self, line: Line, event_id: EventId) -> None:
        content, start = content_of(line)
        first = self._contents.first(event_id)
        # Of a new id nothing is found: not to ask takes a twentieth off a check.
        same = None if first is None else self._contents.find(event_id, content)
        if same is not None:
            self._take_repeat(line, "duplicate", "the same as line {}", same)
            return
        self._contents.add(event_id, content, start)
        if first is not None:
            reason = "another line with the id of line {}, which is the one that loads"
            self._take_repeat(line, "repeated id", reason, first)

    def _take_repeat(self, line: Line, kind: ProblemKind, reason: str, other: int) -> None:
        self._counts[kind] += 1
        if len(self._problems) < self._limit:
            reason = reason.format(self._numbers.at(other))
            self._problems.append(problem(line, line.offset, kind, reason, line.data))

    def _take_other(self, line: Line) -> None:
        whole = whole_piece(line.data, self._codec)
        if whole is not None and whole.kind == "blank":
            return
        self._malformed_lines += 1
        left = self._limit - len(self._problems)
        if whole is None:
            pieces = self._noted(parts_of(line.data, self._codec))
        else:
            self._other_events += has_event_id(whole)
            pieces = iter([whole])
        counts, told = problems_of_line(line, pieces, left, self._noun)
        self._counts.update(counts)
        self._problems += told[:left]

    def _noted(self, pieces: Iterator[Piece]) -> Iterator[Piece]:
        """Yield the pieces of a line, noting the ids of the events among them."""
        for piece in pieces:
            if piece.event_id is not None:
                self._recoverable.add(piece.event_id)
            elif piece.kind == "event":
                self._recoverable_unnamed += 1
            yield piece

    def report(self, path: Path) -> LogReport:
        """Return what was found."""
        first = self._contents.first
        return LogReport(
            path=path,
            size=self._size,
            lines=self._lines,
            events=len(self._contents) + self._unnamed,
            aggregates=len(self._aggregates),
            malformed_lines=self._malformed_lines,
            recoverable_events=self._recoverable_unnamed
            + sum(first(event_id) is None for event_id in self._recoverable),
            other_events=self._other_events,
            counts=dict(self._counts),
            problems=tuple(self._problems),
        )
