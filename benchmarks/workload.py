"""The events that every contender saves: the same ones in every run, on every machine.

They have the form of the execution events that spec-kitty records, about 470 bytes as a line, and
are spread evenly over ``AGGREGATES`` aggregates. Any of them can be made from its number alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ulid import ULID

from specify_cli.spec_kitty_events import Event

AGGREGATES = 20

_START = datetime(2026, 1, 1, 9, 0, 0, 1, tzinfo=UTC)
_STEP = timedelta(seconds=7, milliseconds=13, microseconds=3)
_AGENTS = [
    ("claude", "claude-opus-4-6", "planner"),
    ("copilot", "claude-sonnet-4.5", "implementer"),
    ("codex", "gpt-5.2-codex", "implementer"),
    ("claude", "claude-opus-4-6", "reviewer"),
]


def aggregate_id(number: int) -> str:
    """Return the aggregate that event ``number`` belongs to."""
    return f"{number % AGGREGATES + 40:03}-execution-telemetry"


def record(number: int) -> dict[str, Any]:
    """Return the fields of event ``number`` in JSON terms."""
    time = _START + number * _STEP
    agent, model, role = _AGENTS[number // 3 % len(_AGENTS)]
    work_package = f"WP{number // AGGREGATES % 12 + 1:02}"
    return {
        "aggregate_id": aggregate_id(number),
        "causation_id": None,
        "event_id": _ulid(number, time),
        "event_type": "ExecutionEvent",
        "lamport_clock": number // AGGREGATES + 1,
        "node_id": f"cli:{work_package}",
        "payload": {
            "agent": agent,
            "cost_usd": round(0.5 + number % 977 / 50, 2),
            "duration_ms": 1_788_000 + number * 7919 % 8_000_000,
            "error": None,
            "exit_code": 0,
            "input_tokens": 3_053_220 + number * 104_729 % 6_000_000,
            "model": model,
            "output_tokens": 178_560 + number * 1_299_709 % 800_000,
            "role": role,
            "success": True,
            "wp_id": work_package,
        },
        "timestamp": time.isoformat(),
    }


def in_batches(items: list[Event], size: int) -> Iterator[list[Event]]:
    """Yield ``items`` in lists of ``size``, the last perhaps shorter."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def write_log(path: Path, records: Iterable[dict[str, Any]]) -> None:
    """Write records as a log, without any store."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(json.dumps(fields, sort_keys=True) + "\n" for fields in records)


def _ulid(number: int, time: datetime) -> str:
    """Return a ULID whose random part is always the same for ``number``."""
    milliseconds = int(time.timestamp() * 1000)
    random = hashlib.sha256(number.to_bytes(8)).digest()[:10]
    return str(ULID.from_bytes(milliseconds.to_bytes(6) + random))
