"""The runs that are tried in full: two programs, sometimes three, and all that may happen."""

from __future__ import annotations

import errno
from dataclasses import replace

from .actors import decides, follows, forks, loads, repairs, saves
from .contents import ONE, THREE, TORN, TWO
from .durability import POWER, REPAIRS
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
from .others import appends_without_lock, checks_out, joins_lines, keeps_the_lock, removes, rewrites
from .scenarios import Scenario

_some = errors(errno.EIO, errno.EINTR)

ORDERS = [
    Scenario("two saves", (((saves(1),),), ((saves(2),),))),
    Scenario("the same event twice", (((saves(1),),), ((saves(1, 1),),)), ONE),
    Scenario("two saves each", (((saves(1, 2),),), ((saves(2, 3),),)), ONE),
    Scenario("batches", (((saves(1, 2, batch=True),),), ((saves(2, 3, batch=True),),)), TORN),
    Scenario("a new log", (((saves(1),),), ((saves(2), loads()),)), None, is_made=False),
    Scenario("a load", (((saves(1, 2),),), ((loads(2),),)), ONE),
    Scenario("a load of an aggregate", (((saves(1, 2),),), ((loads(2, aggregate=True),),)), ONE),
    Scenario("a follower", (((saves(1),),), ((follows(2),),)), ONE),
    Scenario("a torn tail", (((saves(2),),), ((saves(3), loads()),)), TORN, damaged=True),
    Scenario("two threads", (((saves(1, 2),), (saves(1, 3),)),), ONE),
    Scenario("a program without locks", (((saves(1),),), ((appends_without_lock(5),),)), ONE),
]
CHANGES = [
    Scenario("a checkout", (((saves(2, 3),),), ((checks_out(0, 1, 5),),)), TWO),
    Scenario("a checkout in place", (((saves(2, 3),),), ((checks_out(5, keep_inode=True),),)), ONE),
    Scenario(
        "a longer checkout", (((saves(1, 2),),), ((checks_out(0, 2, 3, 4, keep_inode=True),),)), ONE
    ),
    Scenario("a checkout and a load", (((saves(2), loads()),), ((checks_out(0, 5),),)), ONE),
    Scenario(
        "a checkout and a follower", (((saves(2), follows(2)),), ((checks_out(0, 1, 5),),)), ONE
    ),
    Scenario("removed", (((saves(1, 2, 1),),), ((removes(),),)), ONE),
    Scenario("removed and made again", (((saves(1),),), ((removes(), saves(1)),)), ONE),
    Scenario("joined lines", (((saves(1, 0, 1, 0),),), ((joins_lines(0),),)), TWO),
    Scenario(
        "joined lines, synced",
        (((saves(2), saves(3, 4, 5, batch=True), saves(2)),), ((joins_lines(2),),)),
        b"",
        fsync=True,
    ),
    Scenario(
        "joined lines of a batch",
        (((saves(2, 3, batch=True), saves(0, 1, 2)),), ((joins_lines(0),),)),
        TWO,
    ),
]
FAULTS = [
    Scenario("killed", (((saves(1),),), ((saves(2),),)), TORN, kinds=(kills,), damaged=True),
    Scenario(
        "killed in a batch",
        (((saves(1, 2, batch=True),),), ((saves(2), loads()),)),
        ONE,
        kinds=(kills,),
        victims="A",
    ),
    Scenario(
        "killed making a log",
        (((saves(1),),), ((saves(2),),)),
        None,
        kinds=(kills,),
        victims="A",
        is_made=False,
    ),
    Scenario(
        "killed, saved again and followed",
        (((saves(1),),), ((saves(1), follows(1)),)),
        ONE,
        kinds=(kills,),
        victims="A",
        damaged=True,
    ),
    Scenario(
        "killed beside a reader", (((saves(1),),), ((loads(), follows(1)),)), ONE, kinds=(kills,)
    ),
    Scenario("errors", (((saves(1, 1),),),), ONE, kinds=(errors(errno.EIO),)),
    Scenario(
        "errors beside a save",
        (((saves(1),),), ((saves(1),),)),
        ONE,
        kinds=(errors(errno.EIO),),
        victims="A",
    ),
    Scenario("errors of reads", (((saves(1),),), ((loads(),),)), ONE, kinds=(_some,)),
    Scenario(
        "errors without locks",
        (((saves(1),),), ((saves(2),),)),
        ONE,
        kinds=(errors(errno.EIO),),
        has_locks=False,
    ),
    Scenario(
        "a lock that is never given back",
        (((saves(1), follows(1), loads()),), ((keeps_the_lock(),),)),
        ONE,
        timeout=0.05,
    ),
    Scenario(
        "a full disk", (((saves(1, 2),),), ((saves(1),),)), ONE, kinds=(full_disk,), victims="A"
    ),
    Scenario(
        "a full disk and a follower", (((saves(1, 1),),), ((follows(1),),)), ONE, kinds=(full_disk,)
    ),
    Scenario(
        "a full disk beside others",
        (((saves(1),),), ((appends_without_lock(5),),)),
        ONE,
        kinds=(full_disk,),
    ),
    Scenario(
        "errors beside others",
        (((saves(1),),), ((appends_without_lock(5),),)),
        ONE,
        kinds=(errors(errno.EIO),),
        victims="A",
    ),
    Scenario("a quota", (((saves(1, 2),),), ((saves(1),),)), ONE, kinds=(lost_on_close,)),
    Scenario(
        "short writes",
        (((saves(1),),), ((saves(2), loads()),)),
        TORN,
        kinds=(short_writes,),
        victims="A",
        damaged=True,
    ),
    Scenario("short reads", (((saves(2, 0),),), ((loads(),),)), TWO, kinds=(short_reads,)),
    Scenario(
        "a handler that saves",
        (((saves(1),),), ((saves(3),),)),
        ONE,
        kinds=(signals,),
        victims="A",
        handler=(saves(4),),
    ),
    Scenario("interrupts", (((saves(1, 2, 1),),),), ONE, kinds=(interrupts,)),
    Scenario(
        "interrupts beside a save",
        (((saves(1),),), ((saves(1),),)),
        ONE,
        kinds=(interrupts,),
        victims="A",
    ),
    Scenario(
        "interrupts of a reader",
        (((loads(), follows(1)),), ((saves(1),),)),
        ONE,
        kinds=(interrupts,),
        victims="A",
    ),
    Scenario(
        "a fork beside a save that is killed",
        (((saves(1),), (forks(),)),),
        ONE,
        kinds=(kills,),
    ),
    Scenario("a handler that forks", (((saves(1),),),), ONE, kinds=(signals,), handler=(forks(),)),
]
MORE = [
    Scenario("two transactions", (((decides(1, 2),),), ((decides(2, 2),),)), ONE),
    Scenario("a transaction and readers", (((decides(1, 2),),), ((loads(), follows(1)),)), ONE),
    Scenario(
        "transactions that are killed",
        (((decides(1, 2),),), ((decides(2, 2),),)),
        ONE,
        kinds=(kills,),
    ),
    Scenario(
        "transactions and errors",
        (((decides(1, 2),),), ((decides(2, 2),),)),
        ONE,
        kinds=(errors(errno.EIO),),
    ),
    Scenario("a rewrite", (((saves(1, 2),),), ((rewrites(0, 2, 5),),)), ONE),
    Scenario("a longer rewrite", (((saves(1, 2, 3),),), ((rewrites(0, 3, 2, 5, 6, 7),),)), ONE),
    Scenario("a checkout of what is saved", (((saves(1, 2, 3),),), ((checks_out(0, 3, 5),),)), ONE),
    Scenario("a checkout with the same end", (((follows(2),),), ((checks_out(5, 1, 2),),)), THREE),
    Scenario(
        "short writes and a load", (((saves(1),),), ((loads(),),)), ONE, kinds=(short_writes,)
    ),
    Scenario(
        "errors and a follower",
        (((saves(1),),), ((follows(1),),)),
        ONE,
        kinds=(errors(errno.EIO),),
        victims="A",
    ),
    Scenario(
        "a repair without locks",
        (((repairs(),),), ((saves(2),),)),
        TORN,
        has_locks=False,
        damaged=True,
    ),
]
SUITE = [*ORDERS, *CHANGES, *FAULTS, *MORE, *POWER, *REPAIRS]
ON_WINDOWS = [
    replace(scenario, name=f"{scenario.name}, on Windows", windows=True)
    for scenario in SUITE
    if scenario.name
    in {
        "two saves",
        "the same event twice",
        "a torn tail",
        "a program without locks",
        "removed",
        "killed",
        "a full disk beside others",
        "a repair that is killed",
        "a repair that is refused",
    }
]
