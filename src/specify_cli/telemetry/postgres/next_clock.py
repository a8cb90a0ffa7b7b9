"""The next clock of a log in a database, given while the log's row is locked.

What is kept is how far the log has been read, and the highest clock up to there: what was committed
since is all that has to be looked at, for positions are in the order of commits. So whatever has
saved it, and however, a clock counts that its line loads with.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple

from psycopg import Error

from .._codec import (
    EventCodec,
    EventT,
    MalformedLineError,
    check_clock,
    event_name,
    highest_clock,
)
from ..jsonl.event_writer import NotMadeError
from .cursor import Following, Position
from .held import HeldLog
from .log import ServerLog
from .reading import LogReader
from .rows import Found, Row
from .statements import key_of


class _Read(NamedTuple):
    """How far a log has been read, as a cursor and as a position, and the highest clock there."""

    cursor: str
    end: int
    clock: int


class NextClock(Generic[EventT]):
    """Appends events that take their clocks from the log.

    Args:
        log: The log.
        codec: What tells whether a line loads, and with which clock.
    """

    def __init__(self, log: ServerLog, codec: EventCodec[EventT]) -> None:
        """Know no clock."""
        self._log = log
        self._codec = codec
        # Replaced as a whole: threads may take turns.
        self._read = _Read(str(Position()), 0, 0)

    def append(self, make: Callable[[int], EventT], row_of: Callable[[EventT], Row]) -> EventT:
        """Append the event that ``make`` returns for the next clock.

        Args:
            make: Returns an event with the clock that it is given.
            row_of: Returns its line.

        Returns:
            The event, or the one that the log has under its id.

        Raises:
            StorageError: The server refused, or did not answer in time. Or what the log has under
                the id does not load.
        """
        # Before the log is locked: for the first time, all of it has to be read.
        before, _ = self._read_on(self._log, self._read)
        after = before
        made: list[Row] = []
        event: EventT

        def work(held: HeldLog) -> bytes | None:
            nonlocal after, event
            after, is_there = self._read_on(held, before, made[-1].line if made else None)
            if is_there:
                # An earlier attempt has appended it; only the answer was lost.
                return None
            event, row = self._made(make, row_of, after.clock + 1)
            made[:] = [row]
            if held.append(made):
                after = _behind(row, after.end + 1, after.clock + 1)
                return None
            return held.lines_of([str(row.event_id)])[key_of(row.event_id)]

        try:
            known = self._log.locked(work, made)
        except NotMadeError as error:
            raise error.reason from None
        self._read = after
        return event if known is None else self._loaded(known, made)

    def _loaded(self, line: bytes, made: Sequence[Row]) -> EventT:
        try:
            return self._codec.decode(line)
        except MalformedLineError as reason:
            what = event_name(made[-1].event_id)
            raise self._log.error_type(
                f'cannot append to "{self._log.place}": its line of {what} does not load: {reason}'
            ) from reason

    def _read_on(
        self, log: LogReader, read: _Read, sought: bytes | None = None
    ) -> tuple[_Read, bool]:
        """Return what is known when all has been read, and whether one line was among the rest."""
        following = Following(log, read.cursor)
        clock = 0 if following.restarted else read.clock
        is_there = False
        for page in following.pages():
            is_there = is_there or any(found.line == sought for found in page)
            # A line break within a line is as good as a space, if it is good at all.
            lines = b"\n".join(found.line.replace(b"\n", b" ") for found in page)
            higher = highest_clock(lines, clock, self._codec)
            clock = clock if higher is None else higher[0]
        return _Read(str(following.position), following.end, clock), is_there

    def _made(
        self, make: Callable[[int], EventT], row_of: Callable[[EventT], Row], clock: int
    ) -> tuple[EventT, Row]:
        try:
            event = make(clock)
            row = row_of(event)
            check_clock(event, clock)
        except (OSError, Error) as error:
            # As it is, it would be taken for the server's.
            raise NotMadeError(error) from None
        return event, row


def _behind(row: Row, position: int, clock: int) -> _Read:
    cursor = Position()
    key = b"" if row.event_id is None else key_of(row.event_id)
    cursor.move_to(Found(position, key, b""))
    return _Read(str(cursor), position, clock)
