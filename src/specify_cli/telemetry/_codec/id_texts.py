"""What a type makes of the ids in lines, without reading the lines."""

from __future__ import annotations

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
    each = core_schema.with_default_schema(
        field.schema,
        default=None,
        on_error="default",
    )
    validator = SchemaValidator(
        core_schema.list_schema(each),
        shape.config,  # type: ignore[arg-type]  # as pydantic made it
    )
    return field.key, validator.validate_python


def _is_of_text(schema: Schema) -> bool:
    """Return whether a text is all that the functions in a schema are given."""
    kind = schema["type"]
    if kind in _FUNCTIONS:
        # With more than the value, a function may look at the other fields.
        plain = schema["function"]["type"] == "no-info"
        return plain and ("schema" not in schema or _is_of_text(schema["schema"]))
    return bool(kind == "str")
