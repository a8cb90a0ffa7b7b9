"""The line of a terminal that says how far a long command has come."""

from __future__ import annotations

import errno
import os
import sys
import time
from pathlib import Path

import pytest

from specify_cli.telemetry._cli import progress

from ..support.events import CODEC, make_event
from .test_cli import Terminal, main
from .test_text import of_width


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return what the time is, to be changed."""
    times = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: times[0])
    return times


class Watched(Terminal):
    """A terminal that shows what it is told when it is flushed."""

    shown = ""

    def flush(self) -> None:
        """Show it."""
        self.shown = self.getvalue()


def watched(monkeypatch: pytest.MonkeyPatch, columns: int = 40) -> Watched:
    """Have such a terminal for standard error."""
    terminal = Watched()
    of_width(terminal, columns, monkeypatch)
    monkeypatch.setattr(sys, "stderr", terminal)
    return terminal


def test_only_what_takes_its_time_is_told(
    clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """From half a second on; in the end the line is empty again."""
    terminal = watched(monkeypatch)
    with progress.progress_of("folder/log\n") as show:
        show(1, 2)
        clock[0] += 0.4375
        show(1, 2)
        assert terminal.shown == ""
        clock[0] += 0.0625
        show(0, 0)
        assert terminal.shown == ""
        show(0, 200)
        assert terminal.shown == "\r  0 % of log\\n"
        show(1, 200)
        show(3, 200)
        show(200, 200)
        assert terminal.shown == "\r  0 % of log\\n\r  1 % of log\\n\r100 % of log\\n"
    assert terminal.shown.endswith(f"100 % of log\\n\r{' ' * 14}\r")


def test_what_is_shorter_wipes_what_was_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    """However wide that was; and what is the same is not written again."""
    terminal = watched(monkeypatch)
    line = progress.Line()
    line.show("", "")
    assert terminal.shown == ""
    line.show("a ", "日誌")
    line.show("a ", "日誌")
    line.show("b", "")
    line.show("", "")
    assert terminal.shown == "\ra 日誌\rb     \r \r"


def test_without_a_terminal_nothing_is_written(
    clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pipe gets what is for it only."""
    terminal = watched(monkeypatch)
    terminal.isatty = lambda: False  # type: ignore[method-assign]  # for once
    with progress.progress_of("log") as show:
        clock[0] += 1
        show(1, 2)
    assert terminal.getvalue() == ""


def test_a_terminal_that_is_gone_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command goes on."""
    terminal = watched(monkeypatch)

    def gone(_: str) -> int:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(terminal, "write", gone)
    progress.Line().show("a", "b")


@pytest.mark.parametrize(
    ("columns", "name", "shown"),
    [
        (80, "events.jsonl", "\r 50 % of events.jsonl"),
        (20, "events.jsonl", "\r 50 % of ents.jsonl"),
        (20, "журнал.jsonl", "\r 50 % of рнал.jsonl"),
        (20, "ログ日誌.jsonl", "\r 50 % of 日誌.jsonl"),
        (10, "events.jsonl", "\r 50 % of "),
        (5, "events.jsonl", "\r 50 "),
        (1, "events.jsonl", ""),
        (0, "x" * 99, "\r 50 % of " + "x" * 70),
    ],
)
def test_it_fits_the_terminal(
    columns: int,
    name: str,
    shown: str,
    clock: list[float],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A line that is wrapped could not be written over."""
    terminal = watched(monkeypatch, columns)
    with progress.progress_of(name) as show:
        clock[0] += 1
        show(1 << 30, 2 << 30)
        assert terminal.shown == shown


@pytest.mark.parametrize(
    ("command", "percent"), [("show", 100), ("stats", 100), ("check", 100), ("repair", 50)]
)
def test_each_command_that_reads_a_whole_log_tells(
    command: str, percent: int, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the log that it is at, and then no more; what needs no repair is not read again."""
    log.write_bytes(CODEC.encode(make_event()))
    monkeypatch.setattr(progress, "_DELAY", 0)
    terminal = watched(monkeypatch, 80)
    assert main(command, log) == 0
    shown = f"{percent:3} % of {log.name}"
    assert terminal.shown.endswith(f"\r{shown}\r{' ' * len(shown)}\r")
