"""Losses of power, and repairs."""

from __future__ import annotations

import errno

from .actors import repairs, saves, waits
from .contents import ONE, SECONDS, TORN
from .faults import (
    errors,
    interrupts,
    kills,
)
from .others import removes
from .scenarios import Scenario

_some = errors(errno.EIO, errno.EINTR)

POWER = [
    Scenario(
        "power, two saves",
        (((saves(1),),), ((saves(2, 1),),)),
        TORN,
        fsync=True,
        loses_power=True,
        damaged=True,
    ),
    Scenario(
        "power, a new log",
        (((saves(1),),), ((saves(2),),)),
        None,
        fsync=True,
        loses_power=True,
        is_made=False,
    ),
    Scenario(
        "power, made again", (((saves(1),),), ((removes(),),)), ONE, fsync=True, loses_power=True
    ),
    Scenario(
        "power, a link",
        (((saves(1),),), ((saves(2),),)),
        None,
        fsync=True,
        loses_power=True,
        is_linked=True,
    ),
    Scenario(
        "power, made again at once",
        (((waits(3), saves(1, 2)),), ((removes(),),)),
        None,
        fsync=True,
        loses_power=True,
        step_ns=2 * SECONDS,
    ),
    Scenario(
        "power, a new log and errors",
        (((saves(1, 1),),),),
        None,
        fsync=True,
        loses_power=True,
        kinds=(errors(errno.EIO),),
    ),
    Scenario(
        "power, a repair",
        (((repairs(),),), ((saves(2),),)),
        TORN,
        fsync=True,
        loses_power=True,
        damaged=True,
    ),
]
REPAIRS = [
    Scenario("a repair", (((repairs(),),), ((saves(2),),)), TORN, damaged=True),
    Scenario("a repair that is killed", (((repairs(),),),), TORN, kinds=(kills,), damaged=True),
    Scenario(
        "a repair that is interrupted",
        (((repairs(),),),),
        TORN,
        kinds=(interrupts,),
        damaged=True,
    ),
    Scenario("a repair that is refused", (((repairs(),),),), TORN, kinds=(_some,), damaged=True),
]
