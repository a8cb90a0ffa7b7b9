"""Whatever a save accepts, every later load returns; anything else is refused (G2)."""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import enum
import functools
import json
import math
import uuid
from collections import OrderedDict
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Any
from zoneinfo import ZoneInfo

import pydantic
import pytest
from pydantic import BaseModel

from specify_cli.spec_kitty_events import Event, StorageError
from specify_cli.telemetry import JsonlEventStore, SimpleJsonStore
from specify_cli.telemetry._codec import json_values

from ..support.digits import digits_at_most
from ..support.events import CODEC, WHEN, make_event, make_events
from ..support.pydantic_release import needs_deque_in_json


class Role(enum.Enum):
    """An enum whose members are not JSON themselves."""

    REVIEWER = "reviewer"


class Agent(enum.StrEnum):
    """An enum whose members are strings."""

    CLAUDE = "claude"


@dataclasses.dataclass
class Cost:
    """A dataclass with a dictionary in it."""

    usd: float
    by_model: dict[object, int]


class Usage(pydantic.BaseModel):
    """A pydantic model."""

    tokens: int


class Opaque:
    """An object that JSON knows nothing of."""


def nested(depth: int, leaf: object = 1) -> dict[str, Any]:
    """Return a payload of that many levels."""
    payload: dict[str, Any] = {"leaf": leaf}
    for _ in range(depth - 1):
        payload = {"down": payload}
    return payload


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ((1, (2, 3)), [1, [2, 3]]),
        ({7}, [7]),
        (frozenset({"x"}), ["x"]),
        ({1: "a", 2: "b"}, {"1": "a", "2": "b"}),
        ({None: 1, "x": 2}, {"null": 1, "x": 2}),
        ({True: 1}, {"true": 1}),
        ({1.5: 1}, {"1.5": 1}),
        ({Role.REVIEWER: 1, date(2026, 1, 2): 2}, {"reviewer": 1, "2026-01-02": 2}),
        ({Agent.CLAUDE: Agent.CLAUDE}, {"claude": "claude"}),
        (OrderedDict(b=1, a=2), {"a": 2, "b": 1}),
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05Z"),
        (
            datetime(2026, 1, 2, tzinfo=timezone(timedelta(hours=5, minutes=45))),
            "2026-01-02T00:00:00+05:45",
        ),
        (date(2026, 1, 2), "2026-01-02"),
        (timedelta(hours=1), "PT1H"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (PurePosixPath("a/b"), "a/b"),
        (Decimal("1.10"), "1.10"),
        (Role.REVIEWER, "reviewer"),
        (b"bytes", "bytes"),
        (Cost(1.5, {1: 2}), {"usd": 1.5, "by_model": {"1": 2}}),
        (Usage(tokens=3), {"tokens": 3}),
        ([{"mixed": (1, {2})}], [{"mixed": [1, [2]]}]),
        (-0.0, -0.0),
        (1e308, 1e308),
        (5e-324, 5e-324),
        (10**4299, 10**4299),
        ('\x00\x1f\x7f\u2028\ud800\\"', '\x00\x1f\x7f\u2028\ud800\\"'),
        ({"\ud800": ("\udfff",)}, {"\ud800": ["\udfff"]}),
    ],
    ids=repr,
)
def test_accepted_values_load_in_json_terms(
    value: object, expected: object, store: SimpleJsonStore
) -> None:
    """What has a JSON form comes back in it, from this store and from any other."""
    event = make_event(payload={"value": value})
    store.save_event(event)
    (loaded,) = SimpleJsonStore(store.file_path).load_all_events()
    assert loaded.payload == {"value": expected}
    # Equality alone would not tell 1 from True or 1.0.
    assert json.dumps(loaded.payload["value"], sort_keys=True) == json.dumps(
        expected, sort_keys=True
    )
    assert loaded.model_copy(update={"payload": {}}) == event.model_copy(update={"payload": {}})


def circular() -> dict[str, Any]:
    """Return a payload that contains itself."""
    payload: dict[str, Any] = {}
    payload["self"] = payload
    return payload


def shared_circular() -> dict[str, Any]:
    """Return a payload that contains itself and something that needs converting."""
    payload: dict[str, Any] = {"set": {1}}
    payload["self"] = [payload]
    return payload


def generator() -> Iterator[int]:
    """Yield something, once."""
    yield 1


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "nan": ({"a": math.nan}, "not JSON compliant"),
    "infinity": ({"a": [math.inf]}, "not JSON compliant"),
    "nan beside a set": ({"a": math.nan, "b": {1}}, "not JSON compliant"),
    "nan in a dataclass": ({"a": Cost(math.nan, {})}, "NaN is not JSON"),
    "nan as a key": ({"a": {math.nan: 1, "x": 2}}, "not JSON compliant"),
    "colliding keys": ({"a": {1: "x", "1": "y"}}, "two keys become '1'"),
    "colliding keys in a dataclass": ({"a": Cost(1, {1: 1, "1": 2})}, "two keys become one"),
    "an unknown object": ({"a": Opaque()}, "Opaque"),
    "an unknown key": ({"a": {Opaque(): 1}}, "Opaque"),
    "a function": ({"a": print}, "function"),
    "undecodable bytes": ({"a": b"\xff"}, "utf-8"),
    "circular": (circular(), "[Cc]ircular|recursion|nested"),
    "circular and converted": (shared_circular(), "[Cc]ircular|recursion|nested"),
    "too deep": (nested(100), "nested more than 100 levels"),
    "too deep and converted": (nested(100, {1}), "nested more than 100 levels"),
    "far too deep": (nested(10_000), "nested|recursion"),
    "too many digits": ({"a": 10**4300}, "digits"),
    "a generator": ({"a": generator()}, "once|Iterator|generator"),
    "a generator in a list": ({"a": [generator()]}, "once|Iterator|generator"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_payloads_leave_the_file_as_it_was(case: str, store: SimpleJsonStore) -> None:
    """The error names the event, the file and the reason; nothing is written."""
    payload, reason = REFUSED[case]
    store.save_event(make_event())
    before = store.file_path.read_bytes()
    event = Event.model_construct(**(make_event().to_dict() | {"payload": payload}))
    with pytest.raises(StorageError, match=reason) as caught:
        store.save_event(event)
    message = str(caught.value)
    assert message.startswith(f'cannot store event "{event.event_id}" in "{store.file_path}": ')
    assert "\n" not in message
    assert caught.value.__cause__ is not None
    assert caught.value.__cause__.__cause__ is not None
    with pytest.raises(StorageError):
        store.save_events([make_event(), event])
    assert store.file_path.read_bytes() == before


def test_nothing_is_created_for_an_event_that_is_refused(tmp_path: Path) -> None:
    """Not even the directory."""
    store = SimpleJsonStore(tmp_path / "new" / "events.jsonl")
    with pytest.raises(StorageError):
        store.save_event(make_event(payload={"a": math.nan}))
    assert list(tmp_path.iterdir()) == []


def test_the_deepest_payload_accepted_loads(store: SimpleJsonStore) -> None:
    """Nesting up to the limit comes back, lone surrogates included."""
    events = [make_event(payload=nested(99)), make_event(payload=nested(99, "\ud800"))]
    store.save_events(events)
    assert store.load_all_events() == events


def test_the_limit_of_nesting_is_the_same_for_converted_payloads(store: SimpleJsonStore) -> None:
    """Whichever way an event is encoded, a hundred levels are the most."""
    store.save_event(make_event(payload=nested(98, {1})))
    store.save_event(make_event(payload=nested(98, OrderedDict(a=1))))
    for payload in (nested(99, {1}), nested(99, OrderedDict(a=1)), nested(98, ({1},))):
        with pytest.raises(StorageError, match="nested more than 100 levels"):
            store.save_event(make_event(payload=payload))
    assert len(store.load_all_events()) == 2


def test_the_longest_clock_accepted_loads(store: SimpleJsonStore) -> None:
    """A Lamport clock has no other bound than that of integers."""
    store.save_event(event := make_event(lamport_clock=10**4300 - 1))
    assert store.load_all_events() == [event]


def test_many_brackets_are_not_depth(store: SimpleJsonStore) -> None:
    """A wide payload, or a text full of brackets, is not a deep one."""
    event = make_event(payload={"wide": [[] for _ in range(500)], "text": "{[" * 500})
    store.save_event(event)
    assert store.load_all_events() == [event]


@pytest.mark.parametrize(
    "timestamp",
    [
        datetime(2026, 1, 1),  # noqa: DTZ001  # a naive time is storable too
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=-23, minutes=-59))),
        datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=5, minutes=45))),
        datetime(2026, 7, 1, tzinfo=ZoneInfo("Europe/Vienna")),
        datetime(2026, 10, 25, 1, 59, tzinfo=ZoneInfo("Europe/Vienna")),
    ],
    ids=str,
)
def test_timestamps_come_back(timestamp: datetime, store: SimpleJsonStore) -> None:
    """Wall time and offset survive, and the times are equal."""
    store.save_event(make_event(timestamp=timestamp))
    (loaded,) = store.load_all_events()
    assert loaded.timestamp.isoformat() == timestamp.isoformat()
    assert loaded.timestamp == timestamp


@pytest.mark.parametrize("fold", [0, 1])
def test_a_zones_time_in_an_hour_that_comes_twice_is_refused(
    fold: int, store: SimpleJsonStore
) -> None:
    """Python holds it equal to no time that has an offset only, which is what a line has."""
    zone = ZoneInfo("Europe/Vienna")
    event = make_event(timestamp=datetime(2026, 10, 25, 2, 30, tzinfo=zone, fold=fold))
    with pytest.raises(StorageError, match="timestamp: does not read back"):
        store.save_event(event)
    assert not store.file_path.exists()
    fixed = datetime.fromisoformat(event.timestamp.isoformat())
    store.save_event(fixed_event := event.model_copy(update={"timestamp": fixed}))
    assert store.load_all_events() == [fixed_event]


@pytest.mark.parametrize(
    "offset",
    [timedelta(hours=5, minutes=30, seconds=15), timedelta(microseconds=1)],
    ids=str,
)
def test_offsets_that_do_not_read_back_are_refused(
    offset: timedelta, store: SimpleJsonStore
) -> None:
    """An offset with seconds has no form that the contract's model reads."""
    with pytest.raises(StorageError, match="timestamp: "):
        store.save_event(make_event(timestamp=datetime(2026, 1, 1, tzinfo=timezone(offset))))
    assert not store.file_path.exists()


ODD = timezone(timedelta(minutes=53, seconds=28))


class Stop(BaseModel):
    """What may be in a payload, with a time in it."""

    at: datetime


@dataclasses.dataclass
class Plain:
    """The same as a dataclass."""

    at: datetime


@pytest.mark.parametrize(
    "value",
    [
        datetime(1890, 1, 1, tzinfo=ODD),
        time(1, tzinfo=ODD),
        [datetime(1890, 1, 1, tzinfo=ODD)],
        {datetime(1890, 1, 1, tzinfo=ODD): 1},
        Stop(at=datetime(1890, 1, 1, tzinfo=ODD)),
        Plain(at=datetime(1890, 1, 1, tzinfo=ODD)),
        pytest.param(
            collections.deque([datetime(1890, 1, 1, tzinfo=ODD)]), marks=needs_deque_in_json
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_seconds_of_an_offset_in_a_payload_are_not_lost(
    value: object, store: SimpleJsonStore
) -> None:
    """Pydantic cuts them, and the text would be another time."""
    with pytest.raises(StorageError, match="the offset of a time from UTC would lose its seconds"):
        store.save_event(make_event(payload={"at": value}))
    assert not store.file_path.exists()


class Nanoseconds(datetime):
    """A time finer than the contract's model reads, as some libraries have them."""

    def isoformat(self, *_: object) -> str:
        """Return the time with nine digits."""
        return "2026-01-01T00:00:00.123456789+00:00"


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("event_id", "short", "event_id: "),
        ("event_id", "\ud800" * 26, "event_id: "),
        ("event_id", b"E" * 26, "event_id: does not read back"),
        ("event_id", ["E" * 26], "event_id: "),
        ("event_type", "", "event_type: "),
        ("lamport_clock", -1, "lamport_clock: "),
        pytest.param("lamport_clock", 10**5000, "digits", id="a long clock"),
        ("lamport_clock", 1.5, "lamport_clock: "),
        ("payload", [], "payload: "),
        ("timestamp", Nanoseconds(2026, 1, 1, tzinfo=UTC), "timestamp: does not read back"),
    ],
)
def test_events_made_without_validation_are_refused(
    field: str, value: object, reason: str, store: SimpleJsonStore
) -> None:
    """An event that went round its model's checks does not get into a log."""
    event = make_event().model_copy(update={field: value})
    with pytest.raises(StorageError, match=reason):
        store.save_event(event)
    assert not store.file_path.exists()
    store.save_events(make_events(2))
    for save in (lambda: store.save_event(event), lambda: store.save_events([event])):
        with pytest.raises(StorageError, match=reason):
            save()
    assert len(store.load_all_events()) == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [("node_id", b"cli:WP01"), ("timestamp", WHEN.isoformat()), ("lamport_clock", "1")],
)
def test_a_field_that_reads_back_as_something_else_is_refused(
    field: str, value: object, store: SimpleJsonStore
) -> None:
    """What went round the model's checks is stored only if it loads as it is."""
    event = make_event().model_copy(update={field: value})
    with pytest.raises(StorageError, match=f"{field}: does not read back"):
        store.save_event(event)
    assert not store.file_path.exists()


@pytest.mark.parametrize("thing", [None, {"event_id": "x"}, "event", [make_event()]])
def test_what_is_not_an_event_is_a_type_error(thing: Any, store: SimpleJsonStore) -> None:
    """The error says what is wanted, and what was given instead."""
    for save in (store.save_event, lambda thing: store.save_events([make_event(), thing])):
        with pytest.raises(TypeError, match="not an event of this store") as caught:
            save(thing)
        assert repr(thing)[:50] in str(caught.value)
        assert "spec_kitty_events.models.Event" in str(caught.value)
    assert not store.file_path.exists()


def test_an_error_without_a_message_is_named_by_its_type(store: SimpleJsonStore) -> None:
    """A payload's own object may raise anything while it is turned into JSON."""

    class Hostile(dict[str, object]):
        def items(self) -> Any:
            raise ZeroDivisionError

    event = Event.model_construct(**(make_event().to_dict() | {"payload": Hostile(a={1})}))
    with pytest.raises(StorageError, match="ZeroDivisionError"):
        store.save_event(event)


def test_what_loads_does_not_depend_on_the_digit_limit(store: SimpleJsonStore) -> None:
    """A process with the limit lifted neither saves nor loads what others could not load."""
    line = json.dumps(
        make_event().to_dict() | {"timestamp": WHEN.isoformat(), "payload": {"s": "\ud800"}}
    )
    with digits_at_most(0):
        for length in (4299, 4300):
            number = 10**length
            line_of_it = line.replace('{"s": ', f'{{"a": -{number}, "s": ')
            store.file_path.write_text(line_of_it, encoding="utf-8")
            assert len(store.load_all_events()) == (length == 4299)
        store.file_path.unlink()
        for payload in ({"a": 10**4300}, {"a": 10**4300, "s": "\ud800"}):
            with pytest.raises(StorageError, match="digits"):
                store.save_event(make_event(payload=payload))
        store.file_path.write_text(line.replace('{"s": ', f'{{"a": -{10**4300}, "s": '))
        assert store.load_all_events() == []


class Read(Exception):  # noqa: N818  # not an error
    """Raised when a line is read back."""


@pytest.mark.parametrize("payload", [{}, {"a": [1, {"b": None}], "c": 1.5}, nested(99)], ids=len)
@pytest.mark.parametrize("causation_id", [None, "C" * 26])
@pytest.mark.parametrize("microsecond", [0, 1])
@pytest.mark.parametrize("tz", [None, UTC, timezone(timedelta(hours=-5, minutes=-30))], ids=str)
def test_simple_events_need_no_reading_back(
    payload: dict[str, Any],
    causation_id: str | None,
    microsecond: int,
    tz: timezone | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What cannot but come back is encoded in one go, to the bytes that json.dumps gives."""
    event = make_event(
        event_type='té"st\\',
        payload=payload,
        timestamp=datetime(2026, 1, 2, 3, 4, 5, microsecond, tzinfo=tz),
    ).model_copy(update={"causation_id": causation_id})
    line = json.dumps(event.to_dict() | {"timestamp": event.timestamp.isoformat()}, sort_keys=True)
    assert CODEC.decode(line.encode()) == event

    def read(_: object) -> None:
        raise Read

    monkeypatch.setattr(CODEC, "_validate_json", read)
    assert CODEC.encode(event) == line.encode() + b"\n"


@pytest.mark.parametrize(
    "fields",
    [
        {"payload": {"a": (1,)}},
        {"payload": {1: "a"}},
        {"payload": {"a": [{"b": {2: 1}}]}},
        {"payload": {"a": 1, "b": (1,)}},
        {"payload": {"a": [1], "b": {"c": {3: 1}}}},
        {"payload": OrderedDict(a=1)},
        {"payload": {"a": OrderedDict(a=1)}},
        {"payload": {"a": Agent.CLAUDE}},
        {"timestamp": datetime(2026, 1, 1, tzinfo=timezone(timedelta(seconds=1)))},
        {"lamport_clock": True},
        {"node_id": b"bytes"},
    ],
    ids=repr,
)
def test_any_other_event_is_read_back(
    fields: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An event that might not come back as it is, is tried first."""
    tried: list[bytes] = []
    real = CODEC._validate_json

    def read(line: bytes) -> Event:
        tried.append(line)
        event: Event = real(line)
        return event

    monkeypatch.setattr(CODEC, "_validate_json", read)
    event = make_event().model_copy(update=fields)
    with contextlib.suppress(json_values.UnstorableError):
        assert CODEC.decode(CODEC.encode(event)).lamport_clock == 1
    assert tried


class Junk(datetime):
    """A time whose text has the length of one."""

    def isoformat(self, *_: object) -> str:
        """Return no time."""
        return "x" * 25


def test_a_time_that_only_looks_like_one_is_refused(store: SimpleJsonStore) -> None:
    """A subclass of datetime may write itself down as it likes."""
    with pytest.raises(StorageError, match="timestamp: "):
        store.save_event(make_event().model_copy(update={"timestamp": Junk(2026, 1, 1)}))


class Open(Event):
    """An event that keeps fields it does not know."""

    model_config = pydantic.ConfigDict(extra="allow", frozen=True)


class Wide(Event):
    """An event with one more field."""

    project: uuid.UUID


@pytest.mark.parametrize(
    ("model", "more"),
    [(Open, {"build_id": "b7"}), (Wide, {"project": uuid.UUID(int=7)})],
    ids=["extra", "subclass"],
)
def test_a_subclass_with_further_fields_is_refused(
    model: type[Event], more: dict[str, Any], store: SimpleJsonStore
) -> None:
    """They would be in the line, and gone from every load."""
    with pytest.raises(StorageError, match=f"{next(iter(more))}: Event has no such field"):
        store.save_event(model(**make_event().to_dict(), **more))
    assert not store.file_path.exists()


class OpenStore(JsonlEventStore[Open]):
    """A store for events with any fields."""

    event_model = Open


def test_fields_beyond_the_model_are_stored_where_the_model_keeps_them(log: Path) -> None:
    """A model that keeps what it does not know has it in its line, in JSON terms."""
    event = Open(**make_event().to_dict(), build_id="b7", pair=(1, 2))
    OpenStore(log).save_event(event)
    (loaded,) = OpenStore(log).load_all_events()
    assert loaded.model_extra == {"build_id": "b7", "pair": [1, 2]}


def test_a_field_that_is_there_twice_is_refused(log: Path) -> None:
    """Put among the fields beyond the model too, one of the two would be lost."""
    event = Open(**make_event().to_dict(), build_id="b7")
    assert event.model_extra is not None
    event.model_extra["node_id"] = datetime(2026, 1, 1)  # noqa: DTZ001  # it has no zone
    with pytest.raises(StorageError, match="node_id: is there twice"):
        OpenStore(log).save_event(event)
    assert not log.exists()


class Behaved(Event):
    """An event with behaviour of its own, and a value that is computed once."""

    @functools.cached_property
    def title(self) -> str:
        """What is shown of it."""
        return self.event_type.upper()


def test_a_subclass_without_further_fields_is_stored(store: SimpleJsonStore) -> None:
    """Behaviour is no field; nor is what a cached property has left in the instance."""
    event = make_event()
    behaved = Behaved(**event.to_dict())
    assert behaved.title == "EXECUTIONEVENT"
    store.save_event(behaved)
    assert store.load_all_events() == [event]
    assert b"title" not in store.file_path.read_bytes()


@pytest.mark.parametrize("tz", [None, UTC], ids=str)
@pytest.mark.parametrize("microsecond", [0, 36834])
def test_a_simple_event_takes_the_short_way(tz: None, microsecond: int) -> None:
    """The text that needs no reading back is the text that reading back would have proved."""
    event = make_event(
        timestamp=datetime(2026, 2, 16, 9, 12, 58, microsecond, tzinfo=tz),
        payload={"z": [1, {"y": None}], "a": {"b": [True, 1.5]}},
    )
    assert CODEC._simple_text(event) == CODEC._plain_text(event) is not None


def test_a_field_that_is_missing_is_named(store: SimpleJsonStore) -> None:
    """An event made without validation, and without a time."""
    fields = make_event().to_dict()
    del fields["timestamp"]
    with pytest.raises(StorageError, match="timestamp: Field required"):
        store.save_event(Event.model_construct(**fields))


def test_a_clock_that_is_true_is_one(store: SimpleJsonStore) -> None:
    """True equals 1, but Python's True is not JSON."""
    event = make_event(lamport_clock=1)
    store.save_event(event.model_copy(update={"lamport_clock": True}))
    assert store.load_all_events() == [event]


@pytest.mark.parametrize("number", [10**4299, -(10**4299)], ids=["positive", "negative"])
def test_the_longest_integer_beside_a_lone_surrogate_loads(
    number: int, store: SimpleJsonStore
) -> None:
    """The tolerant parser, which reads lone surrogates, has the bound of the fast one."""
    store.save_event(event := make_event(payload={"n": number, "path": "\ud800"}))
    assert store.load_all_events() == [event]


def nested_lists(depth: int, leaf: object = 1) -> dict[str, object]:
    """Return a payload of that many levels, all but the first of them lists."""
    value = leaf
    for _ in range(depth - 1):
        value = [value]
    return {"down": value}


def test_the_deepest_objects_with_something_to_convert_load(store: SimpleJsonStore) -> None:
    """What is converted may be as deep as what is not."""
    payload: dict[str, object] = {"set": {1}}
    stored: dict[str, object] = {"set": [1]}
    for _ in range(97):
        payload, stored = {"down": payload}, {"down": stored}
    store.save_event(make_event(payload=payload))
    assert [event.payload for event in store.load_all_events()] == [stored]


def test_brackets_beside_what_needs_converting_are_not_depth(store: SimpleJsonStore) -> None:
    """A wide payload is not a deep one, whatever else it holds."""
    wide: list[object] = [[] for _ in range(500)]
    store.save_event(make_event(payload={"wide": wide, "text": "{[" * 500, "set": {1}}))
    (event,) = store.load_all_events()
    assert event.payload == {"wide": wide, "text": "{[" * 500, "set": [1]}


@pytest.mark.parametrize("leaf", [1, (1,), {1}], ids=repr)
def test_the_deepest_lists_accepted_load(leaf: object, store: SimpleJsonStore) -> None:
    """Lists count as objects do, and tuples and sets as lists."""
    deepest = 99 if leaf == 1 else 98
    store.save_event(make_event(payload=nested_lists(deepest, leaf) | {"more": [[], []]}))
    stored = nested_lists(deepest, leaf if leaf == 1 else [1]) | {"more": [[], []]}
    assert [event.payload for event in store.load_all_events()] == [stored]
    for depth in (deepest + 1, 150):
        with pytest.raises(StorageError, match="nested more than 100 levels"):
            store.save_event(make_event(payload=nested_lists(depth, leaf)))


def test_one_plain_value_does_not_make_a_payload_plain(store: SimpleJsonStore) -> None:
    """Each has to be, on every level."""
    store.save_event(make_event(payload={"n": 1, "set": {7}, "list": [1, {8}, {"n": 1, "t": {9}}]}))
    (event,) = store.load_all_events()
    assert event.payload == {"n": 1, "set": [7], "list": [1, [8], {"n": 1, "t": [9]}]}
    with pytest.raises(StorageError, match="two keys become '1'"):
        store.save_event(make_event(payload={"n": 1, "a": {1: "x", "1": "y"}}))


@pytest.mark.parametrize("value", [{1: 2}, {"a": {None: 1}}, {"a": [({True: 1},)]}], ids=str)
def test_a_text_has_names_that_are_texts(value: dict[Any, Any]) -> None:
    """At any depth: they would be sorted as what they are, and read back as texts."""
    with pytest.raises(TypeError, match=r"^a field's name is not a str$"):
        json_values.dump(value)
