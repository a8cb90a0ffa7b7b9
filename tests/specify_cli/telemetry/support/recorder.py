"""A process that records facts, for tests that need several of them.

Usage: recorder.py LOG NODE COUNT. The clock of each event is printed when it has been recorded.
"""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    # What is relative below is so in whatever folder the tests have been copied to.
    sys.path.insert(0, str(Path(__file__).parents[2]))
    __package__ = ".".join(Path(__file__).parts[-3:-1])

from specify_cli.telemetry import SimpleJsonStore


def main(log: str, node: str, count: str) -> None:
    """Record one by one, and tell of each."""
    store = SimpleJsonStore(log, timeout=None)
    for _ in range(int(count)):
        event = store.record("Recorded", aggregate_id="one", node_id=node)
        sys.stdout.write(f"{event.lamport_clock}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
