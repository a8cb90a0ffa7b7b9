"""``show``: the last records of logs."""

from __future__ import annotations

import argparse
import sys

from .._contract import StorageError
from ..query import Recent, recent_lines
from . import streams
from .arguments import (
    CLEAN,
    UNREADABLE,
    Command,
    add_json,
    add_logs,
    add_selection,
    count,
    selection_of,
)
from .check_text import count as counted
from .progress import progress_of
from .show_text import Table


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    add_logs(parser)
    how_many = parser.add_mutually_exclusive_group()
    how_many.add_argument(
        "-n",
        metavar="N",
        dest="number",
        type=count,
        default=20,
        help="the last N of each log (default: %(default)s)",
    )
    how_many.add_argument("--all", action="store_true", help="all of them")
    add_selection(parser)
    add_json(parser, "print the lines as they are in the log")


def _run(options: argparse.Namespace) -> int:
    status = CLEAN
    selection = selection_of(options)
    number = None if options.all else options.number
    gap = ""
    for path in options.paths:
        try:
            with progress_of(path) as progress:
                recent = recent_lines(path, selection, number, progress=progress)
        except StorageError as error:
            status = UNREADABLE
            streams.say(str(error))
            continue
        if len(options.paths) > 1 and not options.json:
            sys.stdout.write(f"{gap}==> {streams.printable(path)} <==\n")
            gap = "\n"
        _write(recent, as_json=options.json)
        if recent.other_lines:
            lines = counted(recent.other_lines, "line")
            what = "a JSON object" if options.model is None else "an event of the model"
            streams.say(f'passed {lines} without {what} in "{path}": see check')
    return status


def _write(recent: Recent, *, as_json: bool) -> None:
    if as_json:
        streams.write_lines(line for line, _ in recent.records)
    else:
        for text in Table(sys.stdout).lines(record for _, record in recent.records):
            sys.stdout.write(f"{text}\n")


SHOW = Command(
    "show",
    "show the last events of logs",
    """\
Show the last events of each log, oldest first: local time, clock, node, aggregate, type, payload.

Any JSON object is shown, also if it is no event; its nulls are left out. On a terminal a line is
cut to its width, and coloured unless NO_COLOR is set. A log is read from its end. Nothing is
written.

Exit status: 0, or 2 if a log cannot be read.
""",
    """\
With --json, standard output holds the lines themselves, byte for byte, for jq say.
""",
    _add_arguments,
    _run,
)
