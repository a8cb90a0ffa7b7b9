"""The command that shows events as they come."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from specify_cli.telemetry import SimpleJsonStore

from ..support.events import CODEC, make_event, make_events
from ..support.platforms import posix_only
from ..support.terminal import environment, heed_interrupts, on_terminal
from .test_cli import MODULE, main


@pytest.fixture
def sleeps(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    """Call, instead of a wait, one of these after the other; then press Ctrl-C."""
    actions: list[object] = []

    def sleep(seconds: float) -> None:
        assert seconds == 0.2
        if not actions:
            raise KeyboardInterrupt
        action = actions.pop(0)
        assert callable(action)
        action()

    monkeypatch.setattr(time, "sleep", sleep)
    yield actions
    assert not actions


def test_what_comes_is_shown_until_ctrl_c(
    log: Path, sleeps: list[object], capsys: pytest.CaptureFixture[str]
) -> None:
    """After the last ten; the end is a clean one."""
    store = SimpleJsonStore(log)
    store.save_events(make_events(15))
    sleeps.append(lambda: store.save_event(make_event(lamport_clock=99)))
    assert main("follow", log) == 0
    out, err = capsys.readouterr()
    assert [int(line.split()[2]) for line in out.splitlines()] == [*range(6, 16), 99]
    assert not err


@pytest.mark.parametrize(("option", "count"), [("--from-start", 15), ("-n0", 0), ("-n3", 3)])
def test_where_it_begins(
    option: str,
    count: int,
    log: Path,
    sleeps: list[object],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """At the start, or at so many before the end."""
    assert not sleeps
    SimpleJsonStore(log).save_events(make_events(15))
    assert main("follow", option, log) == 0
    assert len(capsys.readouterr().out.splitlines()) == count


def test_each_event_is_there_before_the_next_is_waited_for(
    log: Path, sleeps: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever reads a pipe sees it at once, in the columns of those before."""
    seen: list[str] = []

    class Pipe(io.StringIO):
        def flush(self) -> None:
            seen.append(self.getvalue())

    sleeps += [
        lambda: log.write_bytes(b'{"node_id": "node", "x": 1}\n'),
        lambda: seen.append("waited"),
        lambda: log.write_bytes(log.read_bytes() + b'{"node_id": "n", "x": 2}\n'),
    ]
    monkeypatch.setattr(sys, "stdout", Pipe())
    assert main("follow", log) == 0
    first, second = "node  x=1\n", "n     x=2\n"
    # The message that it is waited for flushes what was written before it.
    assert seen == ["", first, "waited", first + second, first + second]


def test_json_is_the_lines_themselves(
    log: Path, sleeps: list[object], capsys: pytest.CaptureFixture[str]
) -> None:
    """Those that are asked for."""
    line = CODEC.encode(make_event())
    log.write_bytes(b'{"a": 1}\n')
    sleeps.append(lambda: log.write_bytes(log.read_bytes() + line))
    assert main("follow", "--json", "--type", "ExecutionEvent", log) == 0
    assert capsys.readouterr().out == line.decode()


def test_a_log_that_goes_and_comes_is_told(
    log: Path, sleeps: list[object], capsys: pytest.CaptureFixture[str]
) -> None:
    """Once each time, on standard error."""
    sleeps += [
        lambda: None,
        lambda: SimpleJsonStore(log).save_event(make_event()),
        log.unlink,
        lambda: None,
    ]
    assert main("follow", log) == 0
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 1
    waiting = f'waiting for "{log}"\n'
    assert err == f'{waiting}"{log}" was replaced; reading it from the start\n{waiting}'


def test_what_cannot_be_read_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A directory, say."""
    assert main("follow", tmp_path) == 2
    assert capsys.readouterr().err.startswith("cannot read ")


@posix_only
def test_on_a_terminal_it_follows_and_ends_with_ctrl_c(log: Path) -> None:
    """A store in another process saves, the log is replaced, and a key ends it."""
    SimpleJsonStore(log).save_event(make_event(event_type="First"))
    with on_terminal("follow", log, columns=100) as terminal:
        terminal.wait_for("First")
        SimpleJsonStore(log).save_event(make_event(event_type="Second"))
        terminal.wait_for("Second")
        other = log.with_name("other")
        SimpleJsonStore(other).save_event(make_event(event_type="Third"))
        other.replace(log)
        terminal.wait_for("was replaced")
        terminal.wait_for("Third")
        terminal.type(b"\x03")
        assert terminal.finish() == 0
    assert "Traceback" not in terminal.text
    assert all(len(line) < 100 or "replaced" in line for line in terminal.plain.splitlines())


@posix_only
def test_a_pipe_gets_each_event_when_it_comes(log: Path) -> None:
    """And when nobody reads it any more, the end is a quiet one."""
    store = SimpleJsonStore(log)
    store.save_event(make_event(event_type="First"))
    with subprocess.Popen(
        [sys.executable, "-m", MODULE, "follow", str(log)],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            assert b"First" in process.stdout.readline()
            store.save_event(make_event(event_type="Second"))
            assert b"Second" in process.stdout.readline()
            process.stdout.close()
            end = time.monotonic() + 30
            while process.poll() is None and time.monotonic() < end:
                store.save_event(make_event())
                time.sleep(0.05)
            assert process.poll() == 2
            assert process.stderr.read() == b""
        finally:
            process.kill()


@posix_only
def test_an_interrupt_is_a_clean_end(log: Path) -> None:
    """Also without a terminal."""
    SimpleJsonStore(log).save_event(make_event())
    with subprocess.Popen(
        [sys.executable, "-m", MODULE, "follow", str(log)],
        env=environment(),
        preexec_fn=heed_interrupts,  # noqa: PLW1509  # no thread yet
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline()
        os.kill(process.pid, signal.SIGINT)
        assert process.stderr.read() == b""
        assert process.wait(30) == 0
