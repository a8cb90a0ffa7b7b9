"""Events of any type that pydantic validates, bound by what the store's class says of them."""

from __future__ import annotations

import dataclasses
import json
import pickle
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, ClassVar, NotRequired

import pytest
from pydantic import (
    AfterValidator,
    AliasChoices,
    AliasPath,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    RootModel,
    ValidationInfo,
    field_validator,
)
from pydantic.dataclasses import dataclass as pydantic_dataclass
from typing_extensions import TypeAliasType, TypedDict

from specify_cli.spec_kitty_events import Event, StorageError
from specify_cli.telemetry import JsonlEventStore, check_log, repair_log
from specify_cli.telemetry._codec import bound_as, codec_of, lines_naming, named_ids

from ..support.pydantic_release import needs_best_of_union, needs_names_of_its_own
from ..support.record_types import (
    Annotation,
    Completed,
    DecisionPoint,
    LedgerRow,
    LedgerStore,
    Lifecycle,
    Linked,
    Op,
    OpStore,
    Retrospective,
    Row,
    Started,
    StatusStore,
    Transition,
    TransitionStore,
)

AT = datetime(2026, 5, 1, 9, tzinfo=UTC)
RECORDS = Path(__file__).parents[5] / "shared" / "data" / "records"


def store_of(model: Any, log: Path, **said: Any) -> JsonlEventStore[Any]:
    """Return a store for a type, whose class says this of it."""
    kind = type("Store", (JsonlEventStore,), {"event_model": model, "storage_error": StorageError})
    for name, value in said.items():
        setattr(kind, name, value)
    store: JsonlEventStore[Any] = kind(log)
    return store


def transition(number: int, **changed: Any) -> Transition:
    """Return a transition, each an hour after the one with the number before."""
    plain = Transition(
        event_id=f"T{number}",
        mission_slug="043",
        wp_id="WP01",
        from_lane="planned",
        to_lane="doing",
        at=AT + timedelta(hours=number),
        actor="claude",
        force=False,
        execution_mode="worktree",
    )
    return dataclasses.replace(plain, **changed)


DECISION: DecisionPoint = {
    "event_id": "D1",
    "event_type": "DecisionPointOpened",
    "at": "2026-05-01T08:00:00+00:00",
    "payload": {"question": "which?", "options": ["a", "b"]},
}
STATUS = [
    transition(1, evidence={"repos": [1]}, reason="éa \ud800"),
    Annotation("A1", "annotation", "WP01", AT, "user", {"subtasks": {"T001": "done"}}),
    Lifecycle(
        event_id="L1",
        event_type="MissionCreated",
        aggregate_id="M",
        aggregate_type="Mission",
        payload={"n": 1},
        timestamp=AT,
        schema_version="3.0.0",
    ),
    Retrospective.model_validate(
        {"event_id": "R1", "type": "done", "mission_slug": "043", "lamport": 3, "at": AT, "x": [1]}
    ),
    DECISION,
]
OPS = [
    Op(Started(event="started", invocation_id="I", profile_id="p", action="a", started_at="now")),
    Op(Linked(event="commit_link", invocation_id="I", sha="fc3")),
    Op(Completed(event="completed", invocation_id="I", completed_at="", outcome="", closed_by="x")),
]
ROWS = [
    LedgerRow.model_validate(
        {"event_type": "ReviewerSelfApproval", "event_id": f"{n}", "timestamp": when, "actor": "x"}
    )
    for n, when in (("1", "2026-01-02T00:00:00Z"), ("2", None), ("3", "2026-01-01T00:00:00Z"))
]


def test_the_shapes_of_a_status_log_stand_side_by_side(log: Path) -> None:
    """Dataclasses, models and typed dicts come back as what they were, each id once."""
    store = StatusStore(log)
    assert store.save_events(STATUS) == len(STATUS)
    store.save_event(STATUS[1])
    assert StatusStore(log).save_events(STATUS) == 0
    assert list(store.iter_events()) == store.read_since().events == STATUS
    assert [type(row) for row in store.iter_events()] == [type(row) for row in STATUS]
    assert store.load_events("043") == [STATUS[3], STATUS[0]]
    assert log.read_bytes().count(b"\n") == len(STATUS)
    report = check_log(log, event_model=StatusStore)
    assert (report.is_clean, report.events, report.aggregates) == (True, 5, 1)
    assert repair_log(log, event_model=StatusStore).is_clean


def test_loads_are_in_the_order_that_the_class_names(log: Path) -> None:
    """Nulls first; what cannot be compared, by its text; ties as they come."""
    store = TransitionStore(log)
    events = [
        transition(3),
        transition(1),
        transition(2),
        transition(0, at=AT + timedelta(hours=2)),
    ]
    store.save_events(events)
    assert [e.event_id for e in store.load_all_events()] == ["T1", "T0", "T2", "T3"]
    rows = LedgerStore(log.with_name("ledger.jsonl"))
    rows.save_events(ROWS)
    assert [row.event_id for row in rows.load_all_events()] == ["2", "3", "1"]
    mixed = store_of(
        dict[str, Any], log.with_name("mixed"), aggregate_field=None, order_by=("n", "m")
    )
    mixed.save_events([{"event_id": n, "n": n} for n in ("b", "a")])
    mixed.save_event({"event_id": 7, "n": 5})
    assert [row["event_id"] for row in mixed.load_all_events()] == [7, "a", "b"]


class NumberClock(BaseModel):
    """An event whose clock is a number."""

    event_id: str
    lamport_clock: int


class TextClock(BaseModel):
    """An event whose clock is a text."""

    event_id: str
    lamport_clock: str


@pytest.mark.parametrize("type_", [NumberClock | TextClock, TextClock | NumberClock])
def test_clocks_that_are_numbers_here_and_texts_there_are_sorted_by_their_text(
    type_: Any, log: Path
) -> None:
    """Each kind of event can be sorted, the two together cannot."""
    store = store_of(type_, log, aggregate_field=None)
    events = [
        NumberClock(event_id="a", lamport_clock=20),
        TextClock(event_id="b", lamport_clock="100"),
        NumberClock(event_id="c", lamport_clock=9),
    ]
    store.save_events(events)
    assert [event.event_id for event in store.load_all_events()] == ["b", "a", "c"]


def test_an_empty_order_is_that_of_the_file(log: Path) -> None:
    """Though the type has a clock."""
    events = [
        Event(
            event_id=f"{n:026}",
            event_type="T",
            aggregate_id="a",
            node_id="n",
            lamport_clock=9 - n,
            timestamp=AT,
        )
        for n in range(3)
    ]
    store = store_of(Event, log, order_by=())
    store.save_events(events)
    assert store.load_all_events() == store.load_events("a") == events


def test_by_default_the_order_is_by_the_clock_or_the_node_if_there_are_any(log: Path) -> None:
    """One of them is enough; with neither it is the order of the file."""

    class Clocked(BaseModel):
        event_id: str
        aggregate_id: str
        lamport_clock: int

    store = store_of(Clocked, log)
    store.save_events(
        [Clocked(event_id=str(n), aggregate_id="a", lamport_clock=5 - n) for n in range(3)]
    )
    assert [event.event_id for event in store.load_all_events()] == ["2", "1", "0"]
    plain = store_of(Transition, log.with_name("plain"), aggregate_field="wp_id")
    plain.save_events([transition(2), transition(1)])
    assert plain.load_all_events() == [transition(2), transition(1)]


def test_what_has_no_id_is_written_every_time(log: Path) -> None:
    """And loaded every time."""
    store = OpStore(log)
    for op in OPS:
        store.save_event(op)
    assert store.save_events(OPS) == 3
    store.save_event(OPS[0])
    expected = [*OPS, *OPS, OPS[0]]
    assert (
        store.load_all_events() == store.load_events("I") == list(store.iter_events()) == expected
    )
    assert store.read_since().events == list(store.iter_events("I")) == expected
    assert store.read_since(limit=4).events == expected[:4]
    assert check_log(log, event_model=OpStore).events == 7
    assert check_log(log, event_model=OpStore).is_clean


def test_events_without_an_aggregate_are_not_loaded_by_one(log: Path) -> None:
    """Clearly, and not as an aggregate without events."""
    store = Row(log)
    store.save_event({"any": "thing"})
    for load in (store.load_events, store.iter_events):
        with pytest.raises(TypeError, match="without an aggregate cannot be loaded by one"):
            load("thing")
    assert store.load_all_events() == [{"any": "thing"}]


def test_any_object_comes_back_in_json_terms(log: Path) -> None:
    """What JSON has no form for is converted as in a payload, or refused by its name."""
    store = Row(log)
    store.save_event({"at": AT, "tuple": (1, 2), "n": 1.5, "none": None})
    assert store.load_all_events() == [
        {"at": AT.isoformat(), "tuple": [1, 2], "n": 1.5, "none": None}
    ]
    with pytest.raises(StorageError, match=r'cannot store an event in ".*": Unable to serialize'):
        store.save_event({"n": object()})
    with pytest.raises(StorageError, match="name is not a str"):
        store.save_event({1: "one"})  # type: ignore[dict-item]  # the mistake


class Blob(TypedDict):
    """A typed dict with an id that may be a number."""

    event_id: str | int
    aggregate_id: NotRequired[str]
    n: NotRequired[int]


@pytest.mark.parametrize("model", [dict[str, Any], Blob], ids=["dict", "typed dict"])
@pytest.mark.parametrize("others", [0, 1, 2], ids=["searching", "indexing", "indexed"])
def test_an_id_in_a_dict_is_a_text_or_an_integer(others: int, model: Any, log: Path) -> None:
    """Known again however it is looked for; one and "1" are two."""
    rows = [{"event_id": "1"}, {"event_id": 1, "aggregate_id": "a"}, {"event_id": "é\\\n"}]
    store_of(model, log).save_events(rows)
    store = store_of(model, log)
    store.save_events([{"event_id": f"other {n}"} for n in range(others)])
    for row in (*rows, *rows):
        store.save_event(row)
    assert log.read_bytes().count(b"\n") == 3 + others
    assert store.load_events("a") == [rows[1]]
    assert store.load_all_events()[:3] == rows


@pytest.mark.parametrize("row", [{}, {"event_id": None}, {"event_id": 1.5}, {"event_id": True}])
def test_a_dict_without_an_id_is_refused_and_malformed(
    row: dict[str, Any], log: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """By the name of the field, and never by a KeyError."""
    store = store_of(dict[str, Any], log)
    with pytest.raises(StorageError, match="event_id: not an id"):
        store.save_event(row)
    log.write_text(json.dumps(row) + '\n{"event_id": "x"}\n')
    assert store.load_all_events() == [{"event_id": "x"}]
    assert "event_id: not an id" in caplog.messages[0]


class Unnamed(TypedDict):
    """A kind of row that has no id, in a log of rows that have one."""

    note: str


def test_in_a_union_the_kind_without_the_field_has_no_id(log: Path) -> None:
    """It is written every time; of the others each id is written once."""
    store = store_of(Annotation | Unnamed, log, aggregate_field="wp_id")
    annotation = STATUS[1]
    for _ in range(2):
        store.save_events([annotation, {"note": "n"}])
    assert store.load_all_events() == [annotation, {"note": "n"}, {"note": "n"}]
    assert store.load_events("WP01") == [annotation]


def test_a_save_refuses_what_is_of_another_type(log: Path) -> None:
    """It says which types there are."""
    store = StatusStore(log)
    with pytest.raises(
        TypeError, match=r"takes .*Transition or .*Annotation or .* or dict: 'text'"
    ):
        store.save_event("text")
    with pytest.raises(TypeError, match="not an event of this store"):
        OpStore(log).save_event(OPS[0].root)  # type: ignore[arg-type]  # the mistake
    assert not log.exists()


class Cat(BaseModel):
    """Nothing tells it from a dog."""

    event_id: str


class Dog(BaseModel):
    """Nothing tells it from a cat."""

    event_id: str


def test_what_would_come_back_as_another_type_is_refused(log: Path) -> None:
    """Its fields would be equal, but it would be something else."""
    store = store_of(Cat | Dog, log, aggregate_field=None)
    store.save_event(Cat(event_id="1"))
    with pytest.raises(StorageError, match="it reads back as a Cat"):
        store.save_event(Dog(event_id="2"))
    assert store.load_all_events() == [Cat(event_id="1")]


class Hen(Cat):
    """A cat with a place."""

    aggregate_id: str


class Owl(Dog):
    """A dog with a place."""

    aggregate_id: str


def test_unions_that_differ_in_order_only_are_two_types(log: Path) -> None:
    """They are equal for Python, and read a line differently."""
    store_of(Cat | Dog, log, aggregate_field=None).save_event(Cat(event_id="1"))
    assert store_of(Dog | Cat, log, aggregate_field=None).load_all_events() == [Dog(event_id="1")]
    line = b'{"aggregate_id": "a", "event_id": "1"}'
    assert [type(codec_of(kind).decode(line)) for kind in (Hen | Owl, Owl | Hen)] == [Hen, Owl]


class Pathed(BaseModel):
    """A model with a field that a line has elsewhere."""

    event_id: str
    aggregate_id: str = Field(validation_alias=AliasPath("where", "id"))


class PathOnlyChoices(BaseModel):
    """The same with two places."""

    event_id: str
    aggregate_id: str = Field(validation_alias=AliasChoices(AliasPath("a", 0), AliasPath("b", 0)))


class Undefined(BaseModel):
    """A model of which something is not there."""

    event_id: Nowhere  # type: ignore[name-defined]  # noqa: F821  # what it is about


class AliasedDict(TypedDict):
    """A typed dict with an alias."""

    event_id: Annotated[str, Field(alias="id")]
    note: str


BINDINGS: dict[str, tuple[Any, dict[str, Any], str]] = {
    "no id": (Transition, {"id_field": "id"}, "Transition has no id: id_field names the field"),
    "no aggregate": (Transition, {}, "Transition has no aggregate_id: aggregate_field names"),
    "no order": (Event, {"order_by": ("at",)}, "order_by: Event has no at"),
    "order is text": (Event, {"order_by": "timestamp"}, "order_by is a tuple of names"),
    "order of ints": (Event, {"order_by": (1,)}, "order_by is a tuple of names"),
    "id is no name": (Event, {"id_field": 1}, "id_field is the name of a field or None, not 1"),
    "path": (Pathed, {}, "aggregate_id: it is read by a path only"),
    "paths": (PathOnlyChoices, {}, "aggregate_id: it is read by a path only"),
    "numbers": (list[int], {}, "not a type of events, which are JSON objects"),
    "root": (RootModel[int], {}, "not a type of events, which are JSON objects"),
    "undefined": (Undefined, {}, "not a type that pydantic validates: Undefined: .*Nowhere"),
    "no form": (Event, {"id_form": "("}, "id_form is a regular expression of ids"),
    "form of bytes": (Event, {"id_form": 7}, "id_form is a regular expression of ids"),
    "two keys": (AliasedDict | Unnamed, {"aggregate_field": None}, "note|event_id"),
}


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, marks=needs_names_of_its_own if case == "two keys" else ())
        for case in BINDINGS
    ],
)
def test_what_the_class_says_is_looked_at_when_the_store_is_made(case: str, log: Path) -> None:
    """The message names the field; no load has to fail first."""
    model, said, reason = BINDINGS[case]
    with pytest.raises(TypeError, match=reason):
        store_of(model, log, **said)


@pydantic_dataclass
class Renamed:
    """A dataclass whose fields have other names in a line."""

    id: str = Field(validation_alias="event_id")
    where: str | None = Field(default=None, validation_alias="aggregate_id")
    extra: ClassVar[int] = 1


@pytest.mark.parametrize("others", [0, 1, 2], ids=["searching", "indexing", "indexed"])
def test_aliases_of_a_dataclass_are_what_its_lines_have(others: int, log: Path) -> None:
    """They are searched for, too."""
    said = {"id_field": "id", "aggregate_field": "where"}
    events = [Renamed(event_id="1", aggregate_id="a"), Renamed(event_id="2")]  # type: ignore[call-arg]
    store_of(Renamed, log, **said).save_events(events)
    assert log.read_bytes().startswith(b'{"aggregate_id": "a", "event_id": "1"}\n')
    store = store_of(Renamed, log, **said)
    store.save_events([Renamed(event_id=f"other {n}") for n in range(others)])  # type: ignore[call-arg]
    for event in events:
        store.save_event(event)
    assert log.read_bytes().count(b"\n") == 2 + others
    assert store.load_events("a") == events[:1]


def test_a_dataclass_with_slots_or_more_fields_comes_back(log: Path) -> None:
    """Whatever its attributes are kept in."""

    @pydantic_dataclass(slots=True)
    class Slotted:
        event_id: str
        n: int = 1

    @pydantic_dataclass(config=ConfigDict(extra="allow"))
    class Open:
        event_id: str

    for kind in (Slotted, Open):
        store = store_of(kind, log.with_name(kind.__name__), aggregate_field=None)
        event = kind("1") if kind is Slotted else Open(event_id="1", more=[1])  # type: ignore[call-arg]
        store.save_event(event)
        assert store.load_all_events() == [event]
    assert b'"more": [1]' in log.with_name("Open").read_bytes()


def test_copies_of_a_store_for_any_type_are_for_that_type(log: Path) -> None:
    """A pickled store is made from its class."""
    store = TransitionStore(log)
    store.save_event(transition(1))
    assert pickle.loads(pickle.dumps(store)).load_all_events() == [transition(1)]  # noqa: S301


def test_a_log_of_the_neighbours_ledger_is_kept_byte_for_byte(log: Path) -> None:
    """Its times end in Z, which a row whose times are texts keeps."""
    line = (
        b'{"actor": "x", "event_id": "1", "event_type": "ReviewerSelfApproval", '
        b'"timestamp": "2026-01-02T00:00:00Z"}\n'
    )
    log.write_bytes(line)
    (row,) = LedgerStore(log).load_all_events()
    copy = LedgerStore(log.with_name("copy"))
    copy.save_event(row)
    assert copy.file_path.read_bytes() == line


def test_what_a_torn_ledger_holds_is_kept_and_the_next_row_stands_alone(log: Path) -> None:
    """The neighbour refuses to go on there."""
    log.write_bytes(b'{"event_id": "0", "event_ty')
    LedgerStore(log).save_event(ROWS[0])
    assert LedgerStore(log).load_all_events() == ROWS[:1]
    assert log.read_bytes().startswith(b'{"event_id": "0", "event_ty\n{')


class Upper(BaseModel):
    """An event whose ids are upper-cased by a function that is given nothing but the id."""

    event_id: Annotated[str, BeforeValidator(lambda v: str(v).upper())]
    aggregate_id: str = "a"


class Picky(Upper):
    """The same, with a function that fails in a way of its own."""

    @field_validator("event_id")
    @classmethod
    def check(cls, value: str) -> str:
        """Return the id, or raise what is no validation error."""
        if value == "BAD":
            raise ZeroDivisionError
        return value


class Limited(Upper):
    """The same, of which some are no ids."""

    event_id: Annotated[str, BeforeValidator(str.upper), Field(max_length=2)]


class Interrupted(Upper):
    """The same, with a user who has had enough."""

    @field_validator("event_id")
    @classmethod
    def interrupt(cls, value: str) -> str:
        """Return the id, or raise what is no fault of the line."""
        if value == "STOP":
            raise KeyboardInterrupt
        if value == "FULL":
            raise MemoryError
        return value


@pytest.mark.parametrize(("text", "error"), [("stop", KeyboardInterrupt), ("full", MemoryError)])
def test_an_interrupt_while_ids_are_read_is_none_of_them(
    text: str, error: type[BaseException], log: Path
) -> None:
    """It passes, and nothing is written."""
    log.write_text(f'{{"event_id": "{text}"}}\n')
    event = Interrupted(event_id="x")
    with pytest.raises(error):
        store_of(Interrupted, log).save_event(event)
    with pytest.raises(error):
        store_of(Interrupted, log).save_events([event, event])
    assert log.read_bytes().count(b"\n") == 1


class Informed(BaseModel):
    """An event whose ids depend on another field."""

    aggregate_id: str = "a"
    event_id: str

    @field_validator("event_id")
    @classmethod
    def prefix(cls, value: str, info: ValidationInfo) -> str:
        """Return the id behind the aggregate."""
        return value if ":" in value else f"{info.data.get('aggregate_id')}:{value}"


@pytest.mark.parametrize("model", [Upper, Picky, Limited])
@pytest.mark.parametrize("others", [0, 1, 2], ids=["searching", "indexing", "indexed"])
@pytest.mark.parametrize(
    "spelled",
    [b'"x1"', b'"\\u0078\\u0031"', b'"X\\u0031"', b' \t"x1"'],
    ids=["lower", "escaped", "partly", "spaces"],
)
def test_an_id_in_another_spelling_is_known(
    spelled: bytes, others: int, model: type[Upper], log: Path
) -> None:
    """The field's own validator is what tells; the lines before and behind do not matter."""
    lines = b'{"event_id": "bad"}\nnoise "event_id": "x9"\n{"event_id" :%b}\n{"event_id": "z"}\n'
    log.write_bytes(lines % spelled + b'{"event_id": "\xff"}\n' * (others == 1))
    store = store_of(model, log)
    store.save_events([model(event_id=f"O{n}") for n in range(others)])
    for _ in range(2):
        store.save_event(model(event_id="X1"))
        assert store.save_events([model(event_id="Z")]) == 0
    assert log.read_bytes().count(b"\n") == 4 + others + (others == 1)
    store_of(model, log).save_event(model(event_id="N"))
    assert log.read_bytes().count(b"\n") == 5 + others + (others == 1)


@pytest.mark.parametrize("others", [0, 1, 2], ids=["searching", "indexing", "indexed"])
def test_an_id_that_is_no_text_in_its_line_is_known(others: int, log: Path) -> None:
    """A function of the type's own may make a text of anything."""
    log.write_bytes(b'{"event_id": 12}\n{"event_id": null}\n{"event_id": ""}\n')
    store = store_of(Upper, log)
    store.save_events([Upper(event_id=f"O{n}") for n in range(others)])
    for event_id in ("12", "NONE", ""):
        store.save_event(Upper(event_id=event_id))
    assert log.read_bytes().count(b"\n") == 3 + others


def test_only_functions_of_the_id_alone_are_run_on_ids() -> None:
    """What sees other fields, or more than text, needs the whole line."""
    assert codec_of(Upper).read_ids is not None
    assert codec_of(Picky).read_ids is not None
    assert codec_of(Informed).read_ids is None
    assert codec_of(Event).read_ids is None
    assert codec_of(Event).ids_are_verbatim


def test_an_id_made_of_other_fields_is_known(log: Path) -> None:
    """Each line is read then."""
    log.write_bytes(b'{"aggregate_id": "b", "event_id": "1"}\n')
    store = store_of(Informed, log)
    store.save_event(Informed(aggregate_id="b", event_id="b:1"))
    assert log.read_bytes().count(b"\n") == 1


FORM = "[0-9A-Z]+"


def test_ids_of_one_form_are_searched_for_as_they_are(log: Path) -> None:
    """Each id is written once, and lines are not read for it."""
    store = store_of(Upper, log, id_form=FORM)
    assert codec_of(type(store)).ids_are_verbatim
    assert codec_of(type(store)).read_ids is None
    events = [Upper(event_id=f"X{n}") for n in range(4)]
    store.save_event(events[0])
    for _ in range(2):
        store_of(Upper, log, id_form=FORM).save_events(events)
        store_of(Upper, log, id_form=FORM).save_event(events[3])
    assert store.load_all_events() == events


def test_an_id_of_another_form_is_refused(log: Path) -> None:
    """So is one that the type would change, whatever the form says."""
    store = store_of(Upper, log, id_form=FORM)
    with pytest.raises(StorageError, match=r"event_id: not of the id_form \[0-9A-Z\]\+"):
        store.save_event(Upper(event_id="X-1"))
    wrong = store_of(Upper, log, id_form="[a-z]+")
    with pytest.raises(StorageError, match="event_id: does not read back"):
        wrong.save_event(Upper.model_construct(event_id="x", aggregate_id="a"))
    assert not log.exists()


class Numbered(BaseModel):
    """An event whose ids are UUIDs, which are read in several forms."""

    event_id: uuid.UUID
    aggregate_id: str = "a"


def uuid_of(text: str) -> uuid.UUID:
    """Return what a text says; older pydantic takes no class for a function."""
    return uuid.UUID(text)


class Reversed(BaseModel):
    """An event whose id is a text in its line and no text in the event."""

    event_id: Annotated[str, AfterValidator(uuid_of)]
    aggregate_id: str = "a"


def test_a_form_of_ids_that_are_no_texts_is_checked_and_saves_no_time(log: Path) -> None:
    """Each is written once, by however many processes."""
    form = "[0-9a-f-]{36}"
    events = [Numbered(event_id=uuid.UUID(int=n)) for n in range(6)]
    for event in [*events, *events]:
        store_of(Numbered, log, id_form=form).save_event(event)
        store_of(Numbered, log, id_form=form).save_events(events)
    assert store_of(Numbered, log).load_all_events() == events
    other = store_of(Numbered, log, id_form="[A-Z]+")
    with pytest.raises(StorageError, match="event_id: not of the id_form"):
        other.save_event(Numbered(event_id=uuid.UUID(int=9)))
    strange = store_of(Reversed, log.with_name("strange"), id_form=form)
    with pytest.raises(StorageError, match="event_id: not of the id_form"):
        strange.save_event(Reversed(event_id=str(uuid.UUID(int=9))))


def stripped(text: str) -> str:
    """Return a text without white space around it; older pydantic takes no method for this."""
    return text.strip()


class Accented(BaseModel):
    """An event whose id has a key that JSON writes with an escape."""

    event_id: str = Field(alias="identité")
    aggregate_id: Annotated[str, AfterValidator(stripped)] = "a"


@pytest.mark.parametrize("others", [0, 8])
def test_an_id_under_a_key_with_an_escape_is_known(others: int, log: Path) -> None:
    """To a search and to an index."""
    events = [Accented.model_validate({"identité": str(n)}) for n in range(1 + others)]
    store_of(Accented, log).save_events(events)
    again = store_of(Accented, log)
    for event in events:
        again.save_event(event)
    assert log.read_bytes().count(b"\n") == len(events)


@pytest.mark.parametrize(
    "event_id", [uuid.UUID(int=1), datetime(2026, 1, 1, tzinfo=UTC), Path("a/b")]
)
@pytest.mark.parametrize("model", [dict[str, Any], dict])
def test_an_id_that_would_read_back_as_another_is_refused(
    event_id: object, model: Any, log: Path
) -> None:
    """A field that takes anything gives it back as JSON has it: it would be saved every time."""
    store = store_of(model, log)
    with pytest.raises(StorageError, match="its id does not read back as it is"):
        store.save_event({"event_id": event_id, "aggregate_id": "a"})
    store.save_event({"event_id": str(event_id), "aggregate_id": "a", "at": event_id})
    assert [event["event_id"] for event in store.iter_events()] == [str(event_id)]


@pytest.mark.parametrize("digits", [19, 20, 700, 4300])
def test_an_id_of_many_digits_is_known(digits: int, log: Path) -> None:
    """To the index that a fifth save builds, too."""
    events = [{"event_id": sign * (10**digits - n)} for n in range(1, 4) for sign in (1, -1)]
    for _ in range(2):
        store = store_of(dict[str, Any], log, aggregate_field=None)
        for event in events:
            store.save_event(event)
        assert list(store.iter_events()) == events
        assert log.read_bytes().count(b"\n") == len(events)


class TwoNames(BaseModel):
    """A model that reads its id under two names."""

    event_id: Annotated[str, AfterValidator(str.upper)] = Field(
        validation_alias=AliasChoices("event_id", "id")
    )


def test_a_form_is_of_no_use_where_the_id_has_two_names(log: Path) -> None:
    """Said when the store is made."""
    with pytest.raises(TypeError, match="id_form: event_id is no field that lines have under one"):
        store_of(TwoNames, log, aggregate_field=None, id_form=FORM)


@pytest.mark.skipif(not RECORDS.is_dir(), reason="needs the real records")
@pytest.mark.parametrize(
    ("folder", "store_type", "lines"),
    [("status", StatusStore, 437), ("ops", OpStore, 14), ("mission", Row, 98)],
)
def test_real_logs_are_read_whole(
    folder: str,
    store_type: type[JsonlEventStore[Any]],
    lines: int,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """By a store for their shapes; saved again they read the same, and are clean."""
    found = 0
    for number, path in enumerate(sorted((RECORDS / folder).glob("*.jsonl"))):
        events = store_type(path).load_all_events()
        found += len(events)
        copy = store_type(tmp_path / f"{number}.jsonl")
        copy.file_path.touch()
        assert copy.save_events(events) == len(events)
        assert copy.load_all_events() == events
        assert store_type(copy.file_path).save_events(events) == (
            0 if store_type.id_field else len(events)
        )
        assert check_log(path, event_model=store_type).is_clean
    assert found == lines
    assert caplog.messages == []


def test_a_store_that_is_bound_like_another_reads_its_log(log: Path) -> None:
    """A command that is given a class of stores makes one of another kind for the same events."""
    kind = type("Copy", (JsonlEventStore,), bound_as(TransitionStore))
    kind(log).save_event(transition(1))
    assert TransitionStore(log).load_events("WP01") == [transition(1)]
    assert bound_as(Event) == {"event_model": Event}
    assert codec_of(TransitionStore).loads(log.read_bytes())
    assert not codec_of(TransitionStore).loads(b"{}")


def test_a_class_whose_attributes_change_is_bound_anew(log: Path) -> None:
    """What was learnt of it before does not count."""
    store = store_of(Transition, log, aggregate_field="wp_id")
    store.save_event(transition(1))
    setattr(type(store), "aggregate_field", "mission_slug")  # noqa: B010  # as a test may do
    assert type(store)(log).load_events("043") == [transition(1)]


@dataclasses.dataclass
class Leaf:
    """The end of a tree."""

    event_id: str
    aggregate_id: str = "t"


@dataclasses.dataclass
class Branch:
    """What holds trees."""

    event_id: str
    parts: list[Leaf | Branch]
    aggregate_id: str = "t"


Name = TypeAliasType("Name", Annotated[str, Field(min_length=1)])


class Recursed(BaseModel):
    """An event that holds events, and whose id is of a named type."""

    event_id: Name
    aggregate_id: Name
    causation_id: Name
    parts: list[Recursed] = Field(default_factory=list)


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(Branch("1", [Leaf("2"), Branch("3", [])]), marks=needs_best_of_union),
        Recursed(event_id="1", aggregate_id="t", causation_id="0"),
        Recursed(
            event_id="1",
            aggregate_id="t",
            causation_id="0",
            parts=[Recursed(event_id="2", aggregate_id="t", causation_id="1")],
        ),
    ],
    ids=["union", "model", "nested"],
)
def test_types_that_refer_to_themselves_come_back(event: Any, log: Path) -> None:
    """Their schemas refer to one another."""
    store = store_of(Leaf | Branch if isinstance(event, Branch) else Recursed, log)
    for _ in range(2):
        store.save_event(event)
    assert store.load_events("t") == [event]
    assert log.read_bytes().count(b"\n") == 1


def test_the_clock_of_any_type_is_found(log: Path) -> None:
    """A log of dictionaries gives the next one."""
    store = store_of(dict[str, Any], log, aggregate_field=None)
    store.save_event({"event_id": "1", "lamport_clock": 7})
    assert store.save_next(lambda clock: {"event_id": "2", "lamport_clock": clock}) == {
        "event_id": "2",
        "lamport_clock": 8,
    }


Maybe = TypeAliasType("Maybe", int | None)


class Fickle(BaseModel):
    """An event whose clock may be missing by the name of a type."""

    event_id: str
    aggregate_id: str = "a"
    lamport_clock: Maybe = 1
    other: Maybe = 1


class Checked(BaseModel):
    """The same by a type behind a function."""

    event_id: str
    aggregate_id: str = "a"
    lamport_clock: Annotated[int | None, AfterValidator(lambda clock: clock)] = 1


class Rooted(RootModel[Fickle]):
    """The same within another."""


@pytest.mark.parametrize("model", [Fickle, Checked, Rooted])
def test_of_events_without_a_clock_the_id_tells_the_order(model: Any, log: Path) -> None:
    """However the type says that there may be none."""
    log.write_bytes(
        b'{"event_id": "3"}\n{"event_id": "2", "lamport_clock": null}\n'
        b'{"event_id": "1", "lamport_clock": null}\n'
    )
    store = store_of(model, log)
    found = [getattr(event, "root", event).event_id for event in store.load_all_events()]
    assert found == ["1", "2", "3"]


class Timed(BaseModel):
    """A clock and a node that can be compared."""

    event_id: str
    aggregate_id: str
    lamport_clock: int
    node_id: str


def test_a_root_model_is_sorted_by_what_is_in_it(log: Path) -> None:
    """By the fields of its root."""
    store = store_of(RootModel[Timed], log)
    lines = [(2, "a"), (1, "b"), (1, "a")]
    log.write_text(
        "".join(
            f'{{"event_id": "{n}", "aggregate_id": "x", "lamport_clock": {c}, "node_id": "{d}"}}\n'
            for n, (c, d) in enumerate(lines)
        )
    )
    assert [event.root.event_id for event in store.load_all_events()] == ["2", "1", "0"]


class Forgetful(BaseModel):
    """An event whose clock takes more memory than there is."""

    event_id: str
    aggregate_id: str

    @property
    def lamport_clock(self) -> int:
        """Raise."""
        raise MemoryError


def test_running_out_of_memory_is_no_fault_of_a_line(log: Path) -> None:
    """It passes."""
    log.write_bytes(b'{"event_id": "1", "aggregate_id": "a"}\n')
    with pytest.raises(MemoryError):
        store_of(Forgetful, log).load_all_events()


def test_in_a_log_without_ids_none_is_found() -> None:
    """Whatever its lines have."""
    line = b'{"event": "completed", "event_id": "1"}\n'
    assert not list(lines_naming("1", line, codec_of(OpStore)))
    assert list(named_ids(line, codec_of(OpStore))) == []


def test_every_line_with_an_id_that_is_read_so_is_named() -> None:
    """Also one that does not load: it is for whoever decodes them to say."""
    block = b'{"event_id": "ab"\n{"event_id": "c"}\n{"event_id": "aB"}\n'
    named = lines_naming("AB", block, codec_of(Upper))
    assert [line for _, line in named] == [b'{"event_id": "ab"\n', b'{"event_id": "aB"}\n']
