"""Another contract."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class StorageError(Exception):
    """Refused."""


class Event(BaseModel):
    """A wider event."""

    model_config = ConfigDict(frozen=True)

    event_id: str = Field(min_length=26, max_length=26)
    event_type: str
    aggregate_id: str
    payload: dict[str, Any] = Field(default_factory=dict)
    timestamp: datetime
    build_id: str
    node_id: str
    lamport_clock: int
    causation_id: str | None = None
    project_uuid: UUID | None = None
    schema_version: str = "3.0.0"

    def to_dict(self) -> dict[str, Any]:
        """Return the fields."""
        return self.model_dump()


class EventStore(ABC):
    """Keeps events."""

    @abstractmethod
    def save_event(self, event: Event) -> None:
        """Keep one."""

    @abstractmethod
    def load_events(self, aggregate_id: str) -> list[Event]:
        """Return some."""

    @abstractmethod
    def load_all_events(self) -> list[Event]:
        """Return all."""
