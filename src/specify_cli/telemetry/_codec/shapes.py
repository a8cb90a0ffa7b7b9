"""The objects that the events of a type are, and what pydantic's schema says of their fields.

A shortcut past a type is sound only when nothing stands between a line and the field: no validator,
no alias, no default, no setting that changes strings. Whatever is not known here counts as
something, and the type itself is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple, TypeAlias

from pydantic import BaseModel, PydanticUserError, TypeAdapter

from .event import shown

Schema: TypeAlias = Mapping[str, Any]

# Code of the type's own that runs when it is made: before its fields are there, or after.
_OWN_CODE = ("custom_init", "post_init")
# Where the schema of the values is in a schema that only stands around it.
_WRAPPERS = {
    "custom-error": "schema",
    "default": "schema",
    "function-after": "schema",
    "function-before": "schema",
    "function-wrap": "schema",
    "json-or-python": "json_schema",
    "lax-or-strict": "lax_schema",
    "nullable": "schema",
}
_BY_NAME = ("populate_by_name", "validate_by_name")


class Field(NamedTuple):
    """A field of an event.

    Attributes:
        key: The name under which it is in a line.
        schema: What its values are, a default included; empty if that is not known.
        has_one_key: Whether it can be read under no other name.
    """

    key: str
    schema: Schema
    has_one_key: bool = True


class Shape(NamedTuple):
    """One kind of object that an event is.

    Attributes:
        made: The class of what is read: a model, a dataclass or dict.
        content: The class of what has the fields; another one only for a ``RootModel``.
        fields: The fields that are declared.
        values: What the other values are; None if there are no others.
        config: The settings of the type.
        only_collects: Whether an object is its fields, as their schemas make them, and nothing
            else: no code of its own sees them all.
    """

    made: type
    content: type
    fields: Mapping[str, Field]
    values: Schema | None
    config: Schema
    only_collects: bool

    def has(self, name: str) -> bool:
        """Return whether an event has something by this name: a field or a property."""
        if self.content is dict:
            return name in self.fields or (not self.fields and self.values is not None)
        return name in self.fields or name in dir(self.content)


class EventType(NamedTuple):
    """What is known of a type of events.

    Attributes:
        name: Its name, for messages.
        shapes: The objects that events are.
        validator: Pydantic's own, that makes events of lines.
    """

    name: str
    shapes: tuple[Shape, ...]
    validator: Any


def event_type(of: Any) -> EventType:
    """Look at a type of events.

    Args:
        of: Whatever pydantic validates.

    Raises:
        TypeError: Its values are no JSON objects, or one of its fields is read by a path.
    """
    name = _name_of(of)
    validator, schema = _built(of, name)
    shapes = tuple(_shapes({}, schema))
    if not shapes:
        raise TypeError(f"not a type of events, which are JSON objects: {name}")
    return EventType(name, shapes, validator)


def _built(of: Any, name: str) -> tuple[Any, Schema]:
    try:
        if isinstance(of, type) and issubclass(of, BaseModel):
            of.model_rebuild()
            return of.__pydantic_validator__, of.__pydantic_core_schema__
        if isinstance(of, str):  # which stands for a type, elsewhere
            raise TypeError(f"not a type of events, which are JSON objects: {shown(of)}")
        adapter: TypeAdapter[Any] = TypeAdapter(of)
    except (PydanticUserError, NameError) as error:
        raise TypeError(f"not a type that pydantic validates: {name}: {error}") from error
    return adapter.validator, adapter.core_schema


def _name_of(of: object) -> str:
    return of.__name__ if isinstance(of, type) else str(of)


def _shapes(known: dict[str, Schema], schema: Schema) -> Iterator[Shape]:
    """Yield the objects that values of a schema are.

    Args:
        known: The schemas that others refer to.
        schema: The schema.
    """
    schema = _resolved(known, schema)
    kind = schema["type"]
    inside = partial(_shapes, known)
    if kind in ("union", "tagged-union"):
        choices = schema["choices"]
        for choice in choices.values() if isinstance(choices, dict) else choices:
            yield from inside(choice[0] if isinstance(choice, tuple) else choice)
    elif kind in _WRAPPERS:
        for shape in inside(schema[_WRAPPERS[kind]]):
            yield shape._replace(only_collects=False)
    elif kind == "dict":
        keys = schema.get("keys_schema", {"type": "any"})
        values = core(known, schema.get("values_schema", {"type": "any"}))
        plain = keys in ({"type": "str"}, {"type": "any"})
        yield Shape(dict, dict, {}, values, {}, only_collects=plain)
    elif schema.get("root_model"):
        for shape in inside(schema["schema"]):
            yield shape._replace(made=schema["cls"])
    elif kind in ("model", "dataclass", "typed-dict"):
        yield _object(known, schema)


def _resolved(known: dict[str, Schema], schema: Schema) -> Schema:
    while True:
        if schema["type"] == "definitions":
            known.update({definition["ref"]: definition for definition in schema["definitions"]})
            schema = schema["schema"]
        elif schema["type"] == "definition-ref":
            schema = known[schema["schema_ref"]]
        else:
            return schema


def _object(known: dict[str, Schema], schema: Schema) -> Shape:
    """Return what a model, a dataclass or a ``TypedDict`` is."""
    inner = schema if schema["type"] == "typed-dict" else schema["schema"]
    only_collects = inner["type"] in ("model-fields", "dataclass-args", "typed-dict")
    only_collects = only_collects and not any(schema.get(key) for key in _OWN_CODE)
    while inner["type"] in _WRAPPERS or inner["type"] == "definitions":
        inner = inner["schema"]
    config = schema.get("config", {})
    found = inner.get("fields", {})
    named = found if isinstance(found, dict) else {field["name"]: field for field in found}
    made = dict if schema["type"] == "typed-dict" else schema["cls"]
    fields = {
        name: _field(known, name, field, config, inner.get("populate_by_name", False))
        for name, field in named.items()
    }
    behaviour = inner.get("extra_behavior", config.get("extra_fields_behavior"))
    values = {"type": "any"} if behaviour == "allow" else None
    return Shape(made, made, fields, values, config, only_collects)


def _field(
    known: dict[str, Schema], name: str, field: Schema, config: Schema, by_name: object
) -> Field:
    alias = field.get("validation_alias")
    schema = core(known, field["schema"])
    if alias is None or config.get("validate_by_alias") is False:
        return Field(name, schema)
    paths = [alias] if isinstance(alias, str) or not isinstance(alias[0], list) else alias
    keys = [path if isinstance(path, str) else path[0] for path in paths if _is_key(path)]
    if by_name or any(config.get(key) for key in _BY_NAME):
        keys.insert(0, name)
    if not keys:
        raise TypeError(f"{name}: it is read by a path only, {alias}, and not under one name")
    return Field(keys[0], schema, has_one_key=len(keys) == len(paths) == 1)


def _is_key(path: str | list[str | int]) -> bool:
    return isinstance(path, str) or len(path) == 1


# Parts of a schema that say nothing of which values there are.
_IRRELEVANT = {"metadata", "serialization", "default_factory_takes_data"}


def core(known: Mapping[str, Schema], value: Any) -> Any:
    """Return a schema without the parts that say nothing of the values.

    Args:
        known: The schemas that others refer to. Only those of texts and numbers are followed.
        value: A schema, or a part of one.
    """
    if isinstance(value, dict):
        if value.get("type") == "definition-ref":
            return _followed(known, value)
        return {
            key: core(known, item)
            for key, item in value.items()
            # What is not strict need not say so; pydantic before 2.9 does.
            if key not in _IRRELEVANT and not (key == "strict" and item is False)
        }
    return value


def _followed(known: Mapping[str, Schema], reference: Schema) -> Any:
    # An object may hold itself; what the names of types stand for does not.
    whole = inner = known[reference["schema_ref"]]
    while inner["type"] in _WRAPPERS:
        inner = inner[_WRAPPERS[inner["type"]]]
    if inner["type"] not in ("str", "int", "datetime", "uuid", "any"):
        return reference
    return {key: core({}, item) for key, item in whole.items() if key not in {*_IRRELEVANT, "ref"}}
