"""What a store says of its events, and the codec that this makes."""

from __future__ import annotations

import functools
import operator
from collections.abc import Hashable
from typing import Any, ClassVar, Generic, cast
from weakref import WeakKeyDictionary

from .codec import EventCodec
from .event import EventT


class EventTypes(Generic[EventT]):
    """What every store of events says of them, as attributes of its class.

    Attributes:
        event_model: The type of the events: a model, a dataclass, a ``TypedDict``, a union,
            ``dict[str, Any]``, or whatever else pydantic makes of JSON objects.
        id_field: The field that tells an event from every other. With None every save is written.
        aggregate_field: The field that says what an event happened to. With None there are no loads
            of one aggregate.
        order_by: A tuple of the fields that loads sort by; ``()`` for the order of the file. By
            default ``lamport_clock`` and ``node_id``, as far as the type has them.
        id_form: A regular expression of the one form in which every line has its id, where a type
            reads ids in others too: then they can be searched for as they are. An event whose id is
            of another form is refused.
    """

    # No type stands for all that pydantic validates: a union, say, is none.
    event_model: Any
    id_field: ClassVar[str | None] = "event_id"
    aggregate_field: ClassVar[str | None] = "aggregate_id"
    order_by: ClassVar[tuple[str, ...] | None] = None
    id_form: ClassVar[str | None] = None


def bound_as(event_model: Any) -> dict[str, Any]:
    """Return the attributes of a class of stores for a type of events, or like another one."""
    if isinstance(event_model, type) and issubclass(event_model, EventTypes):
        return {name: getattr(event_model, name) for name in _ATTRIBUTES}
    return {"event_model": event_model}


def codec_of(event_model: Any) -> EventCodec[Any]:
    """Return the codec of a type of events or of a store of them, the same one every time.

    Args:
        event_model: Whatever pydantic validates; or a class of stores, whose attributes say what is
            what.

    Raises:
        TypeError: It is no type of events, or a field that was named is none of its fields.
    """
    if not isinstance(event_model, type):
        # Two unions are equal whatever comes first in them, and yet they read differently.
        return EventCodec(event_model)
    if not issubclass(event_model, EventTypes):
        return _codec_of_class(cast("Hashable", event_model))
    if not hasattr(event_model, "event_model"):
        raise TypeError(f"{event_model.__name__} does not name its event_model")
    return _codec_of_store(event_model)


@functools.cache
def _codec_of_class(model: Hashable) -> EventCodec[Any]:
    return EventCodec(model)


_codecs: WeakKeyDictionary[type, tuple[list[object], EventCodec[Any]]] = WeakKeyDictionary()


def _codec_of_store(store: type[EventTypes[Any]]) -> EventCodec[Any]:
    model, *fields = binding = [getattr(store, name) for name in _ATTRIBUTES]
    if fields == _DEFAULTS and isinstance(model, type):
        return codec_of(model)
    known, codec = _codecs.get(store, (None, None))
    # Not whether they are equal, see above.
    if codec is None or known is None or any(map(operator.is_not, known, binding)):
        codec = EventCodec(*binding)
        _codecs[store] = binding, codec
    return codec


_ATTRIBUTES = ("event_model", "id_field", "aggregate_field", "order_by", "id_form")
_DEFAULTS = [getattr(EventTypes, name) for name in _ATTRIBUTES[1:]]
