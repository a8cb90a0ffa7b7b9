"""What a log needs to know of the values in its lines, whatever their type."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeAlias, TypeVar

EventT = TypeVar("EventT")

EventId: TypeAlias = str | int

IdReader: TypeAlias = Callable[[Sequence[str]], Sequence[Any]]
"""Tells which ids some texts are read as; None stands for what is refused."""


def event_name(event_id: object) -> str:
    """Return how messages name an event."""
    try:
        return "an event" if event_id is None else f'event "{event_id}"'
    except Exception:  # noqa: BLE001  # it is a value of any type: see shown
        return "an event"


def shown(value: object) -> str:
    """Return how messages show a value: as its repr begins, if it has one.

    Nobody else's code makes a message fail, nor does an integer of more digits than Python writes.
    """
    try:
        return f"{value!r:.200}"
    except Exception:  # noqa: BLE001  # a repr is the type's own code
        return f"a {type(value).__name__}"


class StorableEvent(Protocol):
    """An event of the contract, in any of its releases."""

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


class Codec(Protocol[EventT]):
    """Turns the values of a log into lines and back, and tells their ids.

    Attributes:
        id_key: The last key on the way to the id in a line, the only one if the id is at the top;
            None if a value has no id, and every save is written.
        ids_are_verbatim: Whether an id is in a line as it is in the value, but for JSON's own
            escapes. A search for its characters finds it then.
        read_ids: What tells which ids texts under ``id_key`` are read as; None if only whole lines
            tell.
    """

    id_key: str | None
    ids_are_verbatim: bool
    read_ids: IdReader | None

    def __hash__(self) -> int:
        """Return a number, so that what was learnt of a codec can be kept."""

    def check(self, value: object) -> None:
        """Raise TypeError unless ``value`` is one that this log takes."""

    def encode(self, value: EventT) -> bytes:
        """Return the line that stores ``value``, newline included, or raise UnstorableError."""

    def decode(self, line: bytes) -> EventT:
        """Return the value that ``line`` holds, or raise MalformedLineError."""

    def id_of(self, value: EventT) -> EventId | None:
        """Return what tells ``value`` from every other; None if nothing does."""

    def aggregate_of(self, value: EventT) -> str | None:
        """Return what ``value`` is about; None if that is not known."""

    def loads_as(self, line: bytes) -> EventId | None:
        """Return the id of the value that ``line`` loads as; None if it is malformed."""
