"""There is one event under an id, however often and by whatever name it is saved."""

from __future__ import annotations

from typing import Any

from ulid import ULID

from .._contract import EventStore
from .difference import same_event
from .suite import WHEN, Suite, expect, expect_loads, save


class Idempotency(Suite):
    """Saving an id again leaves one event under it."""

    def test_saving_again_changes_nothing(self, store: EventStore) -> None:
        """An event saved again, at once or later, is there once and in its place."""
        events = self._tied(4)
        save(store, [*events, events[-1], *events, events[0]])
        expect_loads(store, self.in_order(events), self.aggregate_ids[0])

    def test_one_event_stays_under_an_id(self, store: EventStore) -> None:
        """Of two events under one id the first or the last stays, in the place of the first."""
        changes: tuple[dict[str, Any], ...] = (
            {"payload": {"version": 2}},
            {"event_type": "Changed"},
            {"timestamp": WHEN.replace(year=2025)},
            {"lamport_clock": 0},
            {"node_id": "A"},
            {"aggregate_id": self.aggregate_ids[1]},
        )
        saved: list[Any] = []
        for change in changes:
            first, other = self._tied(2)
            last = first.model_copy(update=change)
            save(store, [first, other, last])
            loaded = store.load_all_events()
            kept = last if any(same_event(last, event) for event in loaded) else first
            saved += [kept, other]
            expect(loaded, self.in_order(saved), "load_all_events()")
            for aggregate_id in {first.aggregate_id, last.aggregate_id}:
                own = self.in_order(event for event in saved if event.aggregate_id == aggregate_id)
                expect(store.load_events(aggregate_id), own, f"load_events({aggregate_id!r})")

    def test_an_event_that_is_only_mentioned_can_be_saved(self, store: EventStore) -> None:
        """An id in another event's payload, or as a cause, is not a saved event."""
        event = self.make_event(lamport_clock=1)
        mention = self.make_event(
            lamport_clock=2, causation_id=event.event_id, payload={"event_id": event.event_id}
        )
        save(store, [mention, event])
        expect_loads(store, [event, mention], event.aggregate_id)

    def test_ids_are_apart(self, store: EventStore) -> None:
        """Events whose ids are alike are different events, where the model says so."""
        ulid = str(ULID())
        ids = [
            *(ulid, ulid.lower(), f"{ulid[:-1]}{'1' if ulid[-1] != '1' else '2'}"),
            *(f"{ulid[:-1]}{last}" for last in " \n_%*"),
            *(f" {ulid[1:]}", f"{'0' * 25}1", f"{'0' * 23}1.0", f"{'0' * 23}1e0", "0" * 26),
        ]
        made = [event for event_id in ids for event in self._perhaps(event_id)]
        events = list({event.event_id: event for event in made}.values())
        save(store, [*events, *events])
        expect_loads(store, self.in_order(events), self.aggregate_ids[0])

    def _perhaps(self, event_id: str) -> list[Any]:
        """Return an event with this id, or as the model spells it, if the model has such ids."""
        try:
            return [self.make_event(event_id=event_id, payload={"id": event_id})]
        except ValueError:
            return []
