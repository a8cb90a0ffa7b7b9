"""How long work takes, to compare with how long more of it does."""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import perf_counter, process_time

# What other programs do is not in a process's own time; Windows counts that in ticks of 16 ms.
CLOCK = perf_counter if sys.platform == "win32" else process_time


def seconds_of(work: Callable[[], object]) -> float:
    """Return the seconds that work takes, the least of three times."""
    best = 9e9
    for _ in range(3):
        start = CLOCK()
        work()
        best = min(best, CLOCK() - start)
    return best
