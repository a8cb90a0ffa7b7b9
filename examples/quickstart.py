"""Record a few execution events, tear the log as a crash would, record one more, show the log."""

from __future__ import annotations

import logging
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from ulid import ULID

from spec_kitty_telemetry import Event, SimpleJsonStore

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
    print("Recorded another event; the torn line stays as it is, on a line of its own")

    print(f"{len(store.load_all_events())} events load")
    print("\n$ spec-kitty-telemetry show execution.events.jsonl", flush=True)
    show = [sys.executable, "-m", "spec_kitty_telemetry", "show", str(log)]
    subprocess.run(show, check=True)  # noqa: S603  # as one would in a shell


def main() -> None:
    """Play the example."""
    logging.basicConfig(format="%(levelname)s: %(message)s", stream=sys.stdout)
    with tempfile.TemporaryDirectory() as folder:
        record(Path(folder, "kitty-specs", FEATURE, "execution.events.jsonl"))


if __name__ == "__main__":
    main()
