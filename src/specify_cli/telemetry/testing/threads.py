"""What a store does that threads may share."""

from __future__ import annotations

import time
from functools import partial
from itertools import chain
from typing import Any

from .._contract import EventStore
from .basic import EventStoreContract
from .calls import Others, in_threads, within_deadline
from .steps import Steps
from .suite import expect, expect_at_least, expect_loads, save

_THREADS = 8


class ThreadSafeEventStoreContract(EventStoreContract):
    """What a store does that threads may share.

    Fixtures:
        store: A new and empty store.
    """

    def test_threads_lose_nothing(self, store: EventStore) -> None:
        """Every event that any of several threads has saved is there."""
        shares = self._shares(_THREADS)
        in_threads([partial(save, store, share) for share in shares], self.deadline)
        expect(store.load_all_events(), self.in_order(chain(*shares)), "load_all_events()")

    def test_threads_repeat_nothing(self, store: EventStore) -> None:
        """Events that several threads save at once are there once."""
        (events,) = self._shares(1)
        in_threads([partial(save, store, events)] * _THREADS, self.deadline)
        expect(store.load_all_events(), events, "load_all_events()")

    def test_threads_load_what_is_saved(self, store: EventStore) -> None:
        """A load while others save has every event whose save had returned when it began."""
        shares = self._shares(_THREADS)
        returned: list[Any] = []
        ended: list[None] = []

        def save_share(share: list[Any]) -> None:
            try:
                for event in share:
                    save(store, [event])
                    returned.append(event)
            finally:
                ended.append(None)

        def load() -> None:
            deadline = time.monotonic() + self.deadline
            while len(ended) < len(shares) and time.monotonic() < deadline:
                before = self.in_order(returned.copy())
                expect_at_least(store.load_all_events(), before, "a load while others save")

        in_threads([load, *(partial(save_share, share) for share in shares)], self.deadline)

    @within_deadline
    def test_a_save_may_be_interrupted_by_threads(self, store: EventStore) -> None:
        """Between any two steps of a save others may save, the same and another event, and load."""
        saved: list[Any] = []
        steps = Steps(in_lines=True)
        while steps.more:
            own, other = self._next_two(len(saved))
            others = Others(
                partial(save, store, [other]),
                partial(save, store, [own]),
                partial(self._expect_in_loads, store, saved.copy()),
            )
            steps.interrupt(partial(store.save_event, own.model_copy(deep=True)), others)
            others.end(self._patience())
            saved += [own, other]
        expect_loads(store, saved, self.aggregate_ids[0])

    @within_deadline
    def test_a_load_may_be_interrupted_by_threads(self, store: EventStore) -> None:
        """Between any two steps of a load others may save; what was saved before is in it."""
        saved: list[Any] = []
        steps = Steps(in_lines=False)
        while steps.more:
            other = self.make_event(lamport_clock=len(saved))
            others = Others(partial(save, store, [other]))
            steps.interrupt(partial(self._expect_in_loads, store, saved.copy()), others)
            others.end(self._patience())
            saved.append(other)
        expect_loads(store, saved, self.aggregate_ids[0])

    def _expect_in_loads(self, store: EventStore, saved: list[Any]) -> None:
        aggregate_id = self.aggregate_ids[0]
        expect_at_least(store.load_all_events(), saved, "a load while others save")
        expect_at_least(store.load_events(aggregate_id), saved, "a load while others save")
