"""What a model's schema says of its fields.

A shortcut past a model is sound only when nothing stands between a line and the field: no
validator, no alias, no setting that changes strings. Whatever is not known here counts as
something, and the model itself is asked.
"""

from __future__ import annotations

from typing import Any

_CHANGES_STRINGS = {
    "coerce_numbers_to_str",
    "str_strip_whitespace",
    "str_to_lower",
    "str_to_upper",
}
# Code of the model's own that runs when it is made: before its fields are there, or after.
_OWN_CODE = {"custom_init", "post_init"}
_CHECKS_STRINGS = {"type", "min_length", "max_length", "metadata"}
_ANY_OBJECT = {"keys_schema": {"type": "str"}, "values_schema": {"type": "any"}}


def kinds_of_fields(model: type) -> dict[str, str]:
    """Return the kind of each field that a line gives as it is, by name.

    Args:
        model: A pydantic model.

    Returns:
        ``"str"``, ``"int"``, ``"datetime"``, ``"object"`` (string keys, anything in it), each with
        ``" or null"`` where it may be; another text for a field of which nothing is known. Empty if
        the model as a whole does more than collect its fields.
    """
    schema = model.__dict__.get("__pydantic_core_schema__")
    if not isinstance(schema, dict) or schema["type"] != "model":
        return {}
    if any(schema.get(key) for key in _OWN_CODE):
        return {}
    fields = schema["schema"]
    if fields["type"] != "model-fields" or _CHANGES_STRINGS & schema.get("config", {}).keys():
        return {}
    return {name: _kind_of_field(field) for name, field in fields["fields"].items()}


def _kind_of_field(field: dict[str, Any]) -> str:
    return "aliased" if "validation_alias" in field else _kind(field["schema"])


def _kind(schema: dict[str, Any]) -> str:
    kind = str(schema["type"])
    if kind == "default":
        return _kind(schema["schema"])
    if kind == "nullable":
        return f"{_kind(schema['schema'])} or null"
    if kind == "dict" and _ANY_OBJECT.items() <= schema.items():
        return "object"
    if kind == "str" and not schema.keys() <= _CHECKS_STRINGS:
        return "changed str"
    return kind
