"""The order of the contract, in which every load returns its events."""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter
from typing import Annotated, Any, get_args, get_origin

from .._codec import EventT, codec_of

_by_clock = attrgetter("lamport_clock", "node_id")


def in_causal_order(events: Iterable[EventT], model: type[EventT]) -> list[EventT]:
    """Return ``events`` sorted by ``(lamport_clock, node_id)``, ties as they come.

    Nulls are first. Where the model lets an event have no clock, as spec-kitty-events does from
    11.0 on, ties are sorted by event id, as they are there. Values that cannot be compared, as a
    model may allow, are sorted by their text.

    Args:
        events: The events.
        model: Their model.
    """
    if codec_of(model).order_is_total:
        return sorted(events, key=_by_clock)
    names = ["lamport_clock", "node_id", *(["event_id"] if clock_is_optional(model) else [])]
    values = attrgetter(*names)
    found = list(events)
    try:
        return sorted(found, key=lambda event: [(v is not None, v) for v in values(event)])
    except TypeError:
        return sorted(found, key=lambda event: [(v is not None, str(v)) for v in values(event)])


def clock_is_optional(model: type[Any]) -> bool:
    """Return whether the pydantic model lets an event have no clock."""
    field = model.model_fields.get("lamport_clock")
    if field is None:  # a property
        return False
    annotation = field.annotation
    # What the name of a type stands for may be a name again.
    while hasattr(annotation, "__value__") or get_origin(annotation) is Annotated:
        named = hasattr(annotation, "__value__")
        annotation = annotation.__value__ if named else get_args(annotation)[0]
    return field.default is None or type(None) in get_args(annotation)
