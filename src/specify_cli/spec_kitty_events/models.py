"""The event model and the errors of the ``spec_kitty_events`` contract."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Ulid = Annotated[str, Field(min_length=26, max_length=26)]
Name = Annotated[str, Field(min_length=1)]


class SpecKittyEventsError(Exception):
    """The base of every error this contract raises.

    Example:
        >>> issubclass(StorageError, SpecKittyEventsError)
        True
    """


class StorageError(SpecKittyEventsError):
    """An event store could not read or write what it was asked to.

    Example:
        >>> try:
        ...     SimpleJsonStore(".").save_event(event)  # a directory
        ... except StorageError as error:
        ...     print(error)
        cannot append to ".": ...
    """


class ValidationError(SpecKittyEventsError):
    """Data does not have the form of an event.

    The model itself raises pydantic's error of that name. This one is for whoever reads events by
    other means, so that its callers have one error to catch.

    Example:
        >>> raise ValidationError("event_type is missing")
        Traceback (most recent call last):
        ValidationError: event_type is missing
    """


class Event(BaseModel):
    """One immutable fact about an aggregate, placed in causal order by its Lamport clock.

    Unknown fields are ignored, so that a log written by a later version of the contract still
    loads.

    Attributes:
        event_id: A ULID, 26 characters, unique to the event.
        event_type: What happened, for example ``"WPStatusChanged"``.
        aggregate_id: What it happened to.
        payload: Details of the event, opaque to every store.
        timestamp: Wall-clock time, for people; never used for ordering.
        node_id: Where the event was emitted.
        lamport_clock: Logical time at that node, 0 or more.
        causation_id: The id of the event that caused this one, if any.

    Example:
        >>> caused = Event(
        ...     event_id=str(ULID()), event_type="WPStatusChanged", aggregate_id="043-telemetry",
        ...     node_id="cli:WP01", lamport_clock=2, timestamp=datetime.now(UTC),
        ...     causation_id=event.event_id,
        ... )
        >>> caused.payload
        {}
    """

    model_config = ConfigDict(frozen=True)

    event_id: Ulid
    event_type: Name
    aggregate_id: Name
    # The one `Any`: a payload belongs to whoever emits the event.
    payload: dict[str, Any] = Field(default_factory=dict)
    timestamp: datetime
    node_id: Name
    lamport_clock: Annotated[int, Field(ge=0)]
    causation_id: Ulid | None = None

    def __repr__(self) -> str:
        """Return the fields that tell events apart, without the payload."""
        return (
            f"Event(event_id={self.event_id!r}, event_type={self.event_type!r}, "
            f"aggregate_id={self.aggregate_id!r}, lamport_clock={self.lamport_clock!r}, "
            f"node_id={self.node_id!r})"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as a new dictionary; the timestamp stays a ``datetime``."""
        return self.model_dump()

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Event:
        """Return the event that ``data`` describes.

        Args:
            data: The fields by name, as ``to_dict`` returns them or as parsed from JSON.

        Raises:
            pydantic.ValidationError: ``data`` does not have the form of an event.
        """
        return cls.model_validate(data)
