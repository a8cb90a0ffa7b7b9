"""The fields of a type that a log goes by: ids, aggregates, order."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from .event import IdReader, shown
from .fields import content_of, is_plain_key, reader_of, verbatim_key
from .id_texts import id_reader
from .json_values import UnstorableError
from .malformed import MalformedLineError, reason_of
from .order import Order
from .shapes import EventType, Field, Schema, Shape

# One equals 1 and 1.0, and a float has several texts.
_NO_IDS = (bool, float)


class Bound:
    """A type of events, and which of its fields is what.

    Attributes:
        id_of: Returns the id of an event.
        id_key: The key of the ids in a line.
        ids_are_verbatim: Whether an id is in its line as it is in the event.
        has_form: Whether ids are of one form in every line.
        read_ids: What tells which ids texts in lines are read as.
        aggregate_of: Returns the aggregate of an event.
        aggregate_key: The key of the aggregates in a line.
        aggregates_are_verbatim: Whether an aggregate is in its line as it is in the event.
        clocks_are_verbatim: Whether a clock is a number in its line, under its own name.
        order: The order of loads.
        sees_any_event: Whether nothing but an event with all of these comes of a line.
    """

    def __init__(
        self,
        type_: EventType,
        id_field: str | None,
        aggregate_field: str | None,
        order_by: tuple[str, ...] | None,
        id_form: str | None,
    ) -> None:
        """Look for the fields.

        Raises:
            TypeError: No event has one of them.
        """
        shapes = type_.shapes
        for what, name in (("id_field", id_field), ("aggregate_field", aggregate_field)):
            _check_field(type_, what, name)
        self._id_field, self._aggregate_field = id_field, aggregate_field
        self.order = Order(type_, order_by, id_field)
        self.id_of = _reader(id_field, type_)
        self.aggregate_of = _reader(aggregate_field, type_)
        id_key = verbatim_key(id_field, shapes) if id_field is not None else None
        self.ids_are_verbatim = id_key is not None
        reader = None if self.ids_are_verbatim else id_reader(id_field, shapes)
        if reader is not None and not is_plain_key(reader[0]):
            reader = None  # no search for the key would find it: only whole lines tell
        self.read_ids: IdReader | None = reader[1] if reader is not None else None
        self.id_key = id_key or (reader[0] if reader is not None else id_field)
        self._form = _compiled(id_form)
        self.has_form = self._form is not None
        if self._form is not None and not self.ids_are_verbatim:
            only_key = _only_key(type_, id_field)
            if all(map(_stands_in_its_line, _fields(type_, id_field))):
                self.id_key, self.ids_are_verbatim, self.read_ids = only_key, True, None
        aggregate_key = verbatim_key(aggregate_field, shapes) if aggregate_field else None
        self.aggregates_are_verbatim = aggregate_key is not None
        self.aggregate_key = aggregate_key or aggregate_field or ""
        self.clocks_are_verbatim = all(map(_has_plain_clock, shapes))
        self._without_id = tuple(
            shape.content for shape in shapes if id_field is None or not shape.has(id_field)
        )
        self.sees_any_event = (
            all(shape.only_collects and shape.content is not dict for shape in shapes)
            and self.order.reads_fields
            and all(
                name is None
                or (name in shape.fields and _is_surely_text(shape.fields[name].schema))
                for shape in shapes
                for name in (id_field, aggregate_field)
            )
        )

    def check_form(self, event: Any) -> None:
        """See that an id has the form that the class says it has."""
        event_id = self.id_of(event)
        is_found = not self.ids_are_verbatim or isinstance(event_id, (str, int))
        if self._form is not None and not (is_found and self._form.fullmatch(str(event_id))):
            raise UnstorableError(f"{self._id_field}: not of the id_form {self._form.pattern}")

    def check_made(self, event: Any) -> None:
        """See that an event has an id, and whatever else it is found and sorted by.

        Raises:
            MalformedLineError: It has not.
        """
        try:
            event_id, aggregate_id = self.id_of(event), self.aggregate_of(event)
            self.order.values(event)
        except MemoryError:
            raise
        except Exception as error:
            raise MalformedLineError(reason_of(error)) from error
        if event_id is None and isinstance(content_of(event), self._without_id):
            pass
        elif event_id is None or not _is_hashable(event_id) or isinstance(event_id, _NO_IDS):
            raise MalformedLineError(f"{self._id_field}: not an id: {shown(event_id)}")
        if not _is_hashable(aggregate_id):
            name = self._aggregate_field
            raise MalformedLineError(f"{name}: not an id: {shown(aggregate_id)}")


def _check_field(type_: EventType, what: str, name: object) -> None:
    if name is None:
        return
    if not isinstance(name, str):
        raise TypeError(f"{what} is the name of a field or None, not {name!r}")
    if not any(shape.has(name) for shape in type_.shapes):
        raise TypeError(f"{type_.name} has no {name}: {what} names the field, or is None")


def _reader(name: str | None, type_: EventType) -> Callable[[Any], Any]:
    return _nothing if name is None else reader_of(name, type_.shapes)


def _nothing(_: object) -> None:
    return None


def _compiled(form: str | None) -> re.Pattern[str] | None:
    try:
        return None if form is None else re.compile(form)
    except (re.error, TypeError) as error:
        raise TypeError(f"id_form is a regular expression of ids, not {form!r}") from error


def _only_key(type_: EventType, name: str | None) -> str:
    fields = _fields(type_, name)
    keys = {field.key for field in fields}
    if len(keys) == 1 and all(field.has_one_key for field in fields) and is_plain_key(min(keys)):
        return keys.pop()
    raise TypeError(f"id_form: {name} is no field that lines have under one name")


def _fields(type_: EventType, name: str | None) -> list[Field]:
    return [shape.fields[name] for shape in type_.shapes if name and name in shape.fields]


def _stands_in_its_line(field: Field) -> bool:
    """Return whether an id of one form is in its line as a search for it expects: not a UUID."""
    schema = field.schema
    while "schema" in schema:
        schema = schema["schema"]
    return schema.get("type") in ("str", "int")


def _has_plain_clock(shape: Shape) -> bool:
    field = shape.fields.get("lamport_clock")
    if field is None:
        return False
    is_plain = field.has_one_key and field.key == "lamport_clock"
    return shape.only_collects and is_plain and field.schema.get("type") == "int"


def _is_surely_text(schema: Schema) -> bool:
    """Return whether all values are texts, whatever a function makes of them before."""
    if schema.get("type") == "function-before" or isinstance(schema.get("default"), str):
        return _is_surely_text(schema["schema"])
    return schema.get("type") == "str"


def _is_hashable(value: object) -> bool:
    try:
        hash(value)
    except Exception:  # noqa: BLE001  # whatever type it is of
        return False
    return True
