"""A process that saves events, for tests that need several of them.

Usage: writer.py LOG WHAT NUMBER COUNT. ``same`` saves the ids 0 to COUNT that every process saves,
``own`` ids that only process NUMBER saves, ``forever`` own ids without end, and ``record`` records
events instead. The id of each event is printed when its save has returned.
"""

from __future__ import annotations

import itertools
import random
import sys
from collections.abc import Iterator
from pathlib import Path

if __name__ == "__main__":
    # What is relative below is so in whatever folder the tests have been copied to.
    sys.path.insert(0, str(Path(__file__).parents[2]))
    __package__ = ".".join(Path(__file__).parts[-3:-1])

from specify_cli.spec_kitty_events import Event
from specify_cli.telemetry import SimpleJsonStore

from .events import make_event, numbered_id

SIZES = [100, 500, 5_000, 20_000]


def events_to_save(what: str, number: int, count: int) -> Iterator[Event]:
    """Yield the events of process ``number``, in an order of its own, lines short and long."""
    numbers = list(range(count))
    if what == "same":
        random.Random(number).shuffle(numbers)
    for clock in itertools.count() if what == "forever" else numbers:
        event_id = numbered_id(clock, "01SAME" if what == "same" else f"01OWN{number:03}")
        text = "x" * (SIZES[clock % len(SIZES)] - 99)
        yield make_event(event_id, lamport_clock=clock, payload={"text": text})


def saved(store: SimpleJsonStore, what: str, number: int, count: int) -> Iterator[Event]:
    """Save or record events; yield each when that has returned."""
    if what == "record":
        for _ in range(count):
            yield store.record("Recorded", aggregate_id="043", node_id=f"cli:{number}")
    else:
        for event in events_to_save(what, number, count):
            store.save_event(event)
            yield event


def main(log: str, what: str, number: str, count: str) -> None:
    """Save one by one, and tell of each save."""
    store = SimpleJsonStore(log)
    for event in saved(store, what, int(number), int(count)):
        sys.stdout.write(event.event_id + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
