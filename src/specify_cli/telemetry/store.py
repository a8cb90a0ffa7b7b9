"""The event store for the vendored contract."""

from __future__ import annotations

from collections.abc import Callable

from ._contract import Event, EventStore
from ._recorder import Recorder
from .jsonl.store import JsonlEventStore


class SimpleJsonStore(Recorder, JsonlEventStore[Event], EventStore):
    """An event store that appends one JSON line per event to a file.

    A drop-in for ``InMemoryEventStore``. All but ``record`` is in ``JsonlEventStore``, which see;
    this is the store for the ``Event`` of ``spec_kitty_events``.

    Args:
        file_path: The log. It need not exist; the first save makes it and its directories.
        fsync: Whether a save waits until the event is on the device, so that it survives not only
            the death of the process but a loss of power too.

    Example:
        >>> SimpleJsonStore("events.jsonl").save_event(event)
        >>> SimpleJsonStore("events.jsonl").load_all_events() == [event]
        True
    """

    event_model = Event

    def _save_recorded(self, make: Callable[[int], Event]) -> Event:
        return self._writer.save_next(make, id_is_new=True)
