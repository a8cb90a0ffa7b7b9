"""Events whose fields are all of types that are certain to read back: encoded without reading."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timezone
from functools import partial
from operator import call, itemgetter
from typing import Any, TypeAlias
from uuid import UUID

from pydantic_core import TzInfo

from .json_values import digits_are_bounded, dump_known_plain, is_plain
from .shapes import Schema, Shape

# What isoformat gives for a naive time or for an offset in hours and minutes, each with and without
# a fraction of a second. Offsets that do not read back make it longer.
_TIME_LENGTHS = {19, 25, 26, 32}
# In any other zone an hour may come twice. A time in it equals none that has an offset only.
_ZONES = {type(None), timezone, TzInfo}

_KNOWN_CONFIG = {"title", "extra_fields_behavior"}

Text: TypeAlias = Callable[[Any], str]
"""Returns the JSON of a value, or raises TypeError if that is not certain to read back."""

_quote = json.encoder.encode_basestring_ascii


class KnownTypes:
    """The writer of a type whose fields are texts, integers, times, UUIDs and payloads only.

    Three fifths of the time of writing and reading back: each field's text is known to read back,
    if the type itself takes the value as it is. A function of the type's own is given the same
    value then as it would be from a line, so it may be there if that value is a text.

    Args:
        fields: What writes each field.
        validate: What makes an event of fields.
    """

    def __init__(self, fields: dict[str, Text], validate: Callable[[object], object]) -> None:
        """Sort the fields, as they are in a line."""
        names = sorted(fields)
        self._names = fields.keys()
        self._values = itemgetter(*names)
        self._writers = [fields[name] for name in names]
        self._record = f"{{{', '.join(f'{_key(name)}: %s' for name in names)}}}"
        self._validate = validate

    def text_of(self, fields: dict[str, Any]) -> str | None:
        """Return the JSON of an event that is certain to read back, or None.

        Args:
            fields: The fields of an event.
        """
        if fields.keys() != self._names or not digits_are_bounded():
            return None
        try:
            # All of it in C: a loop takes as long as the texts do.
            texts = tuple(map(call, self._writers, self._values(fields)))
        except TypeError:
            return None
        return self._record % texts if vars(self._validate(fields)) == fields else None


def known_types(shape: Shape, validate: Callable[[object], object]) -> KnownTypes | None:
    """Return the writer of a type; None if one of its fields is not of a known type.

    Args:
        shape: What an event is.
        validate: What makes an event of fields.
    """
    if not (shape.only_collects and shape.values is None and shape.config.keys() <= _KNOWN_CONFIG):
        return None
    if shape.made is not shape.content:
        return None
    if not (hasattr(shape.made, "__pydantic_validator__") and len(shape.fields) > 1):
        return None
    if not shape.made.__dictoffset__:  # a dataclass with slots
        return None
    writers = {
        name: _writer(field.schema) if field.has_one_key and field.key == name else None
        for name, field in shape.fields.items()
    }
    known = {name: writer for name, writer in writers.items() if writer is not None}
    return KnownTypes(known, validate) if len(known) == len(writers) else None


def _writer(schema: Schema) -> Text | None:
    kind = schema["type"]
    if kind == "default":
        return _writer(schema["schema"])
    if kind == "nullable":
        inner = _writer(schema["schema"])
        return None if inner is None else partial(_nullable, inner)
    if kind in ("function-before", "function-after"):
        is_of_text = schema["function"]["type"] == "no-info" and _is_text(schema["schema"])
        return _writer(schema["schema"]) if is_of_text else None
    if kind == "dict":
        payload = schema.keys() <= {"type", "keys_schema", "values_schema", "min_length"}
        keys, values = schema.get("keys_schema"), schema.get("values_schema")
        is_json = keys == {"type": "str"} and values == {"type": "any"}
        return _object if payload and is_json else None
    return _WRITERS.get(kind)


def _is_text(schema: Schema) -> bool:
    return bool(
        schema["type"] == "str" or (schema["type"] == "nullable" and _is_text(schema["schema"]))
    )


def _key(name: str) -> str:
    return _quote(name).replace("%", "%%")


def _nullable(inner: Text, value: Any) -> str:
    return "null" if value is None else inner(value)


def _int(value: Any) -> str:
    if type(value) is not int:
        raise TypeError
    return str(value)


def _bool(value: Any) -> str:
    if type(value) is not bool:
        raise TypeError
    return "true" if value else "false"


def _datetime(value: Any) -> str:
    if type(value) is not datetime or type(value.tzinfo) not in _ZONES:
        raise TypeError
    text = value.isoformat()
    if len(text) not in _TIME_LENGTHS:
        raise TypeError
    return f'"{text}"'


def _uuid(value: Any) -> str:
    if type(value) is not UUID:
        raise TypeError
    return f'"{value}"'


def _object(value: Any) -> str:
    if type(value) is not dict or not is_plain(value):
        raise TypeError
    return dump_known_plain(value)


_WRITERS: dict[str, Text] = {
    "bool": _bool,
    "datetime": _datetime,
    "int": _int,
    "str": _quote,
    "uuid": _uuid,
}
