"""A machine that records and shares, for tests that need several of them.

Usage: sync_machine.py CONNINFO LOG FILE NUMBER COUNT ROUND. It saves COUNT events of its own in
FILE, and after each pushes and pulls, as far as the server is there. It prints a line when it has
begun.
"""

from __future__ import annotations

import contextlib
import sys
import time
from pathlib import Path

if __name__ == "__main__":
    # What is relative below is so in whatever folder the tests have been copied to.
    sys.path.insert(0, str(Path(__file__).parents[2]))
    __package__ = ".".join(Path(__file__).parts[-3:-1])

from specify_cli.spec_kitty_events import StorageError
from specify_cli.telemetry import SimpleJsonStore
from specify_cli.telemetry.postgres import SimplePostgresStore
from specify_cli.telemetry.sync import copy_new

from .events import make_event


def main(conninfo: str, log: str, file: str, number: str, count: str, turn: str) -> None:
    """Record and share in turn."""
    here, there = SimpleJsonStore(file), SimplePostgresStore(conninfo, log, timeout=5)
    pushed = pulled = None
    for clock in range(int(count)):
        lamport_clock = int(turn) * int(count) + clock
        here.save_event(make_event(lamport_clock=lamport_clock, node_id=f"machine-{number}"))
        with contextlib.suppress(StorageError):
            pushed = copy_new(here, there, pushed).cursor
            pulled = copy_new(there, here, pulled).cursor
        if clock == 0:
            sys.stdout.write("begun\n")
            sys.stdout.flush()
        time.sleep(0.005)


if __name__ == "__main__":
    main(*sys.argv[1:])
