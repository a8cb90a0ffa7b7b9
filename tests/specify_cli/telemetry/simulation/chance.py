"""Scenarios made up by chance: two to four processes, and any fault."""

from __future__ import annotations

import errno
import random
from collections.abc import Callable

from .actors import Act, follows, forks, loads, repairs, saves, waits
from .faults import (
    errors,
    full_disk,
    interrupts,
    kills,
    lost_on_close,
    short_reads,
    short_writes,
    signals,
)
from .others import appends_without_lock, checks_out, joins_lines, removes
from .record import IDS, LINES
from .scenarios import Scenario

_ERRORS = [errno.EIO, errno.EINTR, errno.ENOSPC, errno.EACCES]
_KINDS = [
    kills,
    errors(*_ERRORS),
    full_disk,
    lost_on_close,
    short_reads,
    short_writes,
    signals,
    interrupts,
]


def made_up(seed: int) -> Scenario:
    """Make up a scenario; the same seed gives the same one."""
    chance = random.Random(seed)
    windows = chance.random() < 0.2
    has_others = chance.random() < 0.4
    lines = [LINES[IDS[number]] for number in range(chance.randrange(4))]
    torn = LINES[IDS[18]][: chance.choice((0, 0, 1, 40, 217))]
    kinds = tuple(chance.sample(_KINDS, chance.choice((0, 1, 1, 2))))
    if interrupts in kinds:
        kinds = tuple(kind for kind in kinds if kind is not signals)
    content = None if not lines and not torn and chance.random() < 0.5 else b"".join(lines) + torn
    synced = chance.random() < 0.4
    # While a log is replaced on Windows, less is promised.
    has_repairs = not windows and not has_others
    processes: list[tuple[tuple[Act, ...], ...]] = [
        _process(chance, windows=windows, has_repairs=has_repairs)
        for _ in range(chance.choice((1, 2, 2, 2, 3)))
    ]
    if has_others:
        # What another program does to the log by itself is no fault of ours, nor is a fault in it.
        kinds = () if chance.random() < 0.7 else kinds
        del processes[2:]
        processes.append((_other(chance, windows=windows),))
    victims = "ABCD"[: len(processes) - has_others]
    return Scenario(
        f"seed {seed}",
        tuple(processes),
        content,
        fsync=synced,
        kinds=kinds,
        most_faults=chance.choice((1, 1, 2)),
        victims=victims,
        handler=_handler(chance, kinds),
        step_ns=chance.choice((1, 2_000_000_000)),
        loses_power=synced and not windows,
        damaged=bool(torn) or has_others,
        is_made=content is not None or chance.random() < 0.5,
        windows=windows,
    )


def _process(
    chance: random.Random, *, windows: bool, has_repairs: bool
) -> tuple[tuple[Act, ...], ...]:
    threads = [_thread(chance)]
    if chance.random() < 0.25:
        threads.append(_thread(chance))
    if not windows and chance.random() < 0.15:
        threads.append((forks(*_thread(chance)),))
    if has_repairs and chance.random() < 0.1:
        threads = [(repairs(),)]
    return tuple(threads)


def _thread(chance: random.Random) -> tuple[Act, ...]:
    makers: list[Callable[[], Act]] = [
        lambda: saves(chance.randrange(6)),
        lambda: saves(chance.randrange(6)),
        lambda: saves(chance.randrange(6), chance.randrange(6)),
        lambda: saves(chance.randrange(3), chance.randrange(3, 6), batch=True),
        loads,
        lambda: loads(aggregate=True),
        lambda: follows(chance.choice((1, 2))),
        lambda: waits(chance.choice((0.001, 3))),
    ]
    return tuple(chance.choice(makers)() for _ in range(chance.choice((1, 2, 2, 3))))


def _other(chance: random.Random, *, windows: bool) -> tuple[Act, ...]:
    if windows:
        return (appends_without_lock(7),)
    makers: list[Callable[[], Act]] = [
        lambda: appends_without_lock(7),
        lambda: checks_out(0, 7),
        lambda: checks_out(0, 1, 7, keep_inode=True),
        removes,
        lambda: joins_lines(0),
    ]
    return (chance.choice(makers)(),)


def _handler(chance: random.Random, kinds: tuple[object, ...]) -> tuple[Act, ...]:
    if signals not in kinds:
        return ()
    return chance.choice([(saves(8),), (follows(1),), (loads(),), (saves(0), loads())])
