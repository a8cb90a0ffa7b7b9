"""A durable log of records of any kind: dicts, or lines that are encoded already."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .._codec import EventId, Record, RecordCodec, UnstorableError, shown
from .._contract import StorageError
from .._log import MODE, TIMEOUT
from .cursor import NewEvents, read_since
from .file import JsonlFile
from .reader import Reader
from .record_count import RecordCount
from .transaction import Transaction
from .writer import Writer


class JsonlLog(JsonlFile):
    r"""A log that appends one JSON line per record to a file.

    A record is a JSON object: any mapping, or a line that is encoded already, which is kept byte
    for byte. It needs no model and no fields. What holds for a store holds here: any number of
    logs, threads and processes on one machine may use the same file at once, a torn tail is sealed,
    nothing stays open between calls, no file is beside the log.

    Args:
        file_path: The log. It need not exist; the first append makes it and its directories.
        key: The field that tells a record from every other, a text or an integer; with dots, the
            way to it. A record whose key is in the log already is not written again, and one
            without it is refused. None: every append is written.
        fsync: Whether an append waits until the record is on the device.
        timeout: How many seconds to wait while another process holds the log's lock; None waits
            without end.
        mode: What the umask leaves of it is the mode of a log that is created: ``0o600`` to keep it
            to its owner. On Windows the directory's rights count instead.
        follow_symlinks: Whether the log may be a symbolic link; with False such a path is refused.

    Example:
        >>> log = JsonlLog("status.events.jsonl", key="event_id", mode=0o600)
        >>> log.append({"event_id": "01K", "wp": "WP01", "to": "doing"})
        True
        >>> log.append(b'{"event_id": "01L", "already": "encoded"}')
        True
        >>> [record["event_id"] for record in log.records()]
        ['01K', '01L']
    """

    def __init__(  # noqa: PLR0913  # all but the first by name
        self,
        file_path: str | os.PathLike[str],
        *,
        key: str | None = None,
        fsync: bool = False,
        timeout: float | None = TIMEOUT,
        mode: int = MODE,
        follow_symlinks: bool = True,
    ) -> None:
        """Touch nothing on disk."""
        self._codec = RecordCodec(key)
        self._bind(
            file_path,
            StorageError,
            fsync=fsync,
            timeout=timeout,
            mode=mode,
            follow_symlinks=follow_symlinks,
        )
        self._writer = Writer(self._log, self._codec)
        self._reader = Reader(self._log, self._codec)
        self._count = RecordCount(self._codec)

    @property
    def key(self) -> str | None:
        """What tells a record from every other, as given.

        Example:
            >>> JsonlLog("decisions.events.jsonl", key="payload.decision_id").key
            'payload.decision_id'
        """
        return self._codec.key

    def append(self, record: Record) -> bool:
        """Append one record, unless its key is in the log already.

        When this returns, the record is in the file, whole; with ``fsync=True``, on the device. A
        missing file is created, with its directories. A torn tail, left by a writer that died, is
        sealed with a newline. A mapping becomes the line that ``json.dumps(sort_keys=True)`` gives,
        what JSON has no form for in pydantic's JSON form.

        Args:
            record: A mapping, or one line of JSON as bytes or str, with or without its newline.

        Returns:
            Whether it was new; always, if the log has no key.

        Raises:
            StorageError: The record would not load again or has no key, the operating system
                refused, or the lock was not to be had in time (``LockTimeoutError``). The file is
                as it was; appending again is safe.
            TypeError: It is no record.

        Example:
            >>> log = JsonlLog("status.events.jsonl", key="event_id")
            >>> log.append({"event_id": "01K"}), log.append({"event_id": "01K", "again": True})
            (True, False)
        """
        ((record_id, line),) = self._lines_of((record,))
        if record_id is not None and self._writer.surely_has(record_id):
            return False
        return self._writer.append([(record_id, line)]) == 1

    def extend(self, records: Iterable[Record]) -> int:
        """Append several records under one lock and in one write.

        Those whose keys are not in the log yet are written in the order given, the first of each
        key. A crash meanwhile may leave the first few of them there, as whole lines.

        Args:
            records: The records.

        Returns:
            How many of them were new.

        Raises:
            StorageError: As for ``append``; none of the records was appended.
            TypeError: One of them is no record.

        Example:
            >>> JsonlLog("audit.jsonl").extend({"n": n} for n in range(3))
            3
        """
        lines = self._lines_of(records)
        return self._writer.append(lines) if lines else 0

    def records(self, *, strict: bool = False) -> Iterator[dict[str, Any]]:
        r"""Return an iterator over the records in file order, in constant memory.

        The log is read as it was when iteration began; appending meanwhile is fine. A line that is
        no JSON object is skipped with a warning, at most ten, and then one that counts them all. A
        record without the log's key is a record all the same. One whose key comes again, which only
        other means than this log can leave there, is left out if no more than 30,000 others lie
        between. A missing file has no records.

        Args:
            strict: Whether to stop at the first line that is no JSON object, and raise.

        Raises:
            MalformedLineError: On iteration, if ``strict``: where the line is, and what is wrong.
            StorageError: The operating system refused, on iteration, to read the file.

        Example:
            >>> log = JsonlLog("audit.jsonl")
            >>> log.extend([{"n": 1}, {"n": 2}])
            2
            >>> sum(record["n"] for record in log.records())
            3
        """
        return self._reader.records(self._log.blocks(), strict=strict)

    def read_since(
        self, cursor: str | None = None, limit: int | None = None
    ) -> NewEvents[dict[str, Any]]:
        """Return what was appended since an earlier call, and the cursor for the next one.

        All is as in ``JsonlEventStore.read_since``, with records for events.

        Args:
            cursor: What the last call returned; None to begin at the start, ``NewEvents.END`` at
                the end without a record.
            limit: How many records to return at most; fewer mean that there are no more yet.

        Returns:
            The pair ``(records, cursor)``, and ``restarted`` as an attribute.

        Raises:
            StorageError: It is no cursor, the operating system refused, or the lock was not free.
            TypeError, ValueError: The cursor is not a str, the limit not an int from 1 on.

        Example:
            >>> log = JsonlLog("audit.jsonl")
            >>> records, cursor = log.read_since()
            >>> log.append({"n": 1})
            True
            >>> records, cursor = log.read_since(cursor)
            >>> records
            [{'n': 1}]
        """
        return read_since(self._log, self._reader, cursor, limit)

    @contextlib.contextmanager
    def locked(self) -> Iterator[Transaction]:
        """Hold the log for a ``with`` block: look, decide and append as one step.

        Nobody else appends to the log meanwhile. What is seen in it is its end. What is appended is
        written in one write when the block ends; if it ends with an exception, the file is as it
        was. A missing file is created, and stays empty if nothing is appended. Keep the block
        short: every other writer waits for it, or gives up.

        Within the block, append by what it gives: another append of the same thread to the log, by
        whichever object, or another ``locked``, is refused, for it would wait for itself.

        Yields:
            The log as it is; see ``Transaction``.

        Raises:
            StorageError: The operating system refused, the file system has no locks, or the lock
                was not to be had in time (``LockTimeoutError``). Or, when the block has ended, the
                path has come to name another file meanwhile: nothing is appended to either.

        Example:
            >>> log = JsonlLog("status.events.jsonl", key="event_id")
            >>> with log.locked() as held:
            ...     if not any(record["wp"] == "WP01" for record in held.records()):
            ...         held.append({"event_id": "01K", "seq": held.count + 1, "wp": "WP01"})
            True
        """
        with self._writer.held() as pending:
            held = Transaction(pending, self._log, self._codec, self._count, self._lines_of)
            try:
                yield held
            finally:
                held.end()

    def _lines_of(self, records: Iterable[Record]) -> list[tuple[EventId | None, bytes]]:
        if isinstance(records, (str, bytes, bytearray, Mapping)):
            raise TypeError(f"several records are expected, not one: {shown(records)}")
        lines = []
        for record in records:
            self._codec.check(record)
            try:
                lines.append(self._codec.line_of(record))
            except UnstorableError as error:
                raise StorageError(
                    f'cannot store a record in "{self._log.path}": {error}'
                ) from error
        return lines

    def _more_of_repr(self) -> list[str]:
        return [] if self.key is None else [f"key={self.key!r}"]

    def __getstate__(self) -> dict[str, object]:
        """Return what a copy starts from; locks and what was learnt of the file stay behind."""
        return {**super().__getstate__(), "key": self.key}

    def __setstate__(self, state: dict[str, object]) -> None:
        """Start a copy on the same file."""
        JsonlLog.__init__(self, **state)  # type: ignore[arg-type]  # as __getstate__ made it
