"""What a type makes of the ids in lines, without reading the lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from pydantic import ValidationError
from pydantic_core import SchemaValidator, core_schema

from .event import IdReader
from .shapes import Schema, Shape

_FUNCTIONS = {"function-after", "function-before", "function-wrap", "function-plain"}


def id_reader(name: str | None, shapes: tuple[Shape, ...]) -> tuple[str, IdReader] | None:
    """Return the key of the ids, and what tells which ids some texts under it are read as.

    That is the validator of the field, run on its own: a third of the time that reading the lines
    takes. None stands for what is refused.

    Args:
        name: The field.
        shapes: The objects that events are. Of several, or of one with code of its own, or where
            anything else than a text becomes an id, there is no such reader.
    """
    if name is None or len(shapes) != 1 or name not in shapes[0].fields:
        return None
    (shape,) = shapes
    field = shape.fields[name]
    if not (shape.only_collects and field.has_one_key and _is_of_text(field.schema)):
        return None
    config: Any = shape.config
    one = SchemaValidator(field.schema, config).validate_python
    all_ = SchemaValidator(core_schema.list_schema(field.schema), config).validate_python
    return field.key, partial(_ids, all_, one)


def _ids(
    all_: Callable[[Any], list[Any]], one: Callable[[str], Any], texts: Sequence[str]
) -> Sequence[Any]:
    # Not pydantic's default for errors: that takes an interrupt for one, too.
    try:
        return all_(texts)
    except ValidationError:
        return [_id(one, text) for text in texts]


def _id(one: Callable[[str], Any], text: str) -> Any:
    try:
        return one(text)
    except ValidationError:
        return None


def _is_of_text(schema: Schema) -> bool:
    """Return whether a text is all that the functions in a schema are given."""
    kind = schema["type"]
    if kind in _FUNCTIONS:
        # With more than the value, a function may look at the other fields.
        plain = schema["function"]["type"] == "no-info"
        return plain and ("schema" not in schema or _is_of_text(schema["schema"]))
    return bool(kind == "str")
