"""The file that takes what is moved is the log's own."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest

from specify_cli.spec_kitty_events import StorageError
from specify_cli.telemetry.repair import repair_log

from ..support.events import CODEC, make_event
from ..support.platforms import posix_only
from ..support.rejected import records_beside, rejected_beside
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


@posix_only
def test_what_cannot_be_added_is_told_of_the_right_file(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk, say, when it is put in place."""
    real = os.replace

    def refuse(source: str, target: Path) -> None:
        if target == rejected_beside(log):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", refuse)
        log.write_bytes(CONTENT)
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
