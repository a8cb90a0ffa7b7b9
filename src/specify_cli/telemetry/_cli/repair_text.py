"""The report of a repair as text for people."""

from __future__ import annotations

from collections.abc import Iterator

from ..repair.report import RepairReport
from .check_text import count, printable


def repair_as_text(report: RepairReport) -> str:
    """Return what was done, or would be, to be read by a person."""
    return "\n".join(_lines(report))


def _lines(report: RepairReport) -> Iterator[str]:
    path = printable(str(report.path))
    if report.is_clean:
        yield f"{path}: clean, {count(report.events, 'event')}"
        return
    keep, move = ("kept", "moved") if report.applied else ("would keep", "would move")
    yield f"{path}: {'repaired' if report.applied else 'in need of repair'}"
    recovered = f", {report.recovered:,} of them recovered" if report.recovered else ""
    yield f"  {keep} {count(report.events, 'event')}{recovered}"
    if not report.rejected:
        return
    duplicates = (
        f", {count(report.duplicates, 'duplicate')} among them" if report.duplicates else ""
    )
    yield (
        f"  {move} {count(report.rejected, 'piece')}{duplicates},"
        f" {count(report.rejected_bytes, 'byte')} in all, to {printable(str(report.rejected_path))}"
    )
    if report.is_of_another_kind:
        yield "  no event at all: is this an event log?"
    yield ""
    places = [f"line {piece.line}, byte {piece.offset}" for piece in report.examples]
    width = max(map(len, places))
    for place, piece in zip(places, report.examples, strict=True):
        length = count(piece.length, "byte")
        yield f"  {place:{width}}  {piece.kind:15}  {length}: {printable(piece.reason)}"
    if report.rejected > len(report.examples):
        yield f"  and {report.rejected - len(report.examples):,} more"
