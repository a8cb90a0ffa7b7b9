"""Events without an id, of which nothing tells whether they are there already."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import pytest
from pydantic import BaseModel

from specify_cli.telemetry import JsonlEventStore, SimpleJsonStore
from specify_cli.telemetry.sync import copy_new


class Note(BaseModel):
    """Something without an id."""

    text: str


class Notes(JsonlEventStore[Note]):
    """A store for such."""

    event_model = Note
    id_field: ClassVar[str | None] = None
    aggregate_field: ClassVar[str | None] = None
    order_by: ClassVar[tuple[str, ...]] = ()


def test_they_are_copied_neither_from_nor_to_a_log(tmp_path: Path) -> None:
    """It is refused before anything is read or written."""
    notes, other = Notes(tmp_path / "notes"), SimpleJsonStore(tmp_path / "events")
    with pytest.raises(ValueError, match="events without an id cannot be copied"):
        copy_new(notes, other)
    with pytest.raises(ValueError, match="events without an id cannot be copied"):
        copy_new(other, notes)
    assert list(tmp_path.glob("*s")) == []
