"""``stats``: what logs hold, in numbers."""

from __future__ import annotations

import argparse
import json
import sys

from .._contract import StorageError
from ..query import Stats, gather
from . import streams
from .arguments import (
    CLEAN,
    UNREADABLE,
    Command,
    add_json,
    add_logs,
    add_selection,
    names,
    selection_of,
)
from .progress import progress_of
from .stats_text import stats_as_json, stats_as_text, write_csv


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    add_logs(parser)
    parser.add_argument(
        "--by", metavar="FIELD,...", type=names, default=[], help="one row for each value of these"
    )
    parser.add_argument(
        "--sum",
        metavar="FIELD,...",
        type=names,
        default=[],
        help="sum and mean of the numbers in these",
    )
    add_selection(parser)
    form = parser.add_mutually_exclusive_group()
    add_json(form)
    form.add_argument("--csv", action="store_true", help="print the rows as CSV")


def _run(options: argparse.Namespace) -> int:
    status = CLEAN
    selection = selection_of(options)
    stats = Stats(options.by, options.sum)
    for path in options.paths:
        try:
            with progress_of(path) as progress:
                gather(stats, path, selection, progress=progress)
        except StorageError as error:
            status = UNREADABLE
            streams.say(str(error))
    if options.json:
        sys.stdout.write(f"{json.dumps(stats_as_json(stats), indent=2)}\n")
    elif options.csv:
        write_csv(stats, sys.stdout)
    elif stats.logs:
        sys.stdout.write(f"{stats_as_text(stats, sys.stdout)}\n")
    return status


STATS = Command(
    "stats",
    "count events, and sum over them",
    """\
Say what the logs hold together: events, aggregates, types, nodes, time span, size. With --by and
--sum, one row for each value of a field, and sums of others: what each agent has cost, say.

  spec-kitty-telemetry stats LOG... --by agent --sum cost_usd,input_tokens

A field is one of the payload, or of the record beside it; type, aggregate and node are fields too.
Of lines with one id the first counts. A sum is as exact as the decimal digits in the log. Nothing
is written.

Exit status: 0, or 2 if a log cannot be read; the numbers are those of the others then.
""",
    """\
With --json, standard output is an object: logs, size, events, repeats, other_lines, first, last,
aggregates, types, nodes (each with its number of events) and groups (by, events, sum, mean). With
--csv, it is the rows: the fields of --by, events, and sum_FIELD and mean_FIELD for each of --sum.
""",
    _add_arguments,
    _run,
)
