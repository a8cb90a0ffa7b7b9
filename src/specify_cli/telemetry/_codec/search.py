"""Finding event ids in lines without parsing the lines.

Parsing every line of a log to learn its ids takes a hundred times longer than searching its bytes.
A search may name an id where there is none, in a payload or in a malformed line; it never misses
one. Whoever needs to be sure decodes the lines that were named.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain

from .codec import EventCodec
from .event import Codec, EventT

# An id written in plain characters. The second group tells a whole id from one that goes on with an
# escape. JSON has no other white space than this and LF, which ends the line.
_NAMED = re.compile(rb'"event_id"[ \t\r]*:[ \t\r]*"([^"\\\n]*)(["\\])')

# What can hide an id or an aggregate from a search for its characters: an escaped printable ASCII
# character, which may stand in the value or in the key, or any escape in the value. Searching for
# the two apart takes a sixth of the time that searching for either at once does.
_ESCAPED_LETTER = re.compile(rb"\\u00[2-7]")
_ESCAPE_IN_ID = re.compile(rb'"event_id"[ \t\r]*:[ \t\r]*"[^"\\\n]*\\')
_ESCAPE_IN_AGGREGATE = re.compile(rb'"aggregate_id"[ \t\r]*:[ \t\r]*"[^"\\\n]*\\')

_OPENING, _CLOSING = b"{}"


def find_event(block: bytes, event_id: str, codec: Codec[EventT]) -> int | None:
    """Return where in ``block`` a line begins that loads as the event ``event_id``, if one does.

    Args:
        block: Whole lines.
        event_id: The id to look for.
        codec: What tells whether a line loads.
    """
    for start, line in _lines_perhaps_of(event_id, block, codec):
        if codec.loads_as(line) == event_id:
            return start
    return None


def named_ids(block: bytes, codec: Codec[EventT]) -> Iterator[tuple[str, int]]:
    """Yield every id that a line of ``block`` may load with, and where that line begins.

    Args:
        block: Whole lines.
        codec: What tells whether a line loads.
    """
    if not codec.ids_are_verbatim:
        yield from _loaded_ids(_lines(block), codec)
        return
    start = at = 0
    for match in _NAMED.finditer(block):
        # Only from the match before: one line may name any number of ids.
        start = block.rfind(b"\n", at, match.start()) + 1 or start
        at = match.start()
        if match[2] == b'"':
            yield match[1].decode("utf-8", "replace"), start
    yield from _loaded_ids(_lines_hiding(_ESCAPE_IN_ID, block), codec)


def lines_of_aggregate(
    block: bytes, aggregate_id: str, codec: EventCodec[EventT]
) -> Iterable[tuple[int, bytes]]:
    """Return where lines begin that may be events of an aggregate, and the lines, in their order.

    Where any line of ``block`` does not look like a record, each line is one of them: it may be
    what damage has left of an event of this aggregate.

    Args:
        block: Whole lines; the last may lack its newline.
        aggregate_id: The aggregate.
        codec: What tells how an event has its aggregate.
    """
    if not (codec.aggregates_are_verbatim and _looks_like_records(block)):
        return _lines(block)
    text = _quoted(aggregate_id)
    lines = dict(chain(_lines_with(text, block), _lines_hiding(_ESCAPE_IN_AGGREGATE, block)))
    return sorted(lines.items())


def _looks_like_records(block: bytes) -> bool:
    """Return whether every line of ``block`` begins and ends as a JSON object does.

    A walk from newline to newline takes a third of the time that counting them with the bytes
    beside them does, 2.6 against 7.3 milliseconds for 9.4 MB.
    """
    start = 0
    while start < len(block):
        end = block.find(b"\n", start)
        if end < 0:
            end = len(block)
        if block[start] != _OPENING or block[end - 1] != _CLOSING:
            return False
        start = end + 1
    return True


def _quoted(text: str) -> bytes:
    return b'"%b"' % text.encode("utf-8", "surrogatepass")


def _loaded_ids(
    lines: Iterator[tuple[int, bytes]], codec: Codec[EventT]
) -> Iterator[tuple[str, int]]:
    for start, line in lines:
        event_id = codec.loads_as(line)
        if event_id is not None:
            yield event_id, start


def _lines_perhaps_of(
    event_id: str, block: bytes, codec: Codec[EventT]
) -> Iterator[tuple[int, bytes]]:
    if codec.ids_are_verbatim:
        return chain(_lines_with(_quoted(event_id), block), _lines_hiding(_ESCAPE_IN_ID, block))
    # The model makes something else of the ids in lines: upper case, say. Any line may be it.
    return _lines(block)


def _lines(block: bytes) -> Iterator[tuple[int, bytes]]:
    start = 0
    while start < len(block):
        end = block.find(b"\n", start) + 1 or len(block)
        yield start, block[start:end]
        start = end


def _lines_with(text: bytes, block: bytes) -> Iterator[tuple[int, bytes]]:
    # Backwards: CPython searches so in a third of the time that bytes.find takes for such a text.
    position = block.rfind(text)
    while position >= 0:
        start, end = _line_around(position, block)
        yield start, block[start:end]
        position = block.rfind(text, 0, start)


def _lines_hiding(value: re.Pattern[bytes], block: bytes) -> Iterator[tuple[int, bytes]]:
    escape = block.find(b"\\")
    if escape < 0:  # most logs hold none at all, and this is the fastest way to tell
        return
    for pattern in (_ESCAPED_LETTER, value):
        end, _ = _line_around(escape, block)
        while match := pattern.search(block, end):
            start, end = _line_around(match.start(), block)
            yield start, block[start:end]


def _line_around(position: int, block: bytes) -> tuple[int, int]:
    return block.rfind(b"\n", 0, position) + 1, block.find(b"\n", position) + 1 or len(block)
