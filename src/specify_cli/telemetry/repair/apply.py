"""The repair of one log: looking at it, and doing it once."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

from .._codec.codec import Codec
from .._codec.event import EventT
from .._log import files
from .._log.append import AppendLog
from .._log.held import ChangedError, HeldLog, open_log
from .._log.locked import LockedLog
from .._log.next_version import NextVersion
from .._log.replace import alone, replaced
from .._log.snapshot import locked_if_possible
from ..jsonl.writer import IdempotentLog
from .audit import Sieve, lines_of
from .rejected import next_rejected
from .tally import Tally


def look(log: Path, codec: Codec[EventT]) -> Tally:
    """Return what a repair would do, by reading only.

    Raises:
        OSError: The log cannot be read.
    """
    tally = Tally()
    fd = open_log(log, os.O_RDONLY)
    try:
        # While the lock is held, no append is half done.
        with locked_if_possible(fd):
            size = files.regular(fd).st_size
        sieve = Sieve(codec)
        events = sieve.survey(files.read_blocks(fd, 0, size))
        if events is None:
            for sifted in sieve.sift(files.read_blocks(fd, 0, size)):
                tally.stays(sifted)
        else:
            tally.events = events
    finally:
        files.close_quietly(fd)
    return tally


def mend(log: Path, codec: Codec[EventT]) -> Tally:
    """Repair a log that needs it, and return what was done.

    Raises:
        OSError: It was refused; see ``repair_log``.
        ChangedError: It has changed since; it is due to be looked at again.
    """
    with alone(log), HeldLog(log) as held:
        sieve = Sieve(codec)
        if sieve.survey(held.blocks()) is not None:
            raise ChangedError
        tally = Tally()
        with (
            NextVersion(held.path, held.status) as version,
            next_rejected(held.path, held.status) as rejected,
        ):
            for sifted in sieve.sift(held.blocks()):
                if tally.stays(sifted):
                    # The one byte that is ever added: what follows starts a line.
                    version.write(sifted.data.removesuffix(b"\n") + b"\n")
                else:
                    rejected.add(sifted)
            version.finish()
            held.check()
            try:
                # First, and durably: no crash may find the bytes in neither file.
                rejected.put()
                with replaced(held, version) as appended:
                    _carry_over(appended, held.path, codec)
            except BaseException:
                # What is in the log still is not rejected yet. The first error counts.
                with contextlib.suppress(OSError):
                    if held.is_held():
                        rejected.take_back()
                raise
    return tally


def _carry_over(appended: bytes, log: Path, codec: Codec[EventT]) -> None:
    """Append to the new file what others appended to the old one, each event once."""
    file = AppendLog(log, fsync=True)
    saved = IdempotentLog(file, codec)
    for _, line in lines_of([(0, appended)]):
        event_id = codec.loads_as(line)
        if event_id is None:
            file.append(_choosing(line))
        else:
            saved.append({event_id: line.removesuffix(b"\n") + b"\n"})


def _choosing(line: bytes) -> Callable[[LockedLog], bytes]:
    return lambda _: line
