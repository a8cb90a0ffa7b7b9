"""Writers and repairs of one log at the same time."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from specify_cli.spec_kitty_events import StorageError
from specify_cli.telemetry import SimpleJsonStore
from specify_cli.telemetry._log.append import AppendLog
from specify_cli.telemetry._log.held import HeldLog, held
from specify_cli.telemetry._log.logger import Logger
from specify_cli.telemetry.repair import apply as applying
from specify_cli.telemetry.repair import repair_log, report

from ..support.events import CODEC, make_event, make_events
from ..support.platforms import posix_only
from ..support.processes import ids_in, start_writer
from ..support.rejected import records_beside, rejected_beside
from ..support.system_calls import SystemCalls
from .test_repair import TORN


def damage(log: Path, data: bytes) -> None:
    """Append what is no event, as a writer would that knows the lock."""
    file = AppendLog(log, fsync=False, logger=Logger(""), error_type=StorageError)
    file.append(lambda _: data)


def test_no_acknowledged_event_is_lost_or_repeated(log: Path) -> None:
    """Processes that save while the log is damaged and repaired again and again."""
    processes = [start_writer(log, "own", number, 200) for number in range(2)]
    processes.append(start_writer(log, "same", 2, 200))
    damages = repairs = 0
    with ThreadPoolExecutor(3) as pool:
        outputs = [pool.submit(process.communicate, timeout=120) for process in processes]
        while not log.exists():
            time.sleep(0.01)
        while not all(output.done() for output in outputs):
            damage(log, TORN if damages % 2 else b"junk\n")
            damages += 1
            # On Windows the log may be in use all the time.
            with contextlib.suppress(StorageError):
                repairs += repair_log(log, apply=True).applied
        acknowledged = [event_id for o in outputs for event_id in o.result()[0].split()]
    assert [process.returncode for process in processes] == [0, 0, 0]
    repair_log(log, apply=True)
    lost, repeated = Counter(acknowledged) - ids_in(log), ids_in(log) - Counter(acknowledged)
    assert (lost, repeated) == ({}, {})
    assert len(acknowledged) == 600
    moved = [record.data.rstrip(b"\n") for record in records_beside(log)]
    assert set(moved) <= {TORN, b"junk"}
    assert len(moved) >= damages
    if sys.platform != "win32":  # where writers without a pause leave a repair next to no moment
        assert repairs > 2
        assert len(moved) == damages


@posix_only
def test_a_writer_that_waits_for_the_lock_lands_in_the_new_file(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has the old file open, and finds out."""
    store = SimpleJsonStore(log)
    store.save_event(first := make_event())
    damage(log, b"junk\n")
    second = make_event(lamport_clock=2)
    real_open, real_replace = os.open, os.replace
    opened = threading.Event()

    def note_open(path: str, flags: int, mode: int = 0o777) -> int:
        fd = real_open(path, flags, mode)
        if threading.current_thread() is not threading.main_thread():
            opened.set()
        return fd

    with ThreadPoolExecutor(1) as pool:

        def replace_when_waited_for(source: str, target: Path) -> None:
            if target == log:
                saving.append(pool.submit(store.save_event, second))
                assert opened.wait(30)
                time.sleep(0.01)
                assert not saving[0].done()
            real_replace(source, target)

        saving: list[Future[None]] = []
        monkeypatch.setattr(os, "open", note_open)
        monkeypatch.setattr(os, "replace", replace_when_waited_for)
        repair_log(log, apply=True)
    assert log.read_bytes() == CODEC.encode(first) + CODEC.encode(second)


@pytest.mark.parametrize("call", ["fsync", "replace"])
@pytest.mark.parametrize("change", ["appended to", "replaced", "removed"])
def test_a_log_that_changes_is_repaired_as_it_is_then(
    change: str, call: str, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By programs that take no lock: a shell that appends, a checkout."""
    if sys.platform == "win32" and change != "appended to":
        pytest.skip("Windows does not replace a file that is open")
    first, second = make_events(2)
    log.write_bytes(CODEC.encode(first) + b"junk\n")
    real = getattr(os, call)

    def call_and_change(*arguments: object) -> None:
        real(*arguments)
        monkeypatch.setattr(os, call, real)
        if change == "appended to":
            with log.open("ab") as file:
                file.write(CODEC.encode(second))
        elif change == "replaced":
            other = log.with_name("other")
            other.write_bytes(b"more junk\n" + CODEC.encode(second))
            other.replace(log)
        else:
            log.unlink()

    monkeypatch.setattr(os, call, call_and_change)
    if change == "removed":
        with pytest.raises(StorageError, match="cannot repair"):
            repair_log(log, apply=True)
    else:
        repair_log(log, apply=True)
    moved = [record.data for record in records_beside(log)]
    # What was moved already cannot be told from what is lost, when another file is there.
    before = [b"junk\n"] if call == "replace" else []
    if change == "removed":
        assert not log.exists()
        assert moved == before
    elif change == "replaced":
        assert log.read_bytes() == CODEC.encode(second)
        assert moved == [*before, b"more junk\n"]
    else:
        assert log.read_bytes() == CODEC.encode(first) + CODEC.encode(second)
        assert moved == [b"junk\n"]


def test_a_log_that_changes_for_ever_is_an_error(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The repair gives up rather than hang."""
    log.write_bytes(TORN + b"\n")
    real = os.fsync

    def sync_and_append(fd: int) -> None:
        real(fd)
        with log.open("ab") as file:
            file.write(TORN + b"\n")

    monkeypatch.setattr(os, "fsync", sync_and_append)
    monkeypatch.setattr(report, "_MAX_CHANGES", 5)
    with pytest.raises(StorageError, match="changed again and again"):
        repair_log(log, apply=True)
    assert log.read_bytes() == (TORN + b"\n") * 6
    assert list(log.parent.iterdir()) == [log]


@pytest.mark.parametrize("is_whole", [True, False])
def test_what_is_appended_without_the_lock_in_the_last_moment_is_carried_over(
    log: Path, monkeypatch: pytest.MonkeyPatch, *, is_whole: bool
) -> None:
    """Each event once; what is no event, and half a line, as they are. All of it is synced."""
    first, second, third = make_events(3)
    log.write_bytes(TORN + CODEC.encode(first) + b"junk\n")
    calls = SystemCalls(monkeypatch, log)
    late = CODEC.encode(first) + b"late\n" + CODEC.encode(second)
    late += CODEC.encode(third)[:-1] if is_whole else TORN
    real = os.replace

    def append_and_replace(source: str, target: Path) -> None:
        if target == log:
            with log.open("ab") as file:
                file.write(late)
        real(source, target)

    monkeypatch.setattr(os, "replace", append_and_replace)
    repair_log(log, apply=True)
    lines = [CODEC.encode(first), b"late\n", CODEC.encode(second)]
    lines.append(CODEC.encode(third) if is_whole else TORN)
    assert log.read_bytes() == b"".join(lines)
    _, *taken = calls.taken("write", "fsync")  # what is there already is synced first
    assert taken == [("write", log), ("fsync", log)] * 3
    assert {path.name for path in log.parent.iterdir()} == {log.name, rejected_beside(log).name}


def test_two_repairs_at_once_move_everything_once(log: Path) -> None:
    """Whoever comes later finds the log clean."""
    lines = [CODEC.encode(event) for event in make_events(50)]
    log.write_bytes(b"junk\n".join(lines))
    with ThreadPoolExecutor(4) as pool:
        repairs = [pool.submit(repair_log, log, apply=True) for _ in range(4)]
    assert sum(repair.result().applied for repair in repairs) == 1
    assert log.read_bytes() == b"".join(lines)
    assert len(records_beside(log)) == 49


@pytest.mark.parametrize("change", ["appended to", "changed in place", "repaired"])
def test_a_log_that_changes_before_it_is_held_is_looked_at_again(
    change: str, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was found in the snapshot holds for the log only if it is still that."""
    first, second, third = map(CODEC.encode, make_events(3))
    # What the torn line holds does not load for as long as the line behind it does.
    other = first.replace(b"cli:WP01", b"cli:WP02")
    log.write_bytes(TORN + other + first)
    changed, lines, moved = {
        "appended to": (TORN + other + second + TORN + third, other + second + third, 2),
        "changed in place": (TORN + other + second, other + second, 1),
        "repaired": (other + second, other + second, 0),
    }[change]

    def change_first(path: Path) -> AbstractContextManager[HeldLog]:
        monkeypatch.setattr(applying, "held", held)
        path.write_bytes(changed)
        return held(path)

    monkeypatch.setattr(applying, "held", change_first)
    report = repair_log(log, apply=True)
    assert log.read_bytes() == lines
    assert report.applied == (moved > 0)
    assert [record.data for record in records_beside(log)] == [TORN] * moved


def test_a_log_that_grows_whenever_it_has_been_looked_at_is_repaired(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is there once it is held is looked at under the lock."""
    log.write_bytes(TORN + b"\n")

    def append_first(path: Path) -> AbstractContextManager[HeldLog]:
        damage(path, CODEC.encode(make_event()))
        return held(path)

    monkeypatch.setattr(applying, "held", append_first)
    report = repair_log(log, apply=True)
    assert (report.applied, report.events, report.rejected) == (True, 1, 1)


def test_what_is_moved_is_read_from_the_log_that_is_held(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The descriptor that it was looked at with may be another file's by then."""
    event = CODEC.encode(make_event())
    content = TORN + event + event
    log.write_bytes(content)
    other = log.with_name("other")
    other.write_bytes(event.ljust(len(content)))

    with contextlib.ExitStack() as stack:

        def open_another(path: Path) -> AbstractContextManager[HeldLog]:
            stack.enter_context(other.open("rb"))
            return held(path)

        monkeypatch.setattr(applying, "held", open_another)
        assert repair_log(log, apply=True).duplicates == 1
    assert log.read_bytes() == event
