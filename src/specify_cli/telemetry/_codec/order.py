"""The order in which loads return events."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any

from .event import EventT
from .fields import reader_of, verbatim_key
from .shapes import EventType, Schema, Shape

_BY_CLOCK = ("lamport_clock", "node_id")


class Order:
    """The order of a type's events.

    Attributes:
        names: The fields to sort by; none of them if it is the order of the file.
        clock_is_optional: Whether the type lets an event have no clock.
        reads_fields: Whether these are fields, so that reading them runs no code of the type's own.
    """

    def __init__(
        self, type_: EventType, order_by: tuple[str, ...] | None, id_field: str | None
    ) -> None:
        """Look at the type.

        Args:
            type_: What is known of it.
            order_by: The fields to sort by; by default the clock and the node, as far as the type
                has them. Where it lets an event have no clock, ties are then sorted by event id.
            id_field: The field with the id.

        Raises:
            TypeError: No event has one of the fields.
        """
        shapes = type_.shapes
        self.clock_is_optional = any(map(_clock_is_optional, shapes))
        self.names = _checked(type_, order_by) if order_by is not None else _default(shapes)
        if order_by is None and self.clock_is_optional and id_field is not None:
            self.names = (*self.names, id_field)
        self._readers = [reader_of(name, shapes) for name in self.names]
        self.reads_fields = all(
            name in shape.fields or not shape.has(name) for shape in shapes for name in self.names
        )
        self._key: Callable[[Any], Any] | None = None
        if self.names and all(_is_comparable(name, shapes) for name in self.names):
            self._key = attrgetter(*self.names)

    def values(self, event: object) -> list[Any]:
        """Return what an event is sorted by."""
        return [read(event) for read in self._readers]

    def sorted(self, events: Iterable[EventT]) -> list[EventT]:
        """Return events in this order, ties as they come.

        Nulls are first. Values that cannot be compared, as a type may allow, are sorted by their
        text.
        """
        if self._key is not None:
            return sorted(events, key=self._key)
        found = list(events)
        if not self.names:
            return found
        values = self.values
        try:
            return sorted(found, key=lambda event: [(v is not None, v) for v in values(event)])
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001  # a comparison may be the type's own code
            key = lambda event: [(v is not None, _text_of(v)) for v in values(event)]  # noqa: E731
            return sorted(found, key=key)


def _text_of(value: object) -> str:
    try:
        return str(value)
    except Exception:  # noqa: BLE001  # so may this be; and some integers have too many digits
        return ""


def _default(shapes: tuple[Shape, ...]) -> tuple[str, ...]:
    return tuple(
        name for name in _BY_CLOCK if any(shape.fields and shape.has(name) for shape in shapes)
    )


def _checked(type_: EventType, names: Any) -> tuple[str, ...]:
    if not isinstance(names, tuple) or not all(isinstance(name, str) for name in names):
        raise TypeError(f"order_by is a tuple of names of fields, not {names!r}")
    for name in names:
        if not any(shape.has(name) for shape in type_.shapes):
            raise TypeError(f"order_by: {type_.name} has no {name}")
    return names


def _is_comparable(name: str, shapes: tuple[Shape, ...]) -> bool:
    """Return whether a field is an integer of every event, or a text of every event."""
    return {_kind_of(name, shape) for shape in shapes} in ({"int"}, {"str"})


def _kind_of(name: str, shape: Shape) -> str | None:
    """Return "int" or "str" if every event has an attribute that is one, and None otherwise."""
    if not shape.only_collects or name not in shape.fields:
        return None
    if shape.made is dict or shape.made is not shape.content:
        return None
    kind: str | None = shape.fields[name].schema.get("type")
    return kind if kind == "int" or verbatim_key(name, (shape,)) is not None else None


def _clock_is_optional(shape: Shape) -> bool:
    field = shape.fields.get("lamport_clock")
    return field is not None and _is_optional(field.schema)


def _is_optional(schema: Schema) -> bool:
    if schema.get("type") == "default":
        return schema.get("default", "") is None or _is_optional(schema["schema"])
    if str(schema.get("type")).startswith("function-") and "schema" in schema:
        return _is_optional(schema["schema"])
    return schema.get("type") == "nullable"
