"""What a log has to offer to be copied from and to."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol

from .._codec import EventCodec, MalformedLineError


class Line(NamedTuple):
    """A line that loads, without its newline, and the ids of its event."""

    event_id: str
    aggregate_id: str
    data: bytes


class Batch(NamedTuple):
    """Some of a log, one after another.

    Attributes:
        lines: What there is, malformed lines included, without newlines.
        cursor: Behind them.
    """

    lines: Sequence[bytes]
    cursor: str


class Received(NamedTuple):
    """What became of lines that were appended.

    Attributes:
        new: How many of their ids were not there.
        differing: Those that were there, with another content.
    """

    new: int
    differing: Sequence[str]


class Side(Protocol):
    """A log that lines are copied from or to."""

    @property
    def codec(self) -> EventCodec[Any]:
        """What tells whether a line loads."""

    def has(self, mark: str) -> bool:
        """Return whether a mark, or a cursor, is of this log as it is now."""

    def mark(self, before: str | None) -> str:
        """Return what tells whether the log still has all that it has now.

        Args:
            before: A mark of the log that it still has, to begin with.
        """

    def batches(self, cursor: str | None) -> Iterator[Batch]:
        """Yield what is behind a cursor that the log still has, or all of it."""

    def append(self, lines: Sequence[Line]) -> Received:
        """Append the lines whose ids are not there."""


def differ(line: bytes, other: bytes) -> bool:
    """Return whether two lines say something else, however each of them is spelled."""
    if line == other:
        return False
    try:
        return _in_one_spelling(line) != _in_one_spelling(other)
    except (ValueError, RecursionError):
        return True


def _in_one_spelling(line: bytes) -> str:
    # As text: to Python, 1 and true and 1.0 are the same.
    return json.dumps(json.loads(line), sort_keys=True)


def loaded(data: bytes, codec: EventCodec[Any]) -> Line | None:
    """Return a line with its ids, or None if it is no event, or none with an id."""
    try:
        event = codec.decode(data)
    except MalformedLineError:
        return None
    event_id = codec.id_of(event)
    return None if event_id is None else Line(event_id, codec.aggregate_of(event), data)
