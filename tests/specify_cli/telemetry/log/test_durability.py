"""With fsync=True an acknowledged event is on the device (G1)."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

import pytest

from specify_cli.spec_kitty_events import StorageError
from specify_cli.telemetry import SimpleJsonStore
from specify_cli.telemetry._log import directories, files

from ..support.events import make_event, make_events
from ..support.platforms import directories_are_synced
from ..support.system_calls import SystemCalls, failing


@pytest.fixture
def trace(monkeypatch: pytest.MonkeyPatch) -> SystemCalls:
    """Record the writes and syncs of a test."""
    return SystemCalls(monkeypatch)


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every change of a directory count as one of long ago."""
    monkeypatch.setattr(directories, "_SETTLED_NS", -(10**18))


@directories_are_synced
@pytest.mark.usefixtures("settled")
def test_file_and_directory_are_synced_after_the_write(log: Path, trace: SystemCalls) -> None:
    """Write, then the file, then once the directories that lead to it, the nearest first."""
    store = SimpleJsonStore(log, fsync=True)
    store.save_event(make_event())
    calls = trace.taken("write", "fsync")
    assert calls[:3] == [("write", log), ("fsync", log), ("fsync", log.parent)]
    assert {path for _, path in calls[2:]} <= set(log.parents)
    store.save_events(make_events(3))
    assert trace.taken("write", "fsync") == [("write", log), ("fsync", log)]


@directories_are_synced
def test_a_directory_changed_just_now_is_synced_again(log: Path, trace: SystemCalls) -> None:
    """A change in the same tick of the clock would not be seen."""
    store = SimpleJsonStore(log, fsync=True)
    store.save_event(make_event())
    trace.taken()
    store.save_event(make_event())
    assert ("fsync", log.parent) in trace.taken("fsync")


@directories_are_synced
def test_new_directories_are_synced_too(tmp_path: Path, trace: SystemCalls) -> None:
    """Each directory that was made is made durable in the one above it."""
    log = tmp_path / "a" / "b" / "events.jsonl"
    SimpleJsonStore(log, fsync=True).save_event(make_event())
    synced = [path for _, path in trace.taken("fsync")]
    assert synced[:4] == [log, tmp_path / "a" / "b", tmp_path / "a", tmp_path]


@directories_are_synced
def test_directories_made_by_a_store_that_does_not_sync_are_synced(
    tmp_path: Path, trace: SystemCalls
) -> None:
    """Whoever asks for durability gets it for all that the file hangs from."""
    log = tmp_path / "a" / "b" / "events.jsonl"
    SimpleJsonStore(log).save_event(make_event())
    assert trace.taken("fsync") == []
    SimpleJsonStore(log, fsync=True).save_event(make_event())
    assert {log, tmp_path / "a" / "b", tmp_path / "a", tmp_path} <= {
        path for _, path in trace.taken("fsync")
    }


@directories_are_synced
@pytest.mark.usefixtures("settled")
def test_a_file_made_again_has_its_directory_synced_again(log: Path, trace: SystemCalls) -> None:
    """Also where it has the inode number, and the bytes, of the one that was removed."""
    store = SimpleJsonStore(log, fsync=True)
    store.save_event(event := make_event())
    trace.taken()
    content = log.read_bytes()
    time.sleep(0.02)  # more than a tick of the clock
    log.unlink()
    log.write_bytes(content)
    store.save_event(event)
    assert ("fsync", log.parent) in trace.taken("fsync")
    store.save_event(event)
    assert trace.taken("fsync") == [("fsync", log)]


@pytest.fixture
def link(tmp_path: Path) -> Path:
    """Return a link to a log in another folder, which is not there yet."""
    (tmp_path / "links").mkdir()
    (tmp_path / "files").mkdir()
    made = tmp_path / "links" / "events.jsonl"
    made.symlink_to(tmp_path / "files" / "events.jsonl")
    return made


@directories_are_synced
@pytest.mark.usefixtures("settled")
def test_of_a_link_the_directory_of_the_file_is_synced(link: Path, trace: SystemCalls) -> None:
    """The entry that a power loss could take is there; that of the link counts too."""
    store = SimpleJsonStore(link, fsync=True)
    store.save_event(make_event())
    file = link.resolve()
    assert {file.parent, link.parent} <= {path for _, path in trace.taken("fsync")}
    store.save_event(make_event())
    assert trace.taken("fsync") == [("fsync", link)]
    time.sleep(0.02)  # more than a tick of the clock
    file.unlink()
    store.save_event(make_event())
    assert ("fsync", file.parent) in trace.taken("fsync")


@directories_are_synced
def test_of_two_directories_both_have_to_be_as_they_were_for_a_while(
    link: Path, trace: SystemCalls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that was changed just now is synced again, however old the other is."""
    folder = link.resolve().parent
    time.sleep(0.02)  # more than a tick of the clock
    link.touch()
    changed = folder.stat().st_ctime_ns
    assert link.parent.stat().st_ctime_ns < changed
    monkeypatch.setattr(time, "time_ns", lambda: changed + directories._SETTLED_NS)
    store = SimpleJsonStore(link, fsync=True)
    store.save_event(make_event())
    trace.taken()
    store.save_event(make_event())
    assert ("fsync", folder) in trace.taken("fsync")


@directories_are_synced
@pytest.mark.usefixtures("settled")
def test_in_another_working_directory_that_one_is_synced(
    tmp_path: Path, trace: SystemCalls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative path names another file there, and nothing is known of its entry."""
    store = SimpleJsonStore("events.jsonl", fsync=True)
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        store.save_event(make_event())
        assert ("fsync", tmp_path / name) in trace.taken("fsync")


@directories_are_synced
@pytest.mark.usefixtures("settled")
def test_of_a_link_to_a_link_the_directory_of_the_file_is_synced(
    tmp_path: Path, trace: SystemCalls
) -> None:
    """Though the second link comes to name another file, and the first is where it was."""
    for name in ("links", "more", "one", "two"):
        (tmp_path / name).mkdir()
    link, further = tmp_path / "links" / "events.jsonl", tmp_path / "more" / "events.jsonl"
    link.symlink_to(further)
    store = SimpleJsonStore(link, fsync=True)
    for name in ("one", "two"):
        further.unlink(missing_ok=True)
        further.symlink_to(tmp_path / name / "events.jsonl")
        store.save_event(make_event())
        assert ("fsync", tmp_path / name) in trace.taken("fsync")


@directories_are_synced
@pytest.mark.parametrize("number", [2, 3, 4])
def test_a_sync_of_a_directory_that_failed_is_tried_again(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever of them it was, the event is acknowledged once all of them are on the device."""
    log = tmp_path / "a" / "b" / "events.jsonl"
    store = SimpleJsonStore(log, fsync=True)
    calls = SystemCalls(monkeypatch)
    calls.at("fsync", number, failing(errno.EIO))
    with pytest.raises(StorageError, match="cannot append to"):
        store.save_event(event := make_event())
    assert calls.fired
    assert store.load_all_events() == []
    calls.taken()
    store.save_event(event)
    synced = {path for _, path in calls.taken("fsync")}
    assert {log, tmp_path / "a" / "b", tmp_path / "a", tmp_path} <= synced


def test_a_known_event_is_synced_before_it_is_acknowledged(log: Path, trace: SystemCalls) -> None:
    """Whoever wrote the event may not have waited for the device; who asks for that gets it."""
    event = make_event()
    SimpleJsonStore(log).save_event(event)
    assert trace.taken("write", "fsync") == [("write", log)]
    store = SimpleJsonStore(log, fsync=True)
    for _ in range(3):
        store.save_event(event)
        assert ("fsync", log) in trace.taken("write", "fsync")


@directories_are_synced
def test_a_replaced_file_has_its_directory_synced_again(log: Path, trace: SystemCalls) -> None:
    """A new file is a new entry in its directory."""
    store = SimpleJsonStore(log, fsync=True)
    store.save_event(make_event())
    other = log.with_name("other")
    other.touch()
    other.replace(log)
    trace.taken()
    store.save_event(make_event())
    calls = trace.taken("write", "fsync")
    assert calls[:3] == [("write", log), ("fsync", log), ("fsync", log.parent)]


def test_without_fsync_nothing_is_synced(tmp_path: Path, trace: SystemCalls) -> None:
    """The default leaves it to the operating system when to write to the device."""
    log = tmp_path / "new" / "events.jsonl"
    SimpleJsonStore(log).save_event(make_event())
    assert trace.taken("write", "fsync") == [("write", log)]


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


def test_a_store_that_syncs_does_so_for_what_it_knows(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line it knows may be that of a writer that did not wait for the device."""
    store = SimpleJsonStore(log, fsync=True)
    store.save_event(make_event())
    SimpleJsonStore(log).save_event(event := make_event())
    store.save_event(make_event())
    trace = SystemCalls(monkeypatch)
    store.save_event(event)
    assert trace.taken("write", "fsync")[0] == ("fsync", log)


@directories_are_synced
@pytest.mark.parametrize("why", ["not to be read", "not to be written to", "another device"])
def test_directories_that_are_beyond_this_process_are_left_to_their_owner(
    why: str, tmp_path: Path, trace: SystemCalls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It cannot have made an entry there, nor open them to sync them."""
    log = tmp_path / "mine" / "events.jsonl"
    (tmp_path / "mine").mkdir()
    access, state = os.access, directories._state
    beyond = str(tmp_path)
    refused = {"not to be read": os.R_OK, "not to be written to": os.W_OK}.get(why, 0)

    def state_of(name: str) -> tuple[int, int, int]:
        device, inode, changed = state(name)
        return -1 if name == beyond and not refused else device, inode, changed

    def may(path: str, mode: int) -> bool:
        return not (path == beyond and mode & refused) and access(path, mode)

    monkeypatch.setattr(directories, "_state", state_of)
    monkeypatch.setattr(os, "access", may)
    SimpleJsonStore(log, fsync=True).save_event(make_event())
    assert [path for _, path in trace.taken("fsync")] == [log, tmp_path / "mine"]


@directories_are_synced
def test_a_directory_that_may_have_changed_while_it_was_synced_is_synced_again(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long that takes: a checkout meanwhile may share its time with what came before."""
    store = SimpleJsonStore(log, fsync=True)
    synced: list[object] = []
    sync, began = files.sync_directory, time.time_ns()

    def sync_slowly(directory: str) -> None:
        sync(directory)
        synced.append(directory)

    monkeypatch.setattr(files, "sync_directory", sync_slowly)
    monkeypatch.setattr(time, "time_ns", lambda: began + (10**10 if synced else 0))
    store.save_event(make_event())
    before = len(synced)
    store.save_event(make_event())
    assert len(synced) > before
