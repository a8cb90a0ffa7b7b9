"""The fields of types of events, made up: what a log goes by, and how they are defined."""

from __future__ import annotations

import dataclasses
import uuid
from dataclasses import dataclass
from typing import Annotated, Any, Optional, Union

import pydantic
from pydantic import (
    AliasChoices,
    AliasPath,
    Field,
    field_serializer,
    field_validator,
    model_serializer,
    model_validator,
)

from .chance import Chance
from .made_up_compounds import kind
from .made_up_kinds import (
    SIMPLE,
    Kind,
    anything,
)

_IDS = ["id-1", "id-2", "id-3", "ID-1", " id-1", "7", "é\u2028", "", '"\\']
_STR = SIMPLE[0]
# As above: what is made up is not for a type checker.
_validator: Any = model_validator


@dataclass(frozen=True)
class FieldMade:
    """A field of a type that is made up.

    Attributes:
        name: Its name.
        kind: What its values are.
        default: Its default.
        is_required: Whether it has none.
        input_key: The key that the type reads it under.
    """

    name: str
    kind: Kind
    default: Any
    is_required: bool
    input_key: str


def _id(chance: Chance) -> str:
    return chance.one_of(_IDS)


def core(chance: Chance) -> dict[str, Kind]:
    """Return the fields that a log goes by; mostly as the contract has them."""
    text_id = Kind(str, _id)
    odd: list[Kind] = [
        Kind(Annotated[str, Field(min_length=1)], _id),
        Kind(Optional[str], lambda c: None if c.once_in(3) else _id(c)),  # noqa: UP045  # as users do
        Kind(uuid.UUID, lambda c: uuid.UUID(int=c.below(3))),
        Kind(int, lambda c: c.below(3)),
        Kind(Union[int, str], lambda c: c.one_of([1, "1", "a"])),  # noqa: UP007  # as users do
        Kind(Any, anything, is_open=True),
        Kind(Annotated[str, pydantic.StringConstraints(to_lower=True)], _id),
        Kind(Annotated[str, pydantic.BeforeValidator(lambda v: str(v).strip())], _id),
    ]
    fields = {"event_id": chance.one_of(odd) if chance.once_in(3) else text_id}
    fields["aggregate_id"] = chance.one_of(odd) if chance.once_in(4) else text_id
    if not chance.once_in(4):
        fields["lamport_clock"] = Kind(int, lambda c: c.below(4))
        if chance.once_in(4):
            fields["lamport_clock"] = kind(chance, 1)
    if not chance.once_in(4):
        fields["node_id"] = kind(chance, 1) if chance.once_in(4) else _STR
    return fields


def _definition(chance: Chance, name: str, of: Kind) -> tuple[FieldMade, Any]:
    """Return what is known of a field, and its definition for ``create_model``."""
    options: dict[str, Any] = {}
    key = name
    if chance.once_in(5):
        other = chance.one_of([f"{name}_x", name.upper(), "type", "é k", '"'])
        forms: list[tuple[dict[str, Any], str]] = [
            ({"alias": other}, other),
            ({"validation_alias": other}, other),
            ({"serialization_alias": other}, name),
            ({"validation_alias": AliasChoices(other, name)}, other),
            ({"validation_alias": AliasChoices(name, AliasPath("in", 0))}, name),
            ({"validation_alias": AliasPath(other)}, other),
            ({"validation_alias": other, "serialization_alias": "out"}, other),
        ]
        alias, key = chance.one_of(forms)
        options.update(alias)
    if chance.once_in(8):
        options["exclude"] = True
    if chance.once_in(8):
        options["frozen"] = True
    is_required = not chance.once_in(3)
    type_: Any = of.type
    default: Any = ...
    if not is_required:
        form = chance.below(3)
        if form == 0:
            type_, default = Optional[of.type], None  # noqa: UP045  # a text cannot be or-ed
        elif form == 1:
            default = of.make(chance)
        else:
            options["default_factory"] = lambda: of.make(Chance(b""))
    if "default_factory" not in options:
        options["default"] = default
    of = dataclasses.replace(of, type=type_)
    return FieldMade(name, of, default, is_required, key), (type_, Field(**options))


def methods(chance: Chance, names: list[str]) -> dict[str, Any]:
    """Return code of a model's own, seldom any."""
    name = chance.one_of(names)
    made: dict[str, Any] = {}
    if chance.once_in(6):
        made["check"] = field_validator(name, mode="before")(lambda _cls, value: value)
    if chance.once_in(6):
        made["strip"] = field_validator(name, mode="after")(
            lambda _cls, value: value.strip() if isinstance(value, str) else value
        )
    if chance.once_in(8):
        made["before"] = _validator(mode="before")(classmethod(lambda _cls, data: data))
    if chance.once_in(10):
        made["after"] = model_validator(mode="after")(lambda self: self)
    if chance.once_in(10):
        made["wrap"] = _validator(mode="wrap")(
            classmethod(lambda _cls, data, handler: handler(data))
        )
    if chance.once_in(10):
        made["show"] = field_serializer(name)(lambda _self, value: f"<{value}>")
    if chance.once_in(12):
        made["show_all"] = model_serializer(mode="plain")(lambda self: {"nothing": self and 1})
    return made


def definitions_of(
    chance: Chance, fields: dict[str, Kind]
) -> tuple[list[FieldMade], dict[str, Any]]:
    """Return what is known of some fields, and their definitions for ``create_model``."""
    known: list[FieldMade] = []
    definitions: dict[str, Any] = {}
    for name, of in fields.items():
        field, definitions[name] = _definition(chance, name, of)
        known.append(field)
    return known, definitions
