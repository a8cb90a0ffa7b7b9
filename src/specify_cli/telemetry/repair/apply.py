"""Applying a repair: the next versions of a log and of the file beside it, put in place."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

from .._codec import Codec, EventT
from .._contract import StorageError
from .._log import AppendLog, LockedLog, Logger
from .._log.held import ChangedError, HeldLog, held
from .._log.lines import lines_of
from .._log.next_version import NextVersion, next_version
from .._log.replace import alone, replaced
from ..jsonl.writer import Writer
from .audit import Audit, Treatment
from .rejected import NextRejected, next_rejected
from .tally import Tally

_logger = Logger(__name__)


def apply_audit(
    log: Path, audit: Audit[EventT], treatment: Treatment[EventT]
) -> tuple[Audit[EventT], Tally, tuple[str, ...]]:
    """Repair a log that needs it.

    Args:
        log: The log.
        audit: What there is to do, going by a snapshot of it.
        treatment: See ``Audit``.

    Returns:
        The audit of what was repaired, what was done, and what is different about the new files.

    Raises:
        OSError: It was refused; see ``repair_log``.
        ChangedError: The log has changed since; it is due to be looked at again.
    """
    with alone(log), held(log) as source:
        if audit.is_of(source.snapshot):
            audit.continue_on(source.snapshot)
        else:
            audit = Audit(source.snapshot, treatment)
            if audit.is_clean:
                raise ChangedError
        tally = Tally(treatment.max_examples)
        with (
            next_version(source.path, source.status) as version,
            next_rejected(source.path, source.status) as rejected,
        ):
            for piece in audit.pieces():
                tally.add(piece)
                if piece.fate == "moved":
                    rejected.add(piece)
                else:
                    version.write(piece.as_line)
            version.finish()
            source.check()
            _put(source, version, rejected, treatment.codec)
            return audit, tally, (*version.differences, *rejected.differences)


def _put(
    source: HeldLog, version: NextVersion, rejected: NextRejected, codec: Codec[EventT]
) -> None:
    try:
        # First, and durably: no crash may find the bytes in neither file.
        rejected.put()
        with replaced(source, version) as appended:
            _carry_over(appended, source.path, codec)
    except BaseException:
        # What is in the log still is not rejected yet. The first error counts.
        with contextlib.suppress(OSError):
            if source.is_held:
                rejected.roll_back()
        raise


def _carry_over(appended: bytes, log: Path, codec: Codec[EventT]) -> None:
    """Append to the new file what others appended to the old one, each event once."""
    file = AppendLog(log, fsync=True, logger=_logger, error_type=StorageError)
    writer = Writer(file, codec)
    for line in lines_of([(0, appended)]):
        event_id = codec.loads_as(line.data)
        if event_id is None:
            file.append(_choosing(line.data))
        else:
            writer.append([(event_id, line.data.removesuffix(b"\n") + b"\n")])


def _choosing(line: bytes) -> Callable[[LockedLog], bytes]:
    return lambda _: line
