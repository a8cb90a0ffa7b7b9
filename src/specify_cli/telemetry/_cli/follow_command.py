"""``follow``: the records of a log as they come."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from .._contract import StorageError
from ..query import Batch, follow
from . import streams
from .arguments import (
    CLEAN,
    UNREADABLE,
    Command,
    add_json,
    add_selection,
    count,
    selection_of,
)
from .show_text import Table

_INTERVAL = 0.2


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", metavar="LOG", help="a log; it need not exist yet")
    begin = parser.add_mutually_exclusive_group()
    begin.add_argument(
        "-n",
        metavar="N",
        dest="number",
        type=count,
        default=10,
        help="begin with the last N (default: %(default)s)",
    )
    begin.add_argument("--from-start", action="store_true", help="begin with all of them")
    add_selection(parser)
    add_json(parser, "print the lines as they are in the log")


def _run(options: argparse.Namespace) -> int:
    table = Table(sys.stdout)
    was_missing = False
    last = None if options.from_start else options.number
    try:
        for batch in follow(Path(options.path), selection_of(options), last):  # pragma: no branch
            if batch.is_restarted:
                streams.say(f'"{options.path}" was replaced; reading it from the start')
            if batch.is_missing and not was_missing:
                streams.say(f'waiting for "{options.path}"')
            was_missing = batch.is_missing
            _write(batch, table, as_json=options.json)
            if batch.is_last:
                time.sleep(_INTERVAL)
    except KeyboardInterrupt:
        return CLEAN  # there is no other end
    except StorageError as error:
        streams.say(str(error))
    return UNREADABLE


def _write(batch: Batch, table: Table, *, as_json: bool) -> None:
    if not batch.records:
        return
    if as_json:
        streams.write_lines(line for line, _ in batch.records)
    else:
        for text in table.lines(record for _, record in batch.records):
            sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


FOLLOW = Command(
    "follow",
    "show the events of a log as they come",
    """\
Show the last events of a log, and go on with those that come, until Ctrl-C.

Lines are as show has them. A log that is missing is waited for; one that is truncated or replaced
by other content is read from its start, which is said on standard error. Nothing is written.

Exit status: 0 after Ctrl-C, 2 if the log cannot be read, or the output not be written.
""",
    """\
With --json, standard output holds the lines themselves, byte for byte, for jq say.
""",
    _add_arguments,
    _run,
)
