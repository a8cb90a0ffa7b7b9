"""What is wrong with the lines of a log, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, cast

from .._codec.fragments import Piece
from .._log.lines import Line

ProblemKind: TypeAlias = Literal[
    "torn tail",
    "torn",
    "fused",
    "nul run",
    "conflict marker",
    "malformed",
    "duplicate",
    "repeated id",
    "invalid event",
    "other record",
]

# What a repair mends. The rest was written on purpose, for all that can be told.
DAMAGE: frozenset[ProblemKind] = frozenset(
    {"torn tail", "torn", "fused", "nul run", "conflict marker", "malformed", "duplicate"}
)

_EXCERPT_SIZE = 64

_BESIDE: dict[str, frozenset[ProblemKind]] = {
    "a torn record": frozenset({"torn", "torn tail"}),
    "a conflict marker": frozenset({"conflict marker"}),
    "other bytes": frozenset({"malformed"}),
}
_WITH_RECORD = "in one line with a whole record"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Something that is wrong at one place of a log.

    Attributes:
        line: The number of the line, from 1 on.
        offset: Where in the file the bytes concerned begin.
        kind: What it is. Damage, which a repair mends:

            * ``torn tail``: the last line has no newline and is no record. Its writer died, or
              takes no lock and is still writing.
            * ``torn``: a line that begins like a record and ends too early.
            * ``fused``: whole records in one line with something else. They do not load.
            * ``nul run``: NUL bytes, which some file systems leave where a crash lost data.
            * ``conflict marker``: a line that git puts around conflicting versions.
            * ``malformed``: any other line that is no JSON, or not UTF-8.
            * ``duplicate``: an exact repeat of an event's line. Loads leave it out.

            And what may be there on purpose, which a repair leaves as it is:

            * ``repeated id``: another line with the id of an earlier one. Loads leave it out.
            * ``invalid event``: a JSON object that is no event, though it has the fields of one.
            * ``other record``: a JSON object that lacks two or more required fields, or other JSON.
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


def problem(line: Line, offset: int, kind: ProblemKind, reason: str, data: bytes) -> Problem:
    """Return a problem with ``data`` in a line."""
    return Problem(line.number, offset, kind, reason, data[:_EXCERPT_SIZE].rstrip(b"\r\n"))


def problems_of_line(
    line: Line, pieces: Iterable[Piece], limit: int, noun: str
) -> tuple[Counter[ProblemKind], list[Problem]]:
    """Return what is wrong with a line that is neither blank nor an event.

    Args:
        line: The line.
        pieces: What it holds.
        limit: How many problems are told, about.
        noun: What an event is called.

    Returns:
        How many problems there are of each kind, and the first of them.
    """
    counts: Counter[ProblemKind] = Counter()
    nul_runs: list[Problem] = []
    others: list[Problem] = []
    records: Counter[bool] = Counter()
    offset = line.offset
    for piece in pieces:
        if piece.is_record and len(piece.data) < len(line.data):
            records[piece.kind == "event"] += 1
        else:
            found = _problem_of_piece(line, offset, piece)
            counts[found.kind] += 1
            told = nul_runs if found.kind == "nul run" else others
            if len(told) < limit:
                told.append(found)
        offset += len(piece.data)
    beside = [name for name, kinds in _BESIDE.items() if not kinds.isdisjoint(counts)]
    if records.total() > 1 or (records and beside):
        # Of the rest of a fused line, that it is torn or malformed says no more.
        counts = Counter({"fused": 1, "nul run": counts["nul run"]})
        others = [problem(line, line.offset, "fused", _fused(records, beside, noun), line.data)]
    elif records:
        nul_runs = [replace(run, reason=f"{run.reason} {_WITH_RECORD}") for run in nul_runs]
    return +counts, sorted([*others, *nul_runs])


def _problem_of_piece(line: Line, offset: int, piece: Piece) -> Problem:
    ends_log = offset + len(piece.data) == line.offset + len(line.data)
    is_tail = ends_log and not line.data.endswith(b"\n")
    if is_tail and piece.kind in {"torn", "malformed"}:
        return problem(line, offset, "torn tail", piece.reason, piece.data)
    # The other kinds have the same name; what is an event or blank is no problem.
    return problem(line, offset, cast("ProblemKind", piece.kind), piece.reason, piece.data)


def _fused(records: Counter[bool], beside: list[str], noun: str) -> str:
    """Return why the records of a line do not load.

    Args:
        records: How many there are, by whether they are events.
        beside: What else there is.
        noun: What an event is called.
    """
    events, others = records[True], records[False]
    whole = [f"{events} whole {noun}{'s' if events > 1 else ''}"] if events else []
    whole += [f"{others} other record{'s' if others > 1 else ''}"] if others else []
    where = f"beside {' and '.join(beside)}" if beside else "in one line"
    return f"{' and '.join(whole)} {where}"
