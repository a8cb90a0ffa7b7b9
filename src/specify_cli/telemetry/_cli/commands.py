"""The command line: looking after logs by hand and in scripts."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from functools import partial

from .._contract import Event, StorageError
from ..check import check_log
from ..repair import repair_log
from . import streams, sync_commands
from .check_text import as_json, as_text
from .model import model_named
from .progress import progress_of
from .repair_text import repair_as_text

CLEAN, PROBLEMS, UNREADABLE = 0, 1, 2
_INTERRUPTED = 130

_CHECK = """\
Say what each log holds and what is wrong with it. Nothing is written.

Exit status: 0 if all logs are clean, 1 if one has problems, 2 if one cannot be read.
"""
_CHECK_JSON = """\
With --json, standard output is a list with one object for each PATH, in order: path, and either
error, or size, lines, events, aggregates, malformed_lines, recoverable_events, other_events,
counts (problems by kind) and problems (the first 1000: line, offset, kind, reason, excerpt). Lines
count from 1, sizes and offsets are in bytes.
"""
_REPAIR = """\
Move the damage out of each log, byte for byte, to PATH.rejected.

Damage is torn and fused lines, NUL bytes, conflict markers, text that is no JSON, bytes that are no
text, and exact repeats of an event. A line that is one whole JSON value stays as it is, event or
not; a whole record in a fused line gets a line of its own. Without --apply this is a dry run: it
says what would be done and writes nothing. A log without damage is never touched, nor is a file
without an event. Stores may go on saving meanwhile.

Exit status: 0 if all logs are without damage or have been repaired, 1 if a dry run finds one to
repair, 2 if one cannot be read or repaired.
"""
_REJECTED = """\
In PATH.rejected, each piece stands behind a line of JSON that says where it came from: log, line,
offset and length in bytes, kind, reason and date. A line end follows it.
"""


def main(arguments: Sequence[str] | None = None, *, program: str | None = None) -> int:
    """Run a command and return the exit status.

    Args:
        arguments: The command line, by default the one of the process.
        program: What the usage line calls the program, by default the name of the script.
    """
    streams.prepare()
    options = _parser(program).parse_args(arguments)
    try:
        status: int = options.run(options)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return _INTERRUPTED
    except OSError as error:  # of writing: what cannot be read is a StorageError
        streams.cannot_write(error)
        return UNREADABLE
    return status


def _parser(program: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=program, description="Look after event logs.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _add_check(commands)
    _add_repair(commands)
    sync_commands.add_to(partial(_add_command, commands))
    return parser


def _add_command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    summary: str,
    description: str,
    epilog: str,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name,
        help=summary,
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("paths", metavar="PATH", nargs="+", help="a log")
    parser.add_argument(
        "--model",
        metavar="MODULE:CLASS",
        type=model_named,
        help="the pydantic model of the events, if it is another than this package's",
    )
    return parser


def _add_check(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = _add_command(commands, "check", "say what is wrong with logs", _CHECK, _CHECK_JSON)
    parser.add_argument("--json", action="store_true", help="print JSON, for tools")
    parser.add_argument(
        "--limit",
        metavar="N",
        type=_count,
        default=10,
        help="show the first N problems of each log (default: %(default)s); at most 1000",
    )
    parser.set_defaults(run=_check)


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 0 on")
    return int(text)


def _check(options: argparse.Namespace) -> int:
    status = CLEAN
    records = []
    gap = ""
    for path in options.paths:
        try:
            with progress_of(path) as progress:
                report = check_log(path, progress=progress, event_model=options.model or Event)
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
            text = as_text(report, options.limit, asks_for_model=options.model is None)
            sys.stdout.write(f"{gap}{text}\n")
            gap = "" if report.is_clean else "\n"
    if options.json:
        sys.stdout.write(f"{json.dumps(records, indent=2)}\n")
    return status


def _add_repair(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = _add_command(
        commands, "repair", "move what is damaged out of logs", _REPAIR, _REJECTED
    )
    parser.add_argument("--apply", action="store_true", help="do it")
    parser.add_argument(
        "--also",
        metavar="KIND",
        choices=["invalid"],
        action="append",
        default=[],
        help="move what is no damage too; KIND is invalid: lines that are JSON and no event",
    )
    parser.set_defaults(run=_repair)


def _repair(options: argparse.Namespace) -> int:
    status = CLEAN
    due = False
    gap = ""
    for path in options.paths:
        try:
            report = repair_log(
                path,
                apply=options.apply,
                also=options.also,
                event_model=options.model or Event,
            )
        except StorageError as error:
            status = UNREADABLE
            streams.say(str(error))
            continue
        due = due or not (report.is_clean or report.applied)
        text = repair_as_text(report, asks_for_model=options.model is None)
        sys.stdout.write(f"{gap}{text}\n")
        gap = "" if report.is_clean else "\n"
    if due:
        status = max(status, PROBLEMS)
        sys.stdout.write("\nThis was a dry run, nothing has been changed. To do it, add --apply.\n")
    return status
