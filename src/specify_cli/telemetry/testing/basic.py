"""What every event store does."""

from __future__ import annotations

from .aggregates import Aggregates
from .idempotency import Idempotency
from .order import Order
from .round_trip import RoundTrip


class EventStoreContract(RoundTrip, Idempotency, Aggregates, Order):
    """What every event store does: round trip, idempotency, isolation of aggregates, order.

    A store may keep the first event saved under an id or overwrite it with the last; both are the
    contract. Either way there is one event under the id, in the place of the first. A store may
    refuse an event that it cannot keep; it may not keep another one instead.

    Fixtures:
        store: A new and empty store.

    Attributes:
        event_model: The model of the events.
        aggregate_ids: Aggregates to keep apart. Override it if the model allows none of these.
        deadline: How many seconds a test of several stores, threads or processes may take.
    """
