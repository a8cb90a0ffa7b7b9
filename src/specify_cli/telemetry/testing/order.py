"""Loads return events in the order of the contract."""

from __future__ import annotations

from itertools import product

import pytest

from .._codec import codec_of
from .._contract import EventStore
from .suite import WHEN, Suite, expect, expect_loads, save

_NODES = ("b", "\U0001f431", "a10", "ö", "a9", "B", "a", "\uffee", "o\u0308", "a ")
_CLOCKS = (9, 10, 0, 100, 2, 2**31, 2**53, 2**53 + 1)


class Order(Suite):
    """Loads are sorted by clock, then by node, and by nothing else."""

    def test_loads_are_in_causal_order(self, store: EventStore) -> None:
        """Events are sorted by clock, as a number, and then by node, whatever else they have."""
        events = [
            self.make_event(
                lamport_clock=clock,
                node_id=node,
                aggregate_id=aggregate_id,
                event_type=f"Tested{number % 7}",
                timestamp=WHEN.replace(second=number * 17 % 60),
                payload={"number": -number % 5},
            )
            for number, (node, clock, aggregate_id) in enumerate(
                product(_NODES, _CLOCKS, self.aggregate_ids[1::-1])
            )
        ]
        save(store, events)
        expect(store.load_all_events(), self.in_order(events), "load_all_events()")
        own = [event for event in events if event.aggregate_id == self.aggregate_ids[0]]
        expect(store.load_events(self.aggregate_ids[0]), self.in_order(own), "load_events()")

    def test_ties_are_in_the_contracts_order(self, store: EventStore) -> None:
        """Events with the same clock and node stay in the order saved, or go by their ids."""
        events = self._tied(10)
        save(store, events)
        expect_loads(store, self.in_order(events), self.aggregate_ids[0])

    def test_events_without_clock_are_first(self, store: EventStore) -> None:
        """Where the model lets an event have no clock, it is loaded before those that have one."""
        if not codec_of(self.event_model).clock_is_optional:
            pytest.skip("every event of this model has a clock")
        events = [
            self.make_event(lamport_clock=clock, node_id=node)
            for clock in (0, None, 1)
            for node in ("b", "a")
        ]
        save(store, events)
        expect_loads(store, self.in_order(events), self.aggregate_ids[0])
