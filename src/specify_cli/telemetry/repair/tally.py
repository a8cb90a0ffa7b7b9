"""What becomes of a log when it is repaired, in numbers."""

from __future__ import annotations

from dataclasses import dataclass

from .audit import AuditedPiece


@dataclass(frozen=True, slots=True)
class RejectedPiece:
    """Some bytes that a repair moves out of a log.

    Attributes:
        line: The number of the line they are in, from 1.
        offset: Where in the log they begin, from 0.
        length: How many there are.
        kind: What they are: ``duplicate``, ``torn``, ``malformed``, ``nul run``, ...
        reason: Why they do not stay.

    Example:
        >>> store.save_event(event)
        >>> with store.file_path.open("ab") as file:
        ...     written = file.write(b"junk")
        >>> (piece,) = repair_log(store.file_path).examples
        >>> piece.line, piece.length, piece.kind
        (2, 4, 'malformed')
    """

    line: int
    offset: int
    length: int
    kind: str
    reason: str


class Tally:
    """Counts what becomes of a log.

    Attributes:
        separated: How many records get a line of their own.
        recovered: How many of those are events that do not load today, and will.
        rejected: How many pieces are moved.
        duplicates: How many of those are exact repeats of an event.
        rejected_bytes: How many bytes are in them.
        examples: The first of them.
    """

    def __init__(self, max_examples: int) -> None:
        """Start at zero; keep at most so many examples."""
        self._max_examples = max_examples
        self.separated = self.recovered = self.duplicates = 0
        self.rejected = self.rejected_bytes = 0
        self.examples: list[RejectedPiece] = []

    def add(self, piece: AuditedPiece) -> None:
        """Count a piece."""
        self.separated += piece.fate == "separated"
        self.recovered += piece.is_recovered
        if piece.fate != "moved":
            return
        length = len(piece.data)
        self.rejected += 1
        self.duplicates += piece.kind == "duplicate"
        self.rejected_bytes += length
        if len(self.examples) < self._max_examples:
            self.examples.append(
                RejectedPiece(piece.line, piece.offset, length, piece.kind, piece.reason)
            )
