"""``check``: what is wrong with logs."""

from __future__ import annotations

import argparse

from ..check import LogReport, check_log
from .arguments import (
    CLEAN,
    PROBLEMS,
    UNREADABLE,
    Command,
    add_json,
    add_limit,
    add_logs,
    add_model_or_records,
    event_model_of,
)
from .check_text import as_json, as_text
from .each_log import each_log
from .progress import progress_of


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    add_logs(parser)
    add_model_or_records(parser)
    add_json(parser)
    add_limit(parser, "problems")


def _run(options: argparse.Namespace) -> int:
    def report_on(path: str) -> LogReport:
        with progress_of(path) as progress:
            return check_log(path, progress=progress, event_model=event_model_of(options))

    status = CLEAN
    for report in each_log(options, report_on, as_json, as_text):
        if report is None:
            status = UNREADABLE
        elif not report.is_clean:
            status = max(status, PROBLEMS)
    return status


CHECK = Command(
    "check",
    "say what is wrong with logs",
    """\
Say what each log holds and what is wrong with it. Nothing is written.

Exit status: 0 if all logs are clean, 1 if one has problems, 2 if one cannot be read.
""",
    """\
With --json, standard output is a list with one object for each LOG, in order: path, and either
error, or size, lines, events, aggregates, malformed_lines, recoverable_events, other_events,
counts (problems by kind) and problems (the first 1000: line, offset, kind, reason, excerpt). Lines
count from 1, sizes and offsets are in bytes.
""",
    _add_arguments,
    _run,
)
