"""A process that records facts on a server, for tests that need several of them.

Usage: server_recorder.py CONNINFO LOG NODE COUNT. The clock of each event is printed when it has
been recorded. What fails is recorded anew.
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


def main(conninfo: str, log: str, node: str, count: str) -> None:
    """Record one by one, and tell of each."""
    store = SimplePostgresStore(conninfo, log, timeout=5)
    for _ in range(int(count)):
        while True:
            try:
                event = store.record("Recorded", aggregate_id="one", node_id=node)
                break
            except StorageError:
                time.sleep(0.05)
        sys.stdout.write(f"{event.lamport_clock}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
