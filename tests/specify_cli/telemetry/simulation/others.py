"""Other programs that use the log: a shell, git, an editor. They know of no lock."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from functools import partial

from .actors import Act, Actor
from .record import IDS, LINES, PATH, Saved
from .threads import Call


def appends_without_lock(number: int) -> Act:
    """Append a line as a shell does."""

    def act(actor: Actor) -> None:
        line, record = LINES[IDS[number]], actor.record
        try:
            fd = actor.os.open(PATH, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        except FileNotFoundError:
            return
        record.tried.add(IDS[number])
        replaced = record.replaced
        try:
            if actor.os.write(fd, line) == len(line) and record.replaced == replaced:
                record.kept.append(line)
                # A save that fails now is not rolled back: what follows is not its own alone.
                record.may_stay.update(record.tried)
            else:
                record.damaged = True
        except OSError:
            pass
        with contextlib.suppress(OSError):
            actor.os.close(fd)

    return act


def checks_out(*numbers: int, keep_inode: bool = False) -> Act:
    """Replace the log as git does: by a new file under another name, or in its place."""

    def act(actor: Actor) -> None:
        content = b"".join(LINES[IDS[number]] for number in numbers)
        actor.record.tried.update(IDS[number] for number in numbers)
        name = PATH if keep_inode else f"{PATH}.new"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        if keep_inode:
            removes()(actor)
        try:
            fd = actor.os.open(name, flags, 0o666)
        except OSError:  # somebody was faster, or there is no directory
            return
        if keep_inode:
            _replaced(actor)
        try:
            is_whole = actor.os.write(fd, content) == len(content)
        except OSError:
            is_whole = False
        if keep_inode:
            # Git writes at the beginning, into what a save has appended since the file was made.
            actor.record.edited += 1
            actor.record.is_overwritten = True
            _replaced(actor)
        actor.os.close(fd)
        if not keep_inode:
            actor.record.synced.clear()
            actor.os.replace(name, PATH)
            _replaced(actor)
            _promised(actor, numbers if is_whole else ())

    return act


def _replaced(actor: Actor) -> None:
    actor.record.replaced += 1
    actor.record.kept.clear()
    actor.record.synced.clear()
    actor.record.may_stay.update(actor.record.tried)


def joins_lines(number: int) -> Act:
    """Overwrite the end of a line with a space, as an editor that keeps the file does."""

    def act(actor: Actor) -> None:
        try:
            fd = actor.os.open(PATH, os.O_RDWR)
        except FileNotFoundError:
            return
        data = actor.os.read(fd, 1 << 16)
        # Of a last line without its end less is promised: see docs/simulation.md.
        if LINES[IDS[number]] not in data.removesuffix(LINES[IDS[number]]):
            actor.os.close(fd)
            return
        end = data.find(LINES[IDS[number]]) + len(LINES[IDS[number]]) - 1
        actor.os.lseek(fd, end, os.SEEK_SET)
        actor.record.edited += 1
        actor.record.damaged = True
        actor.record.kept.clear()
        actor.record.synced.clear()
        actor.os.write(fd, b" ")
        actor.record.edited += 1
        actor.os.close(fd)

    return act


def removes() -> Act:
    """Remove the log."""

    def act(actor: Actor) -> None:
        actor.record.synced.clear()
        try:
            actor.os.unlink(PATH)
        except OSError:
            return
        _replaced(actor)

    return act


def keeps_the_lock() -> Act:
    """Lock the log, and never give it back."""

    def act(actor: Actor) -> None:
        program = actor.program
        program.process.is_foreign = True
        fd = actor.os.open(PATH, os.O_RDWR)
        with contextlib.suppress(BlockingIOError):
            program.image.computer.call("flock", fd, 2 | 4)

    return act


def rewrites(*numbers: int) -> Act:
    """Change all that is in the log in one step, as an editor that keeps the file does."""

    def act(actor: Actor) -> None:
        content = b"".join(LINES[IDS[number]] for number in numbers)
        actor.record.tried.update(IDS[number] for number in numbers)
        kernel = actor.program.machine.kernel
        locks = kernel.disk.find(PATH).locks
        do = partial(kernel.rewrite, actor.program.process, PATH, content)
        # While nobody is at work on it: what is done to it then is told apart by its bytes alone.
        actor.thread.call(Call("rewrite", (PATH, content), do, lambda: not locks))
        # What is being saved meanwhile is where the old end was, or is not.
        actor.record.edited += 1
        actor.record.damaged = True
        _replaced(actor)

    return act


def _promised(actor: Actor, numbers: Iterable[int]) -> None:
    """Note that events are in the log, whoever has put them there."""
    record = actor.record
    for number in numbers:
        record.save(IDS[number], Saved(record.replaced, record.edited, durable=False))
