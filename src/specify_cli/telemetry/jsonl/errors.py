"""What a read raises that stops at a malformed line."""

from __future__ import annotations

from pathlib import Path

from .._contract import StorageError


class MalformedLineError(StorageError):
    r"""A line of a log is no record, and the caller asked to stop there.

    Attributes:
        path: The log.
        line: The number of the line, from 1 on.
        offset: Where in the file it begins, in bytes.
        reason: What is wrong with it, in words.

    Example:
        >>> log = JsonlLog("status.events.jsonl")
        >>> written = log.file_path.write_bytes(b'{"n": 1}\n{"n": ')
        >>> try:
        ...     list(log.records(strict=True))
        ... except MalformedLineError as error:
        ...     print(error.line, error.offset)
        2 9
    """

    def __init__(self, path: Path, line: int, offset: int, reason: str) -> None:
        """Say where it is, and what is wrong."""
        super().__init__(f'line {line} of "{path}", from byte {offset} on, is no record: {reason}')
        self.path = path
        self.line = line
        self.offset = offset
        self.reason = reason

    def __reduce__(self) -> tuple[object, ...]:
        """Return what a copy is made of."""
        return type(self), (self.path, self.line, self.offset, self.reason)
