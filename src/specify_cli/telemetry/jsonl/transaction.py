"""A transaction on a log of records: look, decide and append as one step."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from .._codec import EventId, Record, RecordCodec
from .._log import AppendLog
from .pending import PendingLines
from .reader import Reader
from .record_count import RecordCount


class Transaction:
    """What ``JsonlLog.locked`` gives: the log as it is, and what will be appended at its end.

    It is of use within its ``with`` block only.

    Example:
        >>> with JsonlLog("status.events.jsonl").locked() as held:
        ...     for wp in ("WP01", "WP02"):
        ...         added = held.append({"seq": held.count + 1, "wp": wp})
        ...     print([record["seq"] for record in held.records()])
        [1, 2]
    """

    def __init__(
        self,
        pending: PendingLines[dict[str, Any]],
        file: AppendLog,
        codec: RecordCodec,
        count: RecordCount,
        lines_of: Callable[[Iterable[Record]], list[tuple[EventId | None, bytes]]],
    ) -> None:
        """Begin with nothing to append."""
        self._pending = pending
        self._file = file
        self._count = count
        self._lines_of = lines_of
        self._reader = Reader(file, codec)
        self._is_over = False

    @property
    def count(self) -> int:
        """How many lines of the log are records, those to be appended included.

        A log that has been counted before is read from there on only. Unlike ``records``, this
        counts every line, whether or not another has the same id.
        """
        self._check()
        with self._translated("read"):
            return self._count.of(self._pending.log) + len(self._pending.lines)

    def records(self, *, strict: bool = False) -> Iterator[dict[str, Any]]:
        """Yield the records of the log and then those to be appended; see ``JsonlLog.records``."""
        self._check()
        return self._reader.records(self._blocks(), strict=strict)

    def append(self, record: Record) -> bool:
        """Append a record when the block ends; return whether it is new.

        Raises:
            StorageError: It would not load again, has no id, or the log could not be read.
            TypeError: It is no record.
            ValueError: The block has ended.
        """
        return self.extend([record]) == 1

    def extend(self, records: Iterable[Record]) -> int:
        """Append several records when the block ends, or none of them; return how many are new.

        Raises:
            StorageError: As for ``append``.
        """
        self._check()
        lines = self._lines_of(records)
        with self._translated("append to"):
            return self._pending.add(lines)

    def end(self) -> None:
        """Refuse everything from here on: the log is not held any more."""
        self._is_over = True

    def _blocks(self) -> Iterator[bytes]:
        log = self._pending.log
        blocks = (block for _, block in log.blocks(0, log.size))
        while True:
            # Before each read: the descriptor may be another file's once the block has ended.
            self._check()
            with self._translated("read"):
                block = next(blocks, None)
            if block is None:
                break
            yield block
        for _, line in list(self._pending.lines):
            yield line

    def _check(self) -> None:
        if self._is_over:
            raise ValueError(f'the log "{self._file.path}" is not locked any more')

    @contextlib.contextmanager
    def _translated(self, action: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise self._file.refused(action, error) from error
