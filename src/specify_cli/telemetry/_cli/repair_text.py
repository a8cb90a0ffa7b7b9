"""The report of a repair as text for people."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from typing import Any

from ..repair import RepairReport
from .check_text import about_model, count, place_of
from .streams import printable


def repair_as_json(report: RepairReport) -> dict[str, Any]:
    """Return a report as what ``json.dumps`` takes."""
    return {
        **dataclasses.asdict(report),
        "path": os.fspath(report.path),
        "rejected_path": os.fspath(report.rejected_path),
    }


def repair_as_text(report: RepairReport, limit: int, noun: str, *, asks_for_model: bool) -> str:
    """Return what was done, or would be, to be read by a person.

    Args:
        report: The report.
        limit: How many of the pieces that are moved are shown.
        noun: What an event is called.
        asks_for_model: Whether the model may be the wrong one.
    """
    lines = [*_summary(report, noun)]
    if report.other_events and asks_for_model:
        lines.append(about_model(report.other_events))
    return "\n".join([*lines, *_examples(report, limit)])


def _summary(report: RepairReport, noun: str) -> Iterator[str]:
    path = printable(str(report.path))
    others = count(report.other_lines, f"line that is no {noun}", f"lines that are no {noun}s")
    if report.is_clean:
        beside = f" and {others}" if report.other_lines else ""
        yield f"{path}: no damage, {count(report.events, noun)}{beside}"
        return
    keep, move, separate = (
        ("kept", "moved", "put") if report.applied else ("would keep", "would move", "would put")
    )
    yield f"{path}: {'repaired' if report.applied else 'in need of repair'}"
    recovered = f", {report.recovered:,} of them recovered" if report.recovered else ""
    yield f"  {keep} {count(report.events, noun)}{recovered}"
    if report.separated > report.recovered:
        more = count(report.separated - report.recovered, "more record")
        yield f"  {separate} {more} on lines of their own"
    if report.rejected:
        duplicates = (
            f", {count(report.duplicates, 'duplicate')} among them" if report.duplicates else ""
        )
        yield (
            f"  {move} {count(report.rejected, 'piece')}{duplicates},"
            f" {count(report.rejected_bytes, 'byte')} in all,"
            f" to {printable(str(report.rejected_path))}"
        )
    for difference in report.differences:
        yield f"  not as before: {printable(difference)}"
    if report.other_lines:
        yield f"  {keep} {others}"


def _examples(report: RepairReport, limit: int) -> Iterator[str]:
    if not report.rejected:
        return
    yield ""
    examples = report.examples[:limit]
    width = max((len(place_of(piece)) for piece in examples), default=0)
    for piece in examples:
        length = count(piece.length, "byte")
        yield f"  {place_of(piece):{width}}  {piece.kind:15}  {length}: {printable(piece.reason)}"
    if report.rejected > len(examples):
        yield f"  and {report.rejected - len(examples):,} more"
