"""The store on a server for the vendored contract."""

from __future__ import annotations

from collections.abc import Callable

from .._contract import Event, EventStore
from .._recorder import Recorder
from .store import PostgresEventStore


class SimplePostgresStore(Recorder, PostgresEventStore[Event], EventStore):
    """An event store in a PostgreSQL database, for the ``Event`` of ``spec_kitty_events``.

    A drop-in for ``SimpleJsonStore`` where one machine is not enough. All but ``record`` is in
    ``PostgresEventStore``, which see.

    Args:
        conninfo: How to connect, a URL or ``key=value`` pairs, as libpq takes them.
        log: The name of the log.

    Example:
        >>> with SimplePostgresStore(conninfo, "043-telemetry") as store:
        ...     store.save_event(event)
        ...     store.load_all_events() == [event]
        True
    """

    event_model = Event

    def _save_recorded(self, make: Callable[[int], Event]) -> Event:
        return self.save_next(make)
