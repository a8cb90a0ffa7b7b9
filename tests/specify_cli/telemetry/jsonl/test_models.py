"""Models of all sorts: what they make of a line, its id and its clock is what counts (G2, G4)."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Generic, TypeVar

import pytest
from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    StringConstraints,
    field_validator,
    model_validator,
)
from pydantic_core import CoreSchema
from typing_extensions import TypeAliasType

from specify_cli.spec_kitty_events import Event, StorageError
from specify_cli.telemetry import JsonlEventStore
from specify_cli.telemetry._codec import codec_of

from ..support.events import WHEN

LOWER = "01khjvjwdm0hgagygxjykd1jqg"
UPPER = LOWER.upper()
PROJECT = uuid.UUID("6f1f0f1e-5a5b-4c3d-9e8f-0123456789ab")


class Base(BaseModel):
    """A contract with the fields of the vendored one, less its bounds."""

    model_config = ConfigDict(frozen=True)

    event_id: str
    event_type: str = "T"
    aggregate_id: str = "one"
    payload: dict[str, Any] = Field(default_factory=dict)
    timestamp: datetime = WHEN
    node_id: str = "a"
    lamport_clock: int = 1
    causation_id: str | None = None


class UpperCased(Base):
    """Ids are upper-cased before they are checked."""

    @field_validator("event_id", mode="before")
    @classmethod
    def upper(cls, value: object) -> object:
        """Return text in upper case."""
        return value.upper() if isinstance(value, str) else value


class UpperCasedAfterwards(Base):
    """Ids are upper-cased by an annotation."""

    event_id: Annotated[str, AfterValidator(str.upper)]


class UpperCasedByConstraint(Base):
    """Ids are upper-cased by a constraint."""

    event_id: Annotated[str, StringConstraints(to_upper=True)]


class UpperCasedByConfig(Base):
    """All text is upper-cased by the model's configuration."""

    model_config = ConfigDict(str_to_upper=True)

    aggregate_id: str = "ONE"


class UpperCasedByModel(Base):
    """Ids are upper-cased by a validator of the whole model."""

    @model_validator(mode="before")
    @classmethod
    def upper(cls, data: Any) -> Any:
        """Return the data with the id in upper case."""
        return data | {"event_id": data["event_id"].upper()} if isinstance(data, dict) else data


class UpperCasedByInit(Base):
    """Ids are upper-cased by the constructor, which pydantic then calls for lines too."""

    def __init__(self, **data: Any) -> None:
        """Take the id in upper case."""
        super().__init__(**(data | {"event_id": data["event_id"].upper()}))


class LowerCasedByConfig(Base):
    """All text is lower-cased by the model's configuration."""

    model_config = ConfigDict(str_to_lower=True)


class UpperCasedAfterInit(Base):
    """Ids are upper-cased when the rest is done."""

    def model_post_init(self, _: object) -> None:
        """Put the id in upper case."""
        object.__setattr__(self, "event_id", self.event_id.upper())


class Stripped(Base):
    """White space around text is dropped."""

    model_config = ConfigDict(str_strip_whitespace=True)


class Aliased(Base):
    """The id may go by another name."""

    model_config = ConfigDict(populate_by_name=True)

    event_id: str = Field(alias="id")


class AliasedEither(Base):
    """The id is read under either name."""

    event_id: str = Field(validation_alias=AliasChoices("event_id", "id"))


class Numbered(Base):
    """Ids may be numbers in a line."""

    model_config = ConfigDict(coerce_numbers_to_str=True)


def line_of(key: str, event_id: str) -> bytes:
    """Return a line that another writer made, the id under ``key``."""
    return (
        f'{{"{key}": "{event_id}", "event_type": "T", "aggregate_id": "ONE", "payload": {{}}, '
        f'"timestamp": "{WHEN.isoformat()}", "node_id": "A", "lamport_clock": 1}}\n'
    ).encode()


def store_of(model: type[Any], log: Path) -> JsonlEventStore[Any]:
    """Return a store for the events of ``model``."""

    class Store(JsonlEventStore[Any]):
        event_model = model

    return Store(log)


def another(event: Base, number: int) -> Base:
    """Return an event with an id that no model changes; ``number`` is one digit."""
    return event.model_copy(update={"event_id": event.event_id[:-1] + str(number)})


SPELLED_OTHERWISE: dict[type[Base], bytes] = {
    UpperCased: line_of("event_id", LOWER),
    UpperCasedAfterwards: line_of("event_id", LOWER),
    UpperCasedByConstraint: line_of("event_id", LOWER),
    UpperCasedByConfig: line_of("event_id", LOWER),
    UpperCasedByModel: line_of("event_id", LOWER),
    UpperCasedByInit: line_of("event_id", LOWER),
    UpperCasedAfterInit: line_of("event_id", LOWER),
    LowerCasedByConfig: line_of("event_id", UPPER),
    Stripped: line_of("event_id", f"  {UPPER} "),
    Aliased: line_of("id", UPPER),
    AliasedEither: line_of("id", UPPER),
}

of_all_models = pytest.mark.parametrize("model", SPELLED_OTHERWISE, ids=lambda m: m.__name__)


@of_all_models
@pytest.mark.parametrize("others", [0, 1, 2], ids=["searching", "indexing", "indexed"])
@pytest.mark.parametrize("end", [b"", b"oops\n\n"], ids=["last", "before others"])
def test_an_id_that_is_spelled_otherwise_in_the_log_is_known(
    end: bytes, others: int, model: type[Base], log: Path
) -> None:
    """Whatever stands in the line, the event that it loads as is not written again."""
    content = SPELLED_OTHERWISE[model] + end
    log.write_bytes(content)
    (event,) = store_of(model, log).load_all_events()
    assert event.event_id == (LOWER if model is LowerCasedByConfig else UPPER)
    store = store_of(model, log)
    for number in range(others):
        store.save_event(another(event, number))
    store.save_event(event)
    store.save_event(event)
    assert store.save_events([event]) == 0
    assert log.read_bytes().startswith(content)
    assert log.read_bytes().count(b"\n") == content.count(b"\n") + others


@pytest.mark.parametrize("others", [0, 1, 2], ids=["searching", "indexing", "indexed"])
def test_an_id_that_is_a_number_in_the_log_is_known(others: int, log: Path) -> None:
    """A model that makes text of numbers does so of ids."""
    content = line_of("event_id", "1234").replace(b'"1234"', b"1234")
    log.write_bytes(content)
    store = store_of(Numbered, log)
    (event,) = store.load_all_events()
    assert event.event_id == "1234"
    for number in range(others):
        store.save_event(another(event, number))
    assert store.save_events([event]) == 0


@of_all_models
@pytest.mark.parametrize("others", [0, 1, 2], ids=["searching", "indexing", "indexed"])
@pytest.mark.parametrize("newline", [b"\n", b""], ids=["whole", "without newline"])
def test_an_id_behind_other_lines_is_known(
    newline: bytes, others: int, model: type[Base], log: Path
) -> None:
    """So is the event of any later line, the last one included if it lacks its newline."""
    line = SPELLED_OTHERWISE[model].rstrip(b"\n")
    log.write_bytes(b"oops\n" + line + newline)
    event = model.model_validate_json(line)
    store = store_of(model, log)
    for number in range(others):
        store.save_event(another(event, number))
    assert store.save_events([event]) == 0


@of_all_models
@pytest.mark.parametrize("others", [0, 1, 2], ids=["searching", "indexing", "indexed"])
def test_an_id_that_another_store_appends_is_known(
    others: int, model: type[Base], log: Path
) -> None:
    """A store that has saved already notices what is spelled otherwise behind its back."""
    store = store_of(model, log)
    event = model.model_validate_json(SPELLED_OTHERWISE[model])
    for number in range(others):
        store.save_event(another(event, number))
    with log.open("ab") as file:
        file.write(SPELLED_OTHERWISE[model])
    content = log.read_bytes()
    store.save_event(event)
    assert log.read_bytes() == content


@of_all_models
def test_what_a_model_changes_in_a_line_reads_back(model: type[Base], log: Path) -> None:
    """An event made by the model is stored once, loads as it was, and encodes to the same bytes."""
    event = model.model_validate_json(SPELLED_OTHERWISE[model])
    store = store_of(model, log)
    for _ in range(3):
        store.save_event(event)
    content = log.read_bytes()
    assert content.count(b"\n") == 1
    assert store.load_all_events() == store.load_events(event.aggregate_id) == [event]
    assert codec_of(model).encode(store.load_all_events()[0]) == content


@pytest.mark.parametrize(
    "model",
    [
        UpperCased,
        UpperCasedAfterwards,
        UpperCasedByConstraint,
        UpperCasedByConfig,
        UpperCasedByModel,
        UpperCasedByInit,
    ],
)
def test_an_event_that_escaped_its_model_is_refused(model: type[Base], log: Path) -> None:
    """An id that would read back as another one, made past the validators, is not stored."""
    event = model.model_validate_json(line_of("event_id", UPPER))
    escaped = event.model_copy(update={"event_id": LOWER})
    with pytest.raises(StorageError, match="event_id: does not read back"):
        store_of(model, log).save_event(escaped)
    assert not log.exists()


def test_a_field_that_is_only_read_under_an_alias_is_written_under_it(log: Path) -> None:
    """Otherwise the model would not read its own lines; ids are searched for under it."""

    class OnlyAliased(Base):
        event_id: str = Field(alias="id")
        lamport_clock: int = Field(default=1, validation_alias="clock")

    store = store_of(OnlyAliased, log)
    event, other = OnlyAliased(id=UPPER, clock=2), OnlyAliased(id=LOWER)
    for _ in range(2):
        store.save_events([event, other])
        store_of(OnlyAliased, log).save_event(event)
    assert (
        log.read_bytes().count(b'"clock": 2, "event_type": "T", "id": "%b"' % UPPER.encode()) == 1
    )
    assert log.read_bytes().count(b"\n") == 2
    assert store.load_all_events() == [other, event]
    assert codec_of(OnlyAliased).ids_are_verbatim
    assert codec_of(OnlyAliased).id_key == "id"


@pytest.mark.parametrize("model", [Base, Event])
def test_an_id_that_is_only_spelled_alike_is_another(model: type[Any], log: Path) -> None:
    """Where the model keeps ids as they are, upper and lower case are different events."""
    log.write_bytes(line_of("event_id", LOWER))
    store = store_of(model, log)
    (lower,) = store.load_all_events()
    upper = lower.model_copy(update={"event_id": UPPER})
    store.save_events([upper, lower])
    assert store.load_all_events() == [lower, upper]
    assert log.read_bytes().count(b"\n") == 2


class Same(Event):
    """The vendored contract under another name."""


class NotStrict:
    """Says of a schema what goes without saying, as older pydantic does."""

    @staticmethod
    def __get_pydantic_core_schema__(source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return the schema of what is annotated, and that it is not strict."""
        return {**handler(source), "strict": False}


class Spelled(Event):
    """The vendored contract, spelled out."""

    payload: Annotated[dict[str, Any], NotStrict] = Field(default_factory=dict)


class Bounded(Event):
    """The vendored contract with one more bound."""

    payload: dict[str, Any] = Field(default_factory=dict, max_length=2)


class Strict(Event):
    """The vendored contract, taking nothing for what it is not."""

    model_config = ConfigDict(strict=True)


class Looking(Event):
    """The vendored contract, with a look at the whole."""

    @model_validator(mode="after")
    def look(self) -> Looking:
        """Return the event."""
        return self


class Renamed(Event):
    """The vendored contract with another name in a line."""

    event_id: str = Field(min_length=26, max_length=26, validation_alias="id")


class Either(Event):
    """The vendored contract with another name beside the usual one."""

    event_id: str = Field(
        min_length=26, max_length=26, validation_alias=AliasChoices("event_id", "id")
    )


def test_only_the_vendored_fields_take_the_short_way() -> None:
    """What it was proved for, to the last bound; ids may be searched for in more models."""
    assert codec_of(Event)._forms.is_first_form
    assert codec_of(Same)._forms.is_first_form
    assert codec_of(Spelled)._forms.is_first_form
    assert codec_of(Base).ids_are_verbatim
    assert not codec_of(Event | Same)._forms.is_first_form
    others: list[type[BaseModel]] = [Base, Bounded, Strict, *SPELLED_OTHERWISE]
    others += [Looking, Renamed, Either]
    for model in others:
        assert not codec_of(model)._forms.is_first_form, model
    for model in SPELLED_OTHERWISE:
        assert not codec_of(model).ids_are_verbatim, model


class Other(Base):
    """A contract that checks an id, and one that other fields follow."""

    event_id: str = Field(pattern="^[0-9A-Z]+$")


@pytest.mark.parametrize("saves", [0, 1, 2])
def test_an_id_that_is_checked_but_not_changed_is_known(saves: int, log: Path) -> None:
    """What a schema says beyond the length is no reason to write an event twice."""
    log.write_bytes(line_of("event_id", UPPER))
    store = store_of(Other, log)
    (event,) = store.load_all_events()
    for number in range(saves):
        store.save_event(another(event, number))
    store.save_event(event)
    assert log.read_bytes().count(b"\n") == 1 + saves


class Shouting(Base):
    """A contract that upper-cases what is in a payload."""

    payload: dict[str, Annotated[str, StringConstraints(to_upper=True)]] = Field(
        default_factory=dict
    )


def test_a_payload_that_its_model_changes_reads_back_or_is_refused(log: Path) -> None:
    """A payload of certain values is not taken for any object."""
    store = store_of(Shouting, log)
    event = Shouting(event_id=UPPER, payload={"text": "loud"})
    with pytest.raises(StorageError, match="payload: does not read back"):
        store.save_event(event.model_copy(update={"payload": {"text": "quiet"}}))
    store.save_event(event)
    assert store.load_all_events() == [event]


class Deferred(Base):
    """A contract that pydantic looks at on first use only."""

    model_config = ConfigDict(defer_build=True)


class Recursive(Base):
    """A contract whose events may hold others."""

    parts: list[Recursive] = Field(default_factory=list)


@pytest.mark.parametrize("model", [Deferred, Recursive])
def test_a_model_whose_schema_is_elsewhere_is_stored(model: type[Base], log: Path) -> None:
    """What cannot be looked up in a schema is left to the model."""
    store = store_of(model, log)
    event = model(event_id=UPPER)
    holder = event.model_copy(update={"event_id": LOWER, "causation_id": UPPER})
    store.save_events([event, holder, event])
    store.save_event(event)
    assert store.load_all_events() == [event, holder]


class Wide(Base):
    """A contract with more fields, none of them simple."""

    project_uuid: uuid.UUID
    parent: uuid.UUID | None = None
    tags: tuple[str, ...] = ()


def test_fields_of_other_types_come_back(log: Path) -> None:
    """UUIDs and tuples are stored in their JSON form, sorted among the others."""
    store = store_of(Wide, log)
    event = Wide(event_id=UPPER, project_uuid=PROJECT, tags=("b", "a"), payload={"n": 1})
    store.save_event(event)
    assert store.load_all_events() == [event]
    assert log.read_bytes() == (
        b'{"aggregate_id": "one", "causation_id": null, '
        b'"event_id": "01KHJVJWDM0HGAGYGXJYKD1JQG", "event_type": "T", "lamport_clock": 1, '
        b'"node_id": "a", "parent": null, "payload": {"n": 1}, '
        b'"project_uuid": "6f1f0f1e-5a5b-4c3d-9e8f-0123456789ab", "tags": ["b", "a"], '
        b'"timestamp": "2026-02-16T09:12:58.036834+00:00"}\n'
    )


class Open(Base):
    """A contract that keeps fields it does not know."""

    model_config = ConfigDict(extra="allow")


def test_fields_that_a_model_only_keeps_come_back(log: Path) -> None:
    """What other versions of a contract have written is not lost when it is copied."""
    source = line_of("event_id", UPPER).replace(b'"payload"', b'"build_id": ["b"], "payload"')
    log.write_bytes(source)
    (event,) = store_of(Open, log).load_all_events()
    assert event.model_extra == {"build_id": ["b"]}
    copy = store_of(Open, log.with_name("copy.jsonl"))
    copy.save_event(event)
    assert copy.load_all_events() == [event]
    assert b'"build_id": ["b"], "causation_id"' in copy.file_path.read_bytes()


def test_an_open_model_without_other_fields_takes_the_short_way(log: Path) -> None:
    """Both ways of encoding give the same bytes for the same fields."""
    plain, open_ = store_of(Base, log), store_of(Open, log.with_name("open.jsonl"))
    plain.save_event(Base(event_id=UPPER))
    open_.save_event(Open(event_id=UPPER))
    assert log.read_bytes() == open_.file_path.read_bytes()


PayloadT = TypeVar("PayloadT")


class Generically(BaseModel, Generic[PayloadT]):
    """A contract whose payload is whatever it is made for."""

    event_id: str
    aggregate_id: str = "one"
    payload: PayloadT
    node_id: str = "a"
    lamport_clock: int = 1


class Point(BaseModel):
    """Something to carry."""

    x: int
    label: str = ""


def test_a_payload_may_have_a_model_of_its_own(log: Path) -> None:
    """A payload that is a model is stored as an object and loaded as the model."""
    store = store_of(Generically[Point], log)
    event = Generically[Point](event_id=UPPER, payload=Point(x=1, label="é"))
    store.save_event(event)
    store.save_event(event)
    assert store.load_all_events() == [event]
    assert b'"payload": {"label": "\\u00e9", "x": 1}}\n' in log.read_bytes()


def test_a_payload_may_be_no_object(log: Path) -> None:
    """The same contract made for numbers."""
    store = store_of(Generically[int], log)
    store.save_event(event := Generically[int](event_id=UPPER, payload=3))
    assert store.load_all_events() == [event]


class Checked(Base):
    """A contract in which one field must fit another."""

    @model_validator(mode="after")
    def fits(self) -> Checked:
        """Refuse an event that caused itself."""
        if self.causation_id == self.event_id:
            raise ValueError("it caused itself")
        return self


def test_a_model_may_check_the_event_as_a_whole(
    log: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What the model refuses is malformed in a log, and is not stored when made past the model."""
    store = store_of(Checked, log)
    event = Checked(event_id=UPPER, causation_id=LOWER)
    wrong = event.model_copy(update={"causation_id": UPPER})
    with pytest.raises(StorageError, match="it caused itself"):
        store.save_event(wrong)
    log.write_bytes(codec_of(Base).encode(Base(event_id=UPPER, causation_id=UPPER)))
    assert store.load_all_events() == []
    assert "it caused itself" in caplog.text
    store.save_event(event)
    assert store.load_all_events() == [event]


def annotated() -> type[BaseModel]:
    """Return a model with an optional clock under an annotation."""

    class Model(Base):
        lamport_clock: Annotated[int | None, Field(ge=0)] = None  # type: ignore[assignment]  # wider

    return Model


def inside() -> type[BaseModel]:
    """Return a model with an annotated clock that is optional."""

    class Model(Base):
        lamport_clock: Annotated[int, Field(ge=0)] | None = None  # type: ignore[assignment]  # wider

    return Model


def named() -> type[BaseModel]:
    """Return a model whose optional clock has a type with a name."""
    # In Python 3.12: type Clock = int | None
    Clock = TypeAliasType("Clock", int | None)  # noqa: N806  # a type

    class Model(Base):
        lamport_clock: Clock = None  # type: ignore[assignment]  # wider

    return Model


def local() -> type[BaseModel]:
    """Return a model with types that are known in a function only."""
    Clock = int | None  # noqa: N806  # a type

    class Model(Base):
        lamport_clock: Clock = None  # type: ignore[assignment]  # wider

    return Model


@pytest.mark.parametrize("make", [annotated, inside, named, local], ids=lambda make: make.__name__)
def test_events_without_clock_are_first(make: Callable[[], type[Any]], log: Path) -> None:
    """Where clocks are optional, those without are first, and ties are sorted by event id."""
    model = make()
    ordered = [
        model(event_id="5", node_id="a"),
        model(event_id="8", node_id="a"),
        model(event_id="3", node_id="b"),
        model(event_id="7", node_id="b", lamport_clock=0),
        model(event_id="9", node_id="b", lamport_clock=0),
        model(event_id="6", node_id="a", lamport_clock=1),
        model(event_id="1", node_id="a", lamport_clock=2),
        model(event_id="2", node_id="a", lamport_clock=10),
    ]
    store = store_of(model, log)
    saved = [ordered[number] for number in (7, 4, 2, 5, 1, 0, 3, 6)]
    assert store.save_events(saved) == len(saved)
    assert store.load_all_events() == ordered
    assert store.load_events("one") == ordered
    assert list(store.iter_events()) == saved


def test_ties_stay_where_every_event_has_a_clock(log: Path) -> None:
    """The first form of the contract leaves ties in the order saved, whatever their ids."""
    store = store_of(Base, log)
    events = [Base(event_id=event_id) for event_id in ("3", "1", "2")]
    store.save_events(events)
    assert store.load_all_events() == events
