"""What becomes of a log when it is repaired, in numbers."""

from __future__ import annotations

from dataclasses import dataclass

from .audit import Sifted

_MAX_EXAMPLES = 10


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
        >>> written = store.file_path.write_bytes(b"junk")
        >>> (piece,) = repair_log(store.file_path).examples
        >>> piece.line, piece.offset, piece.length, piece.kind
        (1, 0, 4, 'malformed')
    """

    line: int
    offset: int
    length: int
    kind: str
    reason: str


class Tally:
    """Counts what becomes of a log.

    Attributes:
        events: How many events stay.
        recovered: How many of those do not load today.
        duplicates: How many more events there are, under ids of these.
        rejected: How many pieces do not stay, duplicates included.
        rejected_bytes: How many bytes are in them.
        examples: The first of them, at most ten.
    """

    def __init__(self) -> None:
        """Count from nothing."""
        self.events = self.recovered = self.duplicates = 0
        self.rejected = self.rejected_bytes = 0
        self.examples: list[RejectedPiece] = []

    def stays(self, sifted: Sifted) -> bool:
        """Count some bytes; return whether they stay in the log."""
        if sifted.fate in {"kept", "recovered"}:
            self.events += sifted.kind == "event"
            self.recovered += sifted.fate == "recovered"
            return True
        length = len(sifted.data)
        self.duplicates += sifted.fate == "duplicate"
        self.rejected += 1
        self.rejected_bytes += length
        if len(self.examples) < _MAX_EXAMPLES:
            self.examples.append(
                RejectedPiece(sifted.line, sifted.offset, length, sifted.kind, sifted.reason)
            )
        return False
