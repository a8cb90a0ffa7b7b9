"""Closed, full and narrow terminals."""

from __future__ import annotations

import errno
import io
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from specify_cli.telemetry._cli import progress

from ..support.events import CODEC, make_event
from ..support.platforms import posix_only
from .test_cli import MODULE, TORN, Terminal, environment, main

WHOLE = CODEC.encode(make_event())


def run_in_shell(arguments: str, log: Path) -> subprocess.CompletedProcess[bytes]:
    """Run the module with redirections."""
    command = f"{shlex.quote(sys.executable)} -m {MODULE} {arguments}"
    return subprocess.run(
        ["/bin/sh", "-c", command],
        env=environment(LOG=str(log)),
        cwd=log.parent,
        capture_output=True,
        check=False,
    )


@posix_only
@pytest.mark.parametrize("redirection", ["2>&-", ">&-", ">&- 2>&-", "<&- >&- 2>&-", "2>/dev/full"])
def test_closed_streams_change_no_status(redirection: str, log: Path) -> None:
    """What is not read is not missed; no traceback, and nothing in a log."""
    log.write_bytes(WHOLE)
    for command, status in [("check $LOG", 0), ("check missing", 2), ("nothing", 2)]:
        done = run_in_shell(f"{command} {redirection}", log)
        assert done.returncode == status, command
        assert done.stderr == b"" or "2>" not in redirection
        assert b"Traceback" not in done.stderr
    assert (b"clean" in run_in_shell(f"check $LOG {redirection}", log).stdout) == (
        not redirection.startswith((">", "<"))
    )
    log.write_bytes(WHOLE + TORN)
    assert run_in_shell(f"check $LOG {redirection}", log).returncode == 1
    assert run_in_shell(f"repair --apply missing $LOG {redirection}", log).returncode == 2
    assert log.read_bytes() == WHOLE


def test_a_message_that_cannot_be_written_is_left_out(
    log: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The status tells all the same, and the other logs are looked at."""
    log.write_bytes(WHOLE)

    class Full(io.StringIO):
        def write(self, _: str) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    damaged = log.with_name("damaged")
    damaged.write_bytes(WHOLE + TORN)
    monkeypatch.setattr(sys, "stderr", Full())
    assert main("check", log.with_name("missing"), log) == 2
    assert f"{log}: clean" in capsys.readouterr().out
    assert main("repair", "--apply", log.with_name("missing"), damaged) == 2
    assert damaged.read_bytes() == WHOLE


def test_a_closed_stream_is_nobody_elses(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A log that is opened must not get its number: what is written to it would go there."""
    log.write_bytes(WHOLE)
    opened: list[object] = []
    real_open, real_fstat = os.open, os.fstat

    def closed(fd: int) -> os.stat_result:
        if fd < 3 and len(opened) < 2:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        return real_fstat(fd)

    def note(path: str, flags: int, mode: int = 0o777) -> int:
        opened.append(path)
        return real_open(path, flags, mode)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fstat", closed)
        patch.setattr(os, "open", note)
        patch.setattr(sys, "stdout", None)
        patch.setattr(sys, "stderr", None)
        assert main("check", log, log.with_name("missing")) == 2
        for stream in (sys.stdout, sys.stderr):
            assert stream.name == os.devnull
            stream.close()
    assert opened[:2] == [os.devnull] * 2


def shown_on(terminal: io.StringIO, name: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return what is left on a terminal when half of a log has been read."""
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(progress, "_DELAY", 0)
    with progress.progress_of(name) as show:
        show(1 << 30, 2 << 30)
        return terminal.getvalue()


@pytest.mark.parametrize(
    ("columns", "name", "shown"),
    [
        (80, "events.jsonl", "\r 50 % of events.jsonl"),
        (20, "events.jsonl", "\r 50 % of ents.jsonl"),
        (20, "журнал.jsonl", "\r 50 % of рнал.jsonl"),
        (20, "ログ日誌.jsonl", "\r 50 % of 日誌.jsonl"),
        (5, "events.jsonl", "\r 50"),
        (0, "x" * 99, "\r 50 % of " + "x" * 70),
    ],
)
def test_progress_fits_the_terminal(
    columns: int, name: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line that is wrapped could not be written over."""

    def size(fd: int) -> os.terminal_size:
        assert fd == 2
        return os.terminal_size((columns, 24))

    terminal = Terminal()
    monkeypatch.setattr(terminal, "fileno", lambda: 2)
    monkeypatch.setattr(os, "get_terminal_size", size)
    assert shown_on(terminal, name, monkeypatch).rstrip() == shown
