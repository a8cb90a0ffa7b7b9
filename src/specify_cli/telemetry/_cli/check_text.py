"""Reports as text for people and as JSON for tools."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from typing import Any

from ..check import LogReport, Problem, ProblemKind
from ..repair import RejectedPiece
from .streams import printable

_MAX_EXCERPT = 60

# One of them, and several if an s is not enough, in the order they are counted.
_NAMES: dict[ProblemKind, tuple[str, ...]] = {
    "torn tail": ("torn tail",),
    "torn": ("torn line",),
    "fused": ("fused line",),
    "nul run": ("run of NUL bytes", "runs of NUL bytes"),
    "conflict marker": ("conflict marker",),
    "malformed": ("malformed line",),
    "duplicate": ("duplicate",),
    "repeated id": ("repeated id",),
    "invalid event": ("invalid event",),
    "other record": ("record of another kind", "records of another kind"),
}

# What these bytes are is said already.
_WITHOUT_EXCERPT = {"nul run", "duplicate", "repeated id"}


def as_json(report: LogReport) -> dict[str, Any]:
    """Return a report as what ``json.dumps`` takes."""
    return {
        **{field.name: getattr(report, field.name) for field in dataclasses.fields(report)},
        "path": os.fspath(report.path),
        "problems": [
            {**dataclasses.asdict(problem), "excerpt": _text_of(problem.excerpt)}
            for problem in report.problems
        ],
    }


def as_text(report: LogReport, limit: int, noun: str, *, asks_for_model: bool) -> str:
    """Return a report to be read by a person.

    Args:
        report: The report.
        limit: How many problems are shown.
        noun: What an event is called.
        asks_for_model: Whether the model may be the wrong one.
    """
    return "\n".join([*_summary(report, noun, asks_for_model), *_problems(report, limit)])


def about_model(other_events: int) -> str:
    """Return what to do about lines that may be events of another model."""
    which = (
        "line has an event_id and is no event"
        if other_events == 1
        else ("lines have an event_id and are no events")
    )
    return (
        f"  {other_events:,} {which} of this model; for another: --model package.module:Class,"
        " for any record: --records"
    )


def _summary(report: LogReport, noun: str, asks_for_model: bool) -> Iterator[str]:  # noqa: FBT001  # named above
    path = printable(str(report.path))
    of = f" of {count(report.aggregates, 'aggregate')}" if noun == "event" else ""
    content = (
        f"{count(report.events, noun)}{of}"
        f" in {count(report.lines, 'line')}, {count(report.size, 'byte')}"
    )
    if report.is_clean:
        yield f"{path}: clean, {content}"
        return
    yield f"{path}: {count(sum(report.counts.values()), 'problem')}"
    yield f"  {content}"
    if report.malformed_lines:
        article = "an" if noun == "event" else "a"
        yield f"  {count(report.malformed_lines, 'line')} without {article} {noun} that loads" + (
            f"; {count(report.recoverable_events, f'whole {noun}')} in them"
            if report.recoverable_events
            else ""
        )
    yield "  " + ", ".join(
        count(report.counts[kind], *names)
        for kind, names in _NAMES.items()
        if kind in report.counts
    )
    if report.other_events and asks_for_model:
        yield about_model(report.other_events)
    if not report.is_damaged:
        yield "  no damage: repair leaves all of it as it is"


def _problems(report: LogReport, limit: int) -> Iterator[str]:
    shown = report.problems[:limit]
    if shown:
        yield ""
    width = max((len(place_of(problem)) for problem in shown), default=0)
    for problem in shown:
        yield f"  {place_of(problem):{width}}  {problem.kind:15}  {printable(problem.reason)}"
        if problem.kind not in _WITHOUT_EXCERPT:
            yield f"  {'':{width}}  {'':15}  {printable(_text_of(problem.excerpt))[:_MAX_EXCERPT]}"
    more = sum(report.counts.values()) - len(shown)
    if more:
        yield f"  and {more:,} more"


def place_of(problem: Problem | RejectedPiece) -> str:
    """Return where in the log it is."""
    return f"line {problem.line}, byte {problem.offset}"


def count(number: int, one: str, several: str = "") -> str:
    """Return ``number`` with the noun it counts."""
    return f"{number:,} {one if number == 1 else several or one + 's'}"


def _text_of(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")
