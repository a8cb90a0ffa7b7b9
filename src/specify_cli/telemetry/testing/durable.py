"""What a store does whose events outlive it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .._contract import Event, EventStore
from .basic import EventStoreContract
from .calls import within_deadline
from .suite import expect, expect_loads, save

_PROMISES = [name for name in dir(EventStoreContract) if name.startswith("test_")]


class _OpenedForEachCall(EventStore):
    """A store that is opened for each call."""

    def __init__(self, open_store: Callable[[], EventStore]) -> None:
        self._open = open_store

    def save_event(self, event: Event) -> None:
        self._open().save_event(event)

    def load_events(self, aggregate_id: str) -> list[Event]:
        return self._open().load_events(aggregate_id)

    def load_all_events(self) -> list[Event]:
        return self._open().load_all_events()


class _OpenedTwice(_OpenedForEachCall):
    """A store that saves, and another that loads."""

    def __init__(self, open_store: Callable[[], EventStore]) -> None:
        saving, self._loading = open_store(), open_store()
        super().__init__(lambda: saving)

    def load_events(self, aggregate_id: str) -> list[Event]:
        return self._loading.load_events(aggregate_id)

    def load_all_events(self) -> list[Event]:
        return self._loading.load_all_events()


class DurableEventStoreContract(EventStoreContract):
    """What a store does whose events outlive it: every store over the same data has them.

    Fixtures:
        store: A new and empty store.
        open_store: What opens a store over the same data whenever it is called. The data of each
            test are empty at first.
    """

    @pytest.mark.parametrize("promise", _PROMISES)
    @within_deadline
    def test_promises_hold_for_a_store_opened_for_each_call(
        self, open_store: Callable[[], EventStore], promise: str
    ) -> None:
        """Nothing depends on what a store remembers."""
        getattr(self, promise)(_OpenedForEachCall(open_store))

    @pytest.mark.parametrize("promise", _PROMISES)
    @within_deadline
    def test_promises_hold_for_a_store_that_saves_and_another_that_loads(
        self, open_store: Callable[[], EventStore], promise: str
    ) -> None:
        """What a store remembers does not keep it from seeing what another saves."""
        getattr(self, promise)(_OpenedTwice(open_store))

    @within_deadline
    def test_another_store_has_what_was_saved(self, open_store: Callable[[], EventStore]) -> None:
        """Nothing is kept back until the store that saved it is closed."""
        events = self._tied(3)
        first = open_store()
        save(first, events)
        expect_loads(open_store(), self.in_order(events), self.aggregate_ids[0])

    @within_deadline
    def test_another_store_knows_the_ids(self, open_store: Callable[[], EventStore]) -> None:
        """An event that one store has saved is not there twice after another saves it."""
        events = self._tied(3)
        for event in [*events, *events]:
            save(open_store(), [event])
        expect_loads(open_store(), self.in_order(events), self.aggregate_ids[0])

    @within_deadline
    def test_stores_take_turns(self, open_store: Callable[[], EventStore]) -> None:
        """Two open stores see what the other saves, also after having loaded and saved."""
        stores = [open_store(), open_store()]
        events = self._tied(6)
        for number, event in enumerate(events):
            save(stores[number % 2], [event])
            for store in stores:
                expect_loads(store, self.in_order(events[: number + 1]), self.aggregate_ids[0])
        save(stores[1], events)
        expect_loads(stores[0], self.in_order(events), self.aggregate_ids[0])

    @within_deadline
    def test_a_saved_event_stays_as_it_was(self, open_store: Callable[[], EventStore]) -> None:
        """Changing the payload of an event that was saved or loaded changes nothing in a store."""
        event = self.make_event(payload={"list": [1]})
        before = event.model_copy(deep=True)
        store = open_store()
        store.save_event(event)
        event.payload["list"].append("saved")
        for loaded in (*store.load_all_events(), *store.load_events(event.aggregate_id)):
            expect([loaded], [before], "what a load returned")
            loaded.payload["list"].append("loaded")
        expect_loads(store, [before], event.aggregate_id)
        expect_loads(open_store(), [before], event.aggregate_id)
