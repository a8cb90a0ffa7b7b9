"""What a model's schema says of its fields.

A shortcut past a model is sound only when nothing stands between a line and the field: no
validator, no alias, no default, no setting that changes strings. Whatever is not known here counts
as something, and the model itself is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from .first_form import FIRST_FORM

Schema: TypeAlias = Mapping[str, Any]

_CHANGES_STRINGS = {
    "coerce_numbers_to_str",
    "str_strip_whitespace",
    "str_to_lower",
    "str_to_upper",
}
# Code of the model's own that runs when it is made: before its fields are there, or after.
_OWN_CODE = {"custom_init", "post_init"}
_CHECKS_STRINGS = {"type", "min_length", "max_length", "pattern", "regex_engine", "strict"}
_WRAPPERS = {"definitions", "function-after", "function-before", "function-wrap"}

# Parts of a schema that say nothing of which values there are.
_IRRELEVANT = {"metadata", "serialization", "default_factory_takes_data"}


class ModelSchema:
    """The fields of a model as far as they are known.

    Attributes:
        is_first_form: Whether an event has the fields of the contract in its first form, with the
            same constraints and no others.
        verbatim: The text fields that are in a line as they are in the event, but for JSON's own
            escapes: the model neither changes, renames nor replaces them.
        opaque: The fields that take whatever JSON has, and give it back as JSON has it.
        numbers: The fields that are integers, and nothing else.
    """

    def __init__(self, model: type) -> None:
        """Look at the schema of a pydantic model."""
        schema = model.__dict__.get("__pydantic_core_schema__")
        schema = schema if isinstance(schema, dict) else {}
        fields = {name: _core(field) for name, field in _fields(_unwrapped(schema)).items()}
        self.opaque = {name for name, field in fields.items() if _is_opaque(field["schema"])}
        if not _only_collects_fields(schema):
            fields = {}
        config = schema.get("config", {}).keys()
        self.is_first_form = (
            config <= {"title"}
            and {n: field["schema"] for n, field in fields.items()} == FIRST_FORM
        )
        own = {n: f["schema"] for n, f in fields.items() if f.keys() <= {"type", "schema"}}
        self.numbers = {name for name, field in own.items() if field["type"] == "int"}
        self.verbatim = (
            set()
            if config & _CHANGES_STRINGS
            else {n for n, field in own.items() if _is_text(field)}
        )


def _only_collects_fields(schema: Schema) -> bool:
    return (
        schema.get("type") == "model"
        and schema["schema"]["type"] == "model-fields"
        and not any(schema.get(key) for key in _OWN_CODE)
    )


def _unwrapped(schema: Schema) -> Schema:
    while schema.get("type") in _WRAPPERS:
        schema = schema["schema"]
    return schema


def _fields(schema: Schema) -> dict[str, Any]:
    inner: Schema = _unwrapped(schema.get("schema", {}))
    found: dict[str, Any] = inner.get("fields", {}) if inner.get("type") == "model-fields" else {}
    return found


def _core(value: Any) -> Any:
    """Return a schema without the parts that say nothing of the values."""
    if isinstance(value, dict):
        return {key: _core(item) for key, item in value.items() if key not in _IRRELEVANT}
    return value


def _is_text(schema: Schema) -> bool:
    return schema["type"] == "str" and schema.keys() <= _CHECKS_STRINGS


def _is_opaque(schema: Schema) -> bool:
    kind = schema["type"]
    if kind in {"default", "nullable"}:
        return _is_opaque(schema["schema"])
    if kind == "dict":
        keys = schema.get("keys_schema", {"type": "any"})
        return keys in ({"type": "str"}, {"type": "any"}) and _is_opaque(
            schema.get("values_schema", {"type": "any"})
        )
    if kind == "list":
        return _is_opaque(schema.get("items_schema", {"type": "any"}))
    return bool(kind == "any")
