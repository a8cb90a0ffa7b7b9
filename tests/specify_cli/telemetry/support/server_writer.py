"""A process that saves events on a server, for tests that need several of them.

Usage: server_writer.py CONNINFO LOG NUMBER COUNT TIMEOUT. It saves COUNT events with ids of its
own, each again until it is acknowledged, and prints the id of each when its save has returned.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

if __name__ == "__main__":
    # What is relative below is so in whatever folder the tests have been copied to.
    sys.path.insert(0, str(Path(__file__).parents[2]))
    __package__ = ".".join(Path(__file__).parts[-3:-1])

from specify_cli.spec_kitty_events import StorageError
from specify_cli.telemetry.postgres import SimplePostgresStore

from .events import make_event, numbered_id


def main(conninfo: str, log: str, number: str, count: str, timeout: str) -> None:
    """Save one by one, and tell of each save."""
    store = SimplePostgresStore(conninfo, log, timeout=float(timeout))
    for clock in range(int(count)):
        event = make_event(numbered_id(clock, f"01OWN{int(number):03}"), lamport_clock=clock)
        while True:
            try:
                store.save_event(event)
                break
            except StorageError:
                time.sleep(0.05)
        sys.stdout.write(event.event_id + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
