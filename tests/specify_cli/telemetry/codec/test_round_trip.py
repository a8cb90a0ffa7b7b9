"""For every event: either StorageError and an unchanged file, or every later load has it (G2)."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Collection, Mapping
from datetime import timedelta, timezone
from pathlib import Path, PurePosixPath
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, event, given, settings
from pydantic_core import to_jsonable_python

from specify_cli.spec_kitty_events import Event, StorageError
from specify_cli.telemetry import SimpleJsonStore

from ..support.events import make_event

any_text = st.text(st.characters(exclude_categories=()), max_size=8)
offsets = st.builds(
    timezone,
    st.one_of(
        st.integers(-23 * 60, 23 * 60).map(lambda minutes: timedelta(minutes=minutes)),
        st.timedeltas(timedelta(hours=-23), timedelta(hours=23)),
    ),
)
timestamps = st.datetimes(timezones=st.one_of(st.none(), offsets, st.timezones()))
huge = st.integers(4290, 4310).map(lambda digits: 10**digits - 1)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    any_text,
)
leaves = st.one_of(
    scalars,
    huge,
    huge.map(lambda number: -number),
    st.binary(max_size=4),
    timestamps,
    st.dates(),
    st.times(),
    st.timedeltas(),
    st.uuids(),
    st.decimals(),
    st.just(PurePosixPath("a/b")),
    st.complex_numbers(),
    st.just(object()),
)
keys = st.one_of(any_text, scalars, st.dates(), st.uuids())


def containers(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return what can hold payloads."""
    return st.one_of(
        st.lists(children, max_size=4),
        st.lists(children, max_size=4).map(tuple),
        st.frozensets(scalars, max_size=4),
        st.sets(scalars, max_size=4),
        st.dictionaries(keys, children, max_size=4),
    )


def down(levels: int, value: object) -> object:
    """Return ``value`` that many levels further down."""
    for level in range(levels):
        value = {"down": value} if level % 2 else [value]
    return value


values = st.recursive(leaves, containers, max_leaves=12)
payloads = st.dictionaries(
    any_text,
    st.one_of(values, st.builds(down, st.integers(0, 250), values)),
    max_size=4,
)
some_events = st.builds(
    make_event,
    aggregate_id=st.text(min_size=1, max_size=6),
    lamport_clock=st.one_of(st.integers(0, 9), st.integers(0, 10**4310)),
    node_id=st.text(min_size=1, max_size=3),
    event_type=st.text(min_size=1, max_size=6),
    event_id=st.one_of(st.none(), st.text(min_size=26, max_size=26)),
    payload=payloads,
    timestamp=timestamps,
)


def is_json_form(stored: object, original: object) -> bool:
    """Return whether ``stored`` is what is left of ``original`` in JSON terms."""
    if isinstance(original, Mapping):
        return (
            isinstance(stored, dict)
            and len(stored) == len(original)
            and all(
                any(is_json_form(stored[text], value) for text in key_forms(key) if text in stored)
                for key, value in original.items()
            )
        )
    if isinstance(original, (set, frozenset)):
        return isinstance(stored, list) and matches(stored, original)
    if isinstance(original, (list, tuple)):
        return (
            isinstance(stored, list)
            and len(stored) == len(original)
            and all(map(is_json_form, stored, original))
        )
    if original is None or isinstance(original, (bool, int, float, str)):
        return type(stored) is type(original) and stored == original
    if isinstance(original, PurePosixPath):
        return stored == str(original)
    return bool(stored == to_jsonable_python(original))


def matches(stored: list[object], original: Collection[object]) -> bool:
    """Return whether each element of a set has its form in the list."""
    return len(stored) == len(original) and all(
        any(is_json_form(item, element) for item in stored) for element in original
    )


def key_forms(key: object) -> list[str]:
    """Return the text of a key."""
    if isinstance(key, str):
        return [key]
    if key is None or isinstance(key, (bool, int, float)):
        return [json.dumps(key)]
    return [str(to_jsonable_python(key))]


@pytest.mark.uncounted
@settings(max_examples=600, suppress_health_check=[HealthCheck.too_slow])
@given(some_events)
def test_an_event_is_refused_or_comes_back(saved: Event) -> None:
    """Nothing in between: no event is stored that does not load, or loads as another."""
    with tempfile.TemporaryDirectory() as folder:
        store = SimpleJsonStore(Path(folder, "log.jsonl"))
        store.save_event(first := make_event())
        before = store.file_path.read_bytes()
        try:
            store.save_event(saved)
        except StorageError:
            event("refused")
            assert store.file_path.read_bytes() == before
            assert store.load_all_events() == [first]
            return
        event("stored")
        _, loaded = store.iter_events()
        assert loaded.timestamp.isoformat() == saved.timestamp.isoformat()
        others = ("event_id", "event_type", "aggregate_id", "node_id", "lamport_clock")
        assert all(getattr(loaded, name) == getattr(saved, name) for name in others)
        assert is_json_form(loaded.payload, saved.payload)
        assert loaded in store.load_events(saved.aggregate_id)
        assert loaded in SimpleJsonStore(store.file_path).load_all_events()
        copy = SimpleJsonStore(Path(folder, "copy.jsonl"))
        assert copy.save_events([first, loaded]) == 2
        assert copy.file_path.read_bytes() == store.file_path.read_bytes()
        assert copy.save_events([saved]) == 0
