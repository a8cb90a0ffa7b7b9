"""The runs that take too long for the tests; ``make simulate`` has them."""

from __future__ import annotations

import errno

from .actors import follows, forks, loads, repairs, saves, without_sync
from .contents import ONE, TORN
from .faults import (
    errors,
    full_disk,
    interrupts,
    kills,
    signals,
)
from .others import removes
from .scenarios import Scenario

_some = errors(errno.EIO, errno.EINTR)

LARGER = [
    Scenario("three saves", (((saves(1),),), ((saves(2),),), ((saves(1),),)), ONE),
    Scenario(
        "two errors",
        (((saves(1),),), ((saves(1),),)),
        ONE,
        kinds=(errors(errno.EIO),),
        most_faults=2,
    ),
    Scenario(
        "errors of two saves",
        (((saves(1, 1),),), ((saves(1),),)),
        ONE,
        kinds=(errors(errno.EIO),),
    ),
    Scenario(
        "interrupts of two saves",
        (((saves(1, 2),),), ((saves(1),),)),
        ONE,
        kinds=(interrupts,),
        victims="A",
    ),
    Scenario(
        "a handler that reads",
        (((saves(1),),), ((saves(3),),)),
        ONE,
        kinds=(signals,),
        handler=(follows(1), loads()),
    ),
    Scenario(
        "removed, saved and refused",
        (((saves(1, 1),),), ((removes(), saves(1)),)),
        b"",
        kinds=(errors(errno.EIO),),
        victims="B",
    ),
    Scenario("two repairs", (((repairs(),),), ((repairs(),),)), TORN, damaged=True),
    Scenario(
        "a repair and a load", (((repairs(),),), ((loads(), follows(2)),)), TORN, damaged=True
    ),
    Scenario("two threads load", (((saves(1),), (loads(),)),), b""),
    Scenario("save, load, follow", (((saves(1),),), ((loads(),),), ((follows(2),),)), ONE),
    Scenario(
        "power, and errors",
        (((saves(1),),), ((without_sync(saves(1)),),)),
        ONE,
        victims="A",
        fsync=True,
        loses_power=True,
        kinds=(errors(errno.EIO),),
    ),
    Scenario(
        "power and errors",
        (((saves(1),),), ((saves(1),),)),
        ONE,
        fsync=True,
        loses_power=True,
        kinds=(errors(errno.EIO),),
    ),
    Scenario(
        "a fork beside the same save", (((saves(1),), (forks(saves(1)),)),), ONE, timeout=None
    ),
    Scenario("a fork", (((saves(1),), (forks(saves(3)),)), ((saves(2),),)), ONE),
    Scenario(
        "a handler that forks, and another",
        (((saves(1),),), ((saves(2),),)),
        ONE,
        kinds=(signals,),
        handler=(forks(),),
    ),
    Scenario(
        "a handler that forks and saves",
        (((saves(1),),), ((saves(2),),)),
        ONE,
        kinds=(signals,),
        handler=(forks(saves(3)),),
    ),
    Scenario("a full disk and a load", (((saves(1, 2),),), ((loads(),),)), ONE, kinds=(full_disk,)),
    Scenario(
        "a full disk twice",
        (((saves(1, 2),),), ((saves(1), loads()),)),
        ONE,
        kinds=(full_disk,),
        most_faults=2,
    ),
    Scenario(
        "many saves", (((saves(1, 2, 3),),), ((saves(3, 2, 1), loads()),)), TORN, damaged=True
    ),
    Scenario(
        "any error twice",
        (((saves(1),),), ((saves(1), loads()),)),
        ONE,
        kinds=(_some, errors(errno.ENOSPC)),
        most_faults=2,
    ),
    Scenario(
        "killed twice",
        (((saves(1, 2),),), ((saves(2, 1),),), ((loads(),),)),
        ONE,
        kinds=(kills,),
        most_faults=2,
    ),
    Scenario(
        "four programs",
        (((saves(1),),), ((saves(2),),), ((saves(1),),), ((loads(), follows(2)),)),
        ONE,
    ),
    Scenario(
        "power and made again",
        (((saves(1, 2),),), ((removes(), saves(3)),)),
        ONE,
        fsync=True,
        loses_power=True,
    ),
    Scenario(
        "power and kills",
        (((saves(1, 2),),), ((saves(2),),)),
        None,
        fsync=True,
        loses_power=True,
        kinds=(kills,),
        is_made=False,
    ),
]
