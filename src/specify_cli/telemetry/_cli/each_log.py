"""What ``check`` and ``repair`` share: a report on each log that is named."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from typing import Any, Protocol, TypeVar

from .._contract import StorageError
from . import streams
from .arguments import asks_for_model, noun_of


class _Report(Protocol):
    @property
    def is_clean(self) -> bool:
        """Whether there is nothing to tell."""


ReportT = TypeVar("ReportT", bound=_Report)


def each_log(
    options: argparse.Namespace,
    report_on: Callable[[str], ReportT],
    as_json: Callable[[ReportT], dict[str, Any]],
    as_text: Callable[..., str],
) -> Iterator[ReportT | None]:
    """Report on each log, as text or all together as JSON, and yield the reports.

    Args:
        options: What was asked for.
        report_on: Returns the report on the log at a path.
        as_json: Returns a report as what ``json.dumps`` takes.
        as_text: Returns a report to be read by a person.

    Yields:
        The report, or None for a log that cannot be read; then it is said why.
    """
    records: list[dict[str, Any]] = []
    gap = ""
    for path in options.paths:
        try:
            report = report_on(path)
        except StorageError as error:
            records.append({"path": path, "error": str(error)})
            if not options.json:
                streams.say(str(error))
            yield None
            continue
        if options.json:
            records.append(as_json(report))
        else:
            asks = asks_for_model(options)
            text = as_text(report, options.limit, noun_of(options), asks_for_model=asks)
            sys.stdout.write(f"{gap}{text}\n")
            gap = "" if report.is_clean else "\n"
        yield report
    if options.json:
        sys.stdout.write(f"{json.dumps(records, indent=2)}\n")
