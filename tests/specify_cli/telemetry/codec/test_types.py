"""What is known of a type before a line is read: what may be searched for, or need not be proved.

A type's own code sees what it wants to see. Where any may stand between a line and a field, the
whole line is read; where all is known, the bytes are enough.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any, Literal, NotRequired
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
    GetCoreSchemaHandler,
    PlainValidator,
    RootModel,
    Strict,
    StringConstraints,
    WrapValidator,
    create_model,
    model_validator,
)
from pydantic.dataclasses import dataclass as pydantic_dataclass
from pydantic_core import CoreSchema, core_schema
from typing_extensions import TypeAliasType, TypedDict

from specify_cli.telemetry._codec import EventCodec, UnstorableError


def same(value: Any) -> Any:
    """Return a value."""
    return value


def informed(value: Any, _: object) -> Any:
    """Return a value, and see others."""
    return value


def around(value: Any, handler: Callable[[Any], Any]) -> Any:
    """Return what another function makes of a value."""
    return handler(value)


def informed_around(value: Any, handler: Callable[[Any], Any], _: object) -> Any:
    """Do the same, and see others."""
    return handler(value)


class Around:
    """Puts one schema around another, as a type of somebody's own may."""

    def __init__(self, make: Callable[[CoreSchema], CoreSchema]) -> None:
        """Make it like this."""
        self._make = make

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Return the schema."""
        return self._make(handler(source))


Name = TypeAliasType("Name", Annotated[str, Field(min_length=1)])
Maybe = TypeAliasType("Maybe", int | None)

# The fields of a row; all that is known of one is known of this.
PLAIN: dict[str, Any] = {
    "id": (str, ...),
    "of": (str, ...),
    "lamport_clock": (int, ...),
    "node_id": (str, ...),
}
ALL = {"id", "of", "clock", "any event", "known types"}


def row(config: ConfigDict | None = None, /, **fields: Any) -> type[BaseModel]:
    """Return a model of rows, some fields of which are others."""
    model: type[BaseModel] = create_model("Row", __config__=config, **(PLAIN | fields))
    return model


def codec_of_rows(of: Any) -> EventCodec[Any]:
    """Return the codec of a type of rows."""
    return EventCodec(of, "id", "of")


def known(codec: EventCodec[Any]) -> set[str]:
    """Return what is known.

    That is which of the fields stand in a line as they are, or are ``read`` on their own; whether a
    clock is optional; whether nothing but an event comes of a line; and whether the types of all
    fields are known, so that no event is read back.
    """
    facts = {
        "id": codec.ids_are_verbatim,
        "read": codec.read_ids is not None,
        "of": codec.aggregates_are_verbatim,
        "clock": codec.clocks_are_verbatim,
        "optional": codec.clock_is_optional,
        "any event": codec._makes_events,
        "known types": codec._known_types is not None,
    }
    return {fact for fact, is_known in facts.items() if is_known}


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


class Shouted(BaseModel):
    """A row whose id is read."""

    id: Annotated[str, AfterValidator(same)]
    of: str


class Numbered(BaseModel):
    """A row whose id is a number."""

    id: Annotated[int, AfterValidator(same)]
    of: str


class Unique(BaseModel):
    """A row whose id has several spellings in a line."""

    id: UUID
    of: str


class Nameless(BaseModel):
    """A row that has no id."""

    of: str


class Elsewhere(BaseModel):
    """A row whose id is read under another name."""

    id: Annotated[str, AfterValidator(same)] = Field(validation_alias="k")
    of: str


class Either(BaseModel):
    """A row whose id is read under either name."""

    id: Annotated[str, AfterValidator(same)] = Field(validation_alias=AliasChoices("id", "k"))
    of: str


class Accented(BaseModel):
    """A row whose id is under a name with several spellings."""

    id: Annotated[str, AfterValidator(same)] = Field(validation_alias="é")
    of: str


class FoundOut(BaseModel):
    """A row whose id is no field."""

    of: str

    @property
    def id(self) -> str:
        """Return it."""
        return self.of


@pytest.mark.parametrize(
    "of", [Shouted | Elsewhere, Shouted | Either, Either, Accented, FoundOut], ids=str
)
def test_a_form_is_of_ids_under_one_name(of: Any) -> None:
    """With one spelling, in every type of a union; what is wrong is said at once."""
    message = "^id_form: id is no field that lines have under one name$"
    with pytest.raises(TypeError, match=message):
        EventCodec(of, "id", "of", id_form="[0-9A-F-]+")
    with pytest.raises(TypeError, match=r"^id_form: None is no field"):
        EventCodec(row(), None, "of", id_form="[0-9A-F-]+")
    with pytest.raises(TypeError, match=r"^id_form is a .* of ids, not '\('$") as e:
        EventCodec(row(), "id", "of", id_form="(")
    assert isinstance(e.value.__cause__, re.error)


@pytest.mark.parametrize(
    ("of", "is_here"),
    [
        (Shouted, True),
        (Numbered, True),
        (Unique, False),
        (Shouted | Numbered, True),
        (Shouted | Unique, False),
        (Shouted | Nameless, True),
        (row() | Unique, False),
        (row(), True),
        (dict[str, Any], True),
    ],
    ids=str,
)
def test_ids_of_one_form_are_searched_for_where_a_line_has_them_as_texts_or_integers(
    of: Any, *, is_here: bool
) -> None:
    """A form adds nothing where they are known without it, and is not enough for other types."""
    codec: EventCodec[Any] = EventCodec(of, "id", "of", id_form="[0-9A-F-]+")
    assert codec.ids_are_verbatim == is_here
    assert codec.read_ids is None
    assert codec.id_key == "id"


@pytest.mark.parametrize(
    ("event_id", "is_taken"), [("AB", True), ("1", True), (12, True), ("ab", False), ("", False)]
)
def test_an_id_in_a_dictionary_has_the_form(event_id: str | int, *, is_taken: bool) -> None:
    """From its beginning to its end."""
    codec: EventCodec[Any] = EventCodec(dict[str, Any], "id", None, id_form="[0-9A-F-]+")
    if is_taken:
        assert codec.decode(codec.encode({"id": event_id})) == {"id": event_id}
    else:
        with pytest.raises(UnstorableError, match=r"^id: not of the id_form \[0-9A-F-\]\+$"):
            codec.encode({"id": event_id})


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
