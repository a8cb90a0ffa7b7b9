"""What a line of a damaged log holds, piece by piece.

A line that is an event, or any other JSON, is one piece. Other lines are taken apart: at runs of
NUL bytes, which some file systems leave where a crash lost data, and around whole events that stand
beside something else because a newline between them is missing.

The value of a field is never taken for an event of its own. Of a line that is not JSON only those
objects count that cannot be such a value: where they begin, the record before them, read from its
own beginning, could not go on with an object; or, where it cannot be read that far, no ``:``, ``,``
or ``[`` stands before them. And behind them the line must end, or NUL bytes or the next object
begin. Where this leaves a doubt, there is no event: the bytes stay what they are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, Literal, TypeAlias

from pydantic import ValidationError

from .codec import Codec, MalformedLineError, is_blank
from .event import EventT

Kind: TypeAlias = Literal[
    "event", "blank", "malformed", "other record", "torn", "nul run", "conflict marker"
]

# A line with more of either is not what a crash leaves: UTF-16 is full of NUL bytes. These bounds
# keep the work in proportion to the length of the line.
_MAX_NUL_RUNS = 100
_MAX_BROKEN_OBJECTS = 100

# A record that lacks as many of the fields that every event has is of another kind.
_MISSING_FROM_OTHERS = 2

_NULS = re.compile(rb"(\x00+)")
_MARKER = re.compile(rb"(?:<{7}|\|{7}|>{7})(?: .*)?|={7}", re.DOTALL)
# An object without any field is left out: it may be part of a string, where quotes are escaped.
_OBJECT = re.compile(r'\{[ \t\r]*"')
_SPACE = re.compile(r"[ \t\r\n]*")
_BEFORE_A_VALUE = (":", ",", "[")
# What is left where reading stopped in a number, a constant or an escape that is cut off.
_CUT_WORD = re.compile(r"[\w.+\\-]{0,9}\s*")

# Nothing is made of numbers here; some are too long to.
_decoder = json.JSONDecoder(parse_int=str, parse_float=str)


@dataclass(frozen=True, slots=True)
class Piece(Generic[EventT]):
    """Some bytes of a line.

    Attributes:
        data: The bytes. Joined, the pieces of a line are the line, its newline included.
        event: The event they are, if they are one.
        kind: What they are:

            * ``event``: an event.
            * ``blank``: white space, perhaps just the newline.
            * ``other record``: a JSON object that lacks two or more of the fields that every event
              of the model has.
            * ``torn``: the beginning of a JSON object, cut off.
            * ``nul run``: NUL bytes.
            * ``conflict marker``: what git puts between two versions of some lines.
            * ``malformed``: anything else, such as an event with an invalid field.
        reason: Why they are no event; empty if they are one, or blank.
    """

    data: bytes
    event: EventT | None
    kind: Kind
    reason: str


def pieces_of(line: bytes, codec: Codec[EventT]) -> list[Piece[EventT]]:
    """Return what ``line`` holds, in order.

    Args:
        line: A line, with or without its newline.
        codec: What tells whether some bytes are an event.

    Returns:
        The pieces, at least one, none of them empty unless the line is; just one if the line as a
        whole is an event or any other JSON.
    """
    parts = _NULS.split(line)
    if len(parts) > 2 * _MAX_NUL_RUNS + 1:
        return [Piece(line, None, "malformed", "NUL bytes all over, as in UTF-16")]
    pieces: list[Piece[EventT]] = []
    for part in parts:
        if part.startswith(b"\0"):
            reason = f"{len(part):,} NUL byte{'s' if len(part) > 1 else ''}"
            pieces.append(Piece(part, None, "nul run", reason))
        elif part:
            pieces += _pieces_without_nuls(part, codec)
    return pieces or [Piece(line, None, "blank", "")]


def is_conflict_marker(line: bytes) -> bool:
    """Return whether ``line`` is one of the lines that git puts around conflicting versions."""
    return _MARKER.fullmatch(line.rstrip(b"\r\n")) is not None


def _pieces_without_nuls(data: bytes, codec: Codec[EventT]) -> list[Piece[EventT]]:
    piece, is_json = _judged(data, codec)
    if is_json:
        return [piece]
    pieces = []
    done = 0
    for start, end in _glued_events(data, codec):
        if done < start:
            pieces.append(_judged(data[done:start], codec)[0])
        pieces.append(_judged(data[start:end], codec)[0])
        done = end
    if not pieces:
        return [piece]
    if done < len(data):
        pieces.append(_judged(data[done:], codec)[0])
    return pieces


def _judged(data: bytes, codec: Codec[EventT]) -> tuple[Piece[EventT], bool]:
    """Return ``data`` as one piece, and whether it is JSON, or blank."""
    try:
        return Piece(data, codec.decode(data), "event", ""), True
    except MalformedLineError as error:
        reason = str(error)
        # The error itself gets no name: the frames of all callers would stay in a cycle with it.
        missing = _missing_fields(error.__cause__)
    if is_blank(data):
        return Piece(data, None, "blank", ""), True
    kind: Kind = "malformed"
    if missing is not None:
        if len(missing) >= _MISSING_FROM_OTHERS:
            kind = "other record"
            reason = f"no {', '.join(missing[:-1])} or {missing[-1]}"
        return Piece(data, None, kind, reason), True
    if is_conflict_marker(data):
        kind = "conflict marker"
        reason = "a merge conflict that nobody resolved"
    elif _is_cut_off(data):
        kind = "torn"
        reason = "the end of the record is missing"
    return Piece(data, None, kind, reason), False


def _missing_fields(error: BaseException | None) -> list[str] | None:
    """Return which fields a record lacks, or None if what is refused is no JSON."""
    if not isinstance(error, ValidationError):
        return None
    errors = error.errors(include_url=False, include_context=False, include_input=False)
    return [str(e["loc"][0]) for e in errors if e["type"] == "missing" and len(e["loc"]) == 1]


def _is_cut_off(data: bytes) -> bool:
    text = data.decode("latin-1")
    start = len(text) - len(text.lstrip())
    if not text.startswith("{", start):
        return False
    try:
        _decoder.raw_decode(text, start)
    except json.JSONDecodeError as error:
        cut_string = error.msg.startswith("Unterminated string")
        return cut_string or _CUT_WORD.fullmatch(text, error.pos) is not None
    except RecursionError:
        return False
    return False


def _glued_events(data: bytes, codec: Codec[EventT]) -> Iterator[tuple[int, int]]:
    """Yield where events begin and end that are no values of another record."""
    text = data.decode("latin-1")  # positions in it are positions in data
    # Up to `reached` the text has been read as a record; `in_step` tells whether from where one
    # surely begins, and so whether its strings are what was read as strings.
    reached = _after_space(text, 0)
    in_step = True
    looked_at = broken = 0
    for match in _OBJECT.finditer(text):
        start = match.start()
        skipped = text[looked_at:start]
        looked_at = match.end()
        if start < reached:
            # What looks like an object is a value, or part of a string. Unless its first quote has
            # ended a string that was cut off, so that reading came no further.
            if not (in_step and _after_space(text, match.end()) >= reached):
                continue
        elif start > reached:
            if skipped.rstrip().endswith(_BEFORE_A_VALUE):
                continue
            in_step = False
        try:
            _, end = _decoder.raw_decode(text, start)
        except json.JSONDecodeError as error:
            reached = error.pos
            broken += 1
            if broken == _MAX_BROKEN_OBJECTS:
                return
            continue
        except RecursionError:
            return
        reached = _after_space(text, end)
        if text[reached : reached + 1] in {"", "{"} and codec.loads_as(data[start:end]) is not None:
            in_step = True
            yield start, reached


def _after_space(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position
