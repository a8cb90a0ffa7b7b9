"""What is wrong with the lines of a log, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from .._codec.event import EventT
from .._codec.fragments import Piece

ProblemKind: TypeAlias = Literal[
    "torn tail",
    "torn",
    "fused",
    "nul run",
    "conflict marker",
    "malformed",
    "other record",
    "duplicate",
]

_EXCERPT_SIZE = 64

_BESIDE = {
    "torn": "a torn record",
    "conflict marker": "a conflict marker",
    "other record": "a record of another kind",
    "malformed": "other bytes",
}


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Something that is wrong at one place of a log.

    Attributes:
        line: The number of the line, from 1 on.
        offset: Where in the file the bytes concerned begin.
        kind: What it is:

            * ``torn tail``: the last line has no newline and is no event. Its writer died, or takes
              no lock and is still writing.
            * ``torn``: a line that begins like a record and ends too early.
            * ``fused``: whole events in one line with something else. They do not load.
            * ``nul run``: NUL bytes, which some file systems leave where a crash lost data.
            * ``conflict marker``: a line that git puts around conflicting versions.
            * ``malformed``: anything else that is no event, such as one with an invalid field.
            * ``other record``: a JSON object that lacks two or more required fields.
            * ``duplicate``: an event whose id is in an earlier line already. Loads leave it out.
        reason: What is wrong, in words.
        excerpt: The first of the bytes concerned, at most 64.

    Example:
        >>> written = store.file_path.write_bytes(b"junk")
        >>> (problem,) = check_log(store.file_path).problems
        >>> problem.line, problem.offset, problem.kind
        (1, 0, 'torn tail')
    """

    line: int
    offset: int
    kind: ProblemKind
    reason: str
    excerpt: bytes


def problem(line: int, offset: int, kind: ProblemKind, reason: str, data: bytes) -> Problem:
    """Return a problem with ``data``."""
    return Problem(line, offset, kind, reason, data[:_EXCERPT_SIZE])


def problems_of_line(
    pieces: Sequence[Piece[EventT]], line: int, offset: int, *, has_newline: bool
) -> list[Problem]:
    """Return what is wrong with a line that does not load.

    Args:
        pieces: What the line holds.
        line: The number of the line.
        offset: Where in the file the line begins.
        has_newline: Whether it ends with a newline.
    """
    problems = []
    fused = _fused(pieces)
    if fused:
        data = b"".join(piece.data for piece in pieces)
        problems.append(problem(line, offset, "fused", fused, data))
    for piece in pieces:
        is_tail = piece is pieces[-1] and not has_newline
        match piece.kind:
            case "nul run":
                reason = piece.reason
                if not fused and any(piece.event is not None for piece in pieces):
                    reason += " in one line with a whole event"
                problems.append(problem(line, offset, "nul run", reason, piece.data))
            case "event" | "blank":
                pass
            case _ if fused:
                pass
            case "torn" | "malformed" if is_tail:
                problems.append(problem(line, offset, "torn tail", piece.reason, piece.data))
            case kind:
                problems.append(problem(line, offset, kind, piece.reason, piece.data))
        offset += len(piece.data)
    return problems


def problem_of_duplicate(
    line: int, offset: int, data: bytes, first_line: int, first: bytes
) -> Problem:
    """Return what is wrong with an event whose id has been there before.

    Args:
        line: The number of its line.
        offset: Where in the file it begins.
        data: Its line.
        first_line: The number of the line that has the id first.
        first: That line.
    """
    same = data.strip() == first.strip()
    reason = (
        f"the same as line {first_line}"
        if same
        else f"another event with the id of line {first_line}, which is the one that loads"
    )
    return problem(line, offset, "duplicate", reason, data.rstrip(b"\r\n"))


def _fused(pieces: Sequence[Piece[EventT]]) -> str:
    """Return why the events among ``pieces`` do not load; nothing if it is but for NUL bytes."""
    events = sum(piece.event is not None for piece in pieces)
    others = list(dict.fromkeys(_BESIDE[p.kind] for p in pieces if p.kind in _BESIDE))
    has_nuls = any(piece.kind == "nul run" for piece in pieces)
    if not events or (events == 1 and not others and has_nuls):
        return ""
    beside = f" beside {' and '.join(others or [_BESIDE['malformed']])}"
    whole = f"{events} whole event{'s' if events > 1 else ''}"
    return f"{whole} in one line" if events > 1 and not others else whole + beside
