"""Whether a file is a log at all: what is none is not to be repaired."""

from __future__ import annotations

import json
from typing import Any

from .._codec import Codec, EventCodec
from .._codec.fragments import begins_an_event, pieces_of

# Of each record in the file beside a log; see its format.
_HEADER_START = b'{"date": '
_HEADER = {"date", "kind", "length", "line", "log", "offset", "reason"}


class NotALogError(Exception):
    """A file is not to be repaired; the message is the reason."""


class Guard:
    """Looks at the lines of a file that are no event, for as long as none is.

    Where no line is an event, some line must hold one or be the torn beginning of one. And there
    must not be more lines that are plain text: source code may hold an event too. So it is, too,
    where any JSON object is an event: a ``{}`` makes no log.

    Args:
        codec: What tells whether a line is an event.
    """

    def __init__(self, codec: Codec[Any]) -> None:
        """Start with nothing seen."""
        self._codec = codec
        self._signs = self._texts = self._records = 0
        self._is_rejected = False

    def note_record(self, line: bytes) -> None:
        """Take in a line that is an event without an id, as any JSON object may be."""
        self._records += 1
        self._is_rejected = self._is_rejected or (
            line.startswith(_HEADER_START) and _is_header(line)
        )

    def look_at(self, line: bytes) -> None:
        """Look at a line that is no event."""
        self._is_rejected = self._is_rejected or _is_header(line)
        kinds = set()
        for piece in pieces_of(line, self._codec):
            kinds.add(piece.kind)
            if piece.kind == "event" or begins_an_event(piece, self._codec):
                self._signs += 1
                return
        self._texts += "malformed" in kinds

    def check(self, events: int, other_events: int, *, needs_event: bool) -> None:
        """See that the file is a log.

        Args:
            events: How many lines are events with an id.
            other_events: How many more lines have an ``event_id``.
            needs_event: Whether one line at least must be an event.

        Raises:
            NotALogError: It is none.
        """
        if self._is_rejected:
            raise NotALogError("it holds what was moved out of a log")
        if events:
            return
        signs = self._signs + self._records
        if signs and signs >= self._texts and (self._records or not needs_event):
            return
        if not isinstance(self._codec, EventCodec):
            raise NotALogError("it has more lines of text than records")
        reason = f"no line of it is an event of {self._codec.name}, or the beginning of one"
        if other_events:
            reason += (
                f"; {other_events:,} have an event_id: if they are events of another model, say of"
                " which (--model, event_model)"
            )
        raise NotALogError(reason)


def _is_header(line: bytes) -> bool:
    try:
        header = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(header, dict) and header.keys() == _HEADER
