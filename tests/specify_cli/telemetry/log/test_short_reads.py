"""A read that returns less than was asked for is not the end of the file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from specify_cli.telemetry import SimpleJsonStore
from specify_cli.telemetry._log import files

from ..support.events import make_event, make_events
from ..support.system_calls import READ


@pytest.fixture
def short_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no read return more than a thousand bytes."""
    read = getattr(os, READ)

    def short(fd: int, size: int, *offset: int) -> bytes:
        data: bytes = read(fd, min(size, 1000), *offset)
        return data

    monkeypatch.setattr(os, READ, short)


@pytest.mark.usefixtures("short_reads")
@pytest.mark.parametrize("size", [10, 990, 5_000, 200_000])
def test_lines_longer_than_one_read_are_whole(size: int, log: Path) -> None:
    """The system returns at most 2,147,479,552 bytes at a time; a line may be longer."""
    events = [make_event(lamport_clock=n, payload={"text": "x" * size}) for n in range(3)]
    store = SimpleJsonStore(log)
    store.save_events(events)
    assert SimpleJsonStore(log).save_events(events) == 0
    store.save_event(events[1])
    for found in (store.load_all_events(), list(store.iter_events()), store.read_since().events):
        assert found == events
    assert log.read_bytes().count(b"\n") == 3


@pytest.mark.usefixtures("short_reads")
def test_a_read_ends_where_the_file_ends(tmp_path: Path) -> None:
    """Asking for more than there is gives what there is."""
    path = tmp_path / "file"
    path.write_bytes(b"x" * 2500)
    fds: list[int] = []
    files.open_into(fds, str(path), os.O_RDONLY)
    (fd,) = fds
    try:
        assert len(files.read_at(fd, 0, 10_000)) == 2500
        assert len(files.read_at(fd, 2000, 500)) == 500
        assert files.read_at(fd, 2500, 10) == b""
    finally:
        os.close(fd)


def test_two_lines_that_were_joined_are_not_known(log: Path) -> None:
    """A newline that became a space makes two lines one that does not load."""
    store = SimpleJsonStore(log)
    store.save_events(events := make_events(4))
    content = log.read_bytes()
    end = content.index(b"\n", content.index(b"\n") + 1)
    with log.open("r+b") as file:
        file.seek(end)
        file.write(b" ")
    for saving in (store, SimpleJsonStore(log)):
        for event in events:
            saving.save_event(event)
        assert sorted(store.load_all_events(), key=lambda e: e.lamport_clock) == events
    assert log.read_bytes().count(b"\n") == 3 + 2
