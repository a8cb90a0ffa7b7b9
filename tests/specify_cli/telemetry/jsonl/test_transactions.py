"""Looking, deciding and appending as one step, which nobody comes between."""

from __future__ import annotations

import errno
import gc
import json
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from specify_cli.spec_kitty_events import StorageError
from specify_cli.telemetry import JsonlLog, LockTimeoutError, SimpleJsonStore, Transaction
from specify_cli.telemetry._log import in_flight

from ..support import sequencer
from ..support.descriptors import nothing_stays_open
from ..support.events import make_event
from ..support.platforms import exit_code_of_child, has_fork, posix_only
from ..support.processes import start
from ..support.system_calls import LOCK, SystemCalls, failing


@pytest.fixture
def records(log: Path) -> JsonlLog:
    """Return a log with two records, which gives up at once where it would have to wait."""
    made = JsonlLog(log, key="id", timeout=0)
    made.extend([{"id": "a"}, {"id": "b"}])
    return made


def test_what_is_seen_is_the_end_and_what_is_appended_follows(records: JsonlLog) -> None:
    """All of it in one write when the block ends, and nothing before."""
    before = records.file_path.read_bytes()
    with records.locked() as held:
        assert held.count == 2
        assert held.append({"id": "c"})
        assert not held.append({"id": "a", "again": True})
        assert not held.append({"id": "c", "again": True})
        assert held.extend([{"id": "d"}, {"id": "b"}, {"id": "d"}, b'{"id":"e"}']) == 2
        assert held.count == 5
        assert [record["id"] for record in held.records()] == ["a", "b", "c", "d", "e"]
        assert records.file_path.read_bytes() == before
    assert [record["id"] for record in records.records()] == ["a", "b", "c", "d", "e"]
    assert not any(records.append({"id": id_}) for id_ in "abcde")


def test_it_is_one_write(records: JsonlLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many records there are."""
    calls = SystemCalls(monkeypatch, records.file_path)
    with records.locked() as held:
        for n in range(100):
            held.append({"id": n})
    assert calls.calls.count("write") == 1


@pytest.mark.parametrize("error", [ValueError("mine"), KeyboardInterrupt(), OSError("mine")])
def test_an_exception_leaves_the_file_as_it_was(records: JsonlLog, error: BaseException) -> None:
    """It comes through as it is; the ids of what was not appended are not known."""
    before = records.file_path.read_bytes()

    def append_and_raise() -> None:
        with records.locked() as held:
            held.append({"id": "c"})
            raise error

    with pytest.raises(type(error)) as caught:
        append_and_raise()
    assert caught.value is error
    assert records.file_path.read_bytes() == before
    assert records.append({"id": "c"})


def test_a_refused_record_is_the_only_one_left_out(records: JsonlLog) -> None:
    """Who catches the error goes on; of a batch with such a record none is appended."""
    with records.locked() as held:
        held.append({"id": "c"})
        with pytest.raises(StorageError, match="cannot store a record"):
            held.extend([{"id": "d"}, {"no id": 1}])
        held.append({"id": "e"})
    assert [record["id"] for record in records.records()] == ["a", "b", "c", "e"]


def test_a_block_may_be_left_anyhow(records: JsonlLog) -> None:
    """By return or break, that is: what was appended is written."""

    def leave() -> None:
        with records.locked() as held:
            held.append({"id": "c"})
            return

    leave()
    assert not records.append({"id": "c"})


def test_nothing_to_append_writes_nothing(records: JsonlLog) -> None:
    """Looking is fine; a log that is missing is there afterwards, and empty."""
    before = records.file_path.read_bytes()
    with records.locked() as held:
        assert len(list(held.records())) == 2
    assert records.file_path.read_bytes() == before
    before += b"junk\n"
    records.file_path.write_bytes(before)
    with records.locked() as held:
        assert len(list(held.records())) == 2
    assert records.file_path.read_bytes() == before
    missing = JsonlLog(records.file_path.parent / "new" / "folder" / "log")
    with missing.locked() as held:
        assert held.count == 0
        assert list(held.records()) == []
    assert missing.file_path.read_bytes() == b""


@pytest.mark.parametrize("extend", [True, False])
def test_a_block_that_appends_nothing_makes_no_id_unknown(
    extend: bool,  # noqa: FBT001  # a parameter
    records: JsonlLog,
) -> None:
    """Of a log that was not asked for ids, or is another one by now, none has been looked for."""
    path = records.file_path
    looking = JsonlLog(path, key="id")
    for known in ("b", "z"):
        with looking.locked() as held:
            assert held.count
            if extend:
                held.extend([])
        assert not looking.append({"id": known, "again": True})
        path.unlink()
        path.write_bytes(b'{"id": "y"}\n{"id": "z"}\n')


@posix_only
@pytest.mark.parametrize("locks", [True, False])
def test_what_is_noted_of_an_append_is_of_its_own_file(
    locks: bool,  # noqa: FBT001  # a parameter
    records: JsonlLog,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Though another thread has held one in its place meanwhile, and the first has come back."""
    path = records.file_path
    kept, other = path.with_name("kept"), path.with_name("other")
    other.write_bytes(b'{"id": "z"}\n')
    records.extend([{"id": f"{n}"} for n in range(10)])  # more than are searched for

    def hold_the_other() -> None:
        path.rename(kept)
        other.rename(path)
        with records.locked() as held:
            held.append({"id": "y"})
        path.rename(other)
        kept.rename(path)

    close, threads = os.close, [threading.Thread(target=hold_the_other)]

    def close_and_let_the_other_run(fd: int) -> None:
        is_log = os.path.sameopenfile(fd, own)
        close(fd)
        if is_log and threads and not in_flight.threads:
            thread = threads.pop()
            thread.start()
            thread.join()

    own = os.open(path, os.O_RDONLY)
    monkeypatch.setattr(os, "close", close_and_let_the_other_run)
    if locks:
        with records.locked() as held:
            held.append({"id": "c"})
    else:
        records.append({"id": "c"})
    monkeypatch.undo()
    os.close(own)
    assert not threads
    assert not any(records.append({"id": known}) for known in ("a", "b", "c", *"0123456789"))


@pytest.mark.parametrize(
    "use",
    [
        lambda held: held.append({"id": "c"}),
        lambda held: held.extend([]),
        lambda held: held.count,
        lambda held: held.records(),
    ],
)
def test_use_after_the_end_is_refused(
    use: Callable[[Transaction], object], records: JsonlLog
) -> None:
    """The log is not held any more, and its descriptor may be another file's."""
    with records.locked() as held:
        begun = held.records()
        next(begun)
    with pytest.raises(ValueError, match="is not locked any more"):
        use(held)
    with pytest.raises(ValueError, match="is not locked any more"):
        list(begun)


@pytest.mark.parametrize("own", [True, False])
def test_nesting_is_refused(own: bool, records: JsonlLog) -> None:  # noqa: FBT001  # a parameter
    """An append or another block of the same thread would wait for itself."""
    other = records if own else JsonlLog(records.file_path, key="id")
    store = SimpleJsonStore(records.file_path)
    refused = "an append of this very thread is under way"
    with records.locked() as held:
        held.append({"id": "c"})
        with pytest.raises(StorageError, match=refused):
            other.append({"id": "d"})
        with pytest.raises(StorageError, match=refused):
            store.save_event(make_event())
        with pytest.raises(StorageError, match=refused), other.locked():
            pass
        if sys.platform != "win32":
            with pytest.raises(StorageError, match=refused):
                other.read_since()
        assert len(list(other.records())) == 2
    assert [record["id"] for record in records.records()] == ["a", "b", "c"]


@pytest.mark.parametrize("own", [True, False])
def test_nesting_is_refused_while_another_thread_waits(own: bool, log: Path) -> None:  # noqa: FBT001
    """It keeps whoever shares its log waiting, but not the thread that it waits for."""
    outer = JsonlLog(log, key="id", timeout=10)
    shared = outer if own else JsonlLog(log, key="id", timeout=10)
    with ThreadPoolExecutor(1) as pool:
        with outer.locked() as held:
            waiting = pool.submit(shared.append, {"id": "b"})
            while len(in_flight.threads) < 2:
                time.sleep(0.001)
            refused = f'cannot append to "{log}": an append of this very thread is under way'
            with pytest.raises(StorageError, match=f"^{re.escape(refused)}$") as caught:
                shared.append({"id": "c"})
            assert isinstance(caught.value.__cause__, OSError)
            assert held.append({"id": "a"})
        assert waiting.result()
    assert [record["id"] for record in outer.records()] == ["a", "b"]


def test_threads_and_other_objects_are_kept_out(records: JsonlLog) -> None:
    """They wait, and give up when their time is over; the one that is in there is not stopped."""
    answers: list[object] = []

    def append() -> None:
        try:
            answers.append(records.append({"id": "d"}))
        except LockTimeoutError as error:
            answers.append(error)

    with records.locked() as held:
        thread = threading.Thread(target=append)
        thread.start()
        thread.join()
        held.append({"id": "c"})
    (answer,) = answers
    assert isinstance(answer, LockTimeoutError)
    append()
    assert answers[1] is True
    assert [record["id"] for record in records.records()] == ["a", "b", "c", "d"]


def test_a_waiting_thread_goes_on_when_the_block_ends(log: Path) -> None:
    """It sees what was appended: with locks of their own, one of the two would wait for ever."""
    records = JsonlLog(log, key="id", timeout=60)
    started = threading.Event()

    def append() -> None:
        started.set()
        assert not records.append({"id": "c"})

    thread = threading.Thread(target=append)
    with records.locked() as held:
        thread.start()
        started.wait()
        held.append({"id": "c"})
    thread.join(60)
    assert not thread.is_alive()


@posix_only
@pytest.mark.parametrize("how", ["replaced", "removed"])
def test_a_file_that_takes_its_place_is_not_written_to(how: str, records: JsonlLog) -> None:
    """Nor is the one that was looked at: what was decided was decided on another log."""
    path = records.file_path
    kept = path.with_name("kept")
    kept.hardlink_to(path)
    before = kept.read_bytes()

    def append_and_replace() -> None:
        with records.locked() as held:
            held.append({"id": "c"})
            path.unlink()
            if how == "replaced":
                path.write_bytes(b'{"id": "z"}\n')

    with pytest.raises(StorageError, match="another file has taken its place") as caught:
        append_and_replace()
    assert f'cannot append to "{path}"' in str(caught.value)
    assert isinstance(caught.value.__cause__, OSError)
    assert kept.read_bytes() == before
    assert not path.exists() or path.read_bytes() == b'{"id": "z"}\n'
    assert records.append({"id": "c"})


@posix_only
def test_a_file_replaced_while_it_was_waited_for_is_the_one_that_is_held(
    records: JsonlLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the block begins there is still time to look again."""
    calls = SystemCalls(monkeypatch, records.file_path)
    path = records.file_path

    def replace() -> None:
        path.with_name("new").write_bytes(b'{"id": "z"}\n')
        path.with_name("new").replace(path)

    calls.at(LOCK, 1, replace)
    with records.locked() as held:
        assert list(held.records()) == [{"id": "z"}]
        held.append({"id": "c"})
    assert path.read_bytes() == b'{"id": "z"}\n{"id": "c"}\n'


@posix_only
def test_without_locks_there_is_no_transaction(
    records: JsonlLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A save that goes on without is better than none; a promise that cannot be kept is not."""
    SystemCalls(monkeypatch, records.file_path).at(LOCK, 1, failing(errno.ENOLCK))
    # Nothing, though the error is still being looked at.
    with nothing_stays_open(), pytest.raises(StorageError) as caught, records.locked():
        raise AssertionError
    assert "the file system has no file locks" in str(caught.value)


@pytest.mark.parametrize("call", ["write", "fsync"])
def test_a_write_that_fails_is_rolled_back(
    call: str, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names the file; the log is of use again, even while the error is looked at."""
    records = JsonlLog(log, key="id", fsync=True)
    records.append({"id": "a"})
    before = log.read_bytes()
    calls = SystemCalls(monkeypatch, log)
    calls.at(call, 1, failing(errno.ENOSPC))
    with (
        pytest.raises(StorageError, match=os.strerror(errno.ENOSPC)) as caught,
        records.locked() as held,
    ):
        held.append({"id": "b"})
    assert f'cannot append to "{log}"' in str(caught.value)
    assert isinstance(caught.value.__cause__, OSError)
    assert log.read_bytes() == before
    assert records.append({"id": "b"})


def test_what_closing_reports_after_the_write_is_no_error(
    records: JsonlLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The write has asked for it already, while it could still be undone."""
    calls = SystemCalls(monkeypatch, records.file_path)
    calls.at("close", 2, failing(errno.EIO))
    with records.locked() as held:
        held.append({"id": "c"})
    assert calls.fired
    assert not records.append({"id": "c"})


def test_reads_that_fail_within_the_block_are_storage_errors(
    records: JsonlLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it counts, reads, or looks for an id; the block may go on."""
    calls = SystemCalls(monkeypatch, records.file_path)
    fresh = JsonlLog(records.file_path, key="id")
    name = "read" if sys.platform == "win32" else "pread"
    with fresh.locked() as held:
        for use in (
            lambda: held.count,
            lambda: list(held.records()),
            lambda: held.append({"id": "c"}),
        ):
            calls.at(name, 1, failing(errno.EIO))
            with pytest.raises(StorageError, match=r"cannot (read|append to)") as caught:
                use()
            assert isinstance(caught.value.__cause__, OSError)
        held.append({"id": "c"})
    assert not fresh.append({"id": "c"})


def test_counting_goes_on_from_what_was_counted(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second count reads what was appended since; a log that was replaced is counted anew."""
    records = JsonlLog(log)
    log.write_bytes(b"".join(b'{"n": %d}\n' % n for n in range(10_000)) + b"junk\n\n[1]\n")
    size = log.stat().st_size
    calls = SystemCalls(monkeypatch, log)

    def count() -> int:
        with records.locked() as held:
            return held.count

    assert calls.read(count) > size
    assert count() == 10_000
    records.append({"n": -1})
    assert calls.read(count) < 5_000
    assert count() == 10_001
    log.write_bytes(b'{"n": 1}\n{"n": 2}')
    assert count() == count() == 2
    log.write_bytes(b'{"n": 1}\n{"n": 2')
    assert count() == count() == 1
    log.write_bytes(b'{"n": 1}\n{"n": ' + b"2" * 2000)
    assert count() == count() == 1
    records.append({"n": 3})
    assert count() == 2
    with log.open("ab") as file:
        file.write(b'{"n": 4')
    assert count() == 2
    with log.open("ab") as file:
        file.write(b"}\n")
    assert count() == 3


@has_fork
def test_a_forked_child_cannot_go_on_with_the_block(records: JsonlLog) -> None:
    """The lock is its parent's; what it would write would be in the middle of that one's append."""

    def body() -> None:
        try:
            context.__exit__(None, None, None)
        except StorageError:
            os._exit(7)

    context = records.locked()
    held = context.__enter__()
    held.append({"id": "c"})
    assert exit_code_of_child(body) == 7
    context.__exit__(None, None, None)
    assert [record["id"] for record in records.records()] == ["a", "b", "c"]


def test_a_block_that_is_dropped_lets_go(records: JsonlLog) -> None:
    """A generator with the block in it, which nobody goes on with, appends nothing."""

    def generator() -> object:
        with records.locked() as held:
            held.append({"id": "c"})
            yield

    begun = iter(generator())  # type: ignore[call-overload]  # it is one
    next(begun)
    del begun
    gc.collect()
    assert records.append({"id": "c"})


def test_eight_processes_number_ten_thousand_records(log: Path) -> None:
    """No number comes twice and none is left out, though some of the processes are killed."""
    processes = [start(sequencer, log, number, 2000) for number in range(8)]
    doomed = processes[:3]
    for process in doomed:
        assert process.stdout is not None
        for _ in range(100 + 50 * doomed.index(process)):
            process.stdout.readline()
        process.kill()
    acknowledged: list[int] = []
    for process in processes:
        output, _ = process.communicate(timeout=600)
        assert process.returncode == 0 or process in doomed
        acknowledged += map(int, output.split())
    content = log.read_bytes()
    # One that is killed in the middle of its write may leave the beginning of a line.
    numbers = [json.loads(line)["seq"] for line in content.splitlines() if line.endswith(b"}")]
    assert numbers == list(range(1, len(numbers) + 1))
    assert set(acknowledged) <= set(numbers)
    assert len(numbers) >= 10_000
    if sys.platform != "win32":
        assert all(process.returncode in {0, -signal.SIGKILL} for process in processes)
