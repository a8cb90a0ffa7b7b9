"""Any model: what a save accepts comes back equal, and no line makes a load raise (G2, G5)."""

from __future__ import annotations

import copy
import json
import pickle
import uuid
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    field_serializer,
    field_validator,
    model_validator,
)
from typing_extensions import TypeAliasType

from specify_cli.spec_kitty_events import Event, StorageError
from specify_cli.telemetry import (
    JsonlEventStore,
    NewEvents,
    SimpleJsonStore,
    check_log,
    repair_log,
)
from specify_cli.telemetry._codec.codec import EventCodec

from ..support.events import CODEC, WHEN, make_event, make_events
from ..support.pydantic_release import needs_alias_of_alias, needs_secret_in_json

FOREIGN = b'{"x": 1}\n'


def store_of(model: type[Any], log: Path) -> JsonlEventStore[Any]:
    """Return a store for the events of a model."""

    class Store(JsonlEventStore[Any]):
        event_model = model

    return Store(log)


class Free(BaseModel):
    """The least an event has, without any bounds."""

    event_id: str = "1"
    aggregate_id: str = "one"
    node_id: str = "a"
    lamport_clock: int = 1


class Strict(Event):
    """An event that takes nothing for what it is not."""

    model_config = ConfigDict(strict=True, frozen=True)


class Short(Event):
    """An event with a bound on its payload."""

    payload: dict[str, Any] = Field(default_factory=dict, max_length=1)


class Filled(Event):
    """An event that has something in its payload."""

    payload: dict[str, Any] = Field(default_factory=dict, min_length=1)


@pytest.mark.parametrize("model", [Strict, Short, Filled])
def test_a_model_with_other_bounds_loads_what_it_accepts(model: type[Event], log: Path) -> None:
    """An event within the bounds is kept; retrying it writes nothing."""
    store = store_of(model, log)
    event = model(**make_event(payload={"n": 1}).to_dict())
    for _ in range(2):
        store.save_event(event)
        assert store_of(model, log).load_all_events() == [event]
    assert log.read_bytes().count(b"\n") == 1


@pytest.mark.parametrize(
    ("model", "payload"), [(Short, {"a": 1, "b": 2}), (Filled, {})], ids=["short", "filled"]
)
def test_an_event_beyond_the_bounds_of_its_model_is_refused(
    model: type[Event], payload: dict[str, Any], log: Path
) -> None:
    """It went round the model's checks, and would never load."""
    event = model.model_construct(**make_event(payload=payload).to_dict())
    with pytest.raises(StorageError, match="payload: "):
        store_of(model, log).save_event(event)
    assert not log.exists()


def test_a_byte_order_mark_is_no_matter_for_a_strict_model(log: Path) -> None:
    """The line behind it is read as any other."""
    event = Strict(**make_event().to_dict())
    log.write_bytes(b"\xef\xbb\xbf" + CODEC.encode(event))
    store = store_of(Strict, log)
    assert store.load_all_events() == [event]
    assert store.save_events([event]) == 0


class Keyed(Event):
    """An event whose validator looks things up in whatever it is given."""

    @model_validator(mode="before")
    @classmethod
    def look(cls, data: Any) -> Any:
        """Return the data, having used one field of it."""
        return {**data, "node_id": data["node_id"]}


class Failing(Event):
    """An event whose validator fails in ways of its own."""

    @field_validator("node_id")
    @classmethod
    def fail(cls, name: str) -> str:
        """Return the name, or raise what it says."""
        if name == "recursion":
            raise RecursionError("too deep")
        if name == "zero":
            return str(1 // 0)
        return name


@pytest.mark.parametrize("line", [FOREIGN, b"[1]\n", b'"x"\n', b"1\n", b"null\n"])
def test_whatever_a_validator_raises_makes_the_line_malformed(
    line: bytes, log: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Loads, followers and first saves go past it; the warning says what was raised."""
    event = Keyed(**make_event().to_dict())
    log.write_bytes(line + CODEC.encode(event))
    store = store_of(Keyed, log)
    assert store.load_all_events() == store.load_events(event.aggregate_id) == [event]
    assert list(store.iter_events()) == store.read_since().events == [event]
    assert store_of(Keyed, log).save_events([event]) == 0
    assert "Error" in caplog.messages[0]
    assert store.save_events([Keyed(**make_event().to_dict())]) == 1


@pytest.mark.parametrize(
    ("node", "reason"), [("recursion", "RecursionError: too deep"), ("zero", "ZeroDivisionError: ")]
)
def test_the_warning_names_type_and_text_of_what_was_raised(
    node: str, reason: str, log: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """So that the validator can be mended."""
    log.write_bytes(CODEC.encode(make_event(node_id=node)))
    assert store_of(Failing, log).load_all_events() == []
    assert reason in caplog.messages[0]


@pytest.mark.parametrize("error", [MemoryError, KeyboardInterrupt])
@pytest.mark.parametrize("line", [b"{}\n", b'{"text": "\\ud800"}\n'], ids=["plain", "surrogate"])
def test_what_is_no_fault_of_the_line_passes(
    line: bytes, error: type[BaseException], log: Path
) -> None:
    """A line is not malformed because memory ran out or the user has had enough."""

    class Interrupted(Free):
        @model_validator(mode="before")
        @classmethod
        def interrupt(cls, data: Any) -> Any:
            raise error(data)

    log.write_bytes(line)
    with pytest.raises(error):
        store_of(Interrupted, log).load_all_events()
    event = Interrupted.model_construct()
    with pytest.raises(error):
        store_of(Interrupted, log).save_event(event)


class Unspeakable(Exception):  # noqa: N818  # what it is about is that it has no text
    """An exception that has no text."""

    def __str__(self) -> str:
        """Raise another one."""
        raise RuntimeError


class Text(str):
    """A text that may not be used as a key."""

    __slots__ = ()

    def __hash__(self) -> int:
        """Raise."""
        raise RuntimeError("no key")


class Wrapped(Free):
    """An event whose validator makes of a line whatever its node says."""

    field: Any = None

    @model_validator(mode="wrap")
    @classmethod
    def make(cls, data: Any, handler: Callable[[Any], Any]) -> Any:
        """Return an event, or something else."""
        made = handler(data)
        other: dict[str, Callable[[], object]] = {
            "none": lambda: None,
            "dict": lambda: {"event_id": "2"},
            "another": Free,
            "half": lambda: cls.model_construct(event_id="2").without_fields(),
            "list": lambda: made.model_copy(update={"aggregate_id": ["one"]}),
            "key": lambda: made.model_copy(update={"event_id": Text("2")}),
            "raise": made.refuse,
        }
        make = other.get(made.node_id)
        return made if make is None else make()

    def without_fields(self) -> Any:
        """Return this event with nothing but its id."""
        for name in ("aggregate_id", "node_id", "lamport_clock"):
            del self.__dict__[name]
        return self

    def refuse(self) -> Any:
        """Raise what has no text."""
        raise Unspeakable


MADE = {
    "none": "its model makes a NoneType of it",
    "dict": "its model makes a dict of it",
    "another": "its model makes a Free of it",
    "half": "AttributeError",
    "list": "aggregate_id: not an id",
    "key": "event_id: not an id",
    "raise": "Unspeakable",
}


@pytest.mark.parametrize(("node", "reason"), MADE.items())
def test_whatever_a_validator_makes_of_a_line_that_is_no_event_is_malformed(
    node: str, reason: str, log: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Loads, followers, saves, checks and repairs go past it; the warning says what it was."""
    event = Wrapped(event_id="1")
    line = b'{"event_id": "2", "node_id": "%b"}\n' % node.encode()
    log.write_bytes(line + EventCodec[Wrapped](Wrapped).encode(event))
    store = store_of(Wrapped, log)
    assert store.load_all_events() == store.load_events("one") == [event]
    assert list(store.iter_events()) == store.read_since().events == [event]
    assert store_of(Wrapped, log).save_events([event, Wrapped(event_id="3")]) == 1
    assert reason in caplog.messages[0]
    report = check_log(log, event_model=Wrapped)
    assert (report.events, report.malformed_lines) == (2, 1)
    assert repair_log(log, event_model=Wrapped).is_clean


class Computed(BaseModel):
    """An event that finds its id and its clock out."""

    event_id: str
    aggregate_id: str = "one"
    node_id: str = "a"
    steps: int = 1

    @property
    def lamport_clock(self) -> int:
        """Return the clock, if there is one."""
        return 10 // self.steps


def test_a_field_that_is_found_out_may_fail(log: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The line is malformed; others load."""
    store = store_of(Computed, log)
    store.save_events(events := [Computed(event_id="1"), Computed(event_id="2", steps=5)])
    log.write_bytes(b'{"event_id": "3", "steps": 0}\n' + log.read_bytes())
    assert store.load_events("one") == store.load_all_events() == events[::-1]
    assert "ZeroDivisionError" in caplog.messages[0]
    with pytest.raises(StorageError, match="ZeroDivisionError"):
        store.save_event(Computed(event_id="3", steps=0))


class Unnamed(BaseModel):
    """Not enough for an event."""

    event_id: str
    node_id: str


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (Unnamed, "Unnamed has no aggregate_id: aggregate_field names the field, or is None"),
        (int, "not a type of events, which are JSON objects: int"),
        (list[Free], "not a type of events, which are JSON objects: list"),
        (None, "not a type of events, which are JSON objects: None"),
        (object(), "not a type that pydantic validates"),
    ],
)
def test_what_is_no_model_of_events_is_refused_when_the_store_is_made(
    model: Any, reason: str, log: Path
) -> None:
    """Saves would be acknowledged, and then no load would return them."""
    with pytest.raises(TypeError, match=reason):
        store_of(model, log)


class Unclocked(Free):
    """An event whose clock and node may be null though their types do not say so."""

    event_id: str = "1"
    lamport_clock: int = None  # type: ignore[assignment]  # what users write
    node_id: str | None = None  # type: ignore[assignment]  # the same


_Clock = TypeAliasType("_Clock", Annotated[int | None, "when"])
_Alias = TypeAliasType("_Alias", _Clock)


class Aliased(Free, defer_build=True):
    """An event whose clock is optional by an alias of an alias."""

    lamport_clock: _Alias = 1  # type: ignore[assignment]  # wider than the base


@pytest.mark.parametrize(
    ("model", "null"),
    [
        (Unclocked, b""),
        pytest.param(Aliased, b', "lamport_clock": null', marks=needs_alias_of_alias),
    ],
    ids=str,
)
def test_nulls_sort_first(model: type[Free], null: bytes, log: Path) -> None:
    """Whatever the field, and ties of them by id."""
    store = store_of(model, log)
    lines = [
        b'{"event_id": "4", "lamport_clock": 2, "node_id": "b"}\n',
        b'{"event_id": "3", "lamport_clock": 2, "node_id": "a"}\n',
        b'{"event_id": "2"%b, "node_id": "x"}\n' % null,
        b'{"event_id": "1"%b, "node_id": "x"}\n' % null,
    ]
    log.write_bytes(b"".join(lines))
    assert [event.event_id for event in store.load_all_events()] == ["1", "2", "3", "4"]
    assert [event.event_id for event in store.load_events("one")] == ["1", "2", "3", "4"]


def test_a_null_node_sorts_first(log: Path) -> None:
    """Among the events of one clock."""
    log.write_bytes(b'{"event_id": "1", "node_id": "b"}\n{"event_id": "2", "node_id": null}\n')
    loaded = store_of(Unclocked, log).load_all_events()
    assert [event.event_id for event in loaded] == ["2", "1"]


class Mixed(Free):
    """An event whose clock may be a text."""

    lamport_clock: int | str | dict[str, int] = 1  # type: ignore[assignment]  # wider


def test_clocks_that_cannot_be_compared_do_not_make_a_load_raise(log: Path) -> None:
    """They are sorted by their text."""
    clocks = [b'"b"', b"10", b'{"a": 1}', b'"a"', b"9"]
    lines = [b'{"event_id": "%d", "lamport_clock": %b}\n' % (n, c) for n, c in enumerate(clocks)]
    log.write_bytes(b"".join(lines))
    loaded = store_of(Mixed, log).load_all_events()
    assert [event.lamport_clock for event in loaded] == [10, 9, "a", "b", {"a": 1}]


class Identified(Free):
    """An event whose id may be anything."""

    event_id: Any = None


@pytest.mark.parametrize("event_id", [None, ["1"], {"a": 1}], ids=str)
def test_what_cannot_be_an_id_is_refused_and_malformed(
    event_id: object, log: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing could tell such an event from another: neither a save nor a load takes it."""
    store = store_of(Identified, log)
    with pytest.raises(StorageError, match="event_id: not an id"):
        store.save_event(Identified(event_id=event_id))
    assert not log.exists()
    log.write_bytes(b'junk\n{"aggregate_id": "one"}\n{"event_id": [1]}\n{"event_id": "x"}\n')
    assert [event.event_id for event in store.load_all_events()] == ["x"]
    assert len(caplog.messages) == 3


class Plain(Free):
    """An event that has its id from its line, so that the bytes can be searched for it."""

    event_id: str


@pytest.mark.parametrize("model", [Free, Plain])
@pytest.mark.parametrize(
    "event_id",
    ["", "caf\udce9", '"', "\\", "\n", "\x00", "é", "1" * 100_000],
    ids=lambda text: ascii(text)[:9],
)
@pytest.mark.parametrize("others", [0, 1, 2], ids=["searching", "indexing", "indexed"])
def test_any_text_is_an_id(event_id: str, others: int, model: type[Free], log: Path) -> None:
    """An event is written once under it, however the id is looked for, and loads."""
    event = model(event_id=event_id)
    store_of(model, log).save_event(model(event_id="before"))
    store_of(model, log).save_event(event)
    store = store_of(model, log)
    store.save_events([model(event_id=f"other {n}") for n in range(others)])
    for _ in range(2):
        store.save_event(event)
    assert [e.event_id for e in store.load_all_events()].count(event_id) == 1
    assert log.read_bytes().count(b"\n") == 2 + others


def test_an_event_that_lost_its_id_is_refused(log: Path) -> None:
    """It went round the checks of its model."""
    fields: dict[str, Any] = {"aggregate_id": "one", "node_id": "a", "lamport_clock": 1}
    event = Plain.model_construct(**fields)
    store = store_of(Plain, log)
    with pytest.raises(
        StorageError, match=r"cannot store an event in .*: event_id: Field required$"
    ):
        store.save_event(event)
    assert not log.exists()


class Counted(Free):
    """An event whose payload has keys that are integers."""

    payload: dict[int, dict[int, str]]


def test_keys_are_sorted_as_the_texts_that_they_become(log: Path) -> None:
    """At every level: any writer of the event writes the same line."""
    event = Counted(payload={9: {}, 10: {9: "a", 10: "b"}})
    store = store_of(Counted, log)
    store.save_event(event)
    text = log.read_text(encoding="ascii")
    assert json.dumps(json.loads(text), sort_keys=True) + "\n" == text
    assert store.load_all_events() == [event]


HUGE = 10**5000


class Numbers(BaseModel):
    """A value whose repr is an error where it is more than Python writes."""

    low: int = HUGE

    def __hash__(self) -> int:
        """Return an error."""
        raise TypeError


class Sized(Free):
    """An event that has the wrong things where its id and its clock are to be."""

    event_id: Numbers | int | str = "1"  # type: ignore[assignment]  # wider
    lamport_clock: int | str | tuple[int, ...] = 1  # type: ignore[assignment]  # wider


def test_an_id_that_has_no_text_is_refused_without_it(log: Path) -> None:
    """The message says what there is to say."""
    with pytest.raises(StorageError, match="cannot store an event in"):
        store_of(Sized, log).save_event(Sized(event_id=HUGE))


def test_what_has_no_repr_makes_no_load_raise(log: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The line is malformed; the warning names the type."""
    log.write_bytes(b'{"event_id": {}}\n{"event_id": "2"}\n')
    assert [event.event_id for event in store_of(Sized, log).load_all_events()] == ["2"]
    assert caplog.messages[0].endswith("event_id: not an id: a Numbers")


class Grown(Free):
    """An event whose clock is more than a line may hold."""

    lamport_clock: Any = 1

    @field_validator("lamport_clock")
    @classmethod
    def grow(cls, clock: Any) -> Any:
        """Return another clock."""
        return HUGE if clock == 2 else clock


def test_clocks_that_have_no_text_are_sorted_all_the_same(log: Path) -> None:
    """A load does not raise."""
    clocks = [b'"b"', b"2", b'"a"']
    lines = [b'{"event_id": "%d", "lamport_clock": %b}\n' % (n, c) for n, c in enumerate(clocks)]
    log.write_bytes(b"".join(lines))
    loaded = store_of(Grown, log).load_all_events()
    assert [event.lamport_clock for event in loaded] == [HUGE, "a", "b"]


class Heavy:
    """A clock that takes all memory to compare."""

    def __lt__(self, other: object) -> bool:
        """Return an error."""
        raise MemoryError


class Weighed(Free):
    """An event with such a clock."""

    lamport_clock: Any = 1

    @field_validator("lamport_clock")
    @classmethod
    def weigh(cls, _: Any) -> Any:
        """Return another clock."""
        return Heavy()


def test_running_out_of_memory_while_sorting_is_no_matter_of_order(log: Path) -> None:
    """It comes through."""
    log.write_bytes(
        b'{"event_id": "1", "lamport_clock": 2}\n{"event_id": "2", "lamport_clock": 1}\n'
    )
    with pytest.raises(MemoryError):
        store_of(Weighed, log).load_all_events()


class Inner(BaseModel):
    """A model that shows less than it has."""

    n: int

    @field_serializer("n")
    def rounded(self, n: int) -> int:
        """Return the number to the nearest ten."""
        return n // 10 * 10


FIELDS: list[tuple[Any, Any]] = [
    (SecretStr, SecretStr("secret")),
    (dict[str | int, int], {1: 1}),
    (Inner, Inner(n=11)),
    (OrderedDict[str, int], OrderedDict(b=1, a=2)),
    (list[datetime], [WHEN.astimezone(timezone(timedelta(seconds=3601)))]),
    (float, float("nan")),
]


@pytest.mark.parametrize(("kind", "value"), FIELDS, ids=str)
def test_a_field_that_would_not_come_back_is_refused_by_its_name(
    kind: Any, value: object, log: Path
) -> None:
    """What is stored loads equal."""
    model = type("Model", (Free,), {"__annotations__": {"field": kind}})
    with pytest.raises(StorageError, match=r"field|float"):
        store_of(model, log).save_event(model(field=value))
    assert not log.exists()


KEPT: list[tuple[Any, Any]] = [
    (uuid.UUID, uuid.UUID(int=7)),
    (dict[str, int], {"a": 1}),
    (set[int], {1, 2}),
    (tuple[int, ...], (1, 2)),
    (list[datetime], [WHEN]),
    (bytes, b"x"),
    (str | int, 1),
]


@pytest.mark.parametrize(("kind", "value"), KEPT, ids=str)
def test_a_field_that_comes_back_is_kept(kind: Any, value: object, log: Path) -> None:
    """Whatever its type, it is equal when it is loaded."""
    model = type("Model", (Free,), {"__annotations__": {"field": kind}})
    store_of(model, log).save_event(model(field=value))
    (loaded,) = store_of(model, log).load_all_events()
    assert loaded.field == value
    assert type(loaded.field) is type(value)


UNIONS: list[tuple[Any, Any]] = [
    (kind, value)
    for kinds, values in [
        ((uuid.UUID | str, str | uuid.UUID), (uuid.UUID(int=7), str(uuid.UUID(int=7)))),
        ((datetime | str, str | datetime), (WHEN, WHEN.isoformat())),
        ((int | bool, bool | int, float | int), (1, True, 1.0)),
    ]
    for kind in kinds
    for value in values
]


@pytest.mark.parametrize(("kind", "value"), UNIONS, ids=str)
def test_a_field_of_several_types_comes_back_equal_or_is_refused(
    kind: Any, value: object, log: Path
) -> None:
    """Which of them a line is read as is up to pydantic, and tried before the event is stored."""
    model: type[Any] = type("Model", (Free,), {"__annotations__": {"field": kind}})
    store = store_of(model, log)
    event = model.model_construct(**Free().model_dump(), field=value)
    try:
        store.save_event(event)
    except StorageError as error:
        assert "field: does not read back" in str(error)  # noqa: PT017  # either is right
        assert not log.exists()
    else:
        assert store.load_all_events()[0].field == value


def test_a_secret_in_a_payload_is_refused(store: SimpleJsonStore) -> None:
    """Pydantic's JSON form of it is asterisks, unless it is empty."""
    for secret in ("secret", ""):
        with pytest.raises(StorageError, match="payload: a secret would be stored as asterisks"):
            store.save_event(make_event(payload={"token": [SecretStr(secret)]}))


class Token(BaseModel):
    """A secret, and something that only looks like one."""

    token: SecretStr
    mask: str = "**********"


class Shown(Token):
    """A secret that its model puts into JSON."""

    @field_serializer("token")
    def show(self, token: SecretStr) -> str:
        """Return the secret."""
        return token.get_secret_value()


@dataclass
class Pair:
    """What a token may stand in."""

    values: object


@pytest.mark.parametrize(
    "value",
    [
        Token(token=SecretStr("s")),
        Pair([Token(token=SecretStr("s"))]),
        pytest.param({"key": (Pair({"key": SecretStr("s")}),)}, marks=needs_secret_in_json),
    ],
    ids=str,
)
def test_a_secret_anywhere_in_a_payload_is_refused(value: object, store: SimpleJsonStore) -> None:
    """However deep in models and dataclasses it is."""
    with pytest.raises(StorageError, match="payload: a secret"):
        store.save_event(make_event(payload={"value": value}))


def test_what_is_no_secret_any_more_is_kept(store: SimpleJsonStore) -> None:
    """A model may put its secrets into JSON; and asterisks alone are none."""
    values = [Shown(token=SecretStr("s"), mask=""), Pair("**********"), {Path("**********")}]
    store.save_event(make_event(payload={"values": values}))
    (event,) = store.load_all_events()
    shown, pair, names = event.payload["values"]
    assert shown == {"token": "s", "mask": ""}
    assert (pair, names) == ({"values": "**********"}, ["**********"])


@needs_secret_in_json
def test_an_empty_secret_in_something_else_is_kept(store: SimpleJsonStore) -> None:
    """Its text is all of it."""
    store.save_event(make_event(payload={"pair": Pair(SecretStr(""))}))
    (event,) = store.load_all_events()
    assert event.payload == {"pair": {"values": ""}}


def test_a_field_that_is_missing_and_would_be_there_is_refused(log: Path) -> None:
    """An event made without validation loads with the default."""
    event = Free.model_construct(event_id="1")
    del event.__dict__["node_id"]
    with pytest.raises(StorageError, match="node_id: is missing"):
        store_of(Free, log).save_event(event)


@pytest.mark.parametrize("what", [None, 43, b"one", ["one"]], ids=repr)
def test_an_aggregate_that_is_no_text_is_a_type_error(what: Any, store: SimpleJsonStore) -> None:
    """Asking again would not help."""
    with pytest.raises(TypeError, match="aggregate_id is a str"):
        store.load_events(what)


@pytest.mark.parametrize("what", [43, b"one", ["one"]], ids=repr)
def test_an_aggregate_to_iterate_that_is_no_text_is_a_type_error(
    what: Any, store: SimpleJsonStore
) -> None:
    """At once, and not as an aggregate without events."""
    with pytest.raises(TypeError, match="aggregate_id is a str"):
        store.iter_events(what)


@pytest.mark.parametrize("what", [0, b"1:1:1", object()], ids=["int", "bytes", "object"])
def test_a_cursor_that_is_no_text_is_a_type_error(what: Any, store: SimpleJsonStore) -> None:
    """Asking again would not help."""
    with pytest.raises(TypeError, match="cursor is a str"):
        store.read_since(what)


def test_one_event_is_not_several(store: SimpleJsonStore) -> None:
    """Its fields are not taken for events."""
    with pytest.raises(TypeError, match="not an event of this store"):
        store.save_events(make_event())  # type: ignore[arg-type]  # the mistake
    assert not store.file_path.exists()


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("", "a path is a str or a PathLike of it, and not empty: ''"),
        (b"events.jsonl", "a path is a str or a PathLike of it, and not empty: b'events.jsonl'"),
        (7, "int"),
        (None, "NoneType"),
    ],
)
def test_a_path_that_is_none_is_a_type_error(path: Any, why: str) -> None:
    """When the store is made, not when it is first used."""
    with pytest.raises(TypeError, match=why):
        SimpleJsonStore(path)


def test_a_tilde_is_not_expanded_but_refused(tmp_path: Path) -> None:
    """No directory of that name is made; the words say what to do."""
    for path in ("~/events.jsonl", Path("~nobody/events.jsonl"), "~"):
        with pytest.raises(ValueError, match=r'"~" is not expanded.*expanduser'):
            SimpleJsonStore(path)
    assert SimpleJsonStore("~events.jsonl").file_path == Path("~events.jsonl")
    assert SimpleJsonStore(tmp_path / "~" / "events.jsonl").file_path.parent.name == "~"
    assert SimpleJsonStore(".").file_path == Path()  # it has no parts at all


@pytest.mark.parametrize(
    "duplicate",
    [copy.copy, copy.deepcopy, lambda new: pickle.loads(pickle.dumps(new))],  # noqa: S301
)
def test_new_events_can_be_copied(
    duplicate: Callable[[NewEvents[Event]], NewEvents[Event]], store: SimpleJsonStore
) -> None:
    """With the events, the cursor and the flag."""
    store.save_events(make_events(2))
    new = store.read_since()
    twin = duplicate(new)
    assert twin == new
    assert (twin.events, twin.cursor, twin.restarted) == (new.events, new.cursor, False)
