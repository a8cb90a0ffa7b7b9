"""What a reader keeps of a file, and what it does when a call fails that it can do without."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from specify_cli.spec_kitty_events import StorageError
from specify_cli.telemetry import SimpleJsonStore
from specify_cli.telemetry._log import NO_PREFIX, Appended, Prefix, Snapshot
from specify_cli.telemetry._log.snapshot import TAIL_SIZE

from ..support.events import make_events
from ..support.platforms import posix_only
from ..support.system_calls import LOCK, READ, SystemCalls, failing

CONTENT = b"".join(b"%03d\n" % number for number in range(300)) + b"torn"


@pytest.fixture
def snapshot(log: Path) -> Iterator[Snapshot]:
    """Yield an open log that is longer than what is kept of its end."""
    log.write_bytes(CONTENT)
    with SimpleJsonStore(log)._log.opened() as file:
        assert file is not None
        yield file


@pytest.mark.parametrize("end", [0, 1, 9, TAIL_SIZE, TAIL_SIZE + 1, 1000, len(CONTENT)])
def test_a_prefix_is_known_by_its_last_bytes(end: int, snapshot: Snapshot) -> None:
    """As many as there are, or as are kept; the same bytes of another file are another prefix."""
    prefix = snapshot.prefix(end)
    assert prefix == Prefix(snapshot.identity, end, CONTENT[max(0, end - TAIL_SIZE) : end])
    assert snapshot.begins_with(prefix)
    assert not snapshot.begins_with(prefix._replace(identity=(0, 0)))
    assert not end or not snapshot.begins_with(prefix._replace(tail=b"x" * len(prefix.tail)))


def test_a_torn_tail_is_no_part_of_the_prefix(snapshot: Snapshot, log: Path) -> None:
    """Of a long one nothing is told, though it is a prefix of this very file."""
    whole = len(CONTENT) - len(b"torn")
    assert snapshot.prefix() == Prefix(snapshot.identity, whole, CONTENT[-TAIL_SIZE:whole])
    log.write_bytes(b"short\n" + b"x" * TAIL_SIZE)
    with SimpleJsonStore(log)._log.opened() as file:
        assert file is not None
        assert file.prefix() == Prefix(file.identity, 0, b"")
        assert not file.begins_with(NO_PREFIX)


def test_the_tail_ends_where_the_file_did(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is appended while it is read is no part of it."""
    log.write_bytes(CONTENT)
    calls = SystemCalls(monkeypatch, log)

    def append() -> None:
        with log.open("ab") as other:
            other.write(b"more\n" * TAIL_SIZE)

    calls.at(READ, 1, append)
    with SimpleJsonStore(log)._log.opened() as file:
        assert calls.fired
        assert file is not None
        assert (file.size, file.tail) == (len(CONTENT), CONTENT[-TAIL_SIZE:])


def test_a_line_in_doubt_is_told_though_its_second_descriptor_is_closed_with_an_error(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was written to it."""
    store = SimpleJsonStore(log)
    store.save_events(events := make_events(2))
    log.write_bytes(log.read_bytes()[:-1])
    calls = SystemCalls(monkeypatch, log)
    calls.at("close", 1, failing(errno.EIO))
    assert store.load_all_events() == events
    assert calls.fired


@posix_only
def test_a_line_in_doubt_is_waited_for_through_a_link(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The append under way is to the file that the link names."""
    store = SimpleJsonStore(log)
    store.save_events(events := make_events(2))
    content = log.read_bytes()
    os.truncate(log, len(content) - 9)
    link = log.with_name("link")
    link.symlink_to(log)

    def end_the_append() -> None:
        log.write_bytes(content)

    SystemCalls(monkeypatch, link).at(LOCK, 1, end_the_append)
    assert SimpleJsonStore(link).load_all_events() == events


def test_a_write_that_was_not_begun_is_not_undone(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Truncating could cut off what another program appends at that very moment."""
    store = SimpleJsonStore(log)
    store.save_event((events := make_events(2))[0])
    calls = SystemCalls(monkeypatch, log)
    calls.at("write", 1, failing(errno.ENOSPC))
    with pytest.raises(StorageError):
        store.save_event(events[1])
    assert "ftruncate" not in calls.calls


@pytest.mark.parametrize("before", [b"", b"line\n", b"torn", b"line\n" * TAIL_SIZE])
def test_what_an_append_leaves_behind_is_what_a_reader_finds(before: bytes, log: Path) -> None:
    """The same prefix, no longer than that of any other file."""
    log.write_bytes(before)
    store = SimpleJsonStore(log)
    with store._log.locked() as pending:
        pending.lines = b"line\n" * TAIL_SIZE
    with store._log.opened() as file:
        assert file is not None
        start = log.stat().st_size - len(pending.lines)
        assert pending.appended == Appended(start, file.prefix())


def test_a_log_that_is_held_and_let_go_is_as_it_was(log: Path) -> None:
    """Nothing is appended unless something is given to be."""
    store = SimpleJsonStore(log)
    store.save_events(make_events(2))
    content = log.read_bytes()
    with store._log.locked() as pending:
        assert pending.log.size == len(content)
    assert log.read_bytes() == content
