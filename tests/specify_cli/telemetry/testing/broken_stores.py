"""Stores in memory that break the order, the ids or the loads of the contract.

``test_broken_stores.py`` says which tests each of the classes here has to fail.
"""

from __future__ import annotations

from specify_cli.spec_kitty_events import Event, StorageError
from specify_cli.telemetry.testing import EventStoreContract

from .working_stores import Store, number, refusing


class Unsorted(Store):
    """Loads in the order saved."""

    def load_all_events(self) -> list[Event]:
        """Return every event."""
        return list(self.events)


class SortedByClockOnly(Store):
    """Forgets the node."""

    def load_all_events(self) -> list[Event]:
        """Return every event."""
        return sorted(self.events, key=lambda event: event.lamport_clock)


class SortedByText(Store):
    """Takes 10 for less than 9."""

    def load_all_events(self) -> list[Event]:
        """Return every event."""
        return sorted(self.events, key=lambda event: (str(event.lamport_clock), event.node_id))


class SortedById(Store):
    """Sorts ties by id although every event has a clock."""

    def load_all_events(self) -> list[Event]:
        """Return every event."""
        return sorted(self.events, key=lambda e: (e.lamport_clock, e.node_id, e.event_id))


class KeepingRepeats(Store):
    """Appends whatever comes."""

    def is_new(self, event: Event) -> bool:  # noqa: ARG002  # as it is
        """Return whether no such event is kept yet."""
        return True


class KeepingVersions(Store):
    """Drops only what is the same in every field."""

    def is_new(self, event: Event) -> bool:
        """Return whether no such event is kept yet."""
        return event not in self.events


class MovingRepeats(Store):
    """Puts an event that is saved again at the end."""

    def save_event(self, event: Event) -> None:
        """Keep one event."""
        self.events = [known for known in self.events if known.event_id != event.event_id]
        self.events.append(event)


class TakingMentionsForEvents(Store):
    """Looks for the id anywhere."""

    def is_new(self, event: Event) -> bool:
        """Return whether no such event is kept yet."""
        return all(event.event_id not in known.model_dump_json() for known in self.events)


class Late(Store):
    """Shows an event only when the next one comes."""

    def load_all_events(self) -> list[Event]:
        """Return every event."""
        return super().load_all_events()[:-1]


class Leaking(Store):
    """Hands out its own list."""

    def load_all_events(self) -> list[Event]:
        """Return every event."""
        self.events.sort(key=lambda event: (event.lamport_clock, event.node_id))
        return self.events


class Inventing(Store):
    """Has events that nobody saved."""

    def __init__(self) -> None:
        """Start with one."""
        super().__init__()
        self.events.append(EventStoreContract().make_event(event_type="Created"))


class SortedByTimestamp(Store):
    """Asks the wall clock before the node."""

    def load_all_events(self) -> list[Event]:
        """Return every event."""
        return sorted(self.events, key=lambda e: (e.lamport_clock, e.timestamp, e.node_id))


class SortedByTimestampAtLast(Store):
    """Sorts ties by the wall clock."""

    def load_all_events(self) -> list[Event]:
        """Return every event."""
        return sorted(self.events, key=lambda e: (e.lamport_clock, e.node_id, e.timestamp))


class SortedByFallingId(Store):
    """Sorts ties by id, the last one first."""

    def load_all_events(self) -> list[Event]:
        """Return every event."""
        self.events.sort(key=lambda event: event.event_id, reverse=True)
        return super().load_all_events()


class SortedByUtf16(Store):
    """Compares nodes as Java and JavaScript do."""

    def load_all_events(self) -> list[Event]:
        """Return every event."""
        return sorted(
            self.events, key=lambda event: (event.lamport_clock, event.node_id.encode("utf-16-be"))
        )


class SortedByFloat(Store):
    """Takes clocks for equal that differ by one in 2**53."""

    def load_all_events(self) -> list[Event]:
        """Return every event."""
        return sorted(self.events, key=lambda event: (float(event.lamport_clock), event.node_id))


class KnowingIdsByAggregate(Store):
    """Keeps one id under two aggregates twice."""

    def is_new(self, event: Event) -> bool:
        """Return whether no such event is kept yet."""
        own = (event.event_id, event.aggregate_id)
        return all(own != (known.event_id, known.aggregate_id) for known in self.events)


class KnowingObjects(Store):
    """Asks whether it is the same object."""

    def is_new(self, event: Event) -> bool:
        """Return whether no such event is kept yet."""
        return all(event is not known for known in self.events)


class KnowingIdsWithoutCase(Store):
    """Compares ids without case."""

    def is_new(self, event: Event) -> bool:
        """Return whether no such event is kept yet."""
        return all(event.event_id.lower() != known.event_id.lower() for known in self.events)


class KnowingIdsStripped(Store):
    """Compares ids without white space."""

    def is_new(self, event: Event) -> bool:
        """Return whether no such event is kept yet."""
        return all(event.event_id.strip() != known.event_id.strip() for known in self.events)


class KnowingIdsAsNumbers(Store):
    """Compares ids that look like numbers as numbers."""

    def is_new(self, event: Event) -> bool:
        """Return whether no such event is kept yet."""
        return all(number(event.event_id) != number(known.event_id) for known in self.events)


class RememberingRefusedIds(Store):
    """Knows an id before it knows whether it can keep the event."""

    def __init__(self) -> None:
        """Start empty."""
        super().__init__()
        self.ids: set[str] = set()

    def is_new(self, event: Event) -> bool:
        """Return whether no such event is kept yet."""
        new = event.event_id not in self.ids
        self.ids.add(event.event_id)
        return new

    def kept(self, event: Event) -> Event:
        """Return an event as it comes back."""
        return refusing(event)


class SwallowingErrors(Store):
    """Says that an event is kept when it is not."""

    def save_event(self, event: Event) -> None:
        """Keep one event."""
        try:
            event = refusing(event)
        except StorageError:
            return
        super().save_event(event)


class ShowingWhatItRefuses(Store):
    """Takes back an event that it has refused only when the next one is saved."""

    def __init__(self) -> None:
        """Start empty."""
        super().__init__()
        self.refused: list[Event] = []

    def save_event(self, event: Event) -> None:
        """Keep one event."""
        self.refused = [event]
        super().save_event(refusing(event))
        self.refused = []

    def load_all_events(self) -> list[Event]:
        """Return every event."""
        return super().load_all_events() + self.refused


class FirstHundred(Store):
    """Loads one page."""

    def load_all_events(self) -> list[Event]:
        """Return every event."""
        return super().load_all_events()[:100]


class ReturningOneList(Store):
    """Fills one list at every load."""

    def __init__(self) -> None:
        """Start empty."""
        super().__init__()
        self.loaded: list[Event] = []

    def load_all_events(self) -> list[Event]:
        """Return every event."""
        self.loaded[:] = super().load_all_events()
        return self.loaded

    def load_events(self, aggregate_id: str) -> list[Event]:
        """Return the events of one aggregate."""
        self.loaded[:] = super().load_events(aggregate_id)
        return self.loaded


class ReturningItsCache(Store):
    """Returns one list until another event is saved."""

    def __init__(self) -> None:
        """Start empty."""
        super().__init__()
        self.loaded: dict[str | None, list[Event]] = {}

    def save_event(self, event: Event) -> None:
        """Keep one event."""
        super().save_event(event)
        self.loaded.clear()

    def load_all_events(self) -> list[Event]:
        """Return every event."""
        return self.loaded.setdefault(None, super().load_all_events())

    def load_events(self, aggregate_id: str) -> list[Event]:
        """Return the events of one aggregate."""
        return self.loaded.setdefault(aggregate_id, super().load_events(aggregate_id))


class ReturningTuples(Store):
    """Returns what is no list."""

    def load_all_events(self) -> list[Event]:
        """Return every event."""
        return tuple(super().load_all_events())  # type: ignore[return-value]  # that is wrong

    def load_events(self, aggregate_id: str) -> list[Event]:
        """Return the events of one aggregate."""
        return tuple(super().load_events(aggregate_id))  # type: ignore[return-value]  # that too
