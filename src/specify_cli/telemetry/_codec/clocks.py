"""Finding the highest clock in lines without parsing the lines.

A line counts only if it loads, so a search that names too many is right, and one that misses a line
is not: a number in a payload, a text or a float where a number is expected, an escaped key. Parsing
all lines of a log would take forty times as long.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping

from .codec import EventCodec
from .event import EventT
from .fields import content_of
from .malformed import MalformedLineError
from .search import all_lines, line_around, lines_hiding

_KEY = rb'"lamport_clock"[ \t\r]*:[ \t\r]*'
# A number as the store writes it, or whatever else may become one.
_CLOCK = re.compile(_KEY + rb"(?:([0-9]{1,19})(?=[,} \t\r])|.)")
# No escape stands in a number; the key may be spelled with some.
_NO_ESCAPE_IN_VALUE = re.compile(rb"(?!)")


def highest_clock(block: bytes, highest: int, codec: EventCodec[EventT]) -> int:
    """Return the highest clock of the events in ``block``, or ``highest`` if none is above it.

    Args:
        block: Whole lines; the last may lack its newline.
        highest: A clock.
        codec: What tells whether a line loads, and with what clock.
    """
    for number, line in _lines_above(block, highest, codec):
        if number > highest:
            highest = max(highest, _clock_in(line, codec))
    return highest


def clock_of(event: object) -> int | None:
    """Return the clock of an event, if it has one that is an integer."""
    value = content_of(event)
    if isinstance(value, Mapping):
        clock = value.get("lamport_clock")
    else:
        clock = getattr(value, "lamport_clock", None)
    return clock if isinstance(clock, int) else None


def _lines_above(
    block: bytes, highest: int, codec: EventCodec[EventT]
) -> Iterator[tuple[float, bytes]]:
    """Yield the lines whose clock may be above ``highest``, that with the highest number first."""
    if not codec.clocks_are_verbatim:
        for _, line in all_lines(block):
            yield math.inf, line
        return
    for _, line in lines_hiding(_NO_ESCAPE_IN_VALUE, block):
        yield math.inf, line
    numbers = _CLOCK.findall(block)
    if b"" not in numbers and max(map(int, numbers), default=0) <= highest:
        return  # as of nearly all blocks of a long log
    found = [(int(m[1]) if m[1] else math.inf, m.start()) for m in _CLOCK.finditer(block)]
    for number, position in sorted(found, reverse=True):
        start, end = line_around(position, block)
        yield number, block[start:end]


def _clock_in(line: bytes, codec: EventCodec[EventT]) -> int:
    try:
        clock = clock_of(codec.decode(line))
    except MalformedLineError:
        return 0
    return clock or 0
