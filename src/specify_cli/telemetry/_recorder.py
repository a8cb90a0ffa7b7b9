"""Making an event of a fact, for the stores of the vendored contract."""

from __future__ import annotations

import os
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from ._contract import Event


class Recorder(ABC):
    """The part of a store that makes the events that it saves."""

    def record(  # noqa: PLR0913  # what an event has; all but the first by name
        self,
        event_type: str,
        *,
        aggregate_id: str,
        node_id: str,
        payload: Mapping[str, Any] | None = None,
        causation_id: str | None = None,
        timestamp: datetime | None = None,
    ) -> Event:
        """Make an event of a fact, with a new id, the time and the log's next clock, and save it.

        The clock is one more than the highest in the log, however many processes record at once.
        When this returns, the event is in the log, as after ``save_event``. Each call makes another
        event: what is to be tried again needs an id that stays, and ``save_next``.

        Args:
            event_type: What kind of fact it is.
            aggregate_id: What it happened to.
            node_id: Where it was emitted.
            payload: What else there is to say.
            causation_id: The id of the event that led to this one.
            timestamp: When it happened; by default, now.

        Returns:
            The event.

        Raises:
            StorageError: As for ``save_next``.
            ValueError: The values are none of an event. The log was not touched.

        Example:
            >>> store.record("WorkPackageStarted", aggregate_id="043", node_id="cli:WP01")
            Event(...)
        """
        # Validated as a whole: a contract of another release may have fields of its own.
        event = Event.model_validate(
            {
                "event_id": _new_id(),
                "event_type": event_type,
                "aggregate_id": aggregate_id,
                "node_id": node_id,
                "timestamp": datetime.now(UTC) if timestamp is None else timestamp,
                "payload": {} if payload is None else dict(payload),
                "causation_id": causation_id,
                "lamport_clock": 0,
            }
        )

        def make(clock: int) -> Event:
            # All else has been checked before the log is touched, and nobody has the event yet.
            vars(event)["lamport_clock"] = clock
            return event

        return self._save_recorded(make)

    @abstractmethod
    def _save_recorded(self, make: Callable[[int], Event]) -> Event:
        """Append the event that ``make`` returns for the next clock; its id is in no log yet."""


def _new_id() -> str:
    """Return a ULID of now.

    Its random part is the system's: what the library counts up within a millisecond, a process and
    its forked child count up alike.
    """
    from ulid import ULID  # noqa: PLC0415  # only who records needs it

    milliseconds = time.time_ns() // 1_000_000
    return str(ULID.from_bytes(milliseconds.to_bytes(6, "big") + os.urandom(10)))
