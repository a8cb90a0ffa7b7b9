"""What is saved comes back, exactly, and nothing else does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from ulid import ULID

from .._contract import EventStore
from .suite import WHEN, Suite, expect, expect_loads, save


def _nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


# Each is within JSON's own types.
_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, 1.0, 0.0, 0.1, 1e300, 5e-324, -(2**53) - 1, 2**63 - 1),
    'é \U0001f431 \n\r\t\0\x0b\x0c\x1c\x1e\x85\u2028\u2029 "quoted" \\ \' %s ${x} <b>',
    *("", " ", " x ", "null", "NaN", "1e5", "2026-02-16T09:12:58Z", "\ufeff", "e\u0301", "\u212a"),
    "x" * (1 << 21),
    *([], {}, [[], {}, [1, True, 1.0, [2.5, {"deep": [None]}]], {"": {}}], ["same"] * 3),
)
_KEYS = (
    *("z", "a", "", "null", "1", "0.0", "key with spaces", "a.b", "$set", "\0", "é", "e\u0301"),
    *("É", "ss", "ß", "k", "\u212a", "k ", "event_id", "aggregate_id", "lamport_clock"),
    "payload",
)
_PAYLOADS: tuple[dict[str, Any], ...] = (
    {},
    {key: place for place, key in enumerate(_KEYS)},
    *({"value": value} for value in _VALUES),
)

_FIELDS: tuple[dict[str, Any], ...] = (
    {"timestamp": WHEN.replace(microsecond=0)},
    {"timestamp": WHEN.replace(microsecond=1)},
    {"timestamp": WHEN.astimezone(timezone(timedelta(hours=-3, minutes=-30)))},
    {"timestamp": datetime(2999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)},
    {"timestamp": datetime(1969, 7, 20, 20, 17, 40, 1, tzinfo=UTC)},
    {"node_id": "ö/'\"\\\n\U0001f431"},
    {"node_id": " A "},
    {"lamport_clock": 2**31 + 1},
    {"lamport_clock": 2**53 + 1},
    {"lamport_clock": 2**63 - 1},
    {"causation_id": str(ULID())},
)

# What a store may refuse; what it must not do is change it or lose it.
_DOUBTFUL_PAYLOADS: tuple[dict[Any, Any], ...] = (
    {1: "a number", "1": "a text"},
    {"lone \udce9": "surrogate"},
    *(
        {"value": value}
        for value in (
            *(float("nan"), [float("inf"), float("-inf")], 2**64, 10**4000, _nested(200)),
            *("\ud800", "x" * (1 << 17) + "\udfff"),
            ...,  # it can be copied and compared, but has a form in no format
        )
    ),
)
_DOUBTFUL_FIELDS: tuple[dict[str, Any], ...] = (
    {"lamport_clock": 2**64 + 1},
    {"aggregate_id": "one\0"},
    {"node_id": "a\0"},
)


class RoundTrip(Suite):
    """What is saved comes back."""

    def test_a_new_store_is_empty(self, store: EventStore) -> None:
        """Loading from a store without events gives none."""
        expect_loads(store, [], self.aggregate_ids[0])

    def test_what_is_saved_is_loaded(self, store: EventStore) -> None:
        """An event is in both loads as soon as its save has returned."""
        saved = []
        for clock in range(5):
            saved.append(event := self.make_event(lamport_clock=clock))
            save(store, [event])
            expect_loads(store, saved, event.aggregate_id)

    def test_many_events_are_loaded(self, store: EventStore) -> None:
        """There is no limit to how many events come back."""
        saved = [self.make_event(lamport_clock=clock) for clock in range(150)]
        save(store, saved)
        expect_loads(store, saved, self.aggregate_ids[0])

    def test_every_field_comes_back(self, store: EventStore) -> None:
        """A loaded event equals the saved one; payloads of JSON's types keep every value."""
        fields = [*({"payload": payload} for payload in _PAYLOADS), *_FIELDS]
        events = [self.make_event(**({"lamport_clock": n} | f)) for n, f in enumerate(fields)]
        save(store, events)
        expect_loads(store, self.in_order(events), self.aggregate_ids[0])

    def test_a_save_keeps_an_event_or_refuses_it(self, store: EventStore) -> None:
        """What a save does not refuse comes back; what it refuses leaves the id to another save."""
        saved: list[Any] = []
        for doubtful in self._doubtful():
            event = doubtful
            try:
                save(store, [event])
            except Exception:  # noqa: BLE001  # an error of the store's own choice
                expect(store.load_all_events(), self.in_order(saved), "load_all_events()")
                event = self.make_event(event_id=event.event_id)
                save(store, [event])
            saved.append(event)
            expect(store.load_all_events(), self.in_order(saved), "load_all_events()")
            own = [known for known in saved if known.aggregate_id == event.aggregate_id]
            expect(store.load_events(event.aggregate_id), self.in_order(own), "load_events()")

    def test_a_save_does_not_change_the_event(self, store: EventStore) -> None:
        """The event is the caller's, who may go on using it."""
        payload = {"z": [3, 1, {"b": None, "a": True}], "a": {}, "text": " x ", "number": 1.0}
        event = self.make_event(payload=payload, causation_id=str(ULID()))
        before = event.model_copy(deep=True)
        for _ in range(2):
            store.save_event(event)
            expect_loads(store, [before], event.aggregate_id)
        expect([event], [before], "the event after save_event()")
        if repr(event.payload) != repr(before.payload):
            pytest.fail("save_event() has changed the order in the payload")

    def test_what_a_load_returns_is_the_callers(self, store: EventStore) -> None:
        """Changing a returned list changes nothing in the store, nor does the store change it."""
        first, second = (self.make_event(lamport_clock=clock) for clock in range(2))
        save(store, [first])
        store.load_all_events().clear()
        store.load_events(first.aggregate_id).clear()
        expect_loads(store, [first], first.aggregate_id)
        everything, own = store.load_all_events(), store.load_events(first.aggregate_id)
        save(store, [second])
        expect_loads(store, [first, second], first.aggregate_id)
        expect(everything, [first], "what load_all_events() had returned before another save")
        expect(own, [first], "what load_events() had returned before another save")

    def _doubtful(self) -> Iterator[Any]:
        """Yield events that a store may refuse, where the model has such events."""
        for payload in _DOUBTFUL_PAYLOADS:
            event = self.make_event(payload={})
            event.payload.update(payload)
            yield event
        for fields in _DOUBTFUL_FIELDS:
            with suppress(ValueError):
                yield self.make_event(**fields)
