"""The commands push, pull and sync."""

from __future__ import annotations

import argparse
import glob
import math
import os
import sys
import time
from collections.abc import Iterable, Sequence

from .._contract import Event
from . import streams
from .arguments import UNREADABLE, Command, add_logs, add_model

_LONGEST_WAIT = 86_400.0
VARIABLE = "SPEC_KITTY_TELEMETRY_SERVER"

_MORE = f"""\
The server is PostgreSQL, 15 or newer; its conninfo is a URL or key=value pairs, as libpq takes
them. It is better in the environment variable {VARIABLE} than in a command line,
which others on the machine can see. A log has the same name there as its path below the top of its
git working tree, or below the current directory, unless --log gives it another.

Nothing is ever changed or removed on either side. How far each log has come is kept in the user's
state folder; without that, all lines are looked at again.

Exit status: 0 if all is done, 1 if both sides have an event with other contents under one id, 2 if
a log or the server refused.
"""
_PUSH = "Bring the lines of each log to the server that it lacks."
_PULL = "Bring the lines of each log from the server that the file lacks."
_SYNC = "Bring the lines of each log to the server and from it, so that both have them all."


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds <= _LONGEST_WAIT:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds")
    return seconds


def _run(options: argparse.Namespace) -> int:
    conninfo = options.server or os.environ.get(VARIABLE)
    if not conninfo:
        streams.say(f"which server? Give its conninfo, or set {VARIABLE}")
        return UNREADABLE
    try:
        from .sharing import Sharing  # noqa: PLC0415  # only who shares needs a driver

        sharing = Sharing(conninfo, options.log, options.model or Event)
    except (ImportError, ValueError) as error:
        streams.say(str(error))
        return UNREADABLE
    while True:
        paths = _expanded(options.paths)
        if options.log and len(paths) > 1:
            streams.say("--log names one log, and there are several")
            return UNREADABLE
        status = sharing.share(paths, options.directions)
        if options.watch is None:
            return status
        sys.stdout.flush()
        time.sleep(options.watch)


def _expanded(paths: Iterable[str]) -> list[str]:
    """Return the paths, with those that a pattern stands for, which not every shell looks for."""
    found: dict[str, None] = {}
    for path in paths:
        is_pattern = not os.path.lexists(path) and glob.has_magic(path)
        found |= dict.fromkeys(sorted(glob.glob(path, recursive=True)) if is_pattern else [path])  # noqa: PTH207  # as given, not resolved
    return list(found)


def _command(
    name: str, summary: str, description: str, option: str, directions: Sequence[str]
) -> Command:
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        add_logs(parser)
        add_model(parser)
        parser.add_argument(
            option, dest="server", metavar="CONNINFO", help=f"the server (default: ${VARIABLE})"
        )
        parser.add_argument("--log", metavar="NAME", help="what the log is called on the server")
        parser.add_argument(
            "--watch",
            metavar="SECONDS",
            type=_seconds,
            nargs="?",
            const=1.0,
            help="go on, looking again every so often (default: every second)",
        )
        parser.set_defaults(directions=directions)

    return Command(name, summary, f"{description}\n", _MORE, add_arguments, _run)


SHARING = (
    _command("push", "share what is new in logs", _PUSH, "--to", ["push"]),
    _command("pull", "fetch what others have shared", _PULL, "--from", ["pull"]),
    _command("sync", "push and pull", _SYNC, "--with", ["push", "pull"]),
)
