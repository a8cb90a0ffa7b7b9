"""What has been promised to whom, and whether it is kept: G1 to G8 of docs/guarantees.md."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from ..support.events import CODEC, make_event, numbered_id
from .machine import Violation

PATH = "/work/logs/events.jsonl"
TARGET = "/work/real/events.jsonl"
REJECTED = f"{PATH}.rejected"
_COUNT = 20
EVENTS = {
    numbered_id(number): make_event(
        numbered_id(number), aggregate_id="a", lamport_clock=number, node_id="n", payload={}
    )
    for number in range(_COUNT)
}
LINES = {event_id: CODEC.encode(event) for event_id, event in EVENTS.items()}
IDS = list(EVENTS)


class Saved(NamedTuple):
    """An event whose save has returned.

    Attributes:
        looked: How often the log had been replaced when the save last used its path.
        began: How often it had been edited when the save began.
        durable: Whether it was promised to survive a loss of power.
    """

    looked: int
    began: int
    durable: bool


class Record:
    """What the programs of one run were told.

    Attributes:
        saved: The events whose save has returned.
        tried: The events that somebody has begun to save.
        kept: What is in the log and nobody may take away.
        synced: What of it the device has had from the beginning.
        replaced: How often the log was replaced, removed or emptied.
        edited: How often what it held was changed in place.
        damaged: Whether a warning of malformed lines is due.
        most: How many lines there may be, going by what transactions decide.
        is_overwritten: Whether another program has written into the log, not at its end.
        has_locks: Whether the file system has locks.
        may_stay: The events that may be there though nobody was told so: whoever saved them was
            killed, or the rollback was refused.
        seen: The events that a follower has been given.
        warned: What the loggers were told.
        refusals: What the stores and repairs have refused.
    """

    def __init__(self) -> None:
        """Begin before anything has happened."""
        self.saved: dict[str, Saved] = {}
        self.tried: set[str] = set()
        self.kept: list[bytes] = []
        self.synced: list[bytes] = []
        self.replaced = 0
        self.edited = 0
        self.damaged = False
        self.most: int | None = None
        self.is_overwritten = False
        self.has_locks = True
        self.may_stay: set[str] = set()
        self.seen: set[str] = set()
        self.warned: list[str] = []
        self.refusals: list[str] = []

    def key(self) -> tuple[object, ...]:
        """Return all that tells one state of it from another."""
        saved = tuple(self.saved.items())
        counts = self.replaced, self.edited, self.damaged, len(self.warned)
        return (
            saved,
            frozenset(self.tried),
            len(self.kept),
            counts,
            frozenset(self.may_stay),
            frozenset(self.seen),
        )

    def save(self, event_id: str, saved: Saved) -> None:
        """Note that the save of an event has returned."""
        before = self.saved.get(event_id)
        if before is not None:
            saved = Saved(
                max(saved.looked, before.looked),
                max(saved.began, before.began),
                # Of a file put in the place of one that was synced, nobody has said so.
                saved.durable or (before.durable and before.looked == saved.looked),
            )
        self.saved[event_id] = saved

    def promised(self, *, durable: bool = False) -> set[str]:
        """Return the events that have to be in the log as it is now."""
        return {
            event_id
            for event_id, saved in self.saved.items()
            if saved.looked == self.replaced
            and saved.began == self.edited
            and (saved.durable or not durable)
        }

    def check_load(
        self, events: Iterable[Any], promised: set[str], before: tuple[int, int]
    ) -> None:
        """Check what a load has returned (G2, G5, G6).

        Args:
            events: What it has returned.
            promised: What had been acknowledged before it began.
            before: How often the log had been replaced and edited when it began.
        """
        found = list(events)
        ids = [event.event_id for event in found]
        if len(set(ids)) != len(ids):
            raise Violation(f"G5: a load returns an event twice: {short(ids)}")
        if before == (self.replaced, self.edited) and (missing := promised - set(ids)):
            raise Violation(f"G6: a load has missed {short(missing)}, acknowledged before")
        for event in found:
            if event != EVENTS[event.event_id]:
                raise Violation(f"G2: an event has changed: {event!r}")
            if event.event_id not in self.tried:
                raise Violation(f"G5: a load returns {short([event.event_id])}, which nobody saved")

    def check_file(self, data: bytes, rejected: bytes, *, durable: bool = False) -> None:
        """Check what the log holds, nobody being at work on it (G1, G3, G4).

        Args:
            data: What it holds.
            rejected: What the file beside it holds, into which a repair moves damage.
            durable: Whether there was a loss of power.
        """
        lines = data.split(b"\n")
        ids = [event_id for line in lines if (event_id := CODEC.loads_as(line)) is not None]
        if missing := self.promised(durable=durable) - set(ids):
            raise Violation(f"G1: {short(missing)} acknowledged, and not in the log")
        for kept in self.synced if durable else self.kept:
            if kept not in data and kept not in rejected:
                raise Violation(f"G3: bytes of someone else are gone: {kept[:60]!r}")
        if durable:
            return
        if self.most is not None and len(ids) > self.most:
            raise Violation("G4: two transactions have decided alike")
        twice = {event_id for event_id in ids if ids.count(event_id) > 1}
        if twice and self.has_locks and not self.is_overwritten:
            raise Violation(f"G4: {short(twice)} is in the log twice")
        if (
            self.has_locks
            and not self.edited
            and not self.replaced
            and (gone := self.seen - set(ids))
        ):
            raise Violation(f"G6: a follower was given {short(gone)}, which was rolled back")
        allowed = set(self.saved) | self.may_stay
        if self.has_locks and (stray := set(ids) & self.tried - allowed):
            raise Violation(f"G3: {short(stray)} is in the log, and its save was refused")


def short(ids: Iterable[str]) -> str:
    """Return events as traces name them."""
    return ", ".join(f"event {IDS.index(event_id)}" for event_id in sorted(ids))
