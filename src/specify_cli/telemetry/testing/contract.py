"""The contract of an event store as tests, for whoever implements one.

This module needs pytest; nothing else in the package does. A subclass that pytest collects, with a
fixture ``store`` that returns a new and empty store, is a test suite::

    class TestMyStore(EventStoreContract):
        @pytest.fixture
        def store(self) -> MyStore:
            return MyStore()

What the contract leaves open has classes of its own, to inherit from in any combination. Those that
need several stores over the same data take a fixture ``open_store``, which returns what opens one::

    class TestMyFileStore(DurableEventStoreContract, ThreadSafeEventStoreContract):
        @pytest.fixture
        def open_store(self, tmp_path: Path) -> Callable[[], MyFileStore]:
            return functools.partial(MyFileStore, tmp_path / "events")

        @pytest.fixture
        def store(self, open_store: Callable[[], MyFileStore]) -> MyFileStore:
            return open_store()

Where the events of a contract have more fields than these tests know of, a subclass adds them::

    class TestWiderStore(EventStoreContract):
        event_model = other_contract.Event

        def make_event(self, **fields: Any) -> Any:
            return super().make_event(build_id="main", **fields)

A failure says what a load returned that it should not have, and the other way round. It does so
without the help of ``pytest.register_assert_rewrite``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from itertools import chain
from typing import Any

from ulid import ULID

from .._codec.event import StorableEvent
from .._contract import Event, EventStore
from ..jsonl.order import clock_is_optional, in_causal_order
from .concurrency import in_processes, in_threads, save, save_and_die
from .difference import difference

try:
    import pytest
except ImportError as error:
    raise ImportError(f"{__name__} needs pytest, for tests: pip install pytest") from error

__all__ = [
    "DurableEventStoreContract",
    "EventStoreContract",
    "ProcessSafeEventStoreContract",
    "ThreadSafeEventStoreContract",
]

_THREADS = 8
_PROCESSES = 4
_WHEN = datetime(2026, 2, 16, 9, 12, 58, 36834, tzinfo=UTC)


class EventStoreContract:
    """What every event store does: round trip, idempotency, isolation of aggregates, order.

    A store may keep the first event saved under an id or overwrite it with the last; both are the
    contract. Either way there is one event under the id, in the place of the first.

    Fixtures:
        store: A new and empty store.

    Attributes:
        event_model: The model of the events.
        aggregate_ids: Aggregates to keep apart. Override it if the model allows none of these.
    """

    event_model: type[Any] = Event
    aggregate_ids: Sequence[str] = (
        *("one", "One", "one ", "on", "one1", "on_", "on%", "*", "one/two", "../one", "one\\two"),
        *("'one'", '"one"', "one\ntwo", "öne", "o\u0308ne", "\U0001f431", "null", "0", "00"),
    )

    def make_event(self, **fields: Any) -> Any:
        """Return an event with these fields, and others as the model needs them.

        Args:
            fields: Any of ``event_id`` (by default a new one), ``aggregate_id``, ``node_id``,
                ``lamport_clock``, ``causation_id``, ``payload`` and ``timestamp``.
        """
        others = {
            "event_id": str(ULID()),
            "event_type": "Tested",
            "aggregate_id": self.aggregate_ids[0],
            "timestamp": _WHEN,
            "node_id": "a",
            "lamport_clock": 1,
        }
        return self.event_model(**(others | fields))

    def in_order(self, events: Iterable[Any]) -> list[Any]:
        """Return events in the order in which a store loads them.

        By default this is by ``(lamport_clock, node_id)``, ties in the order saved. Where the model
        has an optional clock, events without one come first and ties are sorted by event id.

        Args:
            events: The events in the order saved.
        """
        return in_causal_order(events, self.event_model)

    def test_a_new_store_is_empty(self, store: EventStore) -> None:
        """Loading from a store without events gives none."""
        _expect(store.load_all_events(), [], "load_all_events()")
        _expect(store.load_events(self.aggregate_ids[0]), [], "load_events()")

    def test_what_is_saved_is_loaded(self, store: EventStore) -> None:
        """An event is in both loads as soon as its save has returned."""
        saved = []
        for clock in range(5):
            saved.append(event := self.make_event(lamport_clock=clock))
            store.save_event(event)
            _expect(store.load_all_events(), saved, "load_all_events()")
            _expect(store.load_events(event.aggregate_id), saved, "load_events()")

    def test_every_field_comes_back(self, store: EventStore) -> None:
        """A loaded event equals the saved one; payloads of JSON's types keep every value."""
        fields: list[dict[str, Any]] = [
            {"payload": {}},
            {"payload": {"text": 'é \U0001f431 \n\r\t\0\u2028 "quoted" \\ \' %s ${x} <b>'}},
            {"payload": {"": "", "null": "null", "1": "1", "key with spaces": " "}},
            {"payload": {"null": None, "true": True, "false": False, "zero": 0, "one": 1}},
            {"payload": {"float": 0.1, "large": 1e300, "small": 5e-324, "integer": -(2**53) - 1}},
            {"payload": {"nested": [[], {}, [1, [2.5, {"deep": [None]}]]], "same": ["same"] * 3}},
            {"payload": {"text": "x" * 100_000}},
            {"payload": {"event_id": str(ULID()), "aggregate_id": "one", "lamport_clock": 0}},
            {"timestamp": _WHEN.replace(microsecond=0)},
            {"timestamp": _WHEN.astimezone(timezone(timedelta(hours=-3, minutes=-30)))},
            {"node_id": "ö/'\"\\\n\U0001f431"},
            {"lamport_clock": 2**31 + 1},
            {"causation_id": str(ULID())},
        ]
        events = [self.make_event(**({"lamport_clock": n} | f)) for n, f in enumerate(fields)]
        for event in events:
            store.save_event(event)
        _expect(store.load_all_events(), self.in_order(events), "load_all_events()")

    def test_saving_again_changes_nothing(self, store: EventStore) -> None:
        """An event saved again, at once or later, is there once and in its place."""
        events = self._tied(4)
        for event in [*events, events[-1], *events, events[0]]:
            store.save_event(event)
        _expect(store.load_all_events(), self.in_order(events), "load_all_events()")
        _expect(store.load_events(self.aggregate_ids[0]), self.in_order(events), "load_events()")

    def test_one_event_stays_under_an_id(self, store: EventStore) -> None:
        """Of two events under one id the first or the last stays, in the place of the first."""
        first, other = self._tied(2)
        last = self.make_event(event_id=first.event_id, payload={"version": 2})
        for event in (first, other, last):
            store.save_event(event)
        loaded = store.load_all_events()
        kept = last if last in loaded else first
        _expect(loaded, self.in_order([kept, other]), "load_all_events()")
        _expect(store.load_events(first.aggregate_id), loaded, "load_events()")

    def test_an_event_that_is_only_mentioned_can_be_saved(self, store: EventStore) -> None:
        """An id in another event's payload, or as a cause, is not a saved event."""
        event = self.make_event(lamport_clock=1)
        mention = self.make_event(
            lamport_clock=2, causation_id=event.event_id, payload={"event_id": event.event_id}
        )
        store.save_event(mention)
        store.save_event(event)
        _expect(store.load_all_events(), [event, mention], "load_all_events()")

    def test_aggregates_are_apart(self, store: EventStore) -> None:
        """Loading one aggregate gives its events only, however alike the ids are."""
        events = [
            self.make_event(
                aggregate_id=aggregate_id,
                lamport_clock=clock,
                payload={"aggregate_id": self.aggregate_ids[clock]},
            )
            for clock in range(2)
            for aggregate_id in self.aggregate_ids
        ]
        for event in events:
            store.save_event(event)
        for aggregate_id in self.aggregate_ids:
            own = [event for event in events if event.aggregate_id == aggregate_id]
            _expect(store.load_events(aggregate_id), own, f"load_events({aggregate_id!r})")
        _expect(store.load_events("unknown"), [], "load_events() of an unknown aggregate")
        _expect(store.load_all_events(), self.in_order(events), "load_all_events()")

    def test_loads_are_in_causal_order(self, store: EventStore) -> None:
        """Events are sorted by clock, as a number, and then by node, whatever their aggregate."""
        events = [
            self.make_event(lamport_clock=clock, node_id=node, aggregate_id=aggregate_id)
            for node in ("b", "a10", "a9", "B", "a")
            for clock in (9, 10, 0, 100, 2, 2**31)
            for aggregate_id in self.aggregate_ids[1::-1]
        ]
        for event in events:
            store.save_event(event)
        _expect(store.load_all_events(), self.in_order(events), "load_all_events()")
        own = [event for event in events if event.aggregate_id == self.aggregate_ids[0]]
        _expect(store.load_events(self.aggregate_ids[0]), self.in_order(own), "load_events()")

    def test_ties_are_in_the_contracts_order(self, store: EventStore) -> None:
        """Events with the same clock and node stay in the order saved, or go by their ids."""
        events = self._tied(10)
        for event in events:
            store.save_event(event)
        _expect(store.load_all_events(), self.in_order(events), "load_all_events()")

    def test_events_without_clock_are_first(self, store: EventStore) -> None:
        """Where the model lets an event have no clock, it is loaded before those that have one."""
        if not clock_is_optional(self.event_model):
            pytest.skip("every event of this model has a clock")
        events = [
            self.make_event(lamport_clock=clock, node_id=node)
            for clock in (0, None, 1)
            for node in ("b", "a")
        ]
        for event in events:
            store.save_event(event)
        _expect(store.load_all_events(), self.in_order(events), "load_all_events()")
        _expect(store.load_events(self.aggregate_ids[0]), self.in_order(events), "load_events()")

    def test_what_a_load_returns_is_the_callers(self, store: EventStore) -> None:
        """Changing a returned list changes nothing in the store."""
        store.save_event(event := self.make_event())
        store.load_all_events().clear()
        store.load_events(event.aggregate_id).clear()
        _expect(store.load_all_events(), [event], "load_all_events()")
        _expect(store.load_events(event.aggregate_id), [event], "load_events()")

    def _shares(self, count: int) -> list[list[Any]]:
        """Return lists of events, each of a node of its own, so that their order is certain."""
        return [
            [self.make_event(node_id=f"node-{n}", lamport_clock=clock) for clock in range(25)]
            for n in range(count)
        ]

    def _tied(self, count: int) -> list[Any]:
        """Return events with the same clock and node, their ids falling."""
        events = [self.make_event() for _ in range(count)]
        return sorted(events, key=lambda event: str(event.event_id), reverse=True)


class DurableEventStoreContract(EventStoreContract):
    """What a store does whose events outlive it: every store over the same data has them.

    Fixtures:
        store: A new and empty store.
        open_store: What opens a store over the same data whenever it is called. The data of each
            test are empty at first.
    """

    def test_another_store_has_what_was_saved(self, open_store: Callable[[], EventStore]) -> None:
        """Nothing is kept back until the store that saved it is closed."""
        events = self._tied(3)
        first = open_store()
        for event in events:
            first.save_event(event)
        _expect(
            open_store().load_all_events(),
            self.in_order(events),
            "load_all_events() of another store",
        )

    def test_another_store_knows_the_ids(self, open_store: Callable[[], EventStore]) -> None:
        """An event that one store has saved is not there twice after another saves it."""
        events = self._tied(3)
        for event in [*events, *events]:
            open_store().save_event(event)
        _expect(open_store().load_all_events(), self.in_order(events), "load_all_events()")

    def test_stores_take_turns(self, open_store: Callable[[], EventStore]) -> None:
        """Two open stores see what the other saves, also after having loaded and saved."""
        stores = [open_store(), open_store()]
        events = self._tied(6)
        for number, event in enumerate(events):
            stores[number % 2].save_event(event)
            for store in stores:
                loaded = store.load_all_events()
                _expect(
                    loaded, self.in_order(events[: number + 1]), "load_all_events() of either store"
                )
        for event in events:
            stores[1].save_event(event)
        _expect(
            stores[0].load_all_events(),
            self.in_order(events),
            "load_all_events(), after all was saved again,",
        )


class ThreadSafeEventStoreContract(EventStoreContract):
    """What a store does that threads may share.

    Fixtures:
        store: A new and empty store.
    """

    def test_threads_lose_nothing(self, store: EventStore) -> None:
        """Every event that any of several threads has saved is there."""
        shares = self._shares(_THREADS)
        in_threads([partial(save, store, share) for share in shares])
        _expect(store.load_all_events(), self.in_order(chain(*shares)), "load_all_events()")

    def test_threads_repeat_nothing(self, store: EventStore) -> None:
        """Events that several threads save at once are there once."""
        (events,) = self._shares(1)
        in_threads([partial(save, store, events)] * _THREADS)
        _expect(store.load_all_events(), events, "load_all_events()")

    def test_threads_load_what_is_saved(self, store: EventStore) -> None:
        """A load while others save has every event whose save had returned when it began."""
        shares = self._shares(_THREADS)
        returned: list[Any] = []

        def save_share(share: list[Any]) -> None:
            for event in share:
                store.save_event(event)
                returned.append(event)

        def load() -> None:
            loaded: list[Any] = []
            while len(loaded) < sum(map(len, shares)):
                before = returned.copy()
                ids = {event.event_id for event in before}
                loaded = [event for event in store.load_all_events() if event.event_id in ids]
                _expect(loaded, self.in_order(before), "load_all_events() while others save")

        in_threads([load, *(partial(save_share, share) for share in shares)])


class ProcessSafeEventStoreContract(DurableEventStoreContract):
    """What a store does whose data several processes use at once.

    Fixtures:
        store: A new and empty store.
        open_store: What opens a store over the same data whenever it is called, here and in other
            processes: something that can be pickled, like a ``functools.partial`` of a class. So
            can the events be.
    """

    def test_processes_lose_and_repeat_nothing(self, open_store: Callable[[], EventStore]) -> None:
        """What processes save at once, some of it the same, is there once after they have died.

        Each dies as soon as its last save has returned, without any clean-up.
        """
        same, *shares = self._shares(_PROCESSES + 1)
        codes = in_processes(
            [partial(save_and_die, open_store, [*share, *same]) for share in shares]
        )
        if any(codes):
            pytest.fail(f"processes that save ended with {codes}; their tracebacks are in stderr")
        expected = self.in_order(chain(same, *shares))
        _expect(open_store().load_all_events(), expected, "load_all_events()")


def _expect(loaded: Sequence[StorableEvent], expected: Sequence[StorableEvent], what: str) -> None:
    __tracebackhide__ = True
    wrong = difference(loaded, expected)
    if wrong is not None:
        pytest.fail(f"{what} is wrong:\n{wrong}")
