"""What is made of a line, and what is no event though its type makes it."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel
from typing_extensions import TypedDict

from specify_cli.telemetry._codec import EventCodec, MalformedLineError


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
