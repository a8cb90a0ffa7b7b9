"""What the operating system refuses surfaces as StorageError and costs nothing (G3, G8)."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from specify_cli.spec_kitty_events import StorageError
from specify_cli.telemetry import JsonlLog, SimpleJsonStore

from ..support.descriptors import nothing_stays_open
from ..support.events import make_event, make_events
from ..support.system_calls import CALLS, ERRORS, LOCK, READ, SystemCalls, failing

Prepare = Callable[[Path], None]


def intact(log: Path) -> None:
    """Leave the log as it is."""


def torn(log: Path) -> None:
    """Leave half a line at the end."""
    with log.open("ab") as file:
        file.write(b'{"aggregate_id": "043')


def refusal_of(use: Callable[[], None]) -> StorageError | None:
    """Return the error that a use of the store raises, if it raises one."""
    try:
        use()
    except StorageError as error:
        return error
    return None


@pytest.fixture
def faults(monkeypatch: pytest.MonkeyPatch, log: Path) -> SystemCalls:
    """Watch the calls made for the log."""
    return SystemCalls(monkeypatch, log)


@pytest.mark.parametrize("fsync", ["", "fsync"])
@pytest.mark.parametrize("prepare", [intact, torn], ids=["intact", "torn"])
@pytest.mark.parametrize("number", ERRORS, ids=errno.errorcode.get)
@pytest.mark.parametrize("call", CALLS)
def test_a_call_that_fails_costs_nothing(
    call: str, number: int, prepare: Prepare, fsync: str, log: Path, faults: SystemCalls
) -> None:
    """Whichever call of a save fails, the file is as before and the next save works."""
    saved = make_events(3)
    store = SimpleJsonStore(log, fsync=bool(fsync))
    store.save_events(saved)
    prepare(log)
    refusals = 0
    for occurrence in range(1, 20):
        event = make_event(lamport_clock=3 + occurrence)
        before = log.read_bytes()
        faults.at(call, occurrence, failing(number))
        refusal = refusal_of(partial(store.save_event, event))
        if refusal is not None:
            refusals += 1
            assert isinstance(refusal.__cause__, OSError)
            assert refusal.__cause__.errno == number
            assert f'"{log}"' in str(refusal)
            faults.disarm()
            assert log.read_bytes() == before
            assert list(store.iter_events()) == saved
            store.save_event(event)
        faults.disarm()
        saved.append(event)
        assert list(SimpleJsonStore(log).iter_events()) == saved
        if not faults.fired:
            # Nothing is truncated unless a write fails, nothing synced unless asked for, and on
            # Windows a lock that is refused so is held by another.
            contended = sys.platform == "win32" and (call, number) == (LOCK, errno.EACCES)
            idle = call == "ftruncate" or (call == "fsync" and not fsync) or contended
            assert bool(refusals) != idle
            return
    pytest.fail(f"{call} is called without end")


@pytest.mark.parametrize("number", ERRORS, ids=errno.errorcode.get)
@pytest.mark.parametrize("call", ["open", "fstat", READ, "close"])
def test_a_load_that_fails_raises_a_storage_error(
    call: str, number: int, log: Path, faults: SystemCalls
) -> None:
    """A load that cannot read says so; it never returns a part of the log."""
    store = SimpleJsonStore(log)
    store.save_events(events := make_events(3))
    for load in (
        store.load_all_events,
        lambda: store.load_events(events[0].aggregate_id),
        lambda: list(store.iter_events()),
    ):
        faults.at(call, 1, failing(number))
        with pytest.raises(StorageError, match="cannot read") as caught:
            load()
        assert isinstance(caught.value.__cause__, OSError)
        assert f'"{log}"' in str(caught.value)
        faults.disarm()
        assert load() == events


@pytest.mark.parametrize("batch", [1, 3])
def test_a_write_that_stops_at_any_byte_is_rolled_back(
    batch: int, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is full after any number of bytes leaves the file as it was."""
    first, *events = make_events(1 + batch)
    store = SimpleJsonStore(log)
    store.save_event(first)
    torn(log)
    before = log.read_bytes()
    probe = SimpleJsonStore(log.with_name("probe.jsonl"))
    probe.save_events(events)
    length = probe.file_path.stat().st_size
    for size in range(length + 1):
        with monkeypatch.context() as patch:
            faults = SystemCalls(patch, log)
            faults.short_writes(patch, size, then=failing(errno.ENOSPC))
            with pytest.raises(StorageError, match="cannot append to"):
                store.save_events(events)
        assert log.read_bytes() == before
    assert store.save_events(events) == batch
    assert list(store.iter_events()) == [first, *events]


@pytest.mark.parametrize("sizes", [[1], [1, 2, 3], [100, 1]], ids=str)
def test_a_short_write_is_continued(
    sizes: list[int], log: Path, store: SimpleJsonStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Writing in parts gives the same line."""
    faults = SystemCalls(monkeypatch, log)
    faults.short_writes(monkeypatch, *sizes, then=lambda: None)
    event = make_event()
    store.save_event(event)
    assert store.load_all_events() == [event]
    assert log.read_bytes().count(b"\n") == 1


def test_a_write_that_takes_nothing_is_an_error(
    log: Path, store: SimpleJsonStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A device that goes on taking no bytes is not waited for."""
    with monkeypatch.context() as patch:
        faults = SystemCalls(patch, log)
        faults.short_writes(patch, 10, *[0] * 100, then=lambda: None)
        with pytest.raises(StorageError, match="nothing could be written"):
            store.save_event(event := make_event())
    assert log.read_bytes() == b""
    store.save_event(event)
    assert store.load_all_events() == [event]


@pytest.mark.parametrize("call", ["open", READ, "close"])
@pytest.mark.parametrize("number", ERRORS, ids=errno.errorcode.get)
def test_a_known_event_that_cannot_be_looked_up_is_looked_for_under_the_lock(
    call: str, number: int, log: Path, faults: SystemCalls
) -> None:
    """A first look that fails decides nothing."""
    store = SimpleJsonStore(log)
    store.save_events(events := make_events(3))
    content = log.read_bytes()
    faults.at(call, 1, failing(number))
    store.save_event(events[1])
    assert faults.fired
    assert LOCK in faults.calls[-12:]
    assert log.read_bytes() == content


@pytest.mark.parametrize("kind", ["event", "record"])
def test_what_is_known_is_looked_up_and_not_searched_for(
    kind: str, log: Path, faults: SystemCalls
) -> None:
    """Saving it reads one line under a lock that others who look may hold too."""
    store, records = SimpleJsonStore(log), JsonlLog(log, key="n")
    store.save_events(events := make_events(3))
    records.append({"n": 1})
    faults.made.clear()
    if kind == "event":
        store.save_event(events[1])
    else:
        assert not records.append({"n": 1})
    calls = [call for call in faults.calls if call != "lseek"]  # how Windows reads and locks
    assert calls == ["open", LOCK, "fstat", READ, LOCK, "close"]


@pytest.mark.parametrize("refused", ["ftruncate", "fstat"])
@pytest.mark.parametrize("size", [1, 50, 10_000])
def test_a_rollback_that_fails_does_not_harm_the_next_save(
    refused: str, size: int, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What could not be removed is sealed by the next save."""
    store = SimpleJsonStore(log)
    store.save_events(saved := make_events(3))
    event = make_event(lamport_clock=9)
    with monkeypatch.context() as patch:
        faults = SystemCalls(patch, log)
        faults.at(refused, 1 if refused == "ftruncate" else 2, failing(errno.EIO))
        faults.at("dup", 1, failing(errno.EIO))
        faults.short_writes(patch, size, then=failing(errno.ENOSPC))
        with pytest.raises(StorageError) as caught:
            store.save_event(event)
        assert faults.fired
    # The error told is that of the write, not that of undoing it.
    first_error = errno.EIO if size == 10_000 else errno.ENOSPC
    assert getattr(caught.value.__cause__, "errno", None) == first_error
    store.save_event(event)
    store.save_event(another := make_event(lamport_clock=10))
    assert list(store.iter_events()) == [*saved, event, another]


@pytest.mark.parametrize("size", [1, 100, 100_000])
def test_an_interrupt_during_the_write_leaves_no_half_line(
    size: int, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C comes through, and the event can be saved again."""

    def interrupt() -> None:
        raise KeyboardInterrupt

    store = SimpleJsonStore(log)
    store.save_events(saved := make_events(2))
    before = log.read_bytes()
    event = make_event(lamport_clock=9)
    with monkeypatch.context() as patch:
        faults = SystemCalls(patch, log)
        faults.at("dup", 1, interrupt)
        faults.short_writes(patch, size, then=interrupt)
        with pytest.raises(KeyboardInterrupt):
            store.save_event(event)
    assert log.read_bytes() == before
    store.save_event(event)
    assert list(store.iter_events()) == [*saved, event]


def test_a_rollback_keeps_what_others_appended(
    log: Path, store: SimpleJsonStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer that takes no lock does not lose its line to another's failed write."""
    store.save_event(first := make_event())
    foreign = SimpleJsonStore(log.with_name("foreign.jsonl"))
    foreign.save_event(theirs := make_event())

    def append_and_fail() -> None:
        with log.open("ab") as file:
            file.write(b"\n" + foreign.file_path.read_bytes())
        failing(errno.ENOSPC)()

    with monkeypatch.context() as patch:
        faults = SystemCalls(patch, log)
        faults.short_writes(patch, 20, then=append_and_fail)
        with pytest.raises(StorageError):
            store.save_event(mine := make_event())
    store.save_event(mine)
    assert list(store.iter_events()) == [first, theirs, mine]


def test_a_rollback_of_nothing_keeps_what_others_appended(
    log: Path, store: SimpleJsonStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What stands where the write would have begun is no longer than it, and not its own."""
    store.save_event(first := make_event())
    before = log.read_bytes()

    def append_and_fail() -> None:
        with log.open("ab") as file:
            file.write(b"theirs\n")
        failing(errno.ENOSPC)()

    with monkeypatch.context() as patch:
        faults = SystemCalls(patch, log)
        faults.at("write", 1, append_and_fail)
        with pytest.raises(StorageError):
            store.save_event(mine := make_event())
        assert faults.fired
    assert log.read_bytes() == before + b"theirs\n"
    store.save_event(mine)
    assert list(store.iter_events()) == [first, mine]


def test_a_rollback_looks_at_the_size_last(
    log: Path, store: SimpleJsonStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a program without locks appends while a rollback reads what is there stays."""
    store.save_event(first := make_event())
    foreign = SimpleJsonStore(log.with_name("foreign.jsonl"))
    foreign.save_event(theirs := make_event())

    def append() -> None:
        with log.open("ab") as file:
            file.write(foreign.file_path.read_bytes())

    with monkeypatch.context() as patch:
        faults = SystemCalls(patch, log)
        # The first looks at what is there before the write, the second is the last look.
        faults.at("fstat", 2, append)
        faults.at("dup", 1, failing(errno.EDQUOT))
        with pytest.raises(StorageError):
            store.save_event(mine := make_event())
        assert faults.fired
    assert list(store.iter_events()) == [first, mine, theirs]


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS])
def test_a_filesystem_without_locks_is_used_with_one_warning(
    number: int, log: Path, faults: SystemCalls, caplog: pytest.LogCaptureFixture
) -> None:
    """Saves go on without the lock; the log says so once."""
    store = SimpleJsonStore(log)
    events = make_events(3)
    for event in events:
        faults.at(LOCK, 1, failing(number))
        store.save_event(event)
        assert faults.fired
    (record,) = caplog.records
    assert record.getMessage().startswith(f'No file locks for "{log}"')
    assert store.load_all_events() == events
    assert SimpleJsonStore(log).save_events(events) == 0


def test_a_lock_that_cannot_be_given_back_goes_with_its_file(
    log: Path, faults: SystemCalls
) -> None:
    """What was written or read under it stands."""
    store = SimpleJsonStore(log, timeout=0)
    faults.at(LOCK, 2, failing(errno.EIO))
    store.save_event(first := make_event(lamport_clock=1))
    assert faults.fired
    store.save_event(second := make_event(lamport_clock=2))
    faults.at(LOCK, 2, failing(errno.EIO))
    assert store.read_since().events == [first, second]
    assert faults.fired


def test_without_a_lock_nothing_is_rolled_back(
    log: Path, store: SimpleJsonStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Truncating could cut off what another process has just appended; sealing cannot."""
    store.save_events(saved := make_events(2))
    before = log.read_bytes()
    with monkeypatch.context() as patch:
        faults = SystemCalls(patch, log)
        faults.at(LOCK, 1, failing(errno.ENOLCK))
        faults.short_writes(patch, 20, then=failing(errno.ENOSPC))
        with pytest.raises(StorageError):
            store.save_event(event := make_event(lamport_clock=9))
    assert log.read_bytes()[: len(before)] == before
    assert len(log.read_bytes()) == len(before) + 20
    store.save_event(event)
    assert list(store.iter_events()) == [*saved, event]


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EBADF, errno.EIO])
def test_a_reader_that_gets_no_lock_reads_on(
    number: int, log: Path, store: SimpleJsonStore, faults: SystemCalls
) -> None:
    """A last line in doubt is judged by what is there."""
    store.save_events(events := make_events(2))
    log.write_bytes(log.read_bytes() + b"torn")
    faults.at(LOCK, 1, failing(number))
    assert store.load_all_events() == events
    assert faults.fired


def test_a_line_in_doubt_is_read_before_the_lock_is_given_back(
    log: Path, store: SimpleJsonStore, faults: SystemCalls
) -> None:
    """The append waited for has ended; another one that is under way by then is not seen."""
    store.save_events(events := make_events(2))
    content = log.read_bytes()
    half = content[:-100]

    def end_the_append() -> None:
        log.write_bytes(content)
        faults.at(LOCK, 1, lambda: os.truncate(log, len(half)))  # as it is given back

    log.write_bytes(half)
    faults.at(LOCK, 1, end_the_append)
    assert store.load_all_events() == events
    assert log.read_bytes() == half


def test_a_torn_tail_cut_off_during_a_read_is_gone(
    log: Path, store: SimpleJsonStore, faults: SystemCalls
) -> None:
    """A file that shrinks while its last line is in doubt makes no load fail."""
    store.save_events(events := make_events(2))
    content = log.read_bytes()
    log.write_bytes(content + b"torn")
    faults.at(LOCK, 1, lambda: os.truncate(log, len(content) - 10))
    assert store.load_all_events() == events
    assert faults.fired


def test_a_directory_is_not_a_log(tmp_path: Path) -> None:
    """Neither saving to it nor loading from it works, and the error says why."""
    store = SimpleJsonStore(tmp_path)
    for use in (store.load_all_events, lambda: store.save_event(make_event())):
        with pytest.raises(StorageError, match="cannot"):
            use()


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX devices and pipes")
@pytest.mark.parametrize("kind", ["device", "pipe"])
def test_devices_and_pipes_are_refused(kind: str, tmp_path: Path) -> None:
    """What would swallow events, or wait for ever, is refused at once."""
    path = Path(os.devnull)
    if kind == "pipe":
        path = tmp_path / "pipe"
        os.mkfifo(path)
    store = SimpleJsonStore(path)
    with pytest.raises(StorageError, match="not a regular file"):
        store.save_event(make_event())
    with pytest.raises(StorageError, match="not a regular file"):
        store.load_all_events()


def test_a_path_no_system_takes_is_a_storage_error() -> None:
    """A NUL in the path is refused like any other bad path."""
    store = SimpleJsonStore("with\0nul")
    with pytest.raises(StorageError, match=r"cannot read .*: embedded null"):
        store.load_all_events()
    with pytest.raises(StorageError, match=r"cannot append to .*: embedded null") as caught:
        store.save_event(make_event())
    assert isinstance(caught.value.__cause__, OSError)
    assert isinstance(caught.value.__cause__.__cause__, ValueError)


def test_a_parent_that_is_a_file_is_a_storage_error(tmp_path: Path) -> None:
    """Directories cannot be made below a file."""
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot append to"):
        SimpleJsonStore(tmp_path / "file" / "events.jsonl").save_event(make_event())


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="needs a user that permissions bind"
)
def test_a_read_only_log_can_be_loaded_and_not_saved_to(log: Path, store: SimpleJsonStore) -> None:
    """Loading works on read-only media."""
    store.save_event(event := make_event())
    log.chmod(0o400)
    assert store.load_all_events() == [event]
    with pytest.raises(StorageError, match="cannot append to"):
        store.save_event(make_event())


def test_loading_only_reads(log: Path, store: SimpleJsonStore, faults: SystemCalls) -> None:
    """A load writes nothing, even to a log whose last line is torn."""
    store.save_events(make_events(2))
    torn(log)
    faults.made.clear()
    status = log.stat()
    store.load_all_events()
    assert not {"write", "ftruncate", "fsync"} & set(faults.calls)
    assert log.stat().st_mtime_ns == status.st_mtime_ns


def test_a_save_within_a_save_is_refused(
    log: Path, store: SimpleJsonStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A signal handler that saves while its own thread is saving gets an error, not a deadlock."""
    inner, outer = make_events(2)
    caught: list[StorageError | None] = []

    def handler() -> None:
        caught.append(refusal_of(partial(store.save_event, inner)))

    faults = SystemCalls(monkeypatch, log)
    faults.at("write", 1, handler, after=True)
    store.save_event(outer)
    reason = "an append of this very thread is under way"
    assert [str(error) for error in caught] == [f'cannot append to "{log}": {reason}']
    store.save_event(inner)
    assert list(store.iter_events()) == [outer, inner]


@pytest.mark.parametrize("refused", ["ftruncate", "fstat"])
def test_the_first_error_is_the_one_that_counts(
    refused: str, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rollback that fails does not hide why it was needed."""
    store = SimpleJsonStore(log)
    store.save_event(make_event())
    with monkeypatch.context() as patch:
        faults = SystemCalls(patch, log)
        faults.at(refused, 1 if refused == "ftruncate" else 2, failing(errno.EACCES))
        faults.short_writes(patch, 20, then=failing(errno.ENOSPC))
        with pytest.raises(StorageError, match=os.strerror(errno.ENOSPC)) as caught:
            store.save_event(make_event())
        assert faults.fired
    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.__cause__.errno == errno.ENOSPC


def test_a_save_that_wrote_nothing_undoes_nothing(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What another has appended without the lock meanwhile stays."""
    store = SimpleJsonStore(log, fsync=True)
    store.save_event(event := make_event())
    before = log.read_bytes()

    def append_and_fail() -> None:
        with log.open("ab") as file:
            file.write(b"theirs\n")
        failing(errno.EIO)()

    faults = SystemCalls(monkeypatch, log)
    faults.at("fsync", 1, append_and_fail)
    with pytest.raises(StorageError, match="cannot append to"):
        store.save_event(event)
    assert log.read_bytes() == before + b"theirs\n"


def test_no_descriptor_stays_open(tmp_path: Path) -> None:
    """Not between calls, nor after what fails."""
    with nothing_stays_open():
        store = SimpleJsonStore(tmp_path / "a" / "b" / "events.jsonl", fsync=True)
        for event in [*(events := make_events(3)), events[0]]:
            store.save_event(event)
            store.load_all_events()
        quick = SimpleJsonStore(store.file_path)
        assert quick.save_events(events) == 0
        quick.save_event(events[1])
        for use in (
            SimpleJsonStore(tmp_path).load_all_events,
            lambda: SimpleJsonStore(tmp_path).save_event(events[0]),
        ):
            with pytest.raises(StorageError):
                use()
