"""Repairing a damaged log without losing a byte of it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from .._codec.codec import codec_of
from .._codec.event import StorableEvent
from .._contract import Event, StorageError
from .._log.held import ChangedError
from .apply import look, mend
from .rejected import rejected_path
from .tally import RejectedPiece, Tally

__all__ = ["RejectedPiece", "RepairReport", "repair_log"]

_MAX_CHANGES = 100


@dataclass(frozen=True, slots=True)
class RepairReport:
    """What a repair of a log has done, or would do.

    Attributes:
        path: The log, as given.
        rejected_path: Where the repair moves what it takes out of the log.
        applied: Whether the log has been repaired: False of a dry run, and of a clean log.
        events: How many events the log holds after the repair, each once.
        recovered: How many of those did not load before.
        duplicates: How many more events are moved, because another line has their id.
        rejected: How many pieces are moved in all, duplicates included.
        rejected_bytes: How many bytes are in them.
        examples: The first of these pieces, at most ten.

    Example:
        >>> store.save_event(event)
        >>> repair_log(store.file_path).is_clean
        True
    """

    path: Path
    rejected_path: Path
    applied: bool
    events: int
    recovered: int = 0
    duplicates: int = 0
    rejected: int = 0
    rejected_bytes: int = 0
    examples: tuple[RejectedPiece, ...] = ()

    @property
    def is_clean(self) -> bool:
        """Whether there is nothing to repair."""
        return not (self.rejected or self.recovered)

    @property
    def is_of_another_kind(self) -> bool:
        """Whether there are records of another kind and no event: it is no event log."""
        return not self.events and any(piece.kind == "other record" for piece in self.examples)


def repair_log(
    path: str | os.PathLike[str],
    *,
    apply: bool = False,
    event_model: type[StorableEvent] = Event,
) -> RepairReport:
    """Move everything out of a log that is not an event of it, byte for byte, to a file beside it.

    What stays: every line that loads, as it is, the first of each id; and blank lines. Whole events
    that do not load because they stand within another line, behind a torn one or among NUL bytes,
    get a line of their own, unless a line that loads has their id. So the log loads as before, and
    the recovered events with it. All other bytes are appended to ``PATH.rejected``, with where they
    came from; the format is described in ``docs/format.md``. A clean log is not touched.

    Stores may go on saving meanwhile: they wait, and what they save is in the repaired log. A
    program that appends without the log's lock should not run: it may write to the old file.

    The log is replaced in one step, ``PATH.rejected`` before it, each through a temporary file
    beside it that is synced first. If the process or the machine dies, the log is the old one or
    the new one; the moved bytes may then be both in the old log and in ``PATH.rejected``. When this
    returns, both files are on the device. The mode stays, and where the operating system permits
    it, group and owner. Of a symbolic link, the file it names is repaired, and ``.rejected`` is
    beside that. Hard links go on naming the old file.

    Memory: the ids in the log.

    Args:
        path: The log. Unlike for a store, a missing file is an error: it is probably a mistake.
        apply: Whether to repair the log. Without, nothing is written, and the report is of what
            would be done.
        event_model: The model of the events.

    Returns:
        What was done, or would be.

    Raises:
        StorageError: The file is missing, or holds records of another kind and no event; the
            operating system refused, the file system has no locks, or (on Windows) the log is open
            elsewhere for seconds. The log is as it was; or, if only syncing its directory was
            refused, repaired.

    Example:
        >>> store.save_event(event)
        >>> with store.file_path.open("ab") as file:
        ...     written = file.write(b'{"aggregate_id": "043')
        >>> repair_log(store.file_path).rejected_bytes
        21
        >>> repair_log(store.file_path, apply=True).rejected_path.name
        'events.jsonl.rejected'
        >>> store.load_all_events() == [event]
        True
    """
    log = Path(path)
    codec = codec_of(event_model)
    try:
        for _ in range(_MAX_CHANGES):
            report = _report(log, look(log, codec), applied=False)
            if report.is_clean or not apply:
                return report
            if report.is_of_another_kind:
                # A wrong path, most likely. All of that file would be moved out of it.
                raise StorageError(f'cannot repair "{log}": it holds other records and no event')
            try:
                return _report(log, mend(log, codec), applied=True)
            except ChangedError:
                continue
    except OSError as error:
        raise StorageError(f'cannot repair "{log}": {error.strerror or error}') from error
    raise StorageError(f'cannot repair "{log}": it is changed again and again')


def _report(log: Path, tally: Tally, *, applied: bool) -> RepairReport:
    return RepairReport(
        path=log,
        rejected_path=rejected_path(log),
        applied=applied,
        events=tally.events,
        recovered=tally.recovered,
        duplicates=tally.duplicates,
        rejected=tally.rejected,
        rejected_bytes=tally.rejected_bytes,
        examples=tuple(tally.examples),
    )
