"""Following a log: what was appended since the last look, and where to go on.

A cursor is a short text that can be kept anywhere. It holds how many lines and bytes have been
read, a checksum of all of them, and a mark: a digest of which file it was and of its last bytes.
While the mark fits, the file goes on from where it was left, for the price of one small read. When
it does not, the checksum tells a file that was rewritten with the same content (a checkout, a copy)
from one that begins otherwise.
"""

from __future__ import annotations

import collections
import hashlib
import re
import zlib
from collections.abc import Callable, Hashable, Iterator
from typing import ClassVar, Generic

from .._codec import EventT
from .._log import AppendLog, Snapshot
from .._log.lines import lines_of
from .reader import Reader

_CURSOR = re.compile(r"1:(\d{1,19}):(\d{1,19}):([0-9a-f]{8}):([0-9a-f]{16})", re.ASCII)


class NewEvents(tuple[list[EventT], str], Generic[EventT]):  # noqa: SLOT001  # it has a flag too
    """The pair ``(events, cursor)`` that ``read_since`` returns.

    Attributes:
        END: What to call ``read_since`` with to begin at the end of the log: it gives no event, and
            the cursor there.
        restarted: Whether the log no longer begins with what was read before, so that these are its
            events from the start.

    Example:
        >>> store.save_event(event)
        >>> events, cursor = store.read_since()
        >>> events == [event], store.read_since(cursor).restarted
        (True, False)
    """

    END: ClassVar[str] = "end"

    restarted: bool

    def __new__(cls, events: list[EventT], cursor: str, *, restarted: bool) -> NewEvents[EventT]:
        """Make the pair."""
        self = super().__new__(cls, (events, cursor))
        self.restarted = restarted
        return self

    def __getnewargs_ex__(self) -> tuple[tuple[list[EventT], str], dict[str, bool]]:
        """Return what a copy is made of."""
        return (self.events, self.cursor), {"restarted": self.restarted}

    @property
    def events(self) -> list[EventT]:
        """What was appended, in file order."""
        return self[0]

    @property
    def cursor(self) -> str:
        """Where to go on, for the next call."""
        return self[1]


class Position:
    """How far a log has been read.

    Attributes:
        lines: How many lines.
        offset: How many bytes.
        checksum: The CRC-32 of those bytes.
        mark: A digest of which file it is and of the last of those bytes.
    """

    def __init__(
        self, lines: int = 0, offset: int = 0, checksum: int = 0, mark: str = "0" * 16
    ) -> None:
        """Start where a cursor was, or at the beginning."""
        self.lines = lines
        self.offset = offset
        self.checksum = checksum
        self.mark = mark

    @classmethod
    def parse(cls, cursor: str) -> Position:
        """Return the position that a cursor tells.

        Raises:
            TypeError: It is not a text.
            ValueError: It is not a cursor.
        """
        if not isinstance(cursor, str):
            raise TypeError(f"a cursor is a str or None, not {cursor!r}")
        match = _CURSOR.fullmatch(cursor)
        if match is None:
            raise ValueError(f"not a cursor: {cursor!r}")
        lines, offset, checksum, mark = match.groups()
        return cls(int(lines), int(offset), int(checksum, 16), mark)

    def __str__(self) -> str:
        """Return the position as a cursor."""
        return f"1:{self.lines}:{self.offset}:{self.checksum:08x}:{self.mark}"

    def is_in(self, log: Snapshot) -> bool:
        """Return whether ``log`` begins with what was read."""
        if self.offset > log.size:
            return False
        return self.mark == _mark(log, self.offset) or self.checksum == _checksum(log, self.offset)

    def blocks_after(self, log: Snapshot, most: int | None = None) -> Iterator[bytes]:
        """Yield the whole lines after this position, moving it behind them.

        Args:
            log: The file.
            most: After how many bytes to stop, or soon after; by default at the end.
        """
        start = self.offset
        for _, block in log.blocks(self.offset, log.size):
            # A torn tail is left for later: only its end tells what it is.
            lines = block[: block.rfind(b"\n") + 1]
            self._move_behind(lines)
            yield lines
            if most is not None and self.offset - start >= most:
                break
        self.mark = _mark(log, self.offset)

    def lines_after(self, log: Snapshot, is_enough: Callable[[], bool]) -> Iterator[bytes]:
        """Yield the whole lines after this position one by one until there are enough of them."""
        for line in lines_of(log.blocks(self.offset, log.size)):
            if is_enough() or not line.data.endswith(b"\n"):
                break
            self._move_behind(line.data)
            yield line.data
        self.mark = _mark(log, self.offset)

    def _move_behind(self, lines: bytes) -> None:
        self.lines += lines.count(b"\n")
        self.offset += len(lines)
        self.checksum = zlib.crc32(lines, self.checksum)


def read_since(
    log: AppendLog, reader: Reader[EventT], cursor: str | None, limit: int | None = None
) -> NewEvents[EventT]:
    """Return the events of the whole lines after ``cursor``, each id once, and the next cursor.

    Args:
        log: Where to read.
        reader: What reads the lines of it.
        cursor: What the last call returned; None to begin at the start, ``END`` at the end.
        limit: How many events to return at most.

    Raises:
        StorageError: The text is no cursor, or the operating system refused.
        TypeError: The cursor is no text, or the limit no number.
        ValueError: The limit is not positive.
    """
    check_limit(limit)
    to_end = cursor == NewEvents.END
    try:
        position = Position() if cursor is None or to_end else Position.parse(cursor)
    except ValueError as error:
        raise log.error_type(f'cannot read "{log.path}": {error}') from error
    found: dict[Hashable, EventT] = {}
    with log.opened(settled=True) as file:
        restarted = position.offset > 0 and (file is None or not position.is_in(file))
        if restarted:
            log.logger.warning('"%s" was replaced; reading it from the start', log.path)
            position = Position()
        if file is not None and to_end:
            collections.deque(position.blocks_after(file), maxlen=0)
        elif file is not None:
            lines = (
                position.blocks_after(file)
                if limit is None
                else position.lines_after(file, lambda: len(found) >= limit)
            )
            for event in reader.events_in(lines, position.lines + 1):
                found.setdefault(reader.key_of(event), event)
    return NewEvents([*found.values()], str(position), restarted=restarted)


def check_limit(limit: object) -> None:
    """Raise TypeError or ValueError unless this is a number of events, or None."""
    if limit is None:
        return
    if not isinstance(limit, int) or isinstance(limit, bool):
        raise TypeError(f"a limit is an int or None, not {limit!r}")
    if limit < 1:
        raise ValueError(f"a limit is 1 or more, not {limit}")


def _mark(log: Snapshot, offset: int) -> str:
    prefix = log.prefix(offset)
    text = repr(prefix.identity).encode() + prefix.tail
    return hashlib.blake2b(text, digest_size=8).hexdigest()


def _checksum(log: Snapshot, offset: int) -> int:
    checksum = 0
    for _, block in log.blocks(0, offset):
        checksum = zlib.crc32(block, checksum)
    return checksum
