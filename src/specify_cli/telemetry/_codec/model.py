"""What a model has to be, and what it may make of a line with code of its own."""

from __future__ import annotations

from operator import attrgetter

from pydantic import BaseModel

from .malformed import MalformedLineError, reason_of

# Fields, or properties, that every event has.
NEEDED = ("event_id", "aggregate_id", "lamport_clock", "node_id")
_needed_of = attrgetter(*NEEDED)


def check_model(model: object) -> None:
    """See that something is a pydantic model of events.

    Raises:
        TypeError: It is not.
    """
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        raise TypeError(f"not a pydantic model: {model!r}")
    missing = [name for name in NEEDED if name not in {*model.model_fields, *dir(model)}]
    if missing:
        raise TypeError(f"{model.__name__} has no {' and no '.join(missing)}")


def check_made(made: object, model: type) -> None:
    """See that what a model has made of a line is an event of it, and can be used as one.

    Raises:
        MalformedLineError: It is not.
    """
    if not isinstance(made, model):
        raise MalformedLineError(f"its model makes a {type(made).__name__} of it")
    try:
        event_id, aggregate_id, *_ = _needed_of(made)
    except MemoryError:
        raise
    except Exception as error:
        raise MalformedLineError(reason_of(error)) from error
    if event_id is None or not _is_hashable(event_id):
        raise MalformedLineError(f"event_id: not an id: {event_id!r:.200}")
    if not _is_hashable(aggregate_id):
        raise MalformedLineError(f"aggregate_id: not an id: {aggregate_id!r:.200}")


def _is_hashable(value: object) -> bool:
    try:
        hash(value)
    except Exception:  # noqa: BLE001  # whatever type it is of
        return False
    return True
