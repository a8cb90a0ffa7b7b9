"""``repair``: moving the damage out of logs."""

from __future__ import annotations

import argparse
import sys

from ..repair import RepairReport, repair_log
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
from .each_log import each_log
from .progress import progress_of
from .repair_text import repair_as_json, repair_as_text


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    add_logs(parser)
    add_model_or_records(parser)
    parser.add_argument("--apply", action="store_true", help="do it")
    parser.add_argument(
        "--also",
        metavar="KIND",
        choices=["invalid"],
        action="append",
        default=[],
        help="move what is no damage too; KIND is invalid: lines that are JSON and no event",
    )
    add_json(parser)
    add_limit(parser, "pieces that are moved")


def _run(options: argparse.Namespace) -> int:
    def report_on(path: str) -> RepairReport:
        with progress_of(path) as progress:
            return repair_log(
                path,
                apply=options.apply,
                also=options.also,
                event_model=event_model_of(options),
                progress=progress,
                max_examples=1000,
            )

    status = CLEAN
    is_due = False
    for report in each_log(options, report_on, repair_as_json, repair_as_text):
        if report is None:
            status = UNREADABLE
        elif not (report.is_clean or report.applied):
            is_due = True
            status = max(status, PROBLEMS)
    if is_due and not options.json:
        sys.stdout.write("\nThis was a dry run, nothing has been changed. To do it, add --apply.\n")
    return status


REPAIR = Command(
    "repair",
    "move what is damaged out of logs",
    """\
Move the damage out of each log, byte for byte, to LOG.rejected.

Damage is torn and fused lines, NUL bytes, conflict markers, text that is no JSON, bytes that are no
text, and exact repeats of an event. A line that is one whole JSON value stays as it is, event or
not; a whole record in a fused line gets a line of its own. Without --apply this is a dry run: it
says what would be done and writes nothing. A log without damage is never touched, nor is a file
without an event. Stores may go on saving meanwhile.

Exit status: 0 if all logs are without damage or have been repaired, 1 if a dry run finds one to
repair, 2 if one cannot be read or repaired.
""",
    """\
In LOG.rejected, each piece stands behind a line of JSON that says where it came from: log, line,
offset and length in bytes, kind, reason and date. A line end follows it.

With --json, standard output is a list with one object for each LOG, in order: path, and either
error, or rejected_path, applied, events, recovered, separated, duplicates, rejected,
rejected_bytes, other_lines, other_events, differences and examples (the first 1000 pieces that are
moved: line, offset, length, kind, reason).
""",
    _add_arguments,
    _run,
)
