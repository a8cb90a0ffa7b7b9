"""Events that are written field by field are those that are certain to read back (G2)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator
from typing_extensions import Annotated  # noqa: UP035  # as users of pydantic write it

from specify_cli.telemetry._codec import EventCodec, UnstorableError, codec_of

from ..support.digits import digits_at_most

WHEN = datetime(2026, 2, 16, 9, 12, 58, 36834, tzinfo=UTC)


class Published(BaseModel):
    """The kinds of fields that the published contracts have."""

    model_config = ConfigDict(frozen=True)

    event_id: str = Field(min_length=2)
    aggregate_id: str = "a"
    node_id: str = "n"
    lamport_clock: int | None = Field(default=None, ge=0)
    payload: dict[str, Any] = Field(default_factory=dict)
    timestamp: datetime = WHEN
    project: UUID = UUID(int=7)
    parent: UUID | None = None
    version: str = Field(default="3.0.0", pattern=r"^\d+\.\d+\.\d+$")
    final: bool = False

    @field_validator("event_id", mode="before")
    @classmethod
    def upper(cls, value: object) -> object:
        """Return a text in upper case."""
        return value.upper() if isinstance(value, str) else value


CODEC: EventCodec[Published] = codec_of(Published)


def reads_back(codec: EventCodec[Any], event: Any) -> bool:
    """Return whether an event is read to tell whether it reads back."""
    read: list[bytes] = []
    decode = codec._validate_json

    def collect(line: bytes) -> Any:
        read.append(line)
        return decode(line)

    codec._validate_json = collect
    try:
        codec.encode(event)
    finally:
        codec._validate_json = decode
    return bool(read)


def test_fields_of_known_types_are_not_read_back() -> None:
    """And the line is that of the standard library."""
    event = Published(event_id="AÉ", lamport_clock=3, parent=UUID(int=1), payload={"é": [1.5, {}]})
    assert not reads_back(CODEC, event)
    plain = event.model_dump(mode="json") | {"timestamp": WHEN.isoformat()}
    assert CODEC.encode(event) == json.dumps(plain, sort_keys=True).encode() + b"\n"


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"lamport_clock": 0, "final": True},
        {"project": UUID(int=1), "parent": UUID(int=2)},
        {"timestamp": datetime(2026, 1, 2, 3, 4, 5)},  # noqa: DTZ001  # it has no zone
        {"timestamp": datetime(2026, 1, 2, 3, 4, 5, 6)},  # noqa: DTZ001  # the same
        {"timestamp": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)},
        {"timestamp": WHEN.astimezone(timezone(timedelta(hours=-3, minutes=-30)))},
        {"payload": {"b": [1, None], "a": {"é": '"'}}, "node_id": '"\\\ud800'},
    ],
    ids=str,
)
def test_values_of_known_types_are_written_as_the_standard_library_has_them(
    fields: dict[str, Any],
) -> None:
    """Without reading them back."""
    event = Published(event_id="AA", **fields)
    whole = event.model_dump() | {"timestamp": event.timestamp.isoformat()}
    line = json.dumps(whole, sort_keys=True, default=str).encode() + b"\n"
    assert CODEC.encode(event) == line
    assert not reads_back(CODEC, event)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=9,
)


@given(
    st.builds(
        Published,
        event_id=st.text(min_size=2).map(str.upper).filter(lambda text: text == text.upper()),
        aggregate_id=st.text(),
        lamport_clock=st.none() | st.integers(min_value=0),
        payload=st.dictionaries(st.text(), json_values),
        timestamp=st.datetimes(timezones=st.just(UTC) | st.none()),
        project=st.uuids(),
        parent=st.none() | st.uuids(),
        final=st.booleans(),
    )
)
def test_whatever_is_in_them_reads_back_or_is_refused(event: Published) -> None:
    """The short way and reading back give the same bytes."""
    try:
        line = CODEC.encode(event)
    except UnstorableError:
        # An infinity, or what a text field holds that is no text in UTF-8.
        with pytest.raises(ValueError, match=r"JSON|Error|valid|surrogates"):
            CODEC._converted_text(event)
        return
    assert CODEC.decode(line) == event
    assert CODEC.encode(CODEC.decode(line)) == line
    assert line == CODEC._converted_text(event).encode() + b"\n"


INVALID: dict[str, Any] = {
    "version": "three",
    "event_id": "lower",
    "lamport_clock": -1,
    "final": "yes",
    "project": "not a uuid",
    "timestamp": "yesterday",
    "payload": None,
}


@pytest.mark.parametrize("name", INVALID)
def test_what_the_type_does_not_take_is_refused(name: str) -> None:
    """An event that was made without validation is validated."""
    event = Published(event_id="AA").model_copy(update={name: INVALID[name]})
    with pytest.raises(UnstorableError):
        CODEC.encode(event)


class Text(str):
    """A text with a type of its own."""

    __slots__ = ()


class Junk(datetime):
    """A time whose text only has the length of one."""

    def isoformat(self, *_: object) -> str:
        """Return no time."""
        return "x" * 25


class OddUUID(UUID):
    """A UUID with another text."""

    def __str__(self) -> str:
        """Return no UUID."""
        return "x"


def test_a_payload_of_very_many_values_is_one_text() -> None:
    """However the encoder hands it over."""
    event = Published(event_id="ab", payload={"numbers": [1] * 200_000})
    assert CODEC.decode(CODEC.encode(event)) == event


def test_integers_are_refused_that_other_processes_would_not_read() -> None:
    """Also where this one would write them."""
    event = Published(event_id="ab", payload={"number": 10**4300})
    refusal = "an integer of more than 4300 digits"
    with digits_at_most(0), pytest.raises(UnstorableError, match=refusal):
        CODEC.encode(event)


def test_what_is_no_object_is_refused_as_a_payload() -> None:
    """As it would be in a line."""
    event = Published(event_id="AA").model_copy(update={"payload": [1]})
    with pytest.raises(UnstorableError, match=r"^payload: Input should be an object$"):
        CODEC.encode(event)


@pytest.mark.parametrize(
    "fields",
    [
        {"timestamp": Junk(2026, 2, 16)},
        {"project": OddUUID(int=7)},
        {"parent": OddUUID(int=7)},
        {"node_id": Text("x")},
    ],
    ids=["time", "uuid", "optional uuid", "text"],
)
def test_a_value_that_writes_itself_down_otherwise_reads_back_or_is_refused(
    fields: dict[str, Any],
) -> None:
    """A subclass of a known type may have any text."""
    event = Published(event_id="AA").model_copy(update=fields)
    if "node_id" in fields:
        assert CODEC.decode(CODEC.encode(event)) == event
    else:
        with pytest.raises(UnstorableError, match=f"^{min(fields)}: "):
            CODEC.encode(event)


READ: dict[str, dict[str, Any]] = {
    "tuple in the payload": {"payload": {"t": (1,)}},
    "subclass of int": {"lamport_clock": True},
    "zone": {"timestamp": datetime(2026, 2, 16, tzinfo=ZoneInfo("Europe/Berlin"))},
    "long offset": {"timestamp": WHEN.astimezone(timezone(timedelta(seconds=1)))},
    "no date": {"timestamp": "2026-02-16T09:12:58"},
    "no uuid": {"project": str(UUID(int=7))},
    "no bool": {"final": 1},
    "no dict": {"payload": [("a", 1)]},
}


@pytest.mark.parametrize("case", READ)
def test_other_values_are_read_back(case: str) -> None:
    """Some of them are kept, others refused: reading back tells."""
    event = Published(event_id="AA").model_copy(update=READ[case])
    try:
        assert reads_back(CODEC, event)
    except UnstorableError:
        return
    assert CODEC.decode(CODEC.encode(event)).event_id == "AA"


class Bounded(BaseModel):
    """A payload with a bound is not one of a known type."""

    event_id: str
    aggregate_id: str
    payload: Annotated[dict[str, Any], Field(max_length=1)]


class OtherValues(BaseModel):
    """Nor is a dictionary of texts, or a list."""

    event_id: str
    aggregate_id: str
    tags: list[str]


class Stripped(BaseModel):
    """Nor is anything where a setting changes texts."""

    model_config = ConfigDict(str_strip_whitespace=True)

    event_id: str
    aggregate_id: str


class Aliased(BaseModel):
    """Nor is a field with another name."""

    event_id: str
    aggregate_id: str = Field(validation_alias="where")


class Timed(BaseModel):
    """Nor is what a function makes of anything but a text."""

    event_id: Annotated[str, StringConstraints(min_length=1)]
    aggregate_id: str
    at: datetime

    @field_validator("at")
    @classmethod
    def same(cls, value: datetime) -> datetime:
        """Return the time."""
        return value


class Open(BaseModel):
    """Nor is a model with fields that it does not name."""

    model_config = ConfigDict(extra="allow")

    event_id: str
    aggregate_id: str


OTHERS: list[Any] = [
    Bounded(event_id="1", aggregate_id="a", payload={}),
    OtherValues(event_id="1", aggregate_id="a", tags=["x"]),
    Stripped(event_id="1", aggregate_id="a"),
    Aliased(event_id="1", where="a"),
    Timed(event_id="1", aggregate_id="a", at=WHEN),
    Open(event_id="1", aggregate_id="a"),
]


@pytest.mark.parametrize("event", OTHERS, ids=lambda event: type(event).__name__)
def test_other_types_are_read_back(event: Any) -> None:
    """They are stored all the same."""
    codec: EventCodec[Any] = codec_of(type(event))
    assert reads_back(codec, event)
    assert codec.decode(codec.encode(event)) == event
