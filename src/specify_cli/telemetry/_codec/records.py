"""Whole records in bytes that hold something else too.

The value of a field is never taken for a record of its own. An object is a record

* where one surely begins: at the beginning of the line, behind NUL bytes, behind another record, or
  behind a torn one that cannot go on with an object; or
* where nothing is known, but no ``:``, ``,`` or ``[`` stands before it, and it is an event that is
  not empty: ``{}`` may stand in any text;

and only if what stands behind it cannot go on with the value of a field either. Where this leaves a
doubt, there is no record: the bytes stay what they are.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple, TypeAlias

from pydantic import ValidationError

from .event import Codec, EventId
from .malformed import MalformedLineError
from .scanner import Reading, after_space, is_cut_word, is_text, read

RecordKind: TypeAlias = Literal["event", "invalid event", "other record"]

# A record that lacks as many of the fields that every event has is of another kind.
_MISSING_FROM_OTHERS = 2

# An object, or what is left of one that was cut off at once.
_OBJECT = re.compile(rb'\{[ \t\r\n]*(["}]|(?=\{))')
# What may stand between two records, though JSON does not allow all of it.
_GAP = re.compile(rb"(?:[ \t\r\n\x0b\x0c]|\xef\xbb\xbf)*+")
_BEFORE_A_VALUE = (b":", b",", b"[")
_BEHIND_A_VALUE = (b",", b"]", b"}")
_NEVER_AN_OBJECT = ("_type", "enum", "literal_error", "none_required")


class Record(NamedTuple):
    """A whole JSON value that is a record of its own.

    Attributes:
        kind: Whether it is an event, or how it is none.
        reason: Why it is none; empty if it is one.
        event_id: Its id, if it is one.
    """

    kind: RecordKind
    reason: str = ""
    event_id: EventId | None = None


def record(data: bytes, codec: Codec[Any]) -> Record:
    """Return what the bytes of one whole JSON value are."""
    try:
        return Record("event", event_id=codec.id_of(codec.decode(data)))
    except MalformedLineError as error:
        reason, missing = str(error), _missing_fields(_errors(error))
    if not data.lstrip(b"\xef\xbb\xbf \t\r").startswith(b"{"):
        return Record("other record", reason)
    if len(missing) >= _MISSING_FROM_OTHERS:
        return Record("other record", f"no {', '.join(missing[:-1])} or {missing[-1]}")
    return Record("invalid event", reason)


def records_in(
    data: bytes, codec: Codec[Any], *, ends_line: bool
) -> Iterator[tuple[int, int, Record]]:
    """Yield where whole records begin and end, white space behind them included, and what they are.

    Args:
        data: Bytes without any NUL.
        codec: What tells whether some of them are an event.
        ends_line: Whether the end of the line is behind them, and not NUL bytes.
    """
    # Up to `reached` the bytes have been read; `is_known` tells whether from where a record surely
    # begins, and so whether its strings are what was read as strings.
    reached = _end_of_gap(data, 0)
    is_known = True
    is_torn = False
    looked_at = 0
    for match in _OBJECT.finditer(data):
        start = match.start()
        skipped = data[looked_at:start] if start > reached else b""
        looked_at = match.end()
        if start < reached:
            # A value, or part of a string. Unless its first quote has ended a string that was cut
            # off, so that reading came no further.
            ends_string = match[1] == b'"' and after_space(data, match.end()) >= reached
            if not (is_known and ends_string):
                continue
        elif start > reached:
            if skipped.rstrip().endswith(_BEFORE_A_VALUE):
                continue
            is_known = is_known and is_torn and is_cut_word(data, reached, start)
        reading = read(data, start)
        reached = after_space(data, reading.end)
        is_torn = not reading.is_whole
        first = _object_of_its_own(reading, codec)
        if first is None or not (is_known or reading.is_whole):
            continue
        if not _is_ended(data, reached, is_known=is_known and ends_line):
            continue
        found = record(data[first:reached], codec)
        is_other = is_known and not is_torn and is_text(data[first:reached])
        is_event = found.kind == "event" and match[1] != b"}"
        if is_event or is_other:
            yield first, reached, found
            is_known = True
            is_torn = False
            reached = _end_of_gap(data, reached)


class Refusal(NamedTuple):
    """Why some bytes are no event.

    Attributes:
        reason: In words.
        errors: What the model says, if it was asked at all.
    """

    reason: str
    errors: list[Any]


def refusal_of(data: bytes, codec: Codec[Any]) -> Refusal | None:
    """Return why some bytes are no event, if they are none."""
    try:
        codec.decode(data)
    except MalformedLineError as error:
        # Not the error itself: the frames of all callers would stay in a cycle with it.
        return Refusal(str(error), _errors(error))
    return None


@functools.cache
def required_fields(codec: Codec[Any]) -> tuple[bytes, ...]:
    """Return the names in a line of the fields that every event has."""
    refusal = refusal_of(b"{}", codec)
    return tuple(name.encode() for name in _missing_fields(refusal.errors if refusal else []))


def _object_of_its_own(reading: Reading, codec: Codec[Any]) -> int | None:
    """Return where the object begins that was read last, if no torn record can hold it."""
    if all(c.is_object and not _takes_an_object(c.key, codec) for c in reading.unended):
        return reading.last_object
    return None


@functools.lru_cache(maxsize=256)
def _takes_an_object(key: bytes, codec: Codec[Any]) -> bool:
    """Return whether an event may have an object under ``key``; if in doubt, it may."""
    name = key.strip(b'"').decode("utf-8", "replace")
    refusal = refusal_of(b"{%b: {}}" % key, codec)
    errors = refusal.errors if refusal else []
    types = [str(error["type"]) for error in errors if error["loc"][:1] == (name,)]
    return not types or any(not kind.endswith(_NEVER_AN_OBJECT) for kind in types)


def _is_ended(data: bytes, end: int, *, is_known: bool) -> bool:
    """Return whether what stands at ``end`` cannot go on with the value of a field.

    Where a record surely begins, a comma that ends the line is one too many.
    """
    if is_known and data.startswith(b",", end):
        return after_space(data, end + 1) == len(data)
    return not data.startswith(_BEHIND_A_VALUE, end)


def _end_of_gap(data: bytes, start: int) -> int:
    match = _GAP.match(data, start)
    return match.end() if match else start


def _errors(error: BaseException | None) -> list[Any]:
    while isinstance(error, MalformedLineError):
        error = error.__cause__
    if not isinstance(error, ValidationError):
        return []
    return error.errors(include_url=False, include_context=False, include_input=False)


def _missing_fields(errors: list[Any]) -> list[str]:
    missing = [error["loc"] for error in errors if error["type"] == "missing"]
    return [str(place[0]) for place in missing if len(place) == 1]
