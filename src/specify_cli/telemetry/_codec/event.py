"""What the store needs of an event; any pydantic model that has it can be stored."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol, TypeVar


class StorableEvent(Protocol):
    """An instance of a pydantic v2 model with these fields, and any others."""

    # How pydantic itself reads: SchemaValidator, or what a plugin puts in its place.
    __pydantic_validator__: ClassVar[Any]

    @property
    def event_id(self) -> str:
        """What tells this event from every other."""

    @property
    def aggregate_id(self) -> str:
        """What the event happened to."""

    @property
    def lamport_clock(self) -> int | None:
        """Logical time at its node; absent in models that allow it to be."""

    @property
    def node_id(self) -> str:
        """Where the event was emitted."""

    @property
    def model_extra(self) -> dict[str, Any] | None:
        """Fields that the model does not name but keeps."""


EventT = TypeVar("EventT", bound=StorableEvent)
