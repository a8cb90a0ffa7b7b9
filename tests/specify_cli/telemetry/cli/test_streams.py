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

from specify_cli.telemetry._cli import streams

from ..support.events import CODEC, make_event
from ..support.platforms import posix_only
from .test_cli import MODULE, TORN, environment, main

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
    looked_at: list[int] = []
    opened: list[tuple[str, int]] = []
    fds: list[int] = []
    real_open = os.open

    def closed(fd: int) -> os.stat_result:
        looked_at.append(fd)
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))

    def note(path: str, flags: int, mode: int = 0o777) -> int:
        opened.append((path, flags))
        fds.append(real_open(path, flags, mode))
        return fds[-1]

    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", None)
        patch.setattr(sys, "stderr", None)
        with monkeypatch.context() as inner:
            inner.setattr(os, "fstat", closed)
            inner.setattr(os, "open", note)
            streams.prepare()
        for stream in (sys.stdout, sys.stderr):
            assert isinstance(stream, io.TextIOWrapper)
            assert (stream.name, stream.mode) == (os.devnull, "w")
            assert (stream.encoding, stream.errors) == ("utf-8", "backslashreplace")
            stream.close()
        patch.setattr(sys, "stdout", None)
        patch.setattr(sys, "stderr", None)
        assert main("check", log, log.with_name("missing")) == 2
        for stream in (sys.stdout, sys.stderr):
            stream.close()
    assert looked_at == [0, 1, 2]
    assert opened == [(os.devnull, os.O_RDWR)] * 3
    for fd in fds:
        os.close(fd)


class Calls(io.StringIO):
    """A stream that tells what is done to it."""

    def __init__(self, name: str, calls: list[str]) -> None:
        """Tell it to ``calls``, with a name."""
        super().__init__()
        self.name, self.calls = name, calls

    def write(self, text: str) -> int:
        """Tell what is written."""
        self.calls.append(f"{self.name}: {text}")
        return len(text)

    def flush(self) -> None:
        """Tell that it is flushed."""
        self.calls.append(f"{self.name} flushed")


def test_a_message_comes_after_what_was_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """At once, and nothing in it moves the cursor."""
    calls: list[str] = []
    monkeypatch.setattr(sys, "stdout", Calls("out", calls))
    monkeypatch.setattr(sys, "stderr", Calls("err", calls))
    streams.say("a\x1b\udcff")
    assert calls == ["out flushed", "err: a\\x1b\\udcff\n", "err flushed"]
    calls.clear()
    streams.write_lines([b"caf\xc3\xa9", b"\xff"])
    assert calls == ["out flushed", "out: café\n", "out: \\xff\n"]


def test_a_message_is_written_though_the_output_cannot_be(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The one is not the other."""

    class Full(io.StringIO):
        def flush(self) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", Full())
        streams.say("a")
    assert capsys.readouterr().err == "a\n"


def test_an_output_that_is_no_file_can_be_refused_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A stream that a program puts in the place of standard output leads on to wherever it does."""
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", io.StringIO())
        streams.cannot_write(OSError(errno.ENOSPC, "no room"))
    assert capsys.readouterr().err == "cannot write the output: no room\n"


def test_any_text_can_be_written_to_any_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it has no character for is escaped, but for lines of a log: those are bytes."""
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))
    streams.prepare()
    sys.stdout.write("☕")
    streams.write_lines(["☕".encode()])
    sys.stdout.flush()
    assert written.getvalue() == b"\\u2615\xe2\x98\x95\n"


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.EPIPE, ""),
        (errno.EINVAL, ""),
        (errno.ENOSPC, f"cannot write the output: {os.strerror(errno.ENOSPC)}\n"),
    ],
)
def test_an_output_that_cannot_be_written_leads_nowhere(
    number: int,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Python would write what is left once more; unless nobody reads it any more, that is said."""
    opened: list[int] = []
    closed: list[int] = []
    real_open, real_close = os.open, os.close

    def note_open(path: str, flags: int) -> int:
        assert (path, flags) == (os.devnull, os.O_WRONLY)
        opened.append(real_open(path, flags))
        return opened[0]

    def note_close(fd: int) -> None:
        closed.append(fd)
        real_close(fd)

    with (tmp_path / "out").open("w", encoding="utf-8") as out, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", out)
        out.write("left")
        patch.setattr(os, "open", note_open)
        patch.setattr(os, "close", note_close)
        streams.cannot_write(OSError(number, os.strerror(number)))
    assert (tmp_path / "out").read_bytes() == b""
    assert opened == closed
    assert len(opened) == 1
    assert capsys.readouterr().err == said
