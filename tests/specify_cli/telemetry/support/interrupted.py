"""A process that is interrupted by signals, at moments of chance, while it saves and loads.

Usage: interrupted.py LOG SECONDS. It prints how many interrupts there were, unless something is
lost, repeated or leaked.
"""

from __future__ import annotations

import gc
import random
import signal
import sys
import time
from pathlib import Path

if __name__ == "__main__":
    # What is relative below is so in whatever folder the tests have been copied to.
    sys.path.insert(0, str(Path(__file__).parents[2]))
    __package__ = ".".join(Path(__file__).parts[-3:-1])

from specify_cli.telemetry import SimpleJsonStore
from specify_cli.telemetry._log import in_flight

from .descriptors import next_descriptor
from .events import make_event


class Interrupts:
    """Real signals that raise KeyboardInterrupt, as Ctrl-C does, while they are wanted."""

    def __init__(self) -> None:
        """Begin to listen."""
        self.count = 0
        self._wanted = False
        signal.signal(signal.SIGALRM, self._interrupt)

    def _interrupt(self, *_: object) -> None:
        if self._wanted:
            raise KeyboardInterrupt

    def during(self, use: object, seconds: float) -> bool:
        """Call ``use``, interrupted after so many seconds; return whether it has ended by then."""
        assert callable(use)
        try:
            self._wanted = True
            signal.setitimer(signal.ITIMER_REAL, seconds)
            use()
            self._wanted = False
        except KeyboardInterrupt:
            self._wanted = False
            self.count += 1
            return False
        return True


def main(log: str, seconds: str) -> None:
    """Save and load for a while."""
    store, interrupts, chance = SimpleJsonStore(log), Interrupts(), random.Random(1)
    saved: set[str] = set()
    before = next_descriptor()
    clock, end = 0, time.monotonic() + float(seconds)
    # Some saves are to end in time and most are not, however fast the machine is.
    longest = 8e-5
    while time.monotonic() < end:
        clock += 1
        event = make_event(lamport_clock=clock)
        delay = chance.uniform(1e-6, longest)
        if clock % 50 == 0:
            interrupts.during(chance.choice([store.load_all_events, store.read_since]), delay)
        elif interrupts.during(lambda event=event: store.save_event(event), delay):
            saved.add(event.event_id)
            longest *= 0.9
        else:
            longest *= 1.02
    ids = [event.event_id for event in store.load_all_events()]
    assert saved, "every save was interrupted"
    assert saved <= set(ids), "lost"
    assert Path(log).read_bytes().count(b"\n") == len(ids), "repeated"
    assert gc.isenabled(), "the collector is off"
    assert not in_flight.threads, "in flight"
    assert next_descriptor() == before, "leaked"
    sys.stdout.write(f"{interrupts.count}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
