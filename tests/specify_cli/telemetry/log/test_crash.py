"""A writer may die at any moment; what it acknowledged is kept (G1)."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import random
import signal
import time
from functools import partial
from pathlib import Path

import pytest

from specify_cli.spec_kitty_events import Event
from specify_cli.telemetry import SimpleJsonStore

from ..support.events import make_event, make_events
from ..support.platforms import exit_code_of_child, exiting, has_fork
from ..support.processes import start_writer
from ..support.system_calls import LOCK, READ, SystemCalls
from ..support.writer import events_to_save

pytestmark = pytest.mark.uncounted

ROUNDS = 300


@has_fork
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize(
    "call", ["open", LOCK, "fstat", "stat", READ, "write", "dup", "fsync", "close"]
)
def test_dying_at_any_call_loses_nothing_acknowledged(
    call: str, moment: str, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that ends at a call of a save leaves the event there whole, or not at all."""

    def save_and_die(event: Event, occurrence: int) -> None:
        faults = SystemCalls(monkeypatch, log)
        faults.at(call, occurrence, exiting(9), after=moment == "after")
        SimpleJsonStore(log, fsync=True).save_event(event)
        os._exit(0)

    saved = make_events(3)
    SimpleJsonStore(log).save_events(saved)
    for occurrence in range(1, 20):
        event = make_event(lamport_clock=3 + occurrence)
        code = exit_code_of_child(partial(save_and_die, event, occurrence))
        loaded = list(SimpleJsonStore(log).iter_events())
        assert loaded in (saved, [*saved, event])
        SimpleJsonStore(log).save_event(event)
        saved.append(event)
        assert list(SimpleJsonStore(log).iter_events()) == saved
        if code == 0:
            assert loaded == saved
            return
        assert code == 9
    pytest.fail(f"{call} is called without end")


@has_fork
@pytest.mark.parametrize("batch", [1, 3])
def test_dying_in_the_middle_of_a_write_costs_that_write_only(
    batch: int, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever part of a write reached the file, the events before and after it load."""

    def write_part_and_die(size: int) -> None:
        SystemCalls(monkeypatch, log).short_writes(monkeypatch, size, then=exiting(9))
        SimpleJsonStore(log).save_events(events)
        os._exit(0)

    SimpleJsonStore(log).save_events(saved := make_events(2))
    events = make_events(batch)
    before = log.read_bytes()
    for size in itertools.count(1, 37):
        log.write_bytes(before)
        code = exit_code_of_child(partial(write_part_and_die, size))
        store = SimpleJsonStore(log)
        loaded = list(store.iter_events())
        assert loaded == saved + events[: len(loaded) - len(saved)]
        assert store.save_events(events) == len(saved) + batch - len(loaded)
        assert list(store.iter_events()) == saved + events
        if code == 0:
            assert loaded == saved + events
            return
        assert code == 9


@has_fork
def test_killed_writers_lose_no_acknowledged_event(log: Path) -> None:
    """Hundreds of writers killed at random moments leave every event whose save returned."""
    acknowledged: list[str] = []
    chance = random.Random(20260216)
    for number in range(ROUNDS):
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            store = SimpleJsonStore(log)
            for event in events_to_save("forever", number, 0):
                store.save_event(event)
                os.write(writing, event.event_id.encode())
        os.close(writing)
        told = os.read(reading, 26).decode()
        time.sleep(chance.uniform(0, 0.005))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        with open(reading, "rb") as pipe:  # noqa: PTH123  # a descriptor
            told += pipe.read().decode()
        acknowledged += [told[i : i + 26] for i in range(0, len(told), 26)]
    loaded = [event.event_id for event in SimpleJsonStore(log).iter_events()]
    assert len(set(loaded)) == len(loaded)
    assert set(acknowledged) <= set(loaded)
    # An event may be in the file without having been acknowledged, but at most one a round.
    assert len(loaded) - len(acknowledged) <= ROUNDS
    assert len(acknowledged) > ROUNDS


def test_terminated_processes_lose_no_acknowledged_event(log: Path) -> None:
    """The same with processes started afresh, two at a time, on every platform."""
    acknowledged: list[str] = []
    for number in range(0, 6, 2):
        processes = [start_writer(log, "forever", number + n, 0) for n in range(2)]
        for process in processes:
            assert process.stdout is not None
            acknowledged.append(process.stdout.readline().strip())
            assert len(acknowledged[-1]) == 26
        time.sleep(0.1)
        for process in processes:
            process.kill()
        for process in processes:
            with process:
                assert process.stdout is not None
                acknowledged += process.stdout.read().split()
    store = SimpleJsonStore(log)
    store.save_event(last := make_event())
    loaded = {event.event_id for event in store.iter_events()}
    assert {*acknowledged, last.event_id} <= loaded
    assert len(acknowledged) > 6
    assert sorted(ids_in_intact_lines(log)) == sorted(loaded)


def ids_in_intact_lines(log: Path) -> list[str]:
    """Return the ids of the lines that are JSON, found without the store's own reading."""
    ids = []
    for line in log.read_bytes().split(b"\n"):
        with contextlib.suppress(ValueError):
            ids.append(json.loads(line)["event_id"])
    return ids
