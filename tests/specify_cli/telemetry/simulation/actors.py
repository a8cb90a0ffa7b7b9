"""What simulated processes do: stores, followers, repairs, and programs that know of no lock."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, TypeAlias

from .machine import Program, Violation
from .record import EVENTS, IDS, LINES, PATH, Record, Saved, short
from .threads import Thread

Act: TypeAlias = Callable[["Actor"], None]


class Actor:
    """One thread of a program, and what it does.

    Attributes:
        program: Its process.
        record: What has been promised in this run.
        store: The store of its process.
        cursor: Where its last ``read_since`` ended.
        followed: The events that it has been given so.
    """

    def __init__(self, program: Program, record: Record, store: Any) -> None:
        """Begin."""
        self.program = program
        self.record = record
        self.store = store
        self.cursor: str | None = None
        self.followed: list[str] = []

    @property
    def os(self) -> Any:
        """The system calls of its process."""
        return self.program.image.module("_log.files").os

    @property
    def thread(self) -> Thread:
        """The thread that it is."""
        thread = self.program.machine.current
        assert thread is not None
        return thread

    @property
    def is_reliving(self) -> bool:
        """Whether what it does has been done by its parent."""
        return self.program.is_reliving

    def refused(self) -> type[Exception]:
        """Return the error that a store may raise."""
        error: type[Exception] = self.program.image.module("_contract").StorageError
        return error


def saves(*numbers: int, batch: bool = False) -> Act:
    """Save events, one after the other or in one batch."""

    def act(actor: Actor) -> None:
        groups = [numbers] if batch else [(number,) for number in numbers]
        for group in groups:
            _save(actor, [IDS[number] for number in group])

    return act


def _save(actor: Actor, ids: list[str]) -> None:
    record, thread = actor.record, actor.thread
    began = record.edited
    if not actor.is_reliving:
        record.tried.update(ids)
    thread.looked = record.replaced
    thread.note(began)
    try:
        if len(ids) == 1:
            actor.store.save_event(EVENTS[ids[0]])
        else:
            actor.store.save_events([EVENTS[event_id] for event_id in ids])
    except actor.refused():
        return
    except KeyboardInterrupt:
        # Whether it had been written by then, nobody was told.
        record.may_stay.update(ids)
        return
    if not actor.is_reliving:
        for event_id in ids:
            record.save(event_id, Saved(thread.looked, began, actor.store._log.fsync))


def decides(number: int, most: int) -> Act:
    """Append an event in a transaction, unless the log has so many lines already."""

    def act(actor: Actor) -> None:
        record, event_id = actor.record, IDS[number]
        record.tried.add(event_id)
        record.most = most
        began = record.edited
        actor.thread.note(began)
        log = actor.program.image.module("jsonl").JsonlLog(PATH, key="event_id")
        appended = False
        try:
            with log.locked() as held:
                if held.count < most:
                    appended = held.append(LINES[event_id].removesuffix(b"\n"))
        except actor.refused() as error:
            record.refusals.append(str(error))
            return
        if appended:
            record.save(event_id, Saved(actor.thread.looked, began, durable=False))

    return act


def without_sync(*acts: Act) -> Act:
    """Do something with a store that does not wait for the device."""

    def act(actor: Actor) -> None:
        store = type(actor.store)(PATH)
        for its in acts:
            its(Actor(actor.program, actor.record, store))

    return act


def loads(times: int = 1, *, aggregate: bool = False) -> Act:
    """Load all events, or those of the one aggregate there is."""

    def act(actor: Actor) -> None:
        record = actor.record
        for _ in range(times):
            before = _before(actor)
            warned = len(record.warned)
            try:
                load = actor.store.load_events if aggregate else actor.store.load_all_events
                events = load("a") if aggregate else load()
            except (actor.refused(), KeyboardInterrupt):
                continue
            if actor.is_reliving:
                continue
            record.check_load(events, *before)
            if not record.damaged and len(record.warned) > warned:
                raise Violation(f"G5: a warning of a healthy log: {record.warned[-1]}")

    return act


def _before(actor: Actor) -> list[Any]:
    """Return a list that tells, from its next call on, what is true when an operation begins."""
    before: list[Any] = []
    thread, record = actor.thread, actor.record

    def note() -> None:
        before[:] = [record.promised(), (record.replaced, record.edited)]
        thread.note(frozenset(before[0]), before[1])

    thread.on_turn = note
    return before


def follows(times: int = 2) -> Act:
    """Ask for what is new, again and again."""

    def act(actor: Actor) -> None:
        record = actor.record
        for _ in range(times):
            before = _before(actor)
            try:
                new = actor.store.read_since(actor.cursor)
            except (actor.refused(), KeyboardInterrupt):
                continue
            actor.cursor = new.cursor
            if new.restarted:
                actor.followed.clear()
            ids = [event.event_id for event in new.events]
            actor.followed += ids
            if actor.is_reliving:
                continue
            promised, counts = before
            if counts == (record.replaced, record.edited):
                if missing := promised - set(actor.followed):
                    raise Violation(f"G6: read_since has missed {short(missing)}")
                record.seen.update(ids)

    return act


def waits(seconds: float) -> Act:
    """Let time pass."""

    def act(actor: Actor) -> None:
        actor.program.image.computer.call("pass_time", seconds)

    return act


def forks(*acts: Act) -> Act:
    """Fork; the child does something, and then stays."""

    def act(actor: Actor) -> None:
        computer = actor.program.image.computer
        for hooks in reversed(computer.hooks):
            _run_hook(hooks.get("before", _nothing))
        pid = computer.call("fork")
        name = "after_in_parent" if pid else "after_in_child"
        for hooks in computer.hooks:
            _run_hook(hooks.get(name, _nothing))
        if not pid:
            for its in acts:
                its(actor)

    return act


def _run_hook(hook: Callable[[], None]) -> None:
    # Python reports what a hook raises, and goes on.
    with contextlib.suppress(KeyboardInterrupt):
        hook()


def _nothing() -> None:
    pass


def repairs() -> Act:
    """Repair the log."""

    def act(actor: Actor) -> None:
        repair = actor.program.image.module("repair")
        try:
            repair.repair_log(PATH, apply=True)
        except actor.refused() as error:
            actor.record.refusals.append(str(error))

    return act
