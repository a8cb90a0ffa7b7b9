"""Types of fields, made up, each with what makes values of it."""

from __future__ import annotations

import enum
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from ipaddress import IPv4Address
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

import pydantic
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    Json,
    PlainSerializer,
    RootModel,
    SecretStr,
    StrictInt,
    StrictStr,
    StringConstraints,
    WrapValidator,
)
from typing_extensions import TypedDict as _TypedDict

from .chance import Chance

Make: TypeAlias = Callable[[Chance], Any]

# What is made up is not for a type checker.
new_model: Any = pydantic.create_model
new_typed_dict: Any = _TypedDict
root_model_of: Any = RootModel
list_of: Any = list
_json_of: Any = Json
tuple_of: Any = tuple

TEXTS = ["a", "", " B ", "Zoë", '\u2028\n\t\\"', "null", "1", "\U0001f431", "x" * 40, "a b", "É"]
_INTEGERS = [1, 0, -1, 7, 2**31, 2**63, -(2**64), 10**30, 10**4299, 10**4300]
_FLOATS = [1.5, 1.0, 0.0, -0.0, 1e22, 5e-324, 0.1, 1e400, -1e400, 1e400 - 1e400, 1e15, 1e16]
_ZONES = [
    UTC,
    None,
    timezone(timedelta(hours=-5, minutes=-30)),
    ZoneInfo("Europe/Berlin"),
    timezone(timedelta(seconds=19)),
    timezone(timedelta(hours=1), "CET"),
]


class Colour(enum.Enum):
    """An enum of texts."""

    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    """An enum of integers."""

    LOW = 1
    HIGH = 2


class Flag(enum.StrEnum):
    """An enum whose members are texts."""

    ON = "on"


class Point(NamedTuple):
    """A tuple with names."""

    x: int
    y: Any = None


@dataclass(frozen=True)
class Kind:
    """A type of fields.

    Attributes:
        type: The type.
        make: What makes a value that it may take.
        is_open: Whether it takes whatever JSON has: then values come back in JSON terms.
    """

    type: Any
    make: Make
    is_open: bool = False


def text(chance: Chance) -> str:
    """Return a text."""
    return chance.one_of(TEXTS)


def integer(chance: Chance) -> int:
    """Return an integer."""
    return chance.one_of(_INTEGERS)


def _time(chance: Chance) -> datetime:
    zone = chance.one_of(_ZONES)
    micro = chance.one_of([0, 1, 500000])
    hour = chance.one_of([12, 2])
    fold = chance.below(2)
    return datetime(2026, 10, 25, hour, 30, 0, micro, tzinfo=zone, fold=fold)


def anything(chance: Chance) -> Any:
    """Return anything that a payload may hold, and some things that none may."""
    makers: list[Make] = [
        text,
        integer,
        lambda c: c.one_of(_FLOATS),
        lambda _: None,
        lambda c: c.below(2) == 1,
        lambda c: {text(c): anything(c) for _ in range(c.below(3))},
        lambda c: [anything(c) for _ in range(c.below(3))],
        lambda c: (anything(c), 1),
        lambda c: {text(c), "z"},
        _time,
        lambda _: uuid.UUID(int=7),
        lambda _: Decimal("1.10"),
        lambda _: Colour.RED,
        lambda _: Level.HIGH,
        lambda _: Path("a/b"),
        lambda _: b"\xc3\xa9",
        lambda _: b"\xff",
        lambda _: timedelta(days=1, microseconds=1),
        lambda c: {integer(c): 1, "1": 2},
        lambda _: object(),
        lambda _: SecretStr("s"),
        lambda c: Point(1, anything(c)),
        lambda c: _Inner(x=anything(c)),
        lambda _: {None: 1},
        lambda _: "\ud800",
        lambda _: float,
    ]
    return chance.one_of(makers)(chance)


class _Inner(BaseModel):
    x: Any = None


def _strip(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def _wrapped(value: Any, handler: Callable[[Any], Any]) -> Any:
    return handler(_strip(value))


SIMPLE: list[Kind] = [
    Kind(str, text),
    Kind(int, integer),
    Kind(dict[str, Any], lambda c: {text(c): anything(c) for _ in range(c.below(4))}, is_open=True),
    Kind(Any, anything, is_open=True),
    Kind(datetime, _time),
    Kind(float, lambda c: c.one_of(_FLOATS)),
    Kind(bool, lambda c: c.below(2) == 1),
    Kind(uuid.UUID, lambda c: uuid.UUID(int=c.below(256))),
    Kind(date, lambda c: date(2026, 1, 1 + c.below(28))),
    Kind(time, lambda c: _time(c).timetz()),
    Kind(timedelta, lambda c: timedelta(days=c.below(3), microseconds=c.below(2), hours=-1)),
    Kind(Decimal, lambda c: Decimal(c.one_of(["1.10", "0", "-0", "1E+5", "NaN", "Infinity"]))),
    Kind(bytes, lambda c: c.one_of([b"a", b"", b"\xff", "é".encode()])),
    Kind(Path, lambda c: Path(c.one_of(["a/b", ".", "/"]))),
    Kind(IPv4Address, lambda _: IPv4Address("10.0.0.1")),
    Kind(Colour, lambda c: c.one_of(list(Colour))),
    Kind(Level, lambda c: c.one_of(list(Level))),
    Kind(Flag, lambda _: Flag.ON),
    Kind(Literal["a", 1, True], lambda c: c.one_of(["a", 1, True])),
    Kind(SecretStr, lambda c: SecretStr(text(c))),
    Kind(Point, lambda c: Point(1, anything(c))),
    Kind(type(None), lambda _: None),
    Kind(object, anything, is_open=True),
    Kind(complex, lambda _: 1 + 2j),
    Kind(Annotated[str, StringConstraints(strip_whitespace=True)], text),
    Kind(Annotated[str, StringConstraints(to_lower=True)], text),
    Kind(Annotated[str, StringConstraints(max_length=5, pattern="^[a-z ]*$")], text),
    Kind(Annotated[int, Field(ge=0, lt=10)], integer),
    Kind(StrictStr, text),
    Kind(StrictInt, integer),
    Kind(Annotated[str, BeforeValidator(_strip)], text),
    Kind(Annotated[str, AfterValidator(lambda value: value[:3])], text),
    Kind(Annotated[str, AfterValidator(lambda value: value + "!")], text),
    Kind(Annotated[Any, BeforeValidator(str)], anything, is_open=True),
    Kind(Annotated[str, WrapValidator(_wrapped)], text),
    Kind(Annotated[int, PlainSerializer(str)], integer),
    Kind(Annotated[str, PlainSerializer(lambda value: value[::-1])], text),
    Kind(_json_of[Any], lambda c: c.one_of(['{"a": 1}', "1", "[]"])),
    Kind(pydantic.Base64Bytes, lambda _: b"YWE="),
    Kind(pydantic.AwareDatetime, _time),
    Kind(pydantic.NaiveDatetime, _time),
    Kind(pydantic.AnyUrl, lambda _: "http://example.com/a"),
    Kind(pydantic.ByteSize, lambda _: "3kb"),
    Kind(Annotated[float, Field(allow_inf_nan=False)], lambda c: c.one_of(_FLOATS)),
    Kind(Annotated[dict[str, Any], Field(max_length=1)], lambda c: {text(c): 1}, is_open=True),
]


@contextmanager
def quietly() -> Iterator[None]:
    """Leave out what pydantic warns of: the types are odd on purpose."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
