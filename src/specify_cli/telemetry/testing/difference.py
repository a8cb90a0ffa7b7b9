"""How what a store returned differs from what it should have, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from .._codec.event import StorableEvent

_MAX_FACTS = 10
_MAX_SHOWN = 200


def difference(loaded: Sequence[StorableEvent], expected: Sequence[StorableEvent]) -> str | None:
    """Return what is wrong with ``loaded``, a fact a line, or None if it is as expected.

    Args:
        loaded: What the store returned.
        expected: What it should have returned, each id once.
    """
    if len(loaded) == len(expected) and all(map(same_event, loaded, expected)):
        return None
    facts = list(islice(_facts(loaded, expected), _MAX_FACTS + 1))
    if len(facts) > _MAX_FACTS:
        facts[-1] = "and more"
    return "\n".join(facts or _order(loaded, expected))


def same_event(one: StorableEvent, other: StorableEvent) -> bool:
    """Return whether two events are of one type and have the same in every field, exactly."""
    return type(one) is type(other) and _same(_fields(one), _fields(other))


def _same(one: Any, other: Any) -> bool:
    """Return whether two values are equal and of the same types: 1 is neither 1.0 nor True."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return _typed(one) == _typed(other) and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other) or (one != one and other != other)  # noqa: PLR0124  # both not a number


def _typed(keys: dict[object, object]) -> set[tuple[type, object]]:
    return {(type(key), key) for key in keys}


def _facts(loaded: Sequence[StorableEvent], expected: Sequence[StorableEvent]) -> Iterator[str]:
    times = Counter(event.event_id for event in loaded)
    saved = {event.event_id: event for event in expected}
    for event in expected:
        if event.event_id not in times:
            yield f"not loaded: {_name(event)}"
    for event in {event.event_id: event for event in loaded}.values():
        if event.event_id not in saved:
            yield f"does not belong here: {_name(event)}"
        elif times[event.event_id] > 1:
            yield f"loaded {times[event.event_id]} times: {_name(event)}"
        elif not same_event(event, saved[event.event_id]):
            yield from _changes(event, saved[event.event_id])


def _changes(loaded: StorableEvent, saved: StorableEvent) -> list[str]:
    before, after = _fields(saved), _fields(loaded)
    return [
        f"changed: {name} of {_name(saved)}: "
        f"saved {_shown(before.get(name))}, loaded {_shown(after.get(name))}"
        for name in before | after
        if not _same(before.get(name), after.get(name))
    ] or [f"changed: type of {_name(saved)}: saved {type(saved)}, loaded {type(loaded)}"]


def _order(loaded: Sequence[StorableEvent], expected: Sequence[StorableEvent]) -> list[str]:
    return ["the order is", *map(_place, loaded), "and should be", *map(_place, expected)]


def _fields(event: StorableEvent) -> dict[str, object]:
    return {**vars(event), **(event.model_extra or {})}


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}..."


def _place(event: StorableEvent) -> str:
    return f"  {_name(event)}"


def _name(event: StorableEvent) -> str:
    return (
        f"event {event.event_id} (clock {event.lamport_clock}, node {event.node_id!r}, "
        f"aggregate {event.aggregate_id!r})"
    )
