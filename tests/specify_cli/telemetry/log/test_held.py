"""A log that is held against writers, and let go whatever happens."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path

import pytest

from specify_cli.telemetry import SimpleJsonStore
from specify_cli.telemetry._log import lock
from specify_cli.telemetry._log.held import ChangedError, held

from ..support.descriptors import nothing_stays_open
from ..support.events import make_event
from ..support.platforms import posix_only
from ..support.system_calls import LOCK, READ, SystemCalls, failing


@pytest.mark.parametrize("call", [LOCK, "fstat", READ, "stat"])
def test_a_log_that_cannot_be_held_is_let_go(
    call: str, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At once, even while the error is looked at."""
    SimpleJsonStore(log).save_event(make_event())
    SystemCalls(monkeypatch, log).at(call, 1, failing(errno.ENOLCK))
    with nothing_stays_open(), pytest.raises(OSError, match="lock") as caught, held(log):
        raise AssertionError
    assert caught.value.errno == errno.ENOLCK


def test_a_log_is_let_go_by_a_close_that_reports_an_error(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing has been written to it that could be lost."""
    SimpleJsonStore(log).save_event(make_event())
    calls = SystemCalls(monkeypatch, log)
    with held(log) as source:
        calls.at("close", 1, failing(errno.EIO))
    assert calls.fired
    assert not source.is_held
    SimpleJsonStore(log, timeout=0).save_event(make_event())


def test_an_error_within_lets_it_go(log: Path) -> None:
    """While it is looked at, others may save again."""
    SimpleJsonStore(log).save_event(make_event())
    with pytest.raises(ValueError, match="mine") as caught, held(log):
        raise ValueError("mine")
    SimpleJsonStore(log, timeout=0).save_event(make_event())
    assert caught.tb is not None


def test_what_others_append_without_the_lock_is_seen(log: Path) -> None:
    """The log is not what was read any more, and what was added can be had."""
    log.write_bytes(b"one\n")
    with held(log) as source:
        source.check()
        assert source.appended() == b""
        with log.open("ab") as file:
            file.write(b"two\nthr")
        assert source.is_held
        with pytest.raises(ChangedError):
            source.check()
        assert source.appended() == b"two\nthr"


@posix_only
def test_another_file_in_its_place_is_seen(log: Path) -> None:
    """However much it is like this one."""
    log.write_bytes(b"one\n")
    with held(log) as source:
        log.rename(log.with_name("moved"))
        log.write_bytes(b"one\n")
        assert not source.is_held
        with pytest.raises(ChangedError):
            source.check()


class Interrupting:
    """Stands for an interrupt that comes as soon as the log is locked."""

    def __iter__(self) -> Iterator[object]:
        """Be it."""
        raise KeyboardInterrupt


def test_an_interrupt_when_it_is_locked_leaves_it_open_nowhere(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even while the interrupt is looked at."""
    log.touch()
    hold = lock.hold

    def interrupted(path: str, flags: int, kind: lock.Kind) -> Iterator[Interrupting]:
        holding = hold(path, flags, kind)
        next(holding)
        try:
            yield Interrupting()
        finally:
            holding.close()

    monkeypatch.setattr(lock, "hold", interrupted)
    with nothing_stays_open(), pytest.raises(KeyboardInterrupt) as caught, held(log):
        raise AssertionError
    assert caught.tb is not None
