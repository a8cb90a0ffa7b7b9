"""The command line: looking after logs by hand and in scripts."""

from __future__ import annotations

import argparse
import errno
import io
import json
import os
import sys
from collections.abc import Sequence

from .._contract import StorageError
from ..check.report import check_log
from ..repair.report import repair_log
from .check_text import as_json, as_text, printable
from .progress import Progress
from .repair_text import repair_as_text

CLEAN, PROBLEMS, UNREADABLE = 0, 1, 2
_INTERRUPTED = 130

# Whoever read the output, `head` say, has seen enough. Windows has the second word for it.
_CLOSED = {errno.EPIPE, errno.EINVAL}

_CHECK = """\
Say what each log holds and what is wrong with it. Nothing is written.

Exit status: 0 if all logs are clean, 1 if one has problems, 2 if one cannot be read.
"""
_CHECK_JSON = """\
With --json, standard output is a list with one object for each PATH, in order: path, and either
error, or size, lines, events, aggregates, malformed_lines, recoverable_events, counts (problems by
kind) and problems (the first 1000: line, offset, kind, reason, excerpt). Lines count from 1, sizes
and offsets are in bytes.
"""
_REPAIR = """\
Keep every event of each log, and move everything else, byte for byte, to PATH.rejected.

Whole events that do not load, because they stand in one line with something else, get a line of
their own. The first event of each id stays. Without --apply this is a dry run: it says what would
be done and writes nothing. A clean log is never touched. Stores may go on saving meanwhile.

Exit status: 0 if all logs are clean or have been repaired, 1 if a dry run finds one to repair, 2 if
one cannot be read or repaired.
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
    for stream in (sys.stdout, sys.stderr):
        # A path may hold what the terminal cannot show; Windows consoles show less than others.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    options = _parser(program).parse_args(arguments)
    try:
        status: int = options.run(options)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return _INTERRUPTED
    except OSError as error:  # of writing: what cannot be read is a StorageError
        # Python would write what is left once more when it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if error.errno not in _CLOSED:
            sys.stderr.write(f"cannot write the output: {error.strerror}\n")
        return UNREADABLE
    return status


def _parser(program: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=program, description="Look after event logs.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _add_check(commands)
    _add_repair(commands)
    return parser


def _add_check(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "check",
        help="say what is wrong with logs",
        description=_CHECK,
        epilog=_CHECK_JSON,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("paths", metavar="PATH", nargs="+", help="a log")
    parser.add_argument("--json", action="store_true", help="print JSON, for tools")
    parser.add_argument(
        "--limit",
        metavar="N",
        type=int,
        default=10,
        help="show the first N problems of each log (default: %(default)s); at most 1000",
    )
    parser.set_defaults(run=_check)


def _check(options: argparse.Namespace) -> int:
    status = CLEAN
    records = []
    gap = ""
    for path in options.paths:
        try:
            with Progress(path) as progress:
                report = check_log(path, progress=progress)
        except StorageError as error:
            status = UNREADABLE
            records.append({"path": path, "error": str(error)})
            if not options.json:
                sys.stdout.flush()
                sys.stderr.write(f"{printable(str(error))}\n")
            continue
        status = max(status, CLEAN if report.is_clean else PROBLEMS)
        if options.json:
            records.append(as_json(report))
        else:
            sys.stdout.write(f"{gap}{as_text(report, max(0, options.limit))}\n")
            gap = "" if report.is_clean else "\n"
    if options.json:
        sys.stdout.write(f"{json.dumps(records, indent=2)}\n")
    return status


def _add_repair(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "repair",
        help="move what is no event out of logs",
        description=_REPAIR,
        epilog=_REJECTED,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("paths", metavar="PATH", nargs="+", help="a log")
    parser.add_argument("--apply", action="store_true", help="do it")
    parser.set_defaults(run=_repair)


def _repair(options: argparse.Namespace) -> int:
    status = CLEAN
    due = False
    gap = ""
    for path in options.paths:
        try:
            report = repair_log(path, apply=options.apply)
        except StorageError as error:
            status = UNREADABLE
            sys.stdout.flush()
            sys.stderr.write(f"{printable(str(error))}\n")
            continue
        due = due or not (report.is_clean or report.applied)
        sys.stdout.write(f"{gap}{repair_as_text(report)}\n")
        gap = "" if report.is_clean else "\n"
    if due:
        status = max(status, PROBLEMS)
        sys.stdout.write("\nThis was a dry run, nothing has been changed. To do it, add --apply.\n")
    return status
