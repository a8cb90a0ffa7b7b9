"""The report of a repair as text for people."""

from __future__ import annotations

from collections.abc import Iterator

from ._show import count, printable
from .repair import RepairReport


def repair_as_text(report: RepairReport) -> str:
    """Return what was done, or would be, to be read by a person."""
    return "\n".join(_lines(report))


def _lines(report: RepairReport) -> Iterator[str]:
    path = printable(str(report.path))
    events = count(report.events, "event")
    if report.is_clean:
        yield f"{path}: clean, {events}"
        return
    would = "" if report.applied else "would "
    yield f"{path}: {'repaired' if report.applied else 'a repair'}"
    leave = "left" if report.applied else "would leave"
    recovered = f", {report.recovered:,} of them recovered" if report.recovered else ""
    yield f"  {leave} {events}{recovered}"
    if not report.rejected:
        return
    move = "moved" if report.applied else "would move"
    pieces = count(report.rejected, "piece")
    duplicates = f", {count(report.duplicates, 'duplicate')} among them" if report.duplicates else ""
    yield f"  {move} {pieces}{duplicates}, {count(report.rejected_bytes, 'byte')} in all, to"
    yield f"    {printable(str(report.rejected_path))}"
