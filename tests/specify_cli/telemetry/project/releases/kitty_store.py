"""The whole of what a user of spec-kitty-events writes."""

import spec_kitty_events

from specify_cli.telemetry import JsonlEventStore


class KittyStore(JsonlEventStore[spec_kitty_events.Event], spec_kitty_events.EventStore):
    """The event store for the real package."""

    event_model = spec_kitty_events.Event
    storage_error = spec_kitty_events.StorageError
