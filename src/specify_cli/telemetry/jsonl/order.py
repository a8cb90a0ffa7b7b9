"""The order of loads, for those who have only the type of the events."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .._codec import EventT, codec_of


def in_causal_order(events: Iterable[EventT], model: Any) -> list[EventT]:
    """Return ``events`` in the order in which a store for their type loads them.

    Args:
        events: The events.
        model: Their type, or a class of stores.
    """
    return codec_of(model).in_order(events)


def clock_is_optional(model: Any) -> bool:
    """Return whether the type lets an event have no clock."""
    return codec_of(model).clock_is_optional
