"""Comparing events of types that are made up, open fields in JSON terms."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import RootModel
from pydantic_core import to_jsonable_python

from .made_up_models import Made


def assert_alike(loaded: Any, saved: Any, made: Made, id_field: str | None) -> None:
    """Check that two events are equal, open fields in JSON terms."""
    one, other = fields_of(loaded), fields_of(saved)
    assert isinstance(saved, type(loaded)), f"{type(loaded)} for {type(saved)}"
    assert one.keys() == other.keys(), f"{one.keys()} for {other.keys()}"
    for name, value in other.items():
        if one[name] == value:
            continue
        # What is a field of one kind of a union may be an extra of another.
        of = None if name in _extras_of(saved) else made.fields.get(name)
        is_open = (of is None or of.is_open) and name != id_field
        assert is_open, f"{name}: {one[name]!r} for {value!r}"
        assert _json(one[name]) == _json(value), f"{name}: {one[name]!r} for {value!r}"


def _json(value: Any) -> str:
    texts = to_jsonable_python(_keys_as_texts(value))
    return json.dumps(texts, sort_keys=True).replace("+00:00", "Z")


def _keys_as_texts(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, dict):
        texts = {None: "null", True: "true", False: "false"}
        return {
            texts[key] if key is None or isinstance(key, bool) else key: _keys_as_texts(item)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_keys_as_texts(item) for item in value]
    return value


def _extras_of(event: Any) -> set[str]:
    """Return the names of what an event has beside the fields of its type."""
    event = _unwrapped(event)
    if dataclasses.is_dataclass(event):
        return {*getattr(event, "__dict__", {})} - {f.name for f in dataclasses.fields(event)}
    return set(getattr(event, "model_extra", None) or {})


def fields_of(event: Any) -> dict[str, Any]:
    """Return the fields of an event."""
    event = _unwrapped(event)
    if isinstance(event, Mapping):
        return dict(event)
    if dataclasses.is_dataclass(event):
        names = [field.name for field in dataclasses.fields(event)]
        return {**getattr(event, "__dict__", {}), **{name: getattr(event, name) for name in names}}
    own = {n: vars(event)[n] for n in type(event).model_fields if n in vars(event)}
    return {**own, **(event.model_extra or {})}


def _unwrapped(event: Any) -> Any:
    while isinstance(event, RootModel):
        event = event.root
    return event
