"""What finds ids and aggregates in the bytes of lines."""

from __future__ import annotations

import functools
import re

# JSON has no other white space than this and LF, which ends the line.
_COLON = rb"[ \t\r]*:[ \t\r]*"


@functools.cache
def named(key: str) -> re.Pattern[bytes]:
    """Return what finds ids under a key, texts in plain characters and integers.

    The second group tells a whole text from one that goes on with an escape.
    """
    text, integer = rb'"([^"\\\n]*)(["\\])', rb"(-?[0-9]+)(?![0-9.eE])"
    return re.compile(rb"%b%b(?:%b|%b)" % (_pattern_of(key), _COLON, text, integer))


@functools.cache
def texts_under(key: str) -> re.Pattern[bytes]:
    """Return what finds texts in plain characters under a key, and with no text anything else.

    Two searches take twice as long.
    """
    return re.compile(rb'%b%b(?:"([^"\\\n]*)"|(?=[^" \t\r]))' % (_pattern_of(key), _COLON))


@functools.cache
def no_text(key: str) -> re.Pattern[bytes]:
    """Return what finds anything but a text under a key."""
    return re.compile(rb'%b%b(?=[^" \t\r])' % (_pattern_of(key), _COLON))


@functools.cache
def escape_in(key: str) -> re.Pattern[bytes]:
    """Return what finds a text with an escape under a key."""
    return re.compile(rb'%b%b"[^"\\\n]*\\' % (_pattern_of(key), _COLON))


def integer(key: str, event_id: int) -> re.Pattern[bytes]:
    """Return what finds one integer under a key."""
    digits = b"%d" % event_id if event_id else b"-?0"
    return re.compile(rb"%b%b%b(?![0-9.eE])" % (_pattern_of(key), _COLON, digits))


def _pattern_of(key: str) -> bytes:
    return re.escape(quoted(key))


def quoted(text: str) -> bytes:
    """Return a text of plain characters as it is in a line."""
    return b'"%b"' % text.encode("utf-8", "surrogatepass")
