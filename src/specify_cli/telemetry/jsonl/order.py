"""The order of the contract, in which every load returns its events."""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter
from typing import Any, get_args

from .._codec.event import EventT

_by_clock = attrgetter("lamport_clock", "node_id")


def in_causal_order(events: Iterable[EventT], model: type[EventT]) -> list[EventT]:
    """Return ``events`` sorted by ``(lamport_clock, node_id)``, ties as they come.

    Where the model lets an event have no clock, as spec-kitty-events does from 11.0 on, those
    without one are first, and ties are sorted by event id, as they are there.

    Args:
        events: The events.
        model: Their model.
    """
    return sorted(events, key=_unclocked_first if clock_is_optional(model) else _by_clock)


def clock_is_optional(model: type[Any]) -> bool:
    """Return whether the pydantic model lets an event have no clock."""
    # As pydantic has resolved it; the name of a type may mean nothing outside of the model.
    annotation = model.model_fields["lamport_clock"].annotation
    return type(None) in get_args(getattr(annotation, "__value__", annotation))


def _unclocked_first(event: EventT) -> tuple[bool, int, str, str]:
    clock = event.lamport_clock
    return (clock is not None, clock or 0, event.node_id, event.event_id)
