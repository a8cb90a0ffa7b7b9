"""What pydantic's schema says of a type: which objects its events are, and under which names."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, PlainSerializer
from pydantic_core import CoreSchema, core_schema
from typing_extensions import TypedDict

from specify_cli.telemetry._codec import EventCodec
from specify_cli.telemetry._codec.shapes import Field as Known
from specify_cli.telemetry._codec.shapes import core, event_type

from ..support.rows import Around, row


class Named(BaseModel):
    """An event that one id names."""

    id: str


class Other(BaseModel):
    """Another event."""

    id: str


class Open(TypedDict):
    """A dictionary with one field, which may have others."""

    __pydantic_config__ = ConfigDict(extra="allow")  # type: ignore[misc]  # as pydantic has it

    id: str


class Empty(TypedDict):
    """A dictionary without fields."""


class Defined(BaseModel):
    """An event with a schema of its own, which could define others and says what is open."""

    id: str

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[BaseModel], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Return it."""
        fields = {"id": core_schema.model_field(core_schema.str_schema())}
        inner = core_schema.model_fields_schema(fields, extra_behavior="allow")
        return core_schema.model_schema(cls, core_schema.definitions_schema(inner, []))


def field_of(alias: str = "key", config: ConfigDict | None = None) -> Known:
    """Return what is known of a field ``id`` with an alias, in a model with such settings."""

    class Aliased(BaseModel):
        model_config = config or ConfigDict()

        id: str = Field(validation_alias=alias)

    return event_type(Aliased).shapes[0].fields["id"]


@pytest.mark.parametrize(("of", "name"), [(Open, "other"), (Empty, "id")])
def test_a_dictionary_with_a_type_has_the_fields_of_that(of: Any, name: str) -> None:
    """An id cannot be a name that only some of them have."""
    with pytest.raises(TypeError, match=rf"^{of.__name__} has no {name}: id_field names the field"):
        EventCodec(of, name, None)


def test_any_other_dictionary_has_any_field() -> None:
    """Its schema need not say so."""
    plain = event_type(dict[str, Any]).shapes
    assert [shape.values for shape in plain] == [{"type": "any"}]
    assert plain[0].only_collects
    silent = Annotated[dict, Around(lambda _: core_schema.dict_schema())]
    assert event_type(silent).shapes == event_type(dict).shapes == plain


def test_one_of_several_may_have_a_label() -> None:
    """Beside its schema."""
    of = row()
    label = Around(lambda inner: core_schema.union_schema([(inner, "row")]))
    assert event_type(Annotated[of, label]).shapes == event_type(of).shapes


def test_what_pydantic_makes_nothing_of_is_no_type() -> None:
    """Its reason is told."""
    with pytest.raises(TypeError, match=r"^not a type that pydantic validates: .*: Model 'Named' "):
        event_type(Annotated[Named | Other, Field(discriminator="kind")])


def test_a_model_may_define_others_within() -> None:
    """Its fields are in there, and whether it takes any other."""
    (shape,) = event_type(Defined).shapes
    assert shape.fields == {"id": Known("id", {"type": "str"})}
    assert shape.values == {"type": "any"}


def test_a_field_is_read_under_its_alias_or_its_name_or_both() -> None:
    """The name comes first where both are."""
    text = {"type": "str"}
    assert field_of() == Known("key", text)
    assert field_of("") == Known("", text)
    both = ConfigDict(validate_by_name=True)
    assert field_of(config=both) == Known("id", text, has_one_key=False)
    only_name = ConfigDict(validate_by_name=True, validate_by_alias=False)
    assert field_of(config=only_name) == Known("id", text)


def test_how_a_field_is_written_says_nothing_of_its_values() -> None:
    """Pydantic's own JSON is not what a line holds."""
    of = row(id=(Annotated[str, PlainSerializer(str)], ...))
    assert event_type(of).shapes[0].fields["id"] == Known("id", {"type": "str"})


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "str", "strict": False}, {"type": "str"}),
        ({"type": "str", "strict": True}, {"type": "str", "strict": True}),
        ({"type": "float", "allow_inf_nan": False}, {"type": "float", "allow_inf_nan": False}),
    ],
    ids=["not strict", "strict", "finite"],
)
def test_only_what_goes_without_saying_is_left_out(
    schema: dict[str, Any], expected: dict[str, Any]
) -> None:
    """Older pydantic says that a text is not strict."""
    assert core({}, schema) == expected


@pytest.mark.parametrize("kind", ["str", "int", "datetime", "uuid", "any"])
def test_a_name_for_a_plain_type_is_that_type(kind: str) -> None:
    """What it is called, and what is noted beside, is no part of it."""
    known = {"name": {"type": kind, "ref": "name", "metadata": {"a": 1}}}
    reference = {"type": "definition-ref", "schema_ref": "name"}
    assert core(known, reference) == {"type": kind}


def test_a_name_for_anything_else_stays_a_name() -> None:
    """It could stand for what it is in."""
    known = {"name": {"type": "float", "ref": "name"}}
    reference = {"type": "definition-ref", "schema_ref": "name"}
    assert core(known, reference) == reference
