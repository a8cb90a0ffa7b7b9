"""Which forms the ids of a type may have in a line."""

from __future__ import annotations

import re
from typing import Annotated, Any
from uuid import UUID

import pytest
from pydantic import AfterValidator, AliasChoices, BaseModel, Field

from specify_cli.telemetry._codec import EventCodec, UnstorableError

from ..support.rows import row, same


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
