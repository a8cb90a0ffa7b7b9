"""Aggregates are apart."""

from __future__ import annotations

from .._contract import EventStore
from .suite import Suite, expect, save

# Nothing is saved under these.
_UNKNOWN = ("unknown", "", "%", "_ne", "o*", "[o]ne", "oNe", "one  ", ".*", "' OR ''='", "on\0")


class Aggregates(Suite):
    """Loading one aggregate gives its events only."""

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
        save(store, events)
        for aggregate_id in self.aggregate_ids:
            own = [event for event in events if event.aggregate_id == aggregate_id]
            expect(store.load_events(aggregate_id), own, f"load_events({aggregate_id!r})")
        for aggregate_id in _UNKNOWN:
            expect(store.load_events(aggregate_id), [], f"load_events({aggregate_id!r})")
        expect(store.load_all_events(), self.in_order(events), "load_all_events()")
