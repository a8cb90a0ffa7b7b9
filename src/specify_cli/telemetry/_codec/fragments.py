"""What a line of a damaged log holds, piece by piece.

A line that is one whole JSON value is one piece, event or not: somebody wrote it so. Other lines
are taken apart: at runs of NUL bytes, which some file systems leave where a crash lost data, and
around whole records that stand beside something else because a newline between them is missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from . import scanner
from .codec import is_blank
from .event import Codec, EventId
from .record_codec import RecordCodec
from .records import RecordKind, record, records_in, refusal_of, required_fields

Kind: TypeAlias = RecordKind | Literal["blank", "torn", "nul run", "conflict marker", "malformed"]

# So many, and no record between them: UTF-16 is full of NUL bytes.
_MANY_NULS = 100

_NULS = re.compile(rb"\x00[\x00 \t\r\n]*")
_MARKER = re.compile(rb"(?:<{7}|\|{7}|>{7})(?: .*)?|={7}", re.DOTALL)
_CUT_KEY = re.compile(rb'\{[ \t]*"([^"\\]+)')
_KEY = re.compile(rb'\{[ \t]*"')
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Piece:
    """Some bytes of a line.

    Attributes:
        data: The bytes. Joined, the pieces of a line are the line, its newline included.
        kind: What they are:

            * ``event``: an event.
            * ``invalid event``: a JSON object that is no event, though it has the fields of one.
            * ``other record``: a JSON object that lacks two or more of the fields that every event
              of the model has, or JSON that is no object.
            * ``blank``: a line of white space.
            * ``torn``: the beginning of a JSON object, cut off.
            * ``nul run``: NUL bytes.
            * ``conflict marker``: what git puts between two versions of some lines.
            * ``malformed``: anything else: text that is no JSON, bytes that are no text.
        reason: Why they are no event; empty if they are one, or blank.
        event_id: The id of the event they are, if they are one and it has one.
    """

    data: bytes
    kind: Kind
    reason: str = ""
    event_id: EventId | None = None

    @property
    def is_record(self) -> bool:
        """Whether they are a whole JSON value, and so make a line."""
        return self.kind in {"event", "invalid event", "other record"}


def pieces_of(line: bytes, codec: Codec[Any]) -> Iterator[Piece]:
    """Return what ``line`` holds, in order. Memory is that of one piece.

    Args:
        line: A line, with or without its newline.
        codec: What tells whether some bytes are an event.

    Returns:
        The pieces, at least one, none of them empty unless the line is; just one if the line as a
        whole is blank, an event or any other JSON.
    """
    whole = whole_piece(line, codec)
    return parts_of(line, codec) if whole is None else iter([whole])


def parts_of(line: bytes, codec: Codec[Any]) -> Iterator[Piece]:
    """Yield what a line holds that is not whole, as ``pieces_of`` does."""
    if line.count(b"\0") > _MANY_NULS and line.strip(b"\0 \t\r\n") and b'{"' not in line:
        yield Piece(line, "malformed", "NUL bytes all over, as in UTF-16")
        return
    done = 0
    for match in _NULS.finditer(line):
        # White space around NUL bytes is worth no piece of its own.
        is_blank_before = scanner.after_space(line, done) == match.start()
        start = done if is_blank_before else match.start()
        yield from _pieces_without_nuls(line[done:start], codec, ends_line=False)
        yield _nul_run(line[start : match.end()])
        done = match.end()
    yield from _pieces_without_nuls(line[done:], codec, ends_line=True)


def whole_piece(line: bytes, codec: Codec[Any]) -> Piece | None:
    """Return ``line`` as one piece if it is blank, an event or any other JSON; otherwise None."""
    if is_blank(line):
        return Piece(line, "blank")
    if scanner.is_whole(line.removeprefix(_BOM)):
        return Piece(line, *record(line, codec))
    return None


def has_event_id(piece: Piece) -> bool:
    """Return whether a piece is no event, though a record with an ``event_id``."""
    return piece.kind in {"invalid event", "other record"} and b'"event_id"' in piece.data


def begins_an_event(piece: Piece, codec: Codec[Any]) -> bool:
    """Return whether a piece is the torn beginning of an event, going by its keys.

    Where any object is a record, any key will do.
    """
    if piece.kind != "torn" or not piece.data.startswith(b"{"):
        return False
    names = required_fields(codec)
    if isinstance(codec, RecordCodec):
        return _KEY.match(piece.data) is not None
    cut_key = _CUT_KEY.fullmatch(piece.data.rstrip(b"\r\n"))
    if cut_key is not None:
        return any(name.startswith(cut_key[1]) for name in names)
    return any(b'"%b"' % name in piece.data for name in names)


def is_conflict_marker(line: bytes) -> bool:
    """Return whether ``line`` is one of the lines that git puts around conflicting versions."""
    return _MARKER.fullmatch(line.rstrip(b"\r\n")) is not None


def _nul_run(data: bytes) -> Piece:
    count = data.count(b"\0")
    return Piece(data, "nul run", f"{count:,} NUL byte{'s' if count > 1 else ''}")


def _pieces_without_nuls(data: bytes, codec: Codec[Any], *, ends_line: bool) -> Iterator[Piece]:
    done = 0
    for start, end, found in records_in(data, codec, ends_line=ends_line):
        if scanner.after_space(data, done) >= start:
            start = done  # noqa: PLW2901  # white space is a part of what follows
        else:
            yield _fragment(data[done:start], codec)
        yield Piece(data[start:end], *found)
        done = end
    if done < len(data):
        yield _fragment(data[done:], codec)


def _fragment(data: bytes, codec: Codec[Any]) -> Piece:
    """Return what is left between records as a piece."""
    if is_conflict_marker(data):
        return Piece(data, "conflict marker", "a merge conflict that nobody resolved")
    if scanner.is_cut_off(data):
        return Piece(data, "torn", "the end of the record is missing")
    refusal = refusal_of(data, codec)
    return Piece(data, "malformed", refusal.reason if refusal else "it may be the value of a field")
