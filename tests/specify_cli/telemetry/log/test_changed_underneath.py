"""Saves and loads go by what is at the path now (G7)."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from specify_cli.spec_kitty_events import Event, StorageError
from specify_cli.telemetry import SimpleJsonStore

from ..support.events import make_event, make_events
from ..support.platforms import posix_only

Change = Callable[[Path], None]


def removed(log: Path) -> None:
    """Remove the file."""
    log.unlink()


def directory_removed(log: Path) -> None:
    """Remove the file and its directory."""
    shutil.rmtree(log.parent)


def emptied(log: Path) -> None:
    """Truncate the file in place."""
    os.truncate(log, 0)


def shortened(log: Path) -> None:
    """Leave a torn first line."""
    os.truncate(log, 50)


def replaced(log: Path) -> None:
    """Put another file there, as a checkout does."""
    other = log.with_name("other.jsonl")
    SimpleJsonStore(other).save_events(make_events(30))
    other.replace(log)


def rewritten_longer(log: Path) -> None:
    """Give the same file, the same inode, longer content."""
    other = log.with_name("other.jsonl")
    SimpleJsonStore(other).save_events(make_events(30))
    log.write_bytes(other.read_bytes())


def damaged(log: Path) -> None:
    """Break every line in place; the length stays."""
    log.write_bytes(log.read_bytes().replace(b'"event_type"', b'"event_tape"'))


def damaged_but_for_the_end(log: Path) -> None:
    """Break every line but the last in place; length and last bytes stay."""
    *lines, last = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(lines).replace(b'"event_type"', b'"event_tape"') + last)


CHANGES: list[Change] = [
    removed,
    directory_removed,
    emptied,
    shortened,
    replaced,
    rewritten_longer,
    damaged,
    damaged_but_for_the_end,
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
@pytest.mark.parametrize("saves", [1, 2, 5])
def test_no_event_is_skipped_because_of_what_was_there(
    change: Change, saves: int, tmp_path: Path
) -> None:
    """After any change, saving the same events again leaves them all in the file, once."""
    log = tmp_path / "logs" / "events.jsonl"
    store = SimpleJsonStore(log)
    events = make_events(saves, payload={"text": "x" * 200})
    for event in events:
        store.save_event(event)
    change(log)
    for event in events:
        store.save_event(event)
    for event in [*events, make_event(lamport_clock=99)]:
        store.save_event(event)
    loaded = [event.event_id for event in store.iter_events()]
    assert len(set(loaded)) == len(loaded)
    assert {event.event_id for event in events} < set(loaded)
    content = log.read_bytes()
    assert store.save_events(events) == 0
    assert log.read_bytes() == content


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_loads_show_what_is_there_now(change: Change, tmp_path: Path) -> None:
    """A store that has saved and loaded shows what a new store shows."""
    log = tmp_path / "logs" / "events.jsonl"
    store = SimpleJsonStore(log)
    store.save_events(make_events(5))
    store.load_all_events()
    change(log)
    assert store.load_all_events() == SimpleJsonStore(log).load_all_events()


@pytest.mark.parametrize("saves", [1, 2, 5])
@pytest.mark.parametrize("how", ["another file", "the same file"])
def test_what_a_replaced_log_holds_is_known(how: str, saves: int, log: Path) -> None:
    """An event that came with the new content is not written again."""
    store = SimpleJsonStore(log)
    for event in make_events(saves):
        store.save_event(event)
    other = SimpleJsonStore(log.with_name("other.jsonl"))
    other.save_events(events := make_events(saves + 5))
    if how == "another file":
        other.file_path.replace(log)
    else:
        log.write_bytes(other.file_path.read_bytes())
    content = log.read_bytes()
    for event in events:
        store.save_event(event)
    assert store.save_events(events) == 0
    assert log.read_bytes() == content


class ReplacesAtOpen:
    """Puts another file at the path after it was opened, as a checkout might."""

    def __init__(self, log: Path, times: int) -> None:
        """Replace the file the next ``times`` times it is opened."""
        self.log = log
        self.left = times
        self._open = os.open

    def __call__(self, path: str, flags: int, mode: int = 0o777) -> int:
        """Open, then replace."""
        fd = self._open(path, flags, mode)
        if self.left and Path(path) == self.log:
            self.left -= 1
            self.replace()
        return fd

    def replace(self) -> None:
        """Put a new, empty file at the path."""
        other = self.log.with_name("other")
        other.write_bytes(b"")
        other.replace(self.log)


@posix_only
def test_a_file_replaced_before_the_lock_is_not_written_to(
    log: Path, store: SimpleJsonStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer that locked a file which is no longer at the path starts again."""
    store.save_event(make_event())
    event = make_event()
    replacing = ReplacesAtOpen(log, times=3)
    monkeypatch.setattr(os, "open", replacing)
    store.save_event(event)
    assert replacing.left == 0
    assert store.load_all_events() == [event]


@posix_only
def test_a_file_replaced_during_the_write_gets_the_event_again(
    log: Path, store: SimpleJsonStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was written to a file that has just been replaced is written to the new one."""
    store.save_event(make_event())
    event = make_event()
    replacing = ReplacesAtOpen(log, times=0)
    write = os.write

    def write_and_replace(fd: int, data: bytes) -> int:
        written = write(fd, data)
        monkeypatch.setattr(os, "write", write)
        replacing.replace()
        return written

    monkeypatch.setattr(os, "write", write_and_replace)
    store.save_event(event)
    assert store.load_all_events() == [event]


@posix_only
def test_a_file_replaced_for_ever_is_an_error(
    log: Path, store: SimpleJsonStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store gives up rather than hang."""
    store.save_event(make_event())
    monkeypatch.setattr(os, "open", ReplacesAtOpen(log, times=10_000))
    with pytest.raises(StorageError, match="replaced again and again"):
        store.save_event(make_event())


@pytest.mark.parametrize("times", [1, 3])
def test_a_file_that_is_gone_after_the_write_gets_the_event_again(
    times: int, log: Path, store: SimpleJsonStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write to what is not at the path any more is undone, and done again there."""
    store.save_event(first := make_event())
    event = make_event()
    real, left = os.stat, [None] * times

    def gone(path: str | int, **options: Any) -> os.stat_result:
        if left and path == str(log):
            left.pop()
            raise FileNotFoundError
        return real(path, **options)

    monkeypatch.setattr(os, "stat", gone)
    store.save_event(event)
    assert not left
    assert list(store.iter_events()) == [first, event]
    assert log.read_bytes().count(b"\n") == 2


def test_a_path_that_never_names_the_locked_file_is_an_error(
    log: Path, store: SimpleJsonStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store gives up rather than hang, and leaves the file as it was."""
    store.save_event(make_event())
    content = log.read_bytes()
    real = os.stat

    def another(path: str | int, **options: Any) -> os.stat_result:
        path = str(log.parent) if path == str(log) else path
        return real(path, **options)

    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", another)
        with pytest.raises(StorageError, match="replaced again and again"):
            store.save_event(make_event())
    assert log.read_bytes() == content


@posix_only
def test_a_directory_removed_during_the_save_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The path need not exist at any moment but the last."""
    log = tmp_path / "logs" / "events.jsonl"
    store = SimpleJsonStore(log)
    store.save_event(make_event())
    real = os.open

    def remove_after_open(path: str, flags: int, mode: int = 0o777) -> int:
        fd = real(path, flags, mode)
        monkeypatch.setattr(os, "open", real)
        shutil.rmtree(log.parent)
        return fd

    monkeypatch.setattr(os, "open", remove_after_open)
    event = make_event()
    store.save_event(event)
    assert store.load_all_events() == [event]


def test_a_file_truncated_during_a_read_ends_the_read(store: SimpleJsonStore) -> None:
    """What is gone is gone; nothing raises."""
    store.save_events(make_events(2000, payload={"text": "x" * 400}))
    iteration = store.iter_events()
    first = next(iteration)
    os.truncate(store.file_path, 300_000)
    rest = list(iteration)
    assert 0 < len(rest) < 1999
    os.truncate(store.file_path, 0)
    assert first not in rest


@posix_only
def test_a_symbolic_link_is_followed(tmp_path: Path) -> None:
    """The link stays a link; the file it names is written, and made if need be."""
    target, link = tmp_path / "target.jsonl", tmp_path / "link.jsonl"
    link.symlink_to(target)
    event = make_event()
    SimpleJsonStore(link).save_event(event)
    assert link.is_symlink()
    assert SimpleJsonStore(target).load_all_events() == [event]


@posix_only
@pytest.mark.parametrize(("umask", "mode"), [(0o027, 0o640), (0, 0o666)], ids=oct)
def test_a_new_file_has_the_mode_of_the_umask(
    umask: int, mode: int, log: Path, store: SimpleJsonStore
) -> None:
    """The store adds no permissions and takes none away."""
    before = os.umask(umask)
    try:
        store.save_event(make_event())
    finally:
        os.umask(before)
    assert stat.S_IMODE(log.stat().st_mode) == mode


def events_of(log: Path) -> list[Event]:
    """Return what a new store loads."""
    return SimpleJsonStore(log).load_all_events()


def test_a_relative_path_is_kept_as_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As everywhere else, it means what it means at the moment of the call."""
    monkeypatch.chdir(tmp_path)
    store = SimpleJsonStore("events.jsonl")
    assert store.file_path == Path("events.jsonl")
    event = make_event()
    store.save_event(event)
    assert events_of(tmp_path / "events.jsonl") == [event]


def test_a_file_rewritten_after_a_long_torn_line_is_read_anew(
    log: Path, store: SimpleJsonStore
) -> None:
    """A tail that is all one torn line gives nothing to recognize the file by."""
    store.save_events(events := make_events(2))
    with log.open("ab") as file:
        file.write(b"x" * 600)
    assert store.save_events(events) == 0
    other = SimpleJsonStore(log.with_name("other.jsonl"))
    other.save_events(others := make_events(30))
    log.write_bytes(other.file_path.read_bytes())
    assert store.save_events(others) == 0
    assert list(store.iter_events()) == others
