"""Reading JSON in bytes that may break off, or be damaged, anywhere.

A parser tells that a text is no JSON. This tells how far it is, and what stands there. Strings may
hold any escape and any control character: whoever wrote those meant a string.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

_SPACE = rb"[ \t\r\n]*+"
_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_NUMBER = rb"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?[0-9]++)?+"
_SCALAR = rb"(?:%b|%b|true|false|null|NaN|-?Infinity)" % (_STRING, _NUMBER)

_SPACES = re.compile(_SPACE)
_TOKEN = re.compile(rb"%b([{}\[\],:]|%b)" % (_SPACE, _SCALAR), re.DOTALL)

# Most of a record holds no other value. Passing over all of that at once takes a third of the time.
_PLAIN_MEMBERS = re.compile(
    rb"(?:%b%b%b:%b%b%b,)*+" % (_SPACE, _STRING, _SPACE, _SPACE, _SCALAR, _SPACE), re.DOTALL
)
_PLAIN_ITEMS = re.compile(rb"(?:%b%b%b,)*+" % (_SPACE, _SCALAR, _SPACE), re.DOTALL)
_PLAIN = {
    "first key": (_PLAIN_MEMBERS, "key"),
    "key": (_PLAIN_MEMBERS, "key"),
    "first item": (_PLAIN_ITEMS, "item"),
    "item": (_PLAIN_ITEMS, "item"),
}

# What may stand where, and what is expected after it.
_VALUES = {b"{": "first key", b"[": "first item", b'"': "end", b"0": "end"}
_STEPS: dict[str, dict[bytes, str]] = {
    "value": _VALUES,
    "item": _VALUES,
    "first item": {**_VALUES, b"]": "end"},
    "first key": {b'"': "colon", b"}": "end"},
    "key": {b'"': "colon"},
    "colon": {b":": "value"},
    "end of member": {b",": "key", b"}": "end"},
    "end of item": {b",": "item", b"]": "end"},
}
_MARKS = frozenset(b'{}[],:"')

# What is left of a number, a constant or an escape that is cut off.
_CUT_WORD = re.compile(rb"[\w.+\\-]{0,9}[ \t\r\n]{0,90}")


@dataclass(slots=True)
class Container:
    """An object or array that has begun.

    Attributes:
        start: Where it begins.
        is_object: Whether it is an object.
        key: The last key read in it, with its quotes.
    """

    start: int
    is_object: bool
    key: bytes = b""


class Reading(NamedTuple):
    """How far a value was read.

    Attributes:
        end: Where it ends, or where what cannot go on with it begins.
        unended: The containers that have not ended, the outermost first.
        last_object: Where the object begins that was the last thing read, if it was one.
        is_whole: Whether it ends there.
    """

    end: int
    unended: list[Container]
    last_object: int | None
    is_whole: bool = False


def read(data: bytes, start: int) -> Reading:
    """Read the JSON value that begins at ``start``, as far as it is one."""
    open_: list[Container] = []
    last_object: int | None = None
    expected = "value"
    position = start
    while True:
        if expected in _PLAIN:
            pattern, then = _PLAIN[expected]
            end = _end_of(pattern, data, position)
            if end > position:
                position, expected = end, then
        match = _TOKEN.match(data, position)
        kind = _kind_of(match[1]) if match else b""
        following = _STEPS[expected].get(kind)
        if match is None or following is None:
            return Reading(after_space(data, position), open_, last_object)
        position = match.end()
        last_object = None
        if kind in {b"{", b"["}:
            open_.append(Container(match.start(1), kind == b"{"))
        elif kind in {b"}", b"]"}:
            closed = open_.pop()
            last_object = closed.start if closed.is_object else None
        elif following == "colon":
            open_[-1].key = match[1]
        if following == "end":
            if not open_:
                return Reading(position, open_, last_object, is_whole=True)
            following = "end of member" if open_[-1].is_object else "end of item"
        expected = following


def after_space(data: bytes, start: int) -> int:
    """Return where the white space ends that JSON allows at ``start``."""
    return _end_of(_SPACES, data, start)


def is_cut_word(data: bytes, start: int, stop: int) -> bool:
    """Return whether a value may break off with these bytes, the last one read being before."""
    return _CUT_WORD.fullmatch(data, start, stop) is not None


def is_whole(data: bytes) -> bool:
    """Return whether ``data`` is one whole JSON value in UTF-8, white space around it or not."""
    reading = read(data, 0)
    return reading.is_whole and after_space(data, reading.end) == len(data) and is_text(data)


def is_cut_off(data: bytes) -> bool:
    """Return whether ``data`` is the beginning of a JSON object, and not all of it."""
    reading = read(data, 0)
    if not (reading.unended and reading.unended[0].is_object):
        return False
    in_string = data.startswith(b'"', reading.end) and _TOKEN.match(data, reading.end) is None
    return in_string or is_cut_word(data, reading.end, len(data))


def is_text(data: bytes) -> bool:
    """Return whether ``data`` is UTF-8."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _end_of(pattern: re.Pattern[bytes], data: bytes, start: int) -> int:
    match = pattern.match(data, start)
    return match.end() if match else start  # it matches nothing at least


def _kind_of(token: bytes) -> bytes:
    return token[:1] if token[0] in _MARKS else b"0"
