"""A repair that is refused or dies leaves the old log or the new one, and loses no byte."""

from __future__ import annotations

import errno
import gc
import os
import sys
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from specify_cli.spec_kitty_events import StorageError
from specify_cli.telemetry._log import replace
from specify_cli.telemetry.repair import repair_log

from ..support.descriptors import nothing_stays_open
from ..support.events import CODEC, make_events
from ..support.platforms import (
    directories_are_synced,
    exit_code_of_child,
    exiting,
    has_fork,
    posix_only,
)
from ..support.rejected import assert_nothing_is_lost, records_beside, rejected_beside
from ..support.system_calls import LOCK, SystemCalls, failing
from .test_repair import TORN


class Damaged:
    """A damaged log: what it holds, and what it is to hold."""

    def __init__(self, log: Path) -> None:
        """Write it, beside it what another repair has moved out."""
        self.log = log
        events = make_events(3)
        lines = [CODEC.encode(event) for event in events]
        log.write_bytes(b"junk\n" + lines[0] + TORN + lines[1])
        repair_log(log, apply=True)
        self.rejected = rejected_beside(log).read_bytes()
        log.write_bytes(lines[0] + TORN + lines[1] + lines[0] + lines[2] + TORN)
        self.before = log.read_bytes()
        self.after = b"".join(lines)
        self.moved = [TORN, lines[0], TORN]

    def restore(self) -> None:
        """Write it again."""
        self.log.write_bytes(self.before)
        rejected_beside(self.log).write_bytes(self.rejected)

    def names(self) -> set[str]:
        """Return the names of the files there are."""
        return {path.name for path in self.log.parent.iterdir()}


@pytest.fixture
def damaged(log: Path) -> Damaged:
    """Return a damaged log."""
    return Damaged(log)


@pytest.mark.parametrize("number", [errno.EIO, errno.EACCES], ids=errno.errorcode.get)
def test_a_call_that_fails_changes_nothing(
    number: int, damaged: Damaged, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever it is, there is a StorageError or a repaired log, and no temporary file."""
    log, names = damaged.log, damaged.names()
    refused: list[str] = []
    late: list[str] = []
    for occurrence in range(1, 200):
        damaged.restore()
        error: StorageError | None = None
        with monkeypatch.context() as patch:
            calls = SystemCalls(patch, log.parent)
            calls.at_any(occurrence, failing(number))
            try:
                repair_log(log, apply=True)
            except StorageError as refusal:
                error = refusal
        if not calls.fired:
            break
        failed = calls.calls[occurrence - 1]
        repaired = log.read_bytes() == damaged.after
        for left_over in set(damaged.names()) - names:
            # On Windows, the old log, if it could not be looked at once more, or not removed.
            assert repaired
            assert left_over.endswith(".repair.old")
            assert failed == "unlink" or f'{left_over}"' in str(error)
            log.with_name(left_over).unlink()
        if error is not None:
            assert f'cannot repair "{log}"' in str(error)
            assert isinstance(error.__cause__, OSError)
            (late if repaired else refused).append(failed)
        if not (repaired and records_beside(log)[2:]):
            assert error is not None
            assert log.read_bytes() == damaged.before
            if sys.platform == "win32" and records_beside(log)[2:]:
                # There the log is let go for a moment; what is moved by then is not taken back.
                assert failed in {"open", LOCK, "fstat", "stat", "rename", "link", "replace"}
                rejected_beside(log).write_bytes(damaged.rejected)
            assert rejected_beside(log).read_bytes() == damaged.rejected
        repair_log(log, apply=True)
        assert log.read_bytes() == damaged.after
        assert [record.data for record in records_beside(log)[2:]] == damaged.moved
    else:
        pytest.fail("there is no end of calls")
    assert {"open", "stat", "write", "fsync", "close", "replace"} <= set(refused)
    # On Windows these say that another has the log, and are tried again.
    if sys.platform != "win32" or number != errno.EACCES:
        assert LOCK in refused
        assert refused.count("replace") == 2
    # When the log has been replaced, next to nothing is left that could be refused.
    assert len(late) < 10


@posix_only
def test_a_file_beside_that_was_not_there_is_not_there_after_a_refusal(
    damaged: Damaged, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is in the log still is not in both files."""
    rejected_beside(damaged.log).unlink()
    real = os.replace

    def refuse_log(source: str, target: Path) -> None:
        if target == damaged.log:
            assert rejected_beside(damaged.log).exists()
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))
        real(source, target)

    monkeypatch.setattr(os, "replace", refuse_log)
    with pytest.raises(StorageError, match="cannot repair"):
        repair_log(damaged.log, apply=True)
    assert damaged.names() == {damaged.log.name}
    assert damaged.log.read_bytes() == damaged.before


@posix_only
def test_a_file_beside_that_has_been_written_to_is_not_cut(
    damaged: Damaged, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was moved twice is not lost; what was written since might be."""
    real = os.replace

    def refuse_log(source: str, target: Path) -> None:
        if target == damaged.log:
            with rejected_beside(damaged.log).open("ab") as file:
                file.write(b"a note\n")
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))
        real(source, target)

    monkeypatch.setattr(os, "replace", refuse_log)
    with pytest.raises(StorageError, match="cannot repair"):
        repair_log(damaged.log, apply=True)
    assert rejected_beside(damaged.log).read_bytes().endswith(b"\na note\n")


@pytest.mark.skipif(sys.platform != "win32", reason="only Windows minds")
def test_a_log_that_is_open_elsewhere_is_not_replaced(
    damaged: Damaged, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is tried for a while; then nothing has changed, and a later repair works."""
    monkeypatch.setattr(replace, "_PATIENCE", 0.05)
    names = damaged.names()
    with damaged.log.open("rb"), pytest.raises(StorageError, match="has the log open"):
        repair_log(damaged.log, apply=True)
    assert damaged.names() == names
    assert damaged.log.read_bytes() == damaged.before
    assert rejected_beside(damaged.log).read_bytes() == damaged.rejected
    repair_log(damaged.log, apply=True)
    assert damaged.log.read_bytes() == damaged.after
    assert [record.data for record in records_beside(damaged.log)[2:]] == damaged.moved


@has_fork
@pytest.mark.uncounted
def test_dying_at_any_call_leaves_the_old_log_or_the_new_one(
    damaged: Damaged, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A repair after that ends as the first would have; what was moved is there, once or twice."""

    def repair_and_die(occurrence: int) -> None:
        SystemCalls(monkeypatch, damaged.log.parent).at_any(occurrence, exiting(9))
        repair_log(damaged.log, apply=True)
        os._exit(0)

    log = damaged.log
    seen = set()
    for occurrence in range(1, 200):
        damaged.restore()
        code = exit_code_of_child(partial(repair_and_die, occurrence))
        state = log.read_bytes()
        assert state in {damaged.before, damaged.after}
        moved = [record.data for record in records_beside(log)[2:]]
        assert moved in ([], damaged.moved)
        assert moved or state == damaged.before
        seen.add((state == damaged.after, bool(moved)))
        repair_log(log, apply=True)
        assert log.read_bytes() == damaged.after
        moved = [record.data for record in records_beside(log)[2:]]
        assert moved in (damaged.moved, damaged.moved * 2)
        assert_nothing_is_lost(damaged.before, damaged.after, records_beside(log)[-3:])
        if code == 0:
            break
        assert code == 9
    else:
        pytest.fail("there is no end of calls")
    assert seen == {(False, False), (False, True), (True, True)}


@directories_are_synced
def test_what_is_moved_is_on_the_device_before_the_log_is_replaced(
    damaged: Damaged, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both files, and after each replacement the directory."""
    log = damaged.log
    trace = SystemCalls(monkeypatch)
    repair_log(log, apply=True)
    rejected = rejected_beside(log)
    named_after = {".execution.events.jsonl.": log, ".execution.events.jsonl.rejected.": rejected}
    calls = [
        (name, named_after.get(path.name.removesuffix(".repair")[:-16], path))
        for name, path in trace.taken("write", "fsync", "replace")
    ]
    assert calls == [
        ("write", log),
        ("fsync", log),
        ("write", rejected),
        ("fsync", rejected),
        ("replace", rejected),
        ("fsync", log.parent),
        ("replace", log),
        ("fsync", log.parent),
    ]


@posix_only
@pytest.mark.parametrize("number", range(1, 8))
def test_an_interrupt_right_after_a_file_is_opened_leaves_it_open_nowhere(
    number: int, damaged: Damaged, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even where it has no name in the code yet."""
    opened = 0
    names = damaged.names()
    open_ = os.open

    def counted(*arguments: Any, **options: Any) -> int:
        nonlocal opened
        fd = open_(*arguments, **options)
        opened += 1
        return fd

    def interrupt(frame: FrameType, event: str, _: object) -> Any:
        frame.f_trace_opcodes = frame.f_code.co_filename != __file__
        if event == "opcode" and opened == number:
            raise KeyboardInterrupt
        return interrupt

    tracing = sys.gettrace()
    with nothing_stays_open():
        with monkeypatch.context() as patch:
            patch.setattr(os, "open", counted)
            sys.settrace(interrupt)
            try:
                repair_log(damaged.log, apply=True)
            except KeyboardInterrupt:
                pass
            finally:
                sys.settrace(tracing)
        gc.collect()
    assert opened >= number
    assert damaged.names() == names


@pytest.mark.parametrize("call", ["write", "fsync", "replace"])
def test_an_interrupt_leaves_nothing_behind(
    call: str, damaged: Damaged, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C comes through."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    names = damaged.names()
    with monkeypatch.context() as patch:
        patch.setattr(os, call, interrupt)
        with pytest.raises(KeyboardInterrupt):
            repair_log(damaged.log, apply=True)
    assert damaged.names() == names
    assert damaged.log.read_bytes() == damaged.before
    assert rejected_beside(damaged.log).read_bytes() == damaged.rejected
