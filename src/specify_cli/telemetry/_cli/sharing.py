"""Sharing logs with a server: what is copied, what is said of it, and where it goes on."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from .._codec import bound_as
from .._contract import StorageError
from ..jsonl import JsonlEventStore
from ..postgres import PostgresEventStore
from ..sync import Copied, copy_new
from ..sync.kept import KeptCursor
from . import streams
from .arguments import CLEAN, PROBLEMS, UNREADABLE
from .check_text import count
from .progress import Line

_DONE = {"push": "pushed to", "pull": "pulled from"}


class Sharing:
    """Copies logs to a server and back.

    Args:
        conninfo: How to connect.
        name: What the log is called there; by default as its path is.
        model: The model of the events.

    Raises:
        ValueError: It is no conninfo, or no name.
    """

    def __init__(self, conninfo: str, name: str | None, model: type[Any]) -> None:
        """Touch nothing yet."""
        self._conninfo = conninfo
        self._name = name
        self._file_store = _store_of(JsonlEventStore, model)
        self._server_store = _store_of(PostgresEventStore, model)
        self._servers: dict[str, PostgresEventStore[Any]] = {}
        self._files: dict[str, JsonlEventStore[Any]] = {}
        self._said: set[str] = set()
        self._server("checked" if name is None else name)

    def share(self, paths: Iterable[str], directions: Iterable[str]) -> int:
        """Copy each log in each direction, and return the exit status.

        What is wrong is said once, and again only after it has been right.
        """
        status = CLEAN
        wrong: dict[str, None] = {}
        for path in paths:
            try:
                for direction in directions:
                    for event_id in self._copy(path, direction).differing:
                        wrong[f"{path}: the server has another event under the id {event_id}"] = (
                            None
                        )
                        status = max(status, PROBLEMS)
            except (StorageError, ValueError) as error:
                wrong[str(error)] = None
                status = UNREADABLE
        for text in wrong:
            if text not in self._said:
                streams.say(text)
        self._said = set(wrong)
        return status

    def _copy(self, path: str, direction: str) -> Copied:
        file = self._files.setdefault(path, self._file_store(path))
        server = self._server(self._name or name_of(Path(path)))
        here, there = str(Path(path).resolve()), server.place
        kept = KeptCursor(here, there) if direction == "push" else KeptCursor(there, here)
        with _progress(path) as show:

            def note(copied: Copied) -> None:
                kept.put(copied.cursor)
                show(f"{count(copied.read, 'line')} of ")

            if direction == "push":
                copied = copy_new(file, server, kept.get(), progress=note)
            else:
                copied = copy_new(server, file, kept.get(), progress=note)
        if copied.new:
            lines = count(copied.new, "line")
            sys.stdout.write(f"{path}: {lines} {_DONE[direction]} {server.place}\n")
        if copied.skipped:
            lines = count(copied.skipped, "line")
            streams.say(f"{path}: {lines} not {_DONE[direction]} {server.place}, being no event")
        return copied

    def _server(self, name: str) -> PostgresEventStore[Any]:
        if name not in self._servers:
            self._servers[name] = self._server_store(self._conninfo, name)
        return self._servers[name]


def name_of(path: Path) -> str:
    """Return what a log is called on a server: the same on each machine that has the project.

    This is its path below the top of the git working tree that it is in, or below the current
    directory, or its name alone.
    """
    path = path.resolve()
    tops = [folder for folder in path.parents if (folder / ".git").exists()]
    for top in (*tops, Path.cwd().resolve()):
        if path.is_relative_to(top):
            return path.relative_to(top).as_posix()
    return path.name


def _store_of(kind: type[Any], model: Any) -> type[Any]:
    """Return the class of the stores for a type of events, or for those of another store."""
    return type(kind.__name__, (kind,), {**bound_as(model), "__module__": kind.__module__})


@contextlib.contextmanager
def _progress(path: str) -> Iterator[Any]:
    line = Line()
    name = streams.printable(Path(path).name)
    try:
        yield lambda text: line.show(text, name)
    finally:
        line.show("", "")
