"""Record a few execution events, tear the log as a crash would, record one more, read it all back.

With a path, print the events of that log instead.
"""

from __future__ import annotations

import logging
import sys
import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from ulid import ULID

from spec_kitty_telemetry import Event, SimpleJsonStore, StorageError

FEATURE = "043-telemetry-foundation"
STEPS = [
    ("planner", "claude", "claude-opus-4-6", "WP01", 90_014, 0.42),
    ("implementer", "copilot", "claude-sonnet-4.5", "WP01", 1_788_000, 15.6),
    ("reviewer", "claude", "claude-opus-4-6", "WP01", 240_310, 1.9),
    ("implementer", "copilot", "claude-sonnet-4.5", "WP02", 894_000, 7.8),
]


def execution_event(clock: int) -> Event:
    """Return what an agent reports when it has finished a step of a work package."""
    role, agent, model, work_package, duration_ms, cost_usd = STEPS[clock % len(STEPS)]
    return Event(
        event_id=str(ULID()),
        event_type="ExecutionEvent",
        aggregate_id=FEATURE,
        node_id=f"cli:{work_package}",
        lamport_clock=clock,
        timestamp=datetime.now(UTC),
        payload={
            "agent": agent,
            "cost_usd": cost_usd,
            "duration_ms": duration_ms,
            "model": model,
            "role": role,
            "success": True,
            "wp_id": work_package,
        },
    )


def print_table(events: Iterable[Event]) -> None:
    """Print one event a line, and how many there were."""
    count = 0
    for event in events:
        count += 1
        details = " ".join(
            str(event.payload[name])
            for name in ("role", "agent", "model", "wp_id")
            if event.payload.get(name) is not None
        )
        print(
            f"{event.lamport_clock:>5}  {event.timestamp:%Y-%m-%d %H:%M:%S}  "
            f"{event.aggregate_id:<40}  {event.event_type:<20}  {details}".rstrip()
        )
    print(f"{count} events")


def record(log: Path) -> None:
    """Show what recording, a crash and recording again do to a log."""
    store = SimpleJsonStore(log)
    for clock in range(5):
        store.save_event(execution_event(clock))
    print(f"Recorded 5 events in {log}")

    content = log.read_bytes()
    log.write_bytes(content[:-100])
    print("Tore the last line, as a writer that dies half-way through would")

    store.save_event(execution_event(5))
    print("Recorded another event; the torn line stays as it is, on a line of its own\n")
    print_table(store.load_all_events())


def main(arguments: list[str]) -> int:
    """Print the logs at the paths given, or play the example."""
    logging.basicConfig(format="%(levelname)s: %(message)s", stream=sys.stdout)
    try:
        for path in arguments:
            print_table(SimpleJsonStore(path).load_all_events())
        if not arguments:
            with tempfile.TemporaryDirectory() as folder:
                record(Path(folder, "kitty-specs", FEATURE, "execution.events.jsonl"))
    except StorageError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
