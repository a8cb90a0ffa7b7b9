"""What is made of a line, and what is no event though its type makes it."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any, NotRequired

import pytest
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model, model_validator
from typing_extensions import TypedDict

from specify_cli.spec_kitty_events import Event
from specify_cli.telemetry import JsonlEventStore
from specify_cli.telemetry._codec import (
    EventCodec,
    MalformedLineError,
    UnstorableError,
    bound_as,
    codec_of,
)

from ..support.events import CODEC, make_event
from ..support.pydantic_release import needs_names_of_its_own


class Named(TypedDict):
    """A row with whatever is its id."""

    id: Any


class Noted(TypedDict):
    """A row without any."""

    note: str


BOTH: EventCodec[Any] = EventCodec(Named | Noted, "id", None)


@pytest.mark.parametrize(
    ("line", "event_id"),
    [(b'{"id": "a"}', "a"), (b'{"id": 0}', 0), (b'{"note": "n"}', None), (b'{"id": null}', None)],
)
def test_of_several_kinds_one_may_have_no_id(line: bytes, event_id: object) -> None:
    """A dictionary may be of that kind."""
    assert BOTH.id_of(BOTH.decode(line)) == BOTH.loads_as(line) == event_id
    assert BOTH.loads(line)


@pytest.mark.parametrize(
    ("line", "shown"),
    [(b'{"id": 1.5}', "1.5"), (b'{"id": true}', "True"), (b'{"id": [1]}', r"\[1\]")],
)
def test_what_it_has_is_an_id_all_the_same(line: bytes, shown: str) -> None:
    """A text or an integer."""
    with pytest.raises(MalformedLineError, match=f"^id: not an id: {shown}$"):
        BOTH.decode(line)
    assert not BOTH.loads(line)
    assert BOTH.loads_as(line) is None


class Found(BaseModel):
    """A row that finds out where it belongs, and when."""

    id: str

    @property
    def of(self) -> object:
        """Return it, or raise."""
        if self.id == "out of memory":
            raise MemoryError
        return [1] if self.id == "list" else 1 // (self.id != "zero")


@pytest.mark.parametrize(
    ("order", "aggregate"), [(None, "of"), (("of",), None)], ids=["aggregate", "order"]
)
def test_what_a_property_raises_makes_a_line_malformed(
    order: tuple[str, ...] | None, aggregate: str | None
) -> None:
    """But for an error of which the line is not to blame."""
    codec: EventCodec[Found] = EventCodec(Found, "id", aggregate, order)
    assert codec.decode(b'{"id": "a"}') == Found(id="a")
    with pytest.raises(MalformedLineError, match=r"^ZeroDivisionError: ") as caught:
        codec.decode(b'{"id": "zero"}')
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    with pytest.raises(MemoryError):
        codec.decode(b'{"id": "out of memory"}')
    if aggregate is not None:
        with pytest.raises(MalformedLineError, match=r"^of: not an id: \[1\]$"):
            codec.decode(b'{"id": "list"}')


@pytest.mark.parametrize("line", [b"7", b"[1]", b'"x"', b"null"])
def test_of_json_that_is_no_object_pydantic_says_so(line: bytes) -> None:
    """It is read once, as JSON."""
    with pytest.raises(MalformedLineError, match=r"^Input should be an object$"):
        CODEC.decode(line)


def fail(value: object) -> object:
    """Return a value, or raise what is no validation error."""
    if value == "zero":
        raise ZeroDivisionError("by zero")
    return value


class Failing(BaseModel):
    """A row whose validator fails."""

    id: Annotated[str, BeforeValidator(fail)]


def origin(error: BaseException) -> BaseException:
    """Return what an error comes of in the end."""
    return error if error.__cause__ is None else origin(error.__cause__)


@pytest.mark.parametrize("line", [b'{"id": "zero"}', b'\xef\xbb\xbf{"id": "zero"}'])
def test_what_a_validator_raises_is_the_cause(line: bytes) -> None:
    """So that it can be found."""
    codec: EventCodec[Failing] = EventCodec(Failing, "id", None)
    with pytest.raises(MalformedLineError, match=r"^ZeroDivisionError: by zero$") as caught:
        codec.decode(line)
    assert isinstance(origin(caught.value), ZeroDivisionError)
    with pytest.raises(UnstorableError, match=r"^ZeroDivisionError: by zero$") as refused:
        codec.encode(Failing.model_construct(id="zero"))
    assert isinstance(origin(refused.value), ZeroDivisionError)


class Nullable(BaseModel):
    """A row whose id may be null, all of whose fields are of known types."""

    id: str | None
    n: int = 1


def test_an_event_that_may_lack_its_id_is_read_back() -> None:
    """And refused without it."""
    codec: EventCodec[Nullable] = EventCodec(Nullable, "id", None)
    assert codec.encode(Nullable(id="a")) == b'{"id": "a", "n": 1}\n'
    with pytest.raises(UnstorableError, match=r"^id: not an id: None$"):
        codec.encode(Nullable(id=None))


def test_what_cannot_be_compared_is_sorted_by_its_text() -> None:
    """Nulls first, then what has no text."""
    codec: EventCodec[Any] = EventCodec(dict[str, Any], None, None, ("n", "m"))
    ordered: list[Any] = [{"m": 1}, {"n": None, "m": 2}, {"n": 10**5000}, {"n": 1}, {"n": "a"}]
    assert codec.in_order(ordered[::-1]) == ordered
    numbers = [{"n": 2, "m": "b"}, {"n": 10, "m": "a"}, {"n": 10, "m": "b"}]
    assert codec.in_order(numbers[::-1]) == numbers
    assert codec.in_order(iter([{"n": 1, "m": 1, "x": x} for x in "ba"])) == [
        {"n": 1, "m": 1, "x": x} for x in "ba"
    ]


class Wayward(BaseModel):
    """A row that may put a text in the place of its clock."""

    lamport_clock: int

    @model_validator(mode="after")
    def change(self) -> Wayward:
        """Do so."""
        if self.lamport_clock > 1:
            self.__dict__["lamport_clock"] = f"{self.lamport_clock}"
        return self


def test_a_clock_that_its_type_has_changed_is_sorted_all_the_same() -> None:
    """Whatever it is declared to be."""
    codec: EventCodec[Wayward] = EventCodec(Wayward, None, None)
    rows = [codec.decode(b'{"lamport_clock": %d}' % clock) for clock in (3, 1, 2)]
    assert codec.in_order(rows) == [rows[1], rows[2], rows[0]]


class Cat(BaseModel):
    """Nothing tells it from a dog."""

    id: str


class Dog(BaseModel):
    """Nothing tells it from a cat."""

    id: str


def test_an_event_is_not_stored_as_one_of_another_class() -> None:
    """Though all of its fields read back."""
    codec: EventCodec[Any] = EventCodec(Cat | Dog, "id", None)
    assert codec.encode(Cat(id="a")) == b'{"id": "a"}\n'
    with pytest.raises(UnstorableError, match=r"^it reads back as a Cat$"):
        codec.encode(Dog(id="a"))


def test_what_is_not_of_the_type_is_told_which_classes_are() -> None:
    """Each once, by its full name."""
    codec: EventCodec[Any] = EventCodec(Cat | Named | Dog | Noted, "id", None)
    for event in (Cat(id="a"), {"id": "a"}, Dog(id="a")):
        codec.check(event)
    with pytest.raises(TypeError) as caught:
        codec.check(7)
    kinds = f"{__name__}.Cat or dict or {__name__}.Dog"
    assert str(caught.value) == f"not an event of this store, which takes {kinds}: 7"


class Adding(BaseModel):
    """A row that adds something to its payload."""

    id: str
    payload: dict[str, Any]

    @model_validator(mode="before")
    @classmethod
    def add(cls, value: Any) -> Any:
        """Return the fields, with more in the payload."""
        return value | {"payload": value["payload"] | {"n": 1}}


@pytest.mark.parametrize("payload", [{}, {"t": (1,)}], ids=repr)
def test_a_payload_that_its_type_adds_to_is_refused_without_that(payload: dict[str, Any]) -> None:
    """It takes anything, and yet does not give it back."""
    codec: EventCodec[Adding] = EventCodec(Adding, "id", None)
    with pytest.raises(UnstorableError, match=r"^payload: does not read back$"):
        codec.encode(Adding.model_construct(id="a", payload=payload))
    event = Adding.model_construct(id="a", payload={**payload, "n": 1})
    assert codec.decode(codec.encode(event)).payload.keys() == payload.keys() | {"n"}


@pytest.mark.parametrize("fields", [{1: 1}, {1: 1, "a": 2}, {None: 1, "a": (1,)}], ids=str)
def test_the_name_of_a_field_is_a_text(fields: dict[Any, Any]) -> None:
    """Another one would read back as one."""
    codec: EventCodec[Any] = EventCodec(dict[str, Any], None, None)
    with pytest.raises(UnstorableError, match=r"^TypeError: a field's name is not a str$"):
        codec.encode(fields)


@dataclasses.dataclass
class Plain:
    """A row that is a dataclass."""

    id: str
    of: str


def test_a_field_that_a_dataclass_lacks_is_named() -> None:
    """It was made in a way of its own."""
    codec: EventCodec[Plain] = EventCodec(Plain, "id", None)
    event = Plain("a", "b")
    assert codec.decode(codec.encode(event)) == event
    del event.of
    with pytest.raises(UnstorableError, match=r"^of: Field required$"):
        codec.encode(event)


def test_behind_a_payload_that_is_converted_every_field_is_compared() -> None:
    """One that does not read back is named."""
    event = make_event(payload={"t": (1,)})
    assert CODEC.decode(CODEC.encode(event)).payload == {"t": [1]}
    with pytest.raises(UnstorableError, match=r"^lamport_clock: does not read back$"):
        CODEC.encode(event.model_copy(update={"lamport_clock": "1"}))


def test_a_type_has_one_codec() -> None:
    """So has a store, which has that of its type if it says nothing else."""

    class Plain(JsonlEventStore[Event]):
        event_model = Event

    class Ordered(Plain):
        order_by = ()

    class Linked(Plain):
        aggregate_field = "node_id"

    class Rows(JsonlEventStore[Any]):
        event_model = dict[str, Any]

    codec = codec_of(Event)
    assert codec_of(Plain) is codec_of(Event) is codec
    assert codec_of(Rows) is codec_of(Rows)
    assert codec_of(Ordered) is codec_of(Ordered) is not codec
    assert codec_of(Linked) is not codec_of(Ordered)
    assert codec_of(Linked).aggregate_field == codec_of(Linked).aggregate_key == "node_id"
    before = codec_of(Ordered)
    Ordered.order_by = ("timestamp",)  # type: ignore[assignment]  # as a test may do
    assert codec_of(Ordered) is codec_of(Ordered) is not before
    Ordered.order_by = None  # type: ignore[assignment]  # the same
    assert codec_of(Ordered) is codec


def test_what_a_codec_is_told_is_what_its_store_says() -> None:
    """Each of it; nothing else is taken from the class."""
    said = {
        "event_model": Event,
        "id_field": "causation_id",
        "aggregate_field": "node_id",
        "order_by": ("timestamp", "event_id"),
        "id_form": "[0-9A-Z]{26}",
    }
    store = type("Told", (JsonlEventStore,), said)
    assert bound_as(store) == said
    assert bound_as(type("Same", (store,), {})) == said
    for other in (Event, dict[str, Any], Event | None, "Event"):
        assert bound_as(other) == {"event_model": other}
    codec = codec_of(store)
    assert (codec.model, codec.name) == (Event, "Event")
    assert (codec.id_key, codec.aggregate_key) == ("causation_id", "node_id")
    late, early = make_event(), make_event()
    assert codec.in_order([late, early]) == sorted(
        [late, early], key=lambda event: (event.timestamp, event.event_id)
    )
    with pytest.raises(UnstorableError, match="not of the id_form"):
        codec.encode(make_event())


def test_a_store_that_names_no_type_of_events_has_no_codec() -> None:
    """It says so."""
    with pytest.raises(TypeError, match=r"^JsonlEventStore does not name its event_model$"):
        codec_of(JsonlEventStore)


INNER = {"t": (1,)}
STORED = {"t": [1]}


@pytest.mark.parametrize(
    ("kind", "value", "stored"),
    [
        (Any, (1,), [1]),
        (list, (1,), [1]),
        (list[Any], ({1},), [[1]]),
        (list[dict[str, Any]], [INNER], [STORED]),
        (list[list[int]], [(1,)], None),
        (list[int], (1,), None),
        (dict, INNER, STORED),
        (dict[str, Any], INNER, STORED),
        (dict[str, list[Any]], INNER, STORED),
        (dict[str, list[int]], INNER, None),
        (dict[str, Any] | None, INNER, STORED),
        (dict[str, dict[str, Any]], {"a": INNER}, {"a": STORED}),
        (dict[Any, Any], {1: 2}, {"1": 2}),
        (dict[str, Any], {1: 2}, {"1": 2}),
        (dict[int, Any], INNER, None),
        (dict[int, Any], {1: (1,)}, None),
        (set[Any], (1,), None),
    ],
    ids=str,
)
@pytest.mark.parametrize("default", [..., None], ids=["needed", "default"])
def test_a_field_that_takes_anything_gives_it_back_in_json_terms(
    kind: Any, value: Any, stored: Any, default: Any
) -> None:
    """At every level; any other gives back what it was given, or is refused."""
    model = create_model("Row", id=(str, ...), value=(kind, default))
    codec: EventCodec[Any] = EventCodec(model, "id", None)
    event = model.model_construct(id="a", value=value)
    if stored is not None:
        assert codec.decode(codec.encode(event)).value == stored
    else:
        with pytest.raises(UnstorableError, match=r"^value: "):
            codec.encode(event)


class First(TypedDict):
    """A row with fields of two kinds."""

    id: str
    both: NotRequired[Any]
    one: NotRequired[Any]


class Second(TypedDict):
    """Another one."""

    id: str
    both: NotRequired[Any]
    one: NotRequired[list[int]]


class Third(BaseModel):
    """A model with such a field."""

    model_config = ConfigDict(extra="allow")

    id: str
    one: list[int] = []


@pytest.mark.parametrize("of", [First | Second, Second | First, First | Third | Second], ids=str)
def test_a_dictionary_of_several_kinds_is_converted_where_each_takes_anything(of: Any) -> None:
    """Which of them it is cannot be told."""
    codec: EventCodec[Any] = EventCodec(of, "id", None)
    assert codec.decode(codec.encode({"id": "a", "both": (1,)})) == {"id": "a", "both": [1]}
    with pytest.raises(UnstorableError, match=r"^one: does not read back$"):
        codec.encode({"id": "a", "one": (1,)})
    with pytest.raises(UnstorableError, match=r"^more: .* has no such field$"):
        codec.encode({"id": "a", "more": 1})


OPEN = dict[str, Any]


@pytest.mark.parametrize(
    "of", [First | Second, Second | First, OPEN | First, First | OPEN], ids=str
)
def test_what_is_known_of_a_dictionary_of_several_kinds_holds_for_each(of: Any) -> None:
    """What one of them does not declare, or does not take, is not taken as it is."""
    form = EventCodec[Any](of, "id", None)._forms.of({})
    is_open = of in (OPEN | First, First | OPEN)
    assert form.declared == {"id", "both", "one"}
    assert form.opaque == (set() if is_open else {"both"})
    assert not form.is_open
    assert [form.takes_anything(name) for name in ("both", "one", "more")] == [
        not is_open,
        False,
        False,
    ]


class IdAlias(TypedDict):
    """A row whose id has another name in a line."""

    id: Annotated[str, Field(validation_alias="k")]
    note: str


class OtherIdAlias(TypedDict):
    """One whose id has yet another."""

    id: Annotated[str, Field(validation_alias="l")]
    note: str


class NoteAlias(TypedDict):
    """One whose note has another name."""

    id: str
    note: Annotated[str, Field(validation_alias="k")]


@needs_names_of_its_own
@pytest.mark.parametrize(
    "of",
    [IdAlias | NoteAlias, NoteAlias | IdAlias, IdAlias | OtherIdAlias, IdAlias | First],
    ids=str,
)
def test_a_dictionary_of_several_kinds_has_each_field_under_one_name(of: Any) -> None:
    """The first of those that have not is told."""
    message = "^id: has an alias in some of the TypedDicts and not in others$"
    with pytest.raises(TypeError, match=message):
        EventCodec(of, "id", None)


def test_a_field_beyond_the_declared_ones_is_converted_where_any_are_kept() -> None:
    """Those that are declared are not."""
    codec: EventCodec[Third] = EventCodec(Third, "id", None)
    event = Third.model_construct(id="a", more=(1,))
    assert codec.decode(codec.encode(event)).model_extra == {"more": [1]}
    with pytest.raises(UnstorableError, match=r"^one: does not read back$"):
        codec.encode(event.model_copy(update={"one": (1,)}))
    lists: EventCodec[Any] = EventCodec(dict[str, list[int]], None, None)
    assert lists.encode({"a": [1]}) == b'{"a": [1]}\n'
    with pytest.raises(UnstorableError, match=r"^a: does not read back$"):
        lists.encode({"a": (1,)})
    of_any: EventCodec[Any] = EventCodec(dict[str, Any] | First, "id", None)
    assert of_any.decode(of_any.encode({"id": "a", "more": 1})) == {"id": "a", "more": 1}
    with pytest.raises(UnstorableError, match=r"^more: does not read back$"):
        of_any.encode({"id": "a", "more": (1,)})


def test_why_a_value_has_no_form_in_json_is_the_cause() -> None:
    """However deep it is."""
    with pytest.raises(UnstorableError, match=r"^payload: two keys become '1'$") as caught:
        CODEC.encode(make_event(payload={"a": {1: "x", "1": "y"}}))
    assert str(origin(caught.value)) == "two keys become '1'"
