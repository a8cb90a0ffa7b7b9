"""Types of fields that are made of others, made up."""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import make_dataclass
from typing import Annotated, Any, Optional, Union, get_origin

from pydantic import Field

from .chance import Chance
from .made_up_kinds import (
    SIMPLE,
    Kind,
    integer,
    list_of,
    new_model,
    new_typed_dict,
    root_model_of,
    text,
    tuple_of,
)


def kind(chance: Chance, depth: int = 2) -> Kind:
    """Make up a type of fields."""
    if depth and chance.once_in(3):
        return chance.one_of(_COMPOUND)(chance, depth - 1)
    return chance.one_of(SIMPLE)


def _several(of: Kind) -> Callable[[Chance], list[Any]]:
    return lambda chance: [of.make(chance) for _ in range(chance.below(3))]


def _optional(chance: Chance, depth: int) -> Kind:
    of = kind(chance, depth)
    return Kind(Optional[of.type], lambda c: None if c.once_in(3) else of.make(c), of.is_open)  # noqa: UP045  # a text cannot be or-ed


def _union(chance: Chance, depth: int) -> Kind:
    one, other = kind(chance, depth), kind(chance, depth)
    both: Any = Union[one.type, other.type]  # noqa: UP007  # the same
    if chance.once_in(3) and get_origin(both) is Union:
        both = Annotated[both, Field(union_mode="left_to_right")]
    # Of one type and null, or of the same type twice, nothing is left of the union.
    is_open = (one.is_open or one.type is type(None)) and (
        other.is_open or other.type is type(None)
    )
    return Kind(both, lambda c: (other if c.below(2) else one).make(c), is_open)


def _list(chance: Chance, depth: int) -> Kind:
    of = kind(chance, depth)
    return Kind(list_of[of.type], _several(of), of.is_open)


def _other_sequence(chance: Chance, depth: int) -> Kind:
    of = kind(chance, depth)
    choices: list[tuple[Any, Callable[[list[Any]], Any]]] = [
        (tuple, tuple),
        (Sequence, list),
        (deque, deque),
        (set, list),
        (frozenset, list),
    ]
    generic, made = chance.one_of(choices)
    type_ = tuple_of[of.type, ...] if generic is tuple else generic[of.type]
    several = _several(of)
    return Kind(type_, lambda c: made(several(c)))


def _pair(chance: Chance, depth: int) -> Kind:
    one, other = kind(chance, depth), kind(chance, depth)
    return Kind(tuple_of[one.type, other.type], lambda c: (one.make(c), other.make(c)))


def _mapping(chance: Chance, depth: int) -> Kind:
    of = kind(chance, depth)
    keys, make = chance.one_of(
        [(str, text), (int, integer), (uuid.UUID, lambda _: uuid.UUID(int=1)), (Any, text)]
    )
    generic = chance.one_of([dict, Mapping])
    is_open = of.is_open and keys in (str, Any)
    return Kind(
        generic[keys, of.type], lambda c: {make(c): of.make(c) for _ in range(c.below(3))}, is_open
    )


def _nested(chance: Chance, depth: int) -> Kind:
    fields = {name: kind(chance, depth) for name in ["x", "y"][: 1 + chance.below(2)]}
    config: Any = {"extra": chance.one_of(["ignore", "allow", "forbid"])}
    form = chance.below(5)
    types = {name: of.type for name, of in fields.items()}
    if form == 0:
        model: Any = new_model(
            "Nested", __config__=config, **{name: (type_, ...) for name, type_ in types.items()}
        )
    elif form == 1:
        model = make_dataclass("NestedData", list(types.items()))
    elif form == 2:
        model = new_typed_dict("NestedDict", types)
    elif form == 3:
        first = next(iter(fields.values()))
        return Kind(root_model_of[first.type], first.make)
    else:
        name = chance.one_of(["x", "renamed"])
        model = new_model(
            "Aliased",
            __config__=config,
            **{n: (t, Field(alias=name if n == "x" else None)) for n, t in types.items()},
        )
        return Kind(
            model, lambda c: {name if n == "x" else n: of.make(c) for n, of in fields.items()}
        )
    return Kind(model, lambda c: {name: of.make(c) for name, of in fields.items()})


_COMPOUND: list[Callable[[Chance, int], Kind]] = [
    _optional,
    _list,
    _mapping,
    _nested,
    _union,
    _other_sequence,
    _pair,
]
