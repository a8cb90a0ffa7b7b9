"""The contenders that keep lines in a file, or nothing: the store of this project among them."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.specify_cli.telemetry.project.releases.install import folder_of

from specify_cli.spec_kitty_events import Event
from specify_cli.telemetry import SimpleJsonStore

from . import workload
from .contender import Contender, Does, causal_order


class ThisStore(Contender):
    """The store of this project."""

    title = "SimpleJsonStore"
    does = Does("yes", "processes", torn="sealed, skipped with a warning")
    is_log = True

    def __init__(self, path: Path) -> None:
        self.store: Any = SimpleJsonStore(path)

    def save(self, event: Event) -> None:
        self.store.save_event(event)

    def save_many(self, events: list[Event]) -> None:
        self.store.save_events(events)

    def load(self, aggregate_id: str) -> list[Event]:
        return self.store.load_events(aggregate_id)  # type: ignore[no-any-return]  # of any contract

    def load_all(self) -> list[Event]:
        return self.store.load_all_events()  # type: ignore[no-any-return]  # the same

    def encode(self, events: list[Event]) -> None:
        """Make the lines that a save would write."""
        list(map(self.store._codec.encode, events))  # noqa: SLF001  # what no user does by itself


class Published(ThisStore):
    """The store bound to a published release of the contract, whose events have more fields."""

    title = "spec-kitty-events 6.1.0"
    more_fields = {  # noqa: RUF012  # a ClassVar of the base
        "build_id": "main",
        "project_uuid": "6f1f0f1e-5a5b-4c3d-9e8f-0123456789ab",
        "correlation_id": "01KHJVJWDM0HGAGYGXJYKD1JQG",
    }

    @classmethod
    def is_installed(cls) -> bool:
        return Path(cls.python_path()).is_dir()

    @classmethod
    def python_path(cls) -> str:
        return str(folder_of(cls.title.rpartition(" ")[2]))

    @classmethod
    def load_library(cls) -> None:
        cls.lib = import_module("tests.specify_cli.telemetry.project.releases.kitty_store")
        cls.event_model = cls.lib.KittyStore.event_model

    def __init__(self, path: Path) -> None:
        self.store = self.lib.KittyStore(path)


class PublishedLater(Published):
    """The latest release."""

    title = "spec-kitty-events 11.0.0"


class PlainJsonl(Contender):
    """A JSONL store as one writes it in an hour: no lock, no seal, nothing checked."""

    title = "plain JSONL"
    does = Does("yes, of one process")
    is_log = True

    def __init__(self, path: Path) -> None:
        self._path = path
        self._ids: set[str] | None = None

    def save_many(self, events: list[Event]) -> None:
        if self._ids is None:
            self._ids = {record["event_id"] for record in self.parsed()}
        new = [event for event in events if event.event_id not in self._ids]
        if not new:
            return
        with self._path.open("a", encoding="utf-8") as file:
            for event in new:
                file.write(json.dumps(event.to_dict(), sort_keys=True, default=str) + "\n")
                self._ids.add(event.event_id)

    def load(self, aggregate_id: str) -> list[Event]:
        found = (record for record in self.parsed() if record["aggregate_id"] == aggregate_id)
        return sorted(map(Event.from_dict, found), key=causal_order)

    def load_all(self) -> list[Event]:
        return sorted(map(Event.from_dict, self.parsed()), key=causal_order)

    def parsed(self) -> Iterable[dict[str, Any]]:
        """Yield what the lines hold."""
        if self._path.exists():
            with self._path.open(encoding="utf-8") as file:
                yield from map(json.loads, file)


class Jsonlines(PlainJsonl):
    """The ``jsonlines`` library: its writer, on a file that stays open, and its reader."""

    title = "jsonlines"
    library = "jsonlines"
    does = Does()

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._file = path.open("a", encoding="utf-8")
        self._writer = self.lib.Writer(self._file, sort_keys=True)

    def save_many(self, events: list[Event]) -> None:
        self._writer.write_all(event.model_dump(mode="json") for event in events)
        self._file.flush()

    def parsed(self) -> Iterable[dict[str, Any]]:
        with self.lib.open(self._path) as reader:
            yield from reader

    def close(self) -> None:
        self._file.close()


class Logging(PlainJsonl):
    """The standard library's ``logging``, to a file, each event as JSON."""

    title = "logging"
    does = Does(locks="threads")
    reads = False

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._handler = logging.FileHandler(path, encoding="utf-8")
        self._logger = logging.getLogger("benchmark")
        self._logger.addHandler(self._handler)
        self._logger.setLevel(logging.INFO)

    def save(self, event: Event) -> None:
        self._logger.info("%s", event.model_dump_json())

    def save_many(self, events: list[Event]) -> None:
        for event in events:
            self.save(event)

    def close(self) -> None:
        self._handler.close()


class Structlog(Logging):
    """The ``structlog`` library, to a file, with its renderer of JSON."""

    title = "structlog"
    library = "structlog"

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        to_file, as_json = (
            self.lib.WriteLogger(self._handler.stream),
            self.lib.processors.JSONRenderer(),
        )
        self._structlog = self.lib.wrap_logger(to_file, processors=[as_json])

    def save(self, event: Event) -> None:
        self._structlog.info("saved", **event.model_dump(mode="json"))


class BareLimit(Contender):
    """What no store can be much faster than: it writes ready-made bytes, and parses what it must.

    A save is one ``os.write`` of a ready-made line to a file that stays open. A load parses every
    line with pydantic, or those that name the aggregate. No ids, order or checks.
    """

    title = "bare limit"
    does = Does()
    is_log = True

    def __init__(self, path: Path) -> None:
        self._path = path
        binary = getattr(os, "O_BINARY", 0)  # Windows would write two bytes for a line end
        self._fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | binary)
        self._line = json.dumps(workload.record(0), sort_keys=True).encode() + b"\n"

    def save(self, event: Event) -> None:
        del event
        os.write(self._fd, self._line)

    def save_many(self, events: list[Event]) -> None:
        os.write(self._fd, self._line * len(events))

    def load(self, aggregate_id: str) -> list[Event]:
        name = f'"{aggregate_id}"'.encode()
        with self._path.open("rb") as file:
            return [Event.model_validate_json(line) for line in file if name in line]

    def load_all(self) -> list[Event]:
        with self._path.open("rb") as file:
            return [Event.model_validate_json(line) for line in file]

    def close(self) -> None:
        os.close(self._fd)
