"""The file that takes what is moved is the log's own."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest

from specify_cli.spec_kitty_events import StorageError
from specify_cli.telemetry._log import files
from specify_cli.telemetry.repair import repair_log

from ..support.events import CODEC, make_event, make_events
from ..support.platforms import posix_only
from ..support.rejected import records_beside, rejected_beside
from ..support.system_calls import SystemCalls, failing
from .test_repair import TORN

CONTENT = CODEC.encode(make_event()) + TORN


def assert_refused(log: Path, reason: str) -> None:
    """See that a repair is refused because of the file beside the log, and changes nothing."""
    log.write_bytes(CONTENT)
    names = {path.name for path in log.parent.iterdir()}
    with pytest.raises(StorageError) as caught:
        repair_log(log, apply=True)
    assert str(caught.value) == (
        f'cannot repair "{log}": cannot write "{rejected_beside(log)}": {reason}'
    )
    assert isinstance(caught.value.__cause__, OSError)
    assert isinstance(caught.value.__cause__.__cause__, OSError)
    assert log.read_bytes() == CONTENT
    assert {path.name for path in log.parent.iterdir()} == names
    assert repair_log(log).rejected == 1


def test_a_directory_in_its_place_is_named(log: Path) -> None:
    """It is at fault, and not the log."""
    rejected_beside(log).mkdir()
    assert_refused(log, "Is a directory")


@posix_only
@pytest.mark.parametrize("target", ["execution.events.jsonl", "shared.rejected", "missing"])
def test_a_symbolic_link_in_its_place_is_refused(target: str, log: Path) -> None:
    """Two logs may share what it names, or it is the log: then it would grow without end."""
    log.with_name("shared.rejected").touch()
    rejected_beside(log).symlink_to(log.with_name(target))
    assert_refused(log, "not a regular file")
    assert rejected_beside(log).is_symlink()


@pytest.mark.parametrize("target", ["execution.events.jsonl", "shared.rejected"])
def test_a_file_with_another_name_in_its_place_is_refused(target: str, log: Path) -> None:
    """It may be another log's too, or this very log."""
    log.write_bytes(b"")
    log.with_name("shared.rejected").touch()
    os.link(log.with_name(target), rejected_beside(log))
    assert_refused(log, "the file has another name too")


@posix_only
def test_a_pipe_in_its_place_is_refused(log: Path) -> None:
    """It keeps nothing."""
    os.mkfifo(rejected_beside(log))
    assert_refused(log, "not a regular file")


def test_a_file_that_is_replaced_meanwhile_is_refused(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between looking at it and copying it."""
    rejected = rejected_beside(log)
    rejected.write_bytes(b"what was moved\n")
    real = os.open

    def replace_and_open(path: str, flags: int, mode: int = 0o777) -> int:
        if path == str(rejected):
            log.with_name("other").write_bytes(b"another file\n")
            log.with_name("other").replace(rejected)
        return real(path, flags, mode)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", replace_and_open)
        assert_refused(log, "it was replaced")
    assert rejected.read_bytes() == b"another file\n"


def test_an_empty_file_in_its_place_is_filled(log: Path) -> None:
    """No line end is added to what ends no line."""
    log.write_bytes(CONTENT)
    rejected_beside(log).touch()
    repair_log(log, apply=True)
    assert [record.data for record in records_beside(log)] == [TORN]


def test_it_is_read_even_if_it_does_not_close_well(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was written to it."""
    rejected_beside(log).write_bytes(b"a note\n")
    log.write_bytes(CONTENT)
    calls = SystemCalls(monkeypatch, rejected_beside(log))
    calls.at("close", 1, failing(errno.EIO))
    assert repair_log(log, apply=True).applied
    assert calls.fired
    assert rejected_beside(log).read_bytes().startswith(b"a note\n{")


def test_it_is_told_as_the_log_was_given(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a relative path, if that is what it was."""
    log.write_bytes(CONTENT)
    monkeypatch.chdir(log.parent)
    assert repair_log(log.name, apply=True).rejected_path == Path(rejected_beside(log).name)
    assert len(records_beside(log)) == 1


@posix_only
@pytest.mark.parametrize(("call", "number"), [("write", 1), ("fsync", 2), ("replace", 1)])
def test_what_cannot_be_added_is_told_of_the_right_file(
    call: str, number: int, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk, say, while much is written to it, or when it is put in place."""
    log.write_bytes(CONTENT + b"x" * files.BLOCK_SIZE)
    calls = SystemCalls(monkeypatch, log.parent)
    calls.at(call, number, failing(errno.ENOSPC))
    with pytest.raises(StorageError, match=r'cannot write ".*\.rejected": No space left'):
        repair_log(log, apply=True)


@posix_only
@pytest.mark.skipif(
    sys.platform != "win32" and os.geteuid() != 0, reason="nobody else may give files away"
)
def test_an_owner_that_does_not_stay_is_told(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the log, and of the file beside it."""
    log.write_bytes(CONTENT)
    os.chown(log, 12345, 23456)
    monkeypatch.setattr(os, "fchown", lambda *_: None)
    report = repair_log(log, apply=True)
    changes = ("owner 12345 is now 0", f"group 23456 is now {os.getegid()}")
    assert report.differences == tuple(
        f"{path}: {change}" for path in (log, rejected_beside(log)) for change in changes
    )
    assert repair_log(log).differences == ()


@posix_only
def test_a_file_that_is_not_put_in_place_is_not_told(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing was moved, only the log is another file."""
    first, second = map(CODEC.encode, make_events(2))
    log.write_bytes(first[:-1] + second)
    log.chmod(0o640)
    monkeypatch.setattr(os, "fchmod", lambda *_: None)
    assert repair_log(log, apply=True).differences == (f"{log}: mode 640 is now 600",)


@posix_only
@pytest.mark.skipif(
    sys.platform != "win32" and os.geteuid() != 0, reason="nobody else may give files away"
)
def test_an_owner_that_stays_is_not_told(log: Path) -> None:
    """Nothing is different then."""
    log.write_bytes(CONTENT)
    os.chown(log, 12345, 23456)
    assert repair_log(log, apply=True).differences == ()
    status = rejected_beside(log).stat()
    assert (status.st_uid, status.st_gid) == (12345, 23456)
    assert len(records_beside(log)) == 1
