"""With fsync=True an acknowledged event is on the device (G1)."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest

from specify_cli.spec_kitty_events import StorageError
from specify_cli.telemetry import SimpleJsonStore

from ..support.events import make_event, make_events

directories_are_synced = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no directories to sync"
)


class Trace:
    """The writes and syncs the store makes, in order, each with the path it is about."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Begin to record."""
        self.calls: list[tuple[str, Path]] = []
        self._paths: dict[int, Path] = {}
        self._real = {name: getattr(os, name) for name in ("open", "write", "fsync")}
        for name in self._real:
            monkeypatch.setattr(os, name, getattr(self, name))

    def open(self, path: str | Path, flags: int, mode: int = 0o777) -> int:
        """Note which path a descriptor is for."""
        fd: int = self._real["open"](path, flags, mode)
        self._paths[fd] = Path(path)
        return fd

    def write(self, fd: int, data: bytes) -> int:
        """Record a write."""
        self.calls.append(("write", self._paths[fd]))
        written: int = self._real["write"](fd, data)
        return written

    def fsync(self, fd: int) -> None:
        """Record a sync."""
        self.calls.append(("fsync", self._paths[fd]))
        self._real["fsync"](fd)

    def taken(self) -> list[tuple[str, Path]]:
        """Return what was recorded since the last time."""
        calls, self.calls = self.calls, []
        return calls


@pytest.fixture
def trace(monkeypatch: pytest.MonkeyPatch) -> Trace:
    """Record the writes and syncs of a test."""
    return Trace(monkeypatch)


@directories_are_synced
def test_file_and_directory_are_synced_after_the_write(log: Path, trace: Trace) -> None:
    """Write, then the file, then once its directory."""
    store = SimpleJsonStore(log, fsync=True)
    store.save_event(make_event())
    assert trace.taken() == [("write", log), ("fsync", log), ("fsync", log.parent)]
    store.save_events(make_events(3))
    assert trace.taken() == [("write", log), ("fsync", log)]


@directories_are_synced
def test_new_directories_are_synced_too(tmp_path: Path, trace: Trace) -> None:
    """Each directory that was made is made durable in the one above it."""
    log = tmp_path / "a" / "b" / "events.jsonl"
    SimpleJsonStore(log, fsync=True).save_event(make_event())
    assert sorted(trace.taken()) == [
        ("fsync", tmp_path),
        ("fsync", tmp_path / "a"),
        ("fsync", tmp_path / "a" / "b"),
        ("fsync", log),
        ("write", log),
    ]


def test_a_known_event_is_synced_before_it_is_acknowledged(log: Path, trace: Trace) -> None:
    """Whoever wrote the event may not have waited for the device; who asks for that gets it."""
    event = make_event()
    SimpleJsonStore(log).save_event(event)
    assert trace.taken() == [("write", log)]
    store = SimpleJsonStore(log, fsync=True)
    for _ in range(3):
        store.save_event(event)
        assert ("fsync", log) in trace.taken()


@directories_are_synced
def test_a_replaced_file_has_its_directory_synced_again(log: Path, trace: Trace) -> None:
    """A new file is a new entry in its directory."""
    store = SimpleJsonStore(log, fsync=True)
    store.save_event(make_event())
    other = log.with_name("other")
    other.touch()
    other.replace(log)
    trace.taken()
    store.save_event(make_event())
    assert trace.taken() == [("write", log), ("fsync", log), ("fsync", log.parent)]


def test_without_fsync_nothing_is_synced(tmp_path: Path, trace: Trace) -> None:
    """The default leaves it to the operating system when to write to the device."""
    log = tmp_path / "new" / "events.jsonl"
    SimpleJsonStore(log).save_event(make_event())
    assert trace.taken() == [("write", log)]


@directories_are_synced
def test_a_directory_that_cannot_be_synced_is_an_error(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The event is not acknowledged, and not in the file."""
    store = SimpleJsonStore(log, fsync=True)
    real = os.fsync
    synced: list[int] = []

    def fail_second(fd: int) -> None:
        synced.append(fd)
        if len(synced) == 2:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        real(fd)

    monkeypatch.setattr(os, "fsync", fail_second)
    event = make_event()
    with pytest.raises(StorageError, match="cannot append to"):
        store.save_event(event)
    assert store.load_all_events() == []
    store.save_event(event)
    assert len(synced) == 4
    assert store.load_all_events() == [event]


@pytest.mark.parametrize("fsync", ["", "fsync"])
def test_no_descriptor_stays_open(
    fsync: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a save or a load opens, it closes."""
    real_open, real_dup, real_close = os.open, os.dup, os.close
    opened: list[int] = []

    def note_open(path: str | Path, flags: int, mode: int = 0o777) -> int:
        opened.append(real_open(path, flags, mode))
        return opened[-1]

    def note_dup(fd: int) -> int:
        opened.append(real_dup(fd))
        return opened[-1]

    def note_close(fd: int) -> None:
        opened.remove(fd)
        real_close(fd)

    monkeypatch.setattr(os, "open", note_open)
    monkeypatch.setattr(os, "dup", note_dup)
    monkeypatch.setattr(os, "close", note_close)
    store = SimpleJsonStore(tmp_path / "new" / "events.jsonl", fsync=bool(fsync))
    for event in (events := make_events(3)):
        store.save_event(event)
        store.save_event(event)
    store.load_all_events()
    next(store.iter_events())
    assert opened == []
    assert store.load_all_events() == events
