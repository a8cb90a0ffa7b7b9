"""What messages say: of a value, of an event, of a clock, and of why a line is no event."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import BaseModel, RootModel, TypeAdapter, ValidationError

from specify_cli.telemetry._codec import (
    EventCodec,
    MalformedLineError,
    check_clock,
    clock_in,
    event_name,
    shown,
)
from specify_cli.telemetry._codec.malformed import reason_of

TOO_LONG_TO_WRITE = 10**5000


class Wordless(Exception):  # noqa: N818  # what it is about is that it has no text
    """An exception that has no text."""

    def __str__(self) -> str:
        """Raise another one."""
        raise RuntimeError


class Inner(BaseModel):
    """A part."""

    numbers: list[int]


class Outer(BaseModel):
    """A whole."""

    inner: Inner
    more: int


def refusal(of: Any, value: object) -> ValidationError:
    """Return what pydantic says of a value."""
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(of).validate_python(value)
    return caught.value


A_TEXT = "Input should be a valid integer, unable to parse string as an integer"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ValueError("one \n\t two"), "one two"),
        (MalformedLineError("a reason"), "a reason"),
        (ValueError(), "ValueError"),
        (ValueError(" "), "ValueError"),
        (KeyError("key"), "KeyError: 'key'"),
        (ZeroDivisionError(), "ZeroDivisionError"),
        (RuntimeError("a\nb"), "RuntimeError: a b"),
        (Wordless(), "Wordless"),
        (refusal(int, "x"), A_TEXT),
        (refusal(Outer, {"inner": {"numbers": [1, "x"]}}), f"inner: numbers: 1: {A_TEXT}"),
    ],
    ids=repr,
)
def test_a_reason_is_one_line_with_the_place_or_the_type(error: Exception, reason: str) -> None:
    """Of several errors the first; of an error of ours its text alone."""
    assert reason_of(error) == reason


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "None"),
        ("a\n", "'a\\n'"),
        ("x" * 198, f"'{'x' * 198}'"),
        ("x" * 199, f"'{'x' * 199}"),
        (TOO_LONG_TO_WRITE, "a int"),
    ],
    ids=lambda value: repr(value)[:9] if isinstance(value, str) else type(value).__name__,
)
def test_a_value_is_shown_as_its_repr_begins(value: object, text: str) -> None:
    """Or by its type, if it has none."""
    assert shown(value) == text


@pytest.mark.parametrize(
    ("event_id", "name"),
    [
        (None, "an event"),
        ("a", 'event "a"'),
        ("", 'event ""'),
        (0, 'event "0"'),
        (TOO_LONG_TO_WRITE, "an event"),
    ],
    ids=["none", "text", "empty", "zero", "long"],
)
def test_an_event_is_named_by_its_id(event_id: object, name: str) -> None:
    """If it has one that has a text."""
    assert event_name(event_id) == name


@pytest.mark.parametrize("clock", [3, True, 0])
def test_a_clock_is_read_from_an_attribute_a_key_or_a_root(clock: int) -> None:
    """Whatever the event is."""
    check_clock({"lamport_clock": clock}, clock)
    check_clock(SimpleNamespace(lamport_clock=clock), clock)
    check_clock(RootModel[dict[str, int]]({"lamport_clock": clock}), clock)
    for other in (clock - 1, clock + 1):
        message = f"its lamport_clock is to be {other}: {{'lamport_clock': {clock}}}"
        with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
            check_clock({"lamport_clock": clock}, other)


@pytest.mark.parametrize(
    "event", [{}, {"clock": 3}, {"lamport_clock": 3.0}, {"lamport_clock": None}, 3], ids=repr
)
def test_an_event_without_a_clock_that_is_an_integer_is_no_event_with_a_clock(
    event: object,
) -> None:
    """The message shows it."""
    message = f"it has no lamport_clock that is an integer: {event!r}"
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        check_clock(event, 3)


def test_the_clock_in_a_line_is_that_of_its_event() -> None:
    """There is none in a line that does not load."""
    codec: EventCodec[dict[str, Any]] = EventCodec(dict[str, Any], "id", None)
    for line, clock in (
        (b'{"id": "a", "lamport_clock": 7}', 7),
        (b'{"id": "a", "lamport_clock": "7"}', None),
        (b'{"lamport_clock": 7}', None),
        (b"{", None),
    ):
        assert clock_in(line, codec) == clock
