"""The fields of an event, whatever its type, and what is certain of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any
from uuid import UUID

from pydantic import RootModel

from .json_values import Json, UnstorableError, json_terms
from .shapes import Schema, Shape

_CHANGES_STRINGS = {
    "coerce_numbers_to_str",
    "str_strip_whitespace",
    "str_to_lower",
    "str_to_upper",
}
_CHECKS_STRINGS = {"type", "min_length", "max_length", "pattern", "regex_engine", "strict", "ref"}
_TEXTS = {"type": "str"}
_ANYTHING = {"type": "any"}


def content_of(event: Any) -> Any:
    """Return what has the fields of an event: the root of a ``RootModel``, or the event itself."""
    while isinstance(event, RootModel):
        event = event.root
    return event


def fields_of(event: object) -> dict[str, Any]:
    """Return the fields of an event by their names, as they are."""
    value = content_of(event)
    if isinstance(value, Mapping):
        return dict(value)
    if is_dataclass(value):
        return _fields_of_dataclass(value)
    # Not to_dict, which copies the payload and converts and repairs some of it on the way; nor all
    # that is in the instance's dictionary, where cached properties are too.
    values = vars(value)
    model: type[Any] = type(value)
    found = {name: values[name] for name in model.model_fields if name in values}
    extra = extra_of(value)
    for name in extra.keys() & found.keys():
        raise UnstorableError(f"{name}: is there twice, as a field and beside the fields")
    return {**found, **extra}


def _fields_of_dataclass(value: Any) -> dict[str, Any]:
    config = getattr(value, "__pydantic_config__", None) or {}
    extra = vars(value) if config.get("extra") == "allow" else {}
    names = [field.name for field in fields(value) if hasattr(value, field.name)]
    return {**extra, **{name: getattr(value, name) for name in names}}


def extra_of(value: object) -> dict[str, Any]:
    """Return the fields of a model that it does not name but keeps."""
    return getattr(value, "model_extra", None) or {}


def reader_of(name: str, shapes: tuple[Shape, ...]) -> Callable[[Any], Any]:
    """Return what reads a field of an event, or gives None where there is none."""
    if all(shape.made is shape.content is not dict and shape.has(name) for shape in shapes):
        return attrgetter(name)

    def read(event: object) -> Any:
        value = content_of(event)
        return value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)

    return read


def record_of(fields: Mapping[str, object]) -> dict[str, object]:
    """Return fields with times and UUIDs as they are in a line."""
    record = dict(fields)
    for name, value in fields.items():
        if isinstance(value, datetime):
            record[name] = value.isoformat()
        elif isinstance(value, UUID):
            record[name] = str(value)
    return record


def field_in_json_terms(name: str, value: object) -> Json:
    """Return the value of a field as JSON has it."""
    try:
        return json_terms(value)
    except UnstorableError as error:
        raise UnstorableError(f"{name}: {error}") from error


def verbatim_key(name: str, shapes: tuple[Shape, ...]) -> str | None:
    """Return the key under which a line has a field just as the event has it, if there is one.

    But for JSON's own escapes: the type neither changes, renames nor replaces a text. What an event
    has there is a text, or no text at all.
    """
    keys = {_verbatim_key(name, shape) for shape in shapes if shape.has(name)}
    key = keys.pop() if len(keys) == 1 else None
    return key if key is not None and is_plain_key(key) else None


def _verbatim_key(name: str, shape: Shape) -> str | None:
    if not shape.only_collects or shape.config.keys() & _CHANGES_STRINGS:
        return None
    field = shape.fields.get(name)
    if field is None:
        found = shape.content is dict and is_text(shape.values or {}, _ANYTHING)
        return name if found else None
    return field.key if field.has_one_key and is_text(field.schema) else None


def is_plain_key(key: str) -> bool:
    """Return whether a key has one spelling in JSON, but for escapes of plain characters."""
    return key.isascii() and key.isprintable() and not {'"', "\\"} & {*key}


def is_text(schema: Schema, *others: Schema) -> bool:
    """Return whether values are texts as they stand in a line, null, or of other schemas."""
    if schema in others:
        return True
    kind = schema.get("type")
    if kind == "nullable" or schema.get("default", "") is None:
        return is_text(schema["schema"], *others)
    return kind == "str" and schema.keys() <= _CHECKS_STRINGS


def is_opaque(schema: Schema) -> bool:
    """Return whether values are whatever JSON has, and come back as JSON has them."""
    kind = schema.get("type")
    if kind in {"default", "nullable"}:
        return is_opaque(schema["schema"])
    if kind == "dict":
        keys = schema.get("keys_schema", _ANYTHING)
        return keys in (_TEXTS, _ANYTHING) and is_opaque(schema.get("values_schema", _ANYTHING))
    if kind == "list":
        return is_opaque(schema.get("items_schema", _ANYTHING))
    return kind == "any"
