"""Where the contract is: the only module that imports it."""

from __future__ import annotations

from ..spec_kitty_events import Event, EventStore, StorageError

__all__ = ["Event", "EventStore", "StorageError"]
