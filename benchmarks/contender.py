"""What every contender looks like to the measurements."""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Iterable
from importlib.util import find_spec
from operator import attrgetter
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from specify_cli.spec_kitty_events import Event

from . import workload

causal_order = attrgetter("lamport_clock", "node_id")


class Does(NamedTuple):
    """What a contender does beside keeping events, in a word or two each; ``-``: it does not."""

    ids: str = "-"
    locks: str = "-"
    survives: str = "a killed process"
    torn: str = "-"


class Contender(ABC):
    """One way of keeping events, at one path.

    Attributes:
        title: What the tables call it.
        library: The module it is made of, where it is not part of Python; loaded, ``lib``.
        does: What else it does.
        is_log: Whether it keeps the workload's lines as they are.
        reads: Whether it has a way to load what it wrote; without one, only checks do.
        event_model: The type of its events, which has these fields beside those of the workload.
    """

    title: ClassVar[str]
    library: ClassVar[str] = ""
    lib: ClassVar[Any]
    does: ClassVar[Does]
    is_log: ClassVar[bool] = False
    reads: ClassVar[bool] = True
    event_model: ClassVar[Any] = Event
    more_fields: ClassVar[dict[str, str]] = {}

    @classmethod
    def is_installed(cls) -> bool:
        """Return whether it can take part."""
        return not cls.library or find_spec(cls.library.partition(".")[0]) is not None

    @classmethod
    def python_path(cls) -> str:
        """Return the folder in which a process finds its modules first; empty: nowhere else."""
        return ""

    @classmethod
    def load_library(cls) -> None:
        """Import what it is made of, before any clock starts."""
        if cls.library:
            cls.lib = importlib.import_module(cls.library)

    @classmethod
    def events(cls, start: int, stop: int) -> list[Any]:
        """Return the events of the workload from ``start`` up to, not including, ``stop``."""
        return [cls.event_model.model_validate(fields) for fields in cls._records(start, stop)]

    @classmethod
    def fill(cls, path: Path, count: int) -> None:
        """Put the first ``count`` events at ``path``."""
        if cls.is_log:
            workload.write_log(path, cls._records(0, count))
            return
        contender = cls(path)
        for start in range(0, count, 1000):
            contender.save_many(cls.events(start, min(count, start + 1000)))
        contender.close()

    @classmethod
    def _records(cls, start: int, stop: int) -> Iterable[dict[str, Any]]:
        return (workload.record(number) | cls.more_fields for number in range(start, stop))

    @abstractmethod
    def __init__(self, path: Path) -> None:
        """Use what is at ``path``; its folder exists."""

    def save(self, event: Event) -> None:
        """Keep one event."""
        self.save_many([event])

    @abstractmethod
    def save_many(self, events: list[Event]) -> None:
        """Keep several events, in the best way this contender has."""

    def load(self, aggregate_id: str) -> list[Event]:
        """Return the events of one aggregate, in causal order."""
        return [Event.model_validate_json(body) for body in self.found(aggregate_id)]

    def load_all(self) -> list[Event]:
        """Return all events, in causal order."""
        return sorted(map(Event.model_validate_json, self.found(None)), key=causal_order)

    def found(self, aggregate_id: str | None) -> Iterable[str | bytes]:
        """Return the JSON of one aggregate's events, in causal order, or of all, in any."""
        raise NotImplementedError

    def close(self) -> None:  # noqa: B027  # some have nothing open
        """Let go of what is open."""
