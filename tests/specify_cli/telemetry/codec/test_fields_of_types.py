"""What is known of a field before a line is read: whether it may be searched for where it stands.

A type's own code sees what it wants to see. Where any may stand between a line and a field, the
whole line is read; where all is known, the bytes are enough.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import (
    AfterValidator,
    AliasChoices,
    AliasPath,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    Strict,
    StringConstraints,
    WrapValidator,
    create_model,
)
from pydantic_core import core_schema

from specify_cli.telemetry._codec import EventCodec

from ..support.rows import (
    ALL,
    Around,
    Maybe,
    Name,
    around,
    codec_of_rows,
    informed,
    informed_around,
    known,
    row,
    same,
)

# The type and default of a field, and what is known of it and the whole.
TEXTS: dict[str, tuple[Any, Any, set[str]]] = {
    "text": (str, ..., {"here", "any event", "known types"}),
    "bounded": (Annotated[str, Field(min_length=1)], ..., {"here", "any event", "known types"}),
    "short": (Annotated[str, Field(max_length=9)], ..., {"here", "any event", "known types"}),
    "pattern": (Annotated[str, Field(pattern="a")], ..., {"here", "any event", "known types"}),
    "engine": (
        Annotated[str, Around(lambda _: core_schema.str_schema(regex_engine="python-re"))],
        ...,
        {"here", "any event", "known types"},
    ),
    "strict": (Annotated[str, Strict()], ..., {"here", "any event", "known types"}),
    "named": (Name, ..., {"here", "any event", "known types"}),
    "null": (str | None, ..., {"here", "known types"}),
    "null or missing": (str | None, None, {"here", "known types"}),
    "missing": (str, None, {"here", "known types"}),
    "default": (str, "x", {"any event", "known types"}),
    "made": (str, Field(default_factory=str), {"known types"}),
    "stripped": (
        Annotated[str, StringConstraints(strip_whitespace=True)],
        ...,
        {"read", "any event", "known types"},
    ),
    "raised": (
        Annotated[str, StringConstraints(to_upper=True)],
        ...,
        {"read", "any event", "known types"},
    ),
    "int": (int, ..., {"known types"}),
    "uuid": (UUID, ..., {"known types"}),
    "bool": (bool, ..., {"known types"}),
    "time": (datetime, ..., {"known types"}),
    "any": (Any, ..., set()),
    "literal": (Literal["a"], ..., set()),
    "union": (str | int, ..., set()),
    "list": (list[str], ..., set()),
    "before": (Annotated[str, BeforeValidator(same)], ..., {"read", "any event", "known types"}),
    "after": (Annotated[str, AfterValidator(same)], ..., {"read", "known types"}),
    "twice": (Annotated[str, AfterValidator(same), BeforeValidator(same)], ..., {"read"}),
    "around": (Annotated[str, WrapValidator(around)], ..., {"read"}),
    "instead": (Annotated[str, PlainValidator(same)], ..., {"read"}),
    "before, informed": (Annotated[str, BeforeValidator(informed)], ..., {"any event"}),
    "after, informed": (Annotated[str, AfterValidator(informed)], ..., set()),
    "around, informed": (Annotated[str, WrapValidator(informed_around)], ..., set()),
    "instead, informed": (Annotated[str, PlainValidator(informed)], ..., set()),
    "null after": (Annotated[str | None, AfterValidator(same)], ..., {"known types"}),
    "after or null": (Annotated[str, AfterValidator(same)] | None, ..., {"known types"}),
    "int after": (Annotated[int, AfterValidator(same)], ..., set()),
}


@pytest.mark.parametrize("name", ["id", "of"])
@pytest.mark.parametrize("case", TEXTS)
def test_a_field_is_searched_for_where_nothing_changes_its_text(case: str, name: str) -> None:
    """What its own function makes of a text is asked of that, if it sees nothing else."""
    kind, default, expected = TEXTS[case]
    here = {"here": name, "read": "read" if name == "id" else ""}
    others = ALL - {name, "any event", "known types"}
    codec = codec_of_rows(row(**{name: (kind, default)}))
    assert known(codec) == {here.get(fact, fact) for fact in expected} - {""} | others
    assert (codec.id_key, codec.aggregate_key) == ("id", "of")


@pytest.mark.parametrize("name", ["id", "of"])
@pytest.mark.parametrize(
    ("alias", "key"),
    [
        ("k", "k"),
        (" ~", " ~"),
        (AliasPath("k"), "k"),
        (AliasChoices("k"), "k"),
        (AliasChoices(AliasPath("k")), "k"),
        (AliasChoices("k", "l"), None),
        (AliasChoices("k", AliasPath("l", 0)), None),
        (AliasChoices(AliasPath("l", 0), "k"), None),
        *((key, None) for key in ("é", '"', "\\", "\t", "\x7f")),
    ],
    ids=repr,
)
def test_a_field_with_an_alias_is_searched_for_under_it(
    alias: Any, key: str | None, name: str
) -> None:
    """If that is the one name it has, and has one spelling."""
    codec = codec_of_rows(row(**{name: (str, Field(validation_alias=alias))}))
    assert known(codec) == ALL - {"known types"} - ({name} if key is None else set())
    found = {"id": codec.id_key, "of": codec.aggregate_key}
    assert found == {"id": "id", "of": "of"} | {name: key or name}


def test_a_field_that_is_read_under_another_name_too_is_not_searched_for() -> None:
    """A line may have either."""
    model = row(id=(str, Field(validation_alias=AliasChoices("id", "k"))))
    assert known(codec_of_rows(model)) == ALL - {"id", "known types"}


@pytest.mark.parametrize(
    ("kind", "is_known"),
    [
        *((kind, True) for kind in (str, int, bool, datetime, UUID, str | None, UUID | None)),
        *((kind, True) for kind in (dict[str, Any], dict[str, Any] | None)),
        (Annotated[dict[str, Any], Field(min_length=1)], True),
        (Annotated[dict[str, Any], Field(max_length=1)], False),
        *((kind, False) for kind in (dict, dict[str, int], dict[Any, Any], dict[int, Any])),
        *((kind, False) for kind in (float, list, list[int] | None, Any, str | int, date)),
        (Annotated[str | None, AfterValidator(same)], True),
        (Annotated[list[int], AfterValidator(same)], False),
        (Annotated[datetime | None, AfterValidator(same)], False),
        (Annotated[str, AfterValidator(informed)], False),
    ],
)
@pytest.mark.parametrize("default", [..., None], ids=["needed", "default"])
def test_texts_numbers_times_and_payloads_are_of_known_types(
    kind: Any, default: Any, *, is_known: bool
) -> None:
    """Of several fields each has to be; a single one is not written on its own."""
    model = create_model("Two", id=(str, ...), value=(kind, default))
    assert known(EventCodec(model, "id", None)) >= {"id"} | ({"known types"} if is_known else set())
    assert ("known types" in known(EventCodec(model, "id", None))) == is_known
    one: EventCodec[Any] = EventCodec(create_model("One", value=(kind, default)), None, None)
    assert "known types" not in known(one)


@pytest.mark.parametrize("name", ["value", "val%ue", "%s"])
def test_a_text_is_written_whole_under_any_name(name: str) -> None:
    """Also if it is the only field."""
    for fields in ({name: "ab"}, {name: "ab", "id": "cd"}):
        model = create_model("Row", **dict.fromkeys(fields, (str, ...)))  # type: ignore[call-overload]  # pydantic takes any names
        codec: EventCodec[Any] = EventCodec(model, None, None)
        line = json.dumps(fields, sort_keys=True).encode() + b"\n"
        assert codec.encode(model.model_validate(fields)) == line


def test_an_alias_for_other_readers_is_none() -> None:
    """A line has the field's own name then."""
    assert known(codec_of_rows(row(id=(str, Field(serialization_alias="k"))))) == ALL


def test_a_field_that_is_read_by_its_name_too_has_two_names() -> None:
    """Either may be in a line."""
    model = row(ConfigDict(populate_by_name=True), id=(str, Field(alias="k")))
    codec = codec_of_rows(model)
    assert known(codec) == ALL - {"id", "known types"}
    assert codec.id_key == "id"


CLOCKS: dict[str, tuple[Any, Any, set[str]]] = {
    "bounded": (Annotated[int, Field(ge=0)], ..., {"clock", "known types"}),
    "null": (int | None, ..., {"optional", "known types"}),
    "null or missing": (int | None, None, {"optional", "known types"}),
    "missing": (int, None, {"optional", "known types"}),
    "default": (int, 1, {"known types"}),
    "null, with a default": (int | None, 1, {"optional", "known types"}),
    "made": (int, Field(default_factory=int), {"known types"}),
    "named": (Maybe, ..., {"optional", "known types"}),
    "text": (str, ..., {"known types"}),
    "real": (float, ..., set()),
    "function": (Annotated[int | None, BeforeValidator(same)], ..., {"optional"}),
    "function of a default": (Annotated[int, AfterValidator(same)], 1, set()),
    "instead": (Annotated[int | None, PlainValidator(same)], ..., set()),
    "alias": (int, Field(alias="clock"), set()),
}


@pytest.mark.parametrize("case", CLOCKS)
def test_a_clock_is_searched_for_where_it_is_a_number_under_its_name(case: str) -> None:
    """Whether there may be none is known however the type says so."""
    kind, default, expected = CLOCKS[case]
    codec = codec_of_rows(row(lamport_clock=(kind, default)))
    assert known(codec) == ALL - {"clock", "known types"} | expected


BY_CLOCK = ("lamport_clock", "node_id")


class Ticking(BaseModel):
    """A row whose clock is found out."""

    id: str

    @property
    def lamport_clock(self) -> int:
        """Return it."""
        return len(self.id)


@pytest.mark.parametrize(
    ("of", "id_field", "order_by", "names"),
    [
        (row(), "id", None, BY_CLOCK),
        (row(), "id", (), ()),
        (row(), "id", ("of", "id"), ("of", "id")),
        (row(lamport_clock=(int | None, ...)), "id", None, (*BY_CLOCK, "id")),
        (row(lamport_clock=(int | None, ...)), None, None, BY_CLOCK),
        (row(lamport_clock=(int | None, ...)), "id", ("of",), ("of",)),
        (row(lamport_clock=(int | None, ...)) | row(), "id", None, (*BY_CLOCK, "id")),
        (row() | row(lamport_clock=(int | None, ...)), "id", None, (*BY_CLOCK, "id")),
        (create_model("Row", id=(str, ...), node_id=(str, ...)), "id", None, ("node_id",)),
        (Ticking, "id", None, ("lamport_clock",)),
        (create_model("Row", id=(str, ...)) | Ticking, "id", None, ("lamport_clock",)),
        (create_model("Row", id=(str, ...)), "id", None, ()),
        (dict[str, Any], "id", None, ()),
        (dict[str, Any], "id", ("lamport_clock",), ("lamport_clock",)),
    ],
    ids=str,
)
def test_events_are_sorted_by_clock_and_node_as_far_as_they_have_them(
    of: Any, id_field: str | None, order_by: tuple[str, ...] | None, names: tuple[str, ...]
) -> None:
    """And by id where there may be no clock; but if an order is given by nothing else."""
    codec: EventCodec[Any] = EventCodec(of, id_field, None, order_by)
    assert codec._bound.order.names == names


CONFIGS: list[tuple[ConfigDict, set[str]]] = [
    *((ConfigDict(title="t", frozen=frozen), ALL) for frozen in (False, True)),
    (ConfigDict(title="t", frozen=True, extra="forbid"), ALL),
    (ConfigDict(extra="ignore"), ALL),
    (ConfigDict(extra="forbid"), ALL),
    (ConfigDict(extra="allow"), ALL - {"known types"}),
    (ConfigDict(strict=True), ALL - {"known types"}),
    (ConfigDict(str_max_length=5), ALL - {"known types"}),
    (ConfigDict(from_attributes=True), ALL - {"known types"}),
    *(
        (config, {"read", "clock", "any event"})
        for config in (
            ConfigDict(str_strip_whitespace=True),
            ConfigDict(str_to_lower=True),
            ConfigDict(str_to_upper=True),
            ConfigDict(coerce_numbers_to_str=True),
        )
    ),
]


@pytest.mark.parametrize(("config", "expected"), CONFIGS)
def test_a_setting_that_changes_texts_is_seen(config: ConfigDict, expected: set[str]) -> None:
    """Any that is not known makes what is written be read back."""
    assert known(codec_of_rows(row(config))) == expected
