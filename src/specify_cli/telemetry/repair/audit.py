"""What of a log stays in it when it is repaired, and what does not, piece by piece."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Generic, Literal, TypeAlias

from .._codec.codec import Codec, MalformedLineError, is_blank
from .._codec.event import EventT
from .._codec.fragments import Piece, pieces_of

Blocks: TypeAlias = Iterable[tuple[int, bytes]]
Fate: TypeAlias = Literal["kept", "recovered", "duplicate", "rejected"]


@dataclass(frozen=True, slots=True)
class Sifted:
    """Some bytes of a log.

    Attributes:
        data: The bytes. Joined, those of a whole log are the log.
        offset: Where in the log they begin.
        line: The number of their line, from 1.
        fate: ``kept``, a line that loads, or a blank one; ``recovered``, an event that gets a line
            of its own; ``duplicate``, an event whose id another line has; ``rejected``, the rest.
        kind: What they are, in a word or two.
        reason: Why they are no event; empty if they are one.
    """

    data: bytes
    offset: int
    line: int
    fate: Fate
    kind: str
    reason: str


class Sieve(Generic[EventT]):
    """Sifts a log in two passes; holds the ids of its events, and no more.

    What loads stays what it is: where a line loads under an id, an event with that id that does not
    load today, for it stands within another line, is the duplicate, even if it comes first.

    Args:
        codec: What tells whether a line loads.
    """

    def __init__(self, codec: Codec[EventT]) -> None:
        """Know nothing of the log."""
        self._codec = codec
        self._coming: set[str] = set()
        self._met: set[str] = set()

    def survey(self, blocks: Blocks) -> int | None:
        """Go through the log for the first time.

        Args:
            blocks: The log, as offset and whole lines.

        Returns:
            How many events there are, if the log holds those, each once, and blank lines, and
            nothing else; otherwise None, and ``sift`` is due.
        """
        self._met.clear()
        self._coming.clear()
        clean = True
        count = 0
        for _, line in lines_of(blocks):
            event_id = self._codec.loads_as(line)
            if event_id is not None:
                count += 1
                self._coming.add(event_id)
            elif not is_blank(line):
                clean = False
        return count if clean and count == len(self._coming) else None

    def sift(self, blocks: Blocks) -> Iterator[Sifted]:
        """Go through the log for the second time, and yield all of it."""
        for number, (start, line) in enumerate(lines_of(blocks), 1):
            try:
                event_id = self._codec.decode(line).event_id
            except MalformedLineError:
                if is_blank(line):
                    yield Sifted(line, start, number, "kept", "blank", "")
                else:
                    yield from self._sift_pieces(number, start, line)
            else:
                if event_id in self._met:
                    yield _duplicate(line, start, number, event_id)
                    continue
                # No id is held in both, so that a long log takes half the memory.
                self._coming.discard(event_id)
                self._met.add(event_id)
                yield Sifted(line, start, number, "kept", "event", "")

    def _sift_pieces(self, number: int, offset: int, line: bytes) -> Iterator[Sifted]:
        for piece in _with_their_blanks(pieces_of(line, self._codec)):
            data = piece.data
            if piece.event is None:
                yield Sifted(data, offset, number, "rejected", piece.kind, piece.reason)
            elif self._is_first(piece.event.event_id):
                yield Sifted(data, offset, number, "recovered", piece.kind, "")
            else:
                yield _duplicate(data, offset, number, piece.event.event_id)
            offset += len(data)

    def _is_first(self, event_id: str) -> bool:
        """Take in the id of an event that does not load today, unless another has it."""
        if event_id in self._met or event_id in self._coming:
            return False
        self._met.add(event_id)
        return True


def _with_their_blanks(pieces: list[Piece[EventT]]) -> list[Piece[EventT]]:
    """Return the pieces of a line that is not blank, white space as a part of what is beside it.

    A line end behind NUL bytes is not worth a record of its own.
    """
    joined: list[Piece[EventT]] = []
    for piece in pieces:
        if joined and "blank" in {piece.kind, joined[-1].kind}:
            full = joined[-1] if piece.kind == "blank" else piece
            joined[-1] = replace(full, data=joined[-1].data + piece.data)
        else:
            joined.append(piece)
    return joined


def _duplicate(data: bytes, offset: int, line: int, event_id: str) -> Sifted:
    reason = f'another line holds event "{event_id}"'
    return Sifted(data, offset, line, "duplicate", "duplicate", reason)


def lines_of(blocks: Blocks) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of some blocks of whole lines, each with its offset."""
    for offset, block in blocks:
        start = 0
        while start < len(block):
            end = block.find(b"\n", start) + 1 or len(block)
            yield offset + start, block[start:end]
            start = end
