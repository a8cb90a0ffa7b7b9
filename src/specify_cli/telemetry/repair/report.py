"""Repairing a damaged log without losing a byte of it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from .._codec import RECORDS, Codec, codec_of
from .._contract import Event, StorageError
from .._log import files
from .._log.held import ChangedError, snapshot_of
from .apply import apply_audit
from .audit import Also, Audit, Progress, Treatment
from .guard import NotALogError
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
        applied: Whether the log has been repaired: False of a dry run, and of a log without damage.
        events: How many events load after the repair, each id once.
        recovered: How many of those did not load before.
        separated: How many records get a line of their own, the recovered events included.
        duplicates: How many exact repeats of an event are moved.
        rejected: How many pieces are moved in all, duplicates included.
        rejected_bytes: How many bytes are in them.
        other_lines: How many lines are JSON, and yet no event of the model. They stay.
        other_events: How many of those have an ``event_id``: they may be events of another model.
        differences: How owner, group or mode of the new files are not those of the old ones.
        examples: The first of the pieces that are moved, by default at most ten.

    Example:
        >>> store.save_event(event)
        >>> repair_log(store.file_path).is_clean
        True
    """

    path: Path
    rejected_path: Path
    applied: bool
    events: int
    recovered: int
    separated: int
    duplicates: int
    rejected: int
    rejected_bytes: int
    other_lines: int
    other_events: int
    differences: tuple[str, ...]
    examples: tuple[RejectedPiece, ...]

    @property
    def is_clean(self) -> bool:
        """Whether there is nothing to repair."""
        return not (self.rejected or self.separated)


def repair_log(  # noqa: PLR0913  # options, all but one by name
    path: str | os.PathLike[str],
    *,
    apply: bool = False,
    event_model: Any = Event,
    also: Collection[Also] = (),
    progress: Progress | None = None,
    max_examples: int = 10,
) -> RepairReport:
    """Move the damage out of a log, byte for byte, to a file beside it.

    Damage is what nobody writes on purpose: torn and fused lines, runs of NUL bytes, conflict
    markers, text that is no JSON, bytes that are not UTF-8, and exact repeats of an event's line.
    Every line that is one whole JSON value stays as it is, and where it is, whether it is an event
    or not. A whole record that stands within another line, behind a torn one or among NUL bytes,
    gets a line of its own. If it is an event, a line that loads under its id comes first. So the
    log loads as before, and the recovered events with it. All other bytes are appended to
    ``PATH.rejected``, with where they came from; the format is described in ``docs/format.md``. A
    log without damage is not touched.

    Stores may go on saving meanwhile: they wait, and what they save is in the repaired log. A
    program that appends without the log's lock should not run: it may write to the old file.

    The log is replaced in one step, ``PATH.rejected`` before it, each through a temporary file
    beside it that is synced first. If the process or the machine dies, the log is the old one or
    the new one; the moved bytes may then be both in the old log and in ``PATH.rejected``. When this
    returns, both files are on the device. The mode stays, and where the operating system permits
    it, group and owner. Of a symbolic link, the file it names is repaired, and ``.rejected`` is
    beside that. Hard links go on naming the old file.

    The log is read twice. Memory: as for ``check_log``, but for the aggregates.

    Args:
        path: The log. Unlike for a store, a missing file is an error: it is probably a mistake.
        apply: Whether to repair the log. Without, nothing is written, and the report is of what
            would be done.
        event_model: The type of the events, or the class of their store; None for a log of
            anything, in which every JSON object is a record, and repeats are meant.
        also: What is moved beside damage: ``["invalid"]`` for every line that is JSON and no event
            of the model. One line at least has to be an event then.
        progress: Called now and then with how many bytes have been read, in both readings, and how
            many there are to be read.
        max_examples: How many of the pieces that are moved the report holds.

    Returns:
        What was done, or would be.

    Raises:
        ValueError: ``also`` names something else.
        StorageError: The file is missing, or it is no log: no line of it is an event or the torn
            beginning of one, or it holds what was moved out of a log. Or the operating system
            refused, the file system has no locks, or (on Windows) the log is open elsewhere for
            seconds. The log is as it was; or, if only syncing its directory was refused, repaired.

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
    if isinstance(also, str) or not set(also) <= set(get_args(Also)):
        raise ValueError(f"also is a collection of {get_args(Also)}, not {also!r}")
    log = Path(path)
    try:
        codec: Codec[Any] = RECORDS if event_model is None else codec_of(event_model)
        treatment = Treatment(codec, also, progress, max_examples)
        return _repair(log, treatment, apply=apply)
    except OSError as error:
        raise StorageError(files.refusal("repair", log, error)) from error
    except NotALogError as error:
        raise StorageError(f'cannot repair "{log}": {error}') from error


def _repair(log: Path, treatment: Treatment[Any], *, apply: bool) -> RepairReport:
    for _ in range(_MAX_CHANGES):
        with contextlib.suppress(ChangedError):
            with snapshot_of(log) as snapshot:
                audit = Audit(snapshot, treatment)
                tally = Tally(treatment.max_examples)
                if audit.is_clean or not apply:
                    for piece in () if audit.is_clean else audit.pieces():
                        tally.add(piece)
                    return _report(log, audit, tally)
            audit, tally, differences = apply_audit(log, audit, treatment)
            return _report(log, audit, tally, applied=True, differences=differences)
    raise StorageError(f'cannot repair "{log}": it is changed again and again')


def _report(
    log: Path,
    audit: Audit[Any],
    tally: Tally,
    *,
    applied: bool = False,
    differences: tuple[str, ...] = (),
) -> RepairReport:
    return RepairReport(
        path=log,
        rejected_path=rejected_path(log),
        applied=applied,
        events=audit.events + tally.recovered,
        recovered=tally.recovered,
        separated=tally.separated,
        duplicates=tally.duplicates,
        rejected=tally.rejected,
        rejected_bytes=tally.rejected_bytes,
        other_lines=audit.other_lines,
        other_events=audit.other_events,
        differences=differences,
        examples=tuple(tally.examples),
    )
