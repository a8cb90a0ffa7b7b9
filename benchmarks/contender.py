"""What every contender looks like to the measurements."""

from __future__ import annotations

from abc import ABC, abstractmethod
from operator import attrgetter
from pathlib import Path
from typing import ClassVar

from specify_cli.spec_kitty_events import Event

from . import workload

causal_order = attrgetter("lamport_clock", "node_id")


class Contender(ABC):
    """One way of keeping events, at one path.

    Attributes:
        title: What the tables call it.
        persistent: Whether events outlive the process.
        knows_ids: Whether saving an event a second time is noticed.
        max_events: The most events it is measured with; None for no bound.
    """

    title: ClassVar[str]
    persistent: ClassVar[bool] = True
    knows_ids: ClassVar[bool] = True
    max_events: ClassVar[int | None] = None

    @classmethod
    def load_library(cls) -> bool:
        """Import what the contender is made of; return whether it is installed."""
        return True

    @classmethod
    def fill(cls, path: Path, count: int) -> None:
        """Put the first ``count`` events at ``path``; by default, as a log of lines."""
        workload.write_log(path, count)

    @classmethod
    def fill_by_saving(cls, path: Path, count: int) -> None:
        """Put the first ``count`` events at ``path`` in the contender's own way."""
        contender = cls(path)
        contender.save_many(workload.events(0, count))
        contender.close()

    @abstractmethod
    def __init__(self, path: Path) -> None:
        """Use what is at ``path``."""

    def prepare(self, events: list[Event]) -> None:  # noqa: B027  # nearly all have nothing to do
        """Get ready to save these events, before the clock starts."""

    @abstractmethod
    def save(self, event: Event) -> None:
        """Keep one event."""

    @abstractmethod
    def save_many(self, events: list[Event]) -> None:
        """Keep several events, in the best way this contender has."""

    @abstractmethod
    def load(self, aggregate_id: str) -> list[Event]:
        """Return the events of one aggregate, in causal order."""

    @abstractmethod
    def load_all(self) -> list[Event]:
        """Return all events, in causal order."""

    def close(self) -> None:  # noqa: B027  # most have nothing open
        """Let go of what is open."""
