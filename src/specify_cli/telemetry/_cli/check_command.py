"""``check``: what is wrong with logs."""

from __future__ import annotations

import argparse
import json
import sys

from .._contract import StorageError
from ..check import check_log
from . import streams
from .arguments import (
    CLEAN,
    PROBLEMS,
    UNREADABLE,
    Command,
    add_json,
    add_limit,
    add_logs,
    add_model_or_records,
    asks_for_model,
    event_model_of,
    noun_of,
)
from .check_text import as_json, as_text
from .progress import progress_of


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    add_logs(parser)
    add_model_or_records(parser)
    add_json(parser)
    add_limit(parser, "problems")


def _run(options: argparse.Namespace) -> int:
    status = CLEAN
    records = []
    gap = ""
    for path in options.paths:
        try:
            with progress_of(path) as progress:
                report = check_log(path, progress=progress, event_model=event_model_of(options))
        except StorageError as error:
            status = UNREADABLE
            records.append({"path": path, "error": str(error)})
            if not options.json:
                streams.say(str(error))
            continue
        status = max(status, CLEAN if report.is_clean else PROBLEMS)
        if options.json:
            records.append(as_json(report))
        else:
            text = as_text(
                report, options.limit, noun_of(options), asks_for_model=asks_for_model(options)
            )
            sys.stdout.write(f"{gap}{text}\n")
            gap = "" if report.is_clean else "\n"
    if options.json:
        sys.stdout.write(f"{json.dumps(records, indent=2)}\n")
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
