"""The command line: one table of commands, each in a module of its own."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from .._version import __version__
from . import streams
from .arguments import UNREADABLE, Command
from .check_command import CHECK
from .follow_command import FOLLOW
from .repair_command import REPAIR
from .show_command import SHOW
from .stats_command import STATS
from .sync_commands import SHARING

COMMANDS: tuple[Command, ...] = (SHOW, FOLLOW, STATS, CHECK, REPAIR, *SHARING)

_INTERRUPTED = 130


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
    parser = argparse.ArgumentParser(prog=program, description="See event logs, and mend them.")
    parser.add_argument(
        "--version", action="version", version=f"spec-kitty-telemetry {__version__}"
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in COMMANDS:
        added = commands.add_parser(
            command.name,
            help=command.summary,
            description=command.description,
            epilog=command.epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.add_arguments(added)
        added.set_defaults(run=command.run)
    return parser
