"""Events to test with."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ulid import ULID

from specify_cli.spec_kitty_events import Event
from specify_cli.telemetry._codec import codec_of

CODEC = codec_of(Event)
WHEN = datetime(2026, 2, 16, 9, 12, 58, 36834, tzinfo=UTC)


def make_event(
    event_id: str | None = None,
    aggregate_id: str = "043-telemetry-foundation",
    lamport_clock: int = 1,
    node_id: str = "cli:WP01",
    event_type: str = "ExecutionEvent",
    payload: dict[str, Any] | None = None,
    timestamp: datetime = WHEN,
) -> Event:
    """Return an event; by default a new one, with an id of its own."""
    return Event(
        event_id=str(ULID()) if event_id is None else event_id,
        aggregate_id=aggregate_id,
        lamport_clock=lamport_clock,
        node_id=node_id,
        event_type=event_type,
        payload={"agent": "claude", "role": "implementer"} if payload is None else payload,
        timestamp=timestamp,
    )


def make_events(count: int, **fields: Any) -> list[Event]:
    """Return new events with the Lamport clocks 1, 2, 3, ..."""
    return [make_event(lamport_clock=clock, **fields) for clock in range(1, count + 1)]


def numbered_id(number: int, prefix: str = "01KHJVJWDM0H") -> str:
    """Return the id that processes agree on for ``number``."""
    return f"{prefix}{number:0{26 - len(prefix)}}"
