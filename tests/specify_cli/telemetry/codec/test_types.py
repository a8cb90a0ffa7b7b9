"""What is known of a type before a line is read, whatever makes events of it.

Where its own code may look at an event, nothing is.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from typing import Annotated, Any, NotRequired
from uuid import UUID

import pytest
from pydantic import (
    AfterValidator,
    AliasPath,
    BaseModel,
    ConfigDict,
    Field,
    RootModel,
    StringConstraints,
    model_validator,
)
from pydantic.dataclasses import dataclass as pydantic_dataclass
from pydantic_core import CoreSchema, core_schema
from typing_extensions import TypedDict

from specify_cli.telemetry._codec import EventCodec

from ..support.rows import ALL, Around, Maybe, Name, around, codec_of_rows, known, row, same


class Before(row()):  # type: ignore[misc]  # a base that is made
    """A row that looks at all of its fields before they are read."""

    @model_validator(mode="before")
    @classmethod
    def look(cls, value: Any) -> Any:
        """Return it."""
        return value


class After(row()):  # type: ignore[misc]  # a base that is made
    """A row that looks at all of its fields when they are read."""

    @model_validator(mode="after")
    def look(self) -> After:
        """Return it."""
        return self


class PostInit(row()):  # type: ignore[misc]  # a base that is made
    """The same in another way."""

    def model_post_init(self, _: object) -> None:
        """Look."""


class Init(row()):  # type: ignore[misc]  # a base that is made
    """A row with a constructor."""

    def __init__(self, **fields: Any) -> None:
        """Take the fields."""
        super().__init__(**fields)


class OpenlyFoundOut(BaseModel):
    """A row that keeps whatever is in its line, and makes its id of it."""

    model_config = ConfigDict(extra="allow")

    of: str
    lamport_clock: int

    @property
    def id(self) -> str:
        """Return it."""
        return f"{self.of}:{self.lamport_clock}"


def test_an_id_that_is_no_field_is_not_searched_for() -> None:
    """Though a line may hold anything under its name."""
    assert known(codec_of_rows(OpenlyFoundOut)) == {"of", "clock"}


@pytest.mark.parametrize("model", [Before, After, PostInit, Init])
def test_of_a_type_that_looks_at_its_events_nothing_is_known(model: Any) -> None:
    """It may make anything of them."""
    assert known(codec_of_rows(model)) == set()


@dataclasses.dataclass
class Plain:
    """A row."""

    id: str
    of: str
    lamport_clock: int


@pydantic_dataclass
class Validated(Plain):
    """The same with a class that validates."""


@dataclasses.dataclass(slots=True)
class Slotted:
    """The same without a dictionary."""

    id: str
    of: str
    lamport_clock: int


@pydantic_dataclass
class LookedAt(Plain):
    """The same that looks at its fields."""

    def __post_init__(self) -> None:
        """Look."""


class Typed(TypedDict):
    """The same as a dictionary."""

    id: str
    of: NotRequired[str]
    lamport_clock: int


class OtherKey(BaseModel):
    """A row whose id is elsewhere."""

    id: str = Field(validation_alias="k")
    of: str
    lamport_clock: int


class Unclocked(BaseModel):
    """A row without a clock."""

    id: str
    of: str


class Unowned(BaseModel):
    """A row of nothing."""

    id: str
    lamport_clock: int


SEARCHED = {"id", "of", "clock"}


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (Plain, SEARCHED | {"any event"}),
        (Validated, ALL),
        (Slotted, SEARCHED | {"any event"}),
        (LookedAt, set()),
        (Typed, SEARCHED),
        (RootModel[row()], SEARCHED | {"any event"}),  # type: ignore[misc]  # made here
        (RootModel[Typed], SEARCHED),
        (row() | Validated, SEARCHED | {"any event"}),
        (row() | Before, set()),
        (row() | OtherKey, {"of", "clock", "any event"}),
        (row() | Unclocked, {"id", "of", "any event"}),
        (row() | Unowned, SEARCHED),
        (row() | None, set()),
        (dict, {"id", "of"}),
        (dict[str, Any], {"id", "of"}),
        (dict[str, str], {"id", "of"}),
        (dict[str, str | None], {"id", "of"}),
        (dict[str, int], set()),
        (dict[int, Any], set()),
    ],
)
def test_of_other_types_the_same_is_known(of: Any, expected: set[str]) -> None:
    """Of several, what holds for each; of a dictionary, what its class does not say is unknown."""
    assert known(codec_of_rows(of)) == expected


def test_an_id_that_is_read_has_the_key_of_its_alias() -> None:
    """If that has one spelling; if not, whole lines tell."""
    kind = Annotated[str, AfterValidator(same)]
    codec = codec_of_rows(row(id=(kind, Field(alias="k"))))
    assert (codec.id_key, known(codec)) == ("k", {"read", "of", "clock"})
    codec = codec_of_rows(row(id=(kind, Field(alias="é"))))
    assert (codec.id_key, known(codec)) == ("id", {"of", "clock"})


def test_a_type_may_have_neither_ids_nor_aggregates() -> None:
    """All else is known of it."""
    codec: EventCodec[Any] = EventCodec(row(), None, None)
    assert (codec.id_key, codec.aggregate_key) == (None, "")
    assert known(codec) == ALL - {"id", "of"}
    assert codec.id_of(row()(id="i", of="o", lamport_clock=1, node_id="n")) is None


@pytest.mark.parametrize(
    ("of", "is_direct"),
    [
        *((row(of=(kind, ...)), True) for kind in (int, str, Annotated[int, Field(ge=0)], Name)),
        *((row(of=(kind, ...)), False) for kind in (float, int | None, str | None, Any, UUID)),
        *((row(of=(Annotated[kind, AfterValidator(same)], ...)), False) for kind in (int, str)),
        *((row(of=(kind, None)), False) for kind in (int, str)),
        (row(of=(Annotated[str, StringConstraints(to_upper=True)], ...)), False),
        (Plain, True),
        (row() | Plain, True),
        *((of, False) for of in (row() | Typed, Typed, dict[str, int], Before, PostInit)),
        (RootModel[row()], False),  # type: ignore[misc]  # made here
        (row() | Unowned, False),
    ],
    ids=str,
)
def test_integers_and_texts_of_every_event_are_compared_at_once(
    of: Any, *, is_direct: bool
) -> None:
    """They are attributes that are never null; anything else is looked at first."""
    codec: EventCodec[Any] = EventCodec(of, None, None, ("of",))
    assert (codec._bound.order._key is not None) == is_direct


class Within(BaseModel):
    """A row with a field that has something around its type."""

    id: str
    of: str


AROUND: dict[str, Callable[[CoreSchema], CoreSchema]] = {
    "custom error": lambda inner: core_schema.custom_error_schema(
        inner, "wrong", custom_error_message="wrong"
    ),
    "default": lambda inner: core_schema.with_default_schema(inner, default=None),
    "after": lambda inner: core_schema.no_info_after_validator_function(same, inner),
    "before": lambda inner: core_schema.no_info_before_validator_function(same, inner),
    "wrap": lambda inner: core_schema.no_info_wrap_validator_function(around, inner),
    "json or python": lambda inner: core_schema.json_or_python_schema(
        inner, core_schema.any_schema()
    ),
    "lax or strict": lambda inner: core_schema.lax_or_strict_schema(
        inner, core_schema.any_schema()
    ),
    "nullable": core_schema.nullable_schema,
}


@pytest.mark.parametrize("case", AROUND)
def test_what_is_around_a_type_may_make_anything_of_its_events(case: str) -> None:
    """Nothing is known then, but which fields there are."""
    for model in (Within, row(lamport_clock=(int | None, ...))):
        codec = codec_of_rows(Annotated[model, Around(AROUND[case])])
        assert known(codec) == ({"optional"} if model is not Within else set())
        assert (codec.id_key, codec.aggregate_key) == ("id", "of")
        event = model(id="a", of="b", lamport_clock=None, node_id="n")
        assert codec.decode(codec.encode(event)) == event


@pytest.mark.parametrize(
    ("of", "name"),
    [
        (int, "int"),
        (list[int], r"list\[int\]"),
        (int | str, r"int \| str"),
        (None, "None"),
        ("Row", "'Row'"),
        (RootModel[int], r"RootModel\[int\]"),
    ],
    ids=str,
)
def test_what_is_no_type_of_objects_is_named(of: Any, name: str) -> None:
    """As it is written."""
    message = f"^not a type of events, which are JSON objects: {name}$"
    with pytest.raises(TypeError, match=message):
        EventCodec(of)


def test_what_pydantic_does_not_take_is_named() -> None:
    """With what pydantic says."""
    with pytest.raises(TypeError, match=r"^not a type that pydantic validates: 7: ") as caught:
        EventCodec(7)
    assert caught.value.__cause__ is not None


def test_a_field_that_is_read_by_a_path_only_is_named() -> None:
    """A line would not have it under one name."""
    model = row(of=(str, Field(validation_alias=AliasPath("meta", "of"))))
    message = r"^of: it is read by a path only, \['meta', 'of'\], and not under one name$"
    with pytest.raises(TypeError, match=message):
        codec_of_rows(model)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"id_field": "x"}, "Row has no x: id_field names the field, or is None"),
        ({"aggregate_field": "x"}, "Row has no x: aggregate_field names the field, or is None"),
        ({"id_field": 1}, "id_field is the name of a field or None, not 1"),
        ({"aggregate_field": b"of"}, "aggregate_field is the name of a field or None, not b'of'"),
        ({"order_by": ("of", "x")}, "order_by: Row has no x"),
        ({"order_by": "of"}, "order_by is a tuple of names of fields, not 'of'"),
        ({"order_by": ["of"]}, "order_by is a tuple of names of fields, not ['of']"),
        ({"order_by": ("of", 1)}, "order_by is a tuple of names of fields, not ('of', 1)"),
        ({"id_form": 7}, "id_form is a regular expression of ids, not 7"),
    ],
    ids=str,
)
def test_what_is_said_of_a_type_wrongly_is_told(said: dict[str, Any], message: str) -> None:
    """Which of it, and how."""
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        EventCodec(row(), **({"id_field": "id", "aggregate_field": "of"} | said))


class Chain(BaseModel):
    """A row that holds others, each of whose fields is of a type with a name."""

    id: Name
    of: Name
    lamport_clock: Maybe
    node_id: Name
    more: list[Chain] = []
    again: Maybe = None


def test_types_with_names_are_known_where_types_refer_to_themselves() -> None:
    """Texts and numbers hold nothing of their own kind."""
    assert known(codec_of_rows(Chain)) == {"id", "of", "optional", "any event"}
    chain = Chain(id="a", of="o", lamport_clock=1, node_id="n")
    whole = chain.model_copy(update={"id": "b", "more": [chain, chain]})
    codec = codec_of_rows(Chain)
    assert codec.decode(codec.encode(whole)) == whole
