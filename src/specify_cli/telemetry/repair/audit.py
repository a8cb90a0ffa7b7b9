"""What a repair makes of a log, piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Generic, Literal, TypeAlias

from .._codec import Codec, EventId, EventT, MalformedLineError
from .._codec.fragments import has_event_id, parts_of, whole_piece
from .._log import Snapshot
from .._log.held import ChangedError
from .._log.lines import Contents, Line, content_of, lines_of
from .guard import Guard

Fate: TypeAlias = Literal["kept", "separated", "moved"]
Also: TypeAlias = Literal["invalid"]
Progress: TypeAlias = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Treatment(Generic[EventT]):
    """How a log is to be repaired.

    Attributes:
        codec: What tells whether a line loads.
        also: What is moved beside damage: "invalid", lines that are JSON and no event.
        progress: What is told how far the repair is: bytes read, and bytes to read.
        max_examples: How many of the pieces that are moved the report holds.
    """

    codec: Codec[EventT]
    also: Collection[Also]
    progress: Progress | None
    max_examples: int


@dataclass(frozen=True, slots=True)
class AuditedPiece:
    """Some bytes of a log.

    Attributes:
        data: The bytes. Joined, those of a whole log are the log.
        offset: Where in the log they begin.
        line: The number of their line, from 1.
        fate: ``kept``, a line that stays as it is; ``separated``, a record that gets a line of its
            own; ``moved``, all that is moved out of the log.
        kind: What they are that do not stay, in a word or two; empty if they do.
        reason: Why they do not stay; empty if they do.
        is_recovered: Whether they are an event that does not load today, and will.
    """

    data: bytes
    offset: int
    line: int
    fate: Fate
    kind: str = ""
    reason: str = ""
    is_recovered: bool = False

    @property
    def as_line(self) -> bytes:
        """The line that they are in the repaired log."""
        # The one byte that is ever added: what follows begins a line.
        return self.data.removesuffix(b"\n") + b"\n"


class Audit(Generic[EventT]):
    """Decides what becomes of a log. It is read twice: once to know it, once to decide.

    What loads stays what it is. Where a line loads under an id, another event with that id that
    does not load today, for it stands within another line, is never put before it.

    Args:
        snapshot: The log.
        treatment: What is to be done.

    Attributes:
        events: How many events load, each id once; one without an id counts each time.
        other_lines: How many lines are JSON, and yet no event.
        other_events: How many of these have an ``event_id``.
        is_clean: Whether there is nothing to do.

    Raises:
        NotALogError: No line of it is an event, or the beginning of one.
    """

    def __init__(self, snapshot: Snapshot, treatment: Treatment[EventT]) -> None:
        """Read the log for the first time."""
        self.other_lines = self.other_events = 0
        self._unnamed = 0
        self.is_clean = True
        self._snapshot = snapshot
        self._codec = codec = treatment.codec
        self._moves_invalid = "invalid" in treatment.also
        self._progress = treatment.progress
        self._contents = Contents(snapshot.read)
        guard = Guard(codec)
        for line in self._lines(0):
            self._survey(line, guard)
        named = len(self._contents)
        self.events = named + self._unnamed
        guard.check(named, self.other_events, needs_event=self._moves_invalid)

    def is_of(self, snapshot: Snapshot) -> bool:
        """Return whether a snapshot is of the same file, and as long.

        Whether it is also the same inside, the second reading tells.
        """
        first = self._snapshot
        return (snapshot.identity, snapshot.size) == (first.identity, first.size)

    def continue_on(self, snapshot: Snapshot) -> None:
        """Go on with another snapshot of the log."""
        self._snapshot = snapshot
        self._contents.read = snapshot.read

    def pieces(self) -> Iterator[AuditedPiece]:
        """Read the log for the second time, and yield all of it.

        Raises:
            ChangedError: It is not what it was the first time.
        """
        firsts = 0
        for line in self._lines(self._snapshot.size):
            loads, event_id = self._loads(line)
            if event_id is not None:
                content, start = content_of(line)
                is_first = self._contents.first(event_id) == start
                firsts += is_first
                if is_first or self._contents.find(event_id, content, before=start) is None:
                    yield _kept(line)
                else:
                    yield _repeat(line)
                continue
            if loads:
                firsts += 1
                yield _kept(line)
                continue
            whole = whole_piece(line.data, self._codec)
            if whole is None:
                yield from self._separated(line)
            elif whole.kind == "blank" or not self._moves_invalid:
                yield _kept(line)
            else:
                yield _moved(line, whole.kind, whole.reason)
        if firsts != self.events:
            raise ChangedError

    def _lines(self, read_before: int) -> Iterator[Line]:
        return lines_of(self._blocks(read_before))

    def _blocks(self, read_before: int) -> Iterator[tuple[int, bytes]]:
        size = self._snapshot.size
        for offset, block in self._snapshot.blocks(0, size):
            yield offset, block
            if self._progress is not None:
                self._progress(read_before + offset + len(block), 2 * size)

    def _loads(self, line: Line) -> tuple[bool, EventId | None]:
        """Return whether a line loads, and the id of the event if it has one."""
        try:
            return True, self._codec.id_of(self._codec.decode(line.data))
        except MalformedLineError:
            return False, None

    def _survey(self, line: Line, guard: Guard) -> None:
        loads, event_id = self._loads(line)
        if event_id is not None:
            content, start = content_of(line)
            if self._contents.find(event_id, content) is None:
                self._contents.add(event_id, content, start)
            else:
                self.is_clean = False
            return
        if loads:
            self._unnamed += 1
            guard.note_record(line.data)
            return
        whole = whole_piece(line.data, self._codec)
        if whole is None:
            self.is_clean = False
        elif whole.kind != "blank":
            self.other_lines += 1
            self.other_events += has_event_id(whole)
            self.is_clean = self.is_clean and not self._moves_invalid
        if not self._contents:
            guard.look_at(line.data)

    def _separated(self, line: Line) -> Iterator[AuditedPiece]:
        """Yield the pieces of a line that is no JSON as a whole."""
        offset = line.offset
        for piece in parts_of(line.data, self._codec):
            part = Line(line.number, offset, piece.data)
            if piece.event_id is not None:
                yield self._event_piece(part, piece.event_id)
            elif piece.kind == "event":
                yield _own_line(part, is_recovered=True)
            elif piece.is_record and not self._moves_invalid:
                yield _own_line(part)
            else:
                yield _moved(part, piece.kind, piece.reason)
            offset += len(piece.data)

    def _event_piece(self, part: Line, event_id: EventId) -> AuditedPiece:
        """Decide on an event that does not load today, for it stands within a line."""
        content, start = content_of(part)
        first = self._contents.first(event_id)
        if self._contents.find(event_id, content) is not None:
            return _repeat(part)
        if first is not None and first > start:
            return _moved(part, "repeated id", "another line loads with this id, further on")
        found = _own_line(part, is_recovered=first is None)
        if self._codec.loads_as(found.as_line) != event_id:
            return _moved(part, "malformed", "it would not load from a line of its own")
        self._contents.add(event_id, content, start)
        return found


def _kept(line: Line) -> AuditedPiece:
    return AuditedPiece(line.data, line.offset, line.number, "kept")


def _own_line(part: Line, *, is_recovered: bool = False) -> AuditedPiece:
    return AuditedPiece(part.data, part.offset, part.number, "separated", is_recovered=is_recovered)


def _moved(part: Line, kind: str, reason: str) -> AuditedPiece:
    return AuditedPiece(part.data, part.offset, part.number, "moved", kind, reason)


def _repeat(part: Line) -> AuditedPiece:
    return _moved(part, "duplicate", "the same as another line")
