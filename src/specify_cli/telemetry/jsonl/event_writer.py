"""Appending events, which may take their clocks from the log."""

from __future__ import annotations

from collections.abc import Callable

from .._codec import EventCodec, EventId, EventT, check_clock
from .._log import Appended, AppendLog, LockedLog
from .highest_clock import HighestClock
from .id_index import KnownIds
from .writer import Writer


class NotMadeError(Exception):
    """No event was made: an error of the system's or a driver's, but not of the log's."""

    def __init__(self, reason: Exception) -> None:
        """Keep the error, which would be taken for the log's."""
        self.reason = reason


class EventWriter(Writer[EventT]):
    """Appends events whose ids are not in the log yet; see ``Writer``.

    Args:
        log: The file.
        codec: What tells whether a line loads.
    """

    def __init__(self, log: AppendLog, codec: EventCodec[EventT]) -> None:
        """Start with an empty index of ids, and no clock."""
        super().__init__(log, codec)
        self._events = codec
        self._clocks = HighestClock(codec)

    def save_next(self, make: Callable[[int], EventT], *, id_is_new: bool) -> EventT:
        """Append the event that ``make`` returns for the next clock.

        See ``JsonlEventStore.save_next``.

        Args:
            make: Returns an event with the clock that it is given.
            id_is_new: Whether the id is certain to be in no log, so that none is looked for. The
                index takes the event in later, as it does what others append.
        """
        event: EventT
        clock: int
        new: list[tuple[EventId | None, bytes]]
        ids: KnownIds[EventT] | None = None

        def choose(log: LockedLog) -> bytes:
            nonlocal event, clock, new, ids
            clock = self._clocks.of(log) + 1
            event = self._made(make, clock)
            line = self._encode(event)
            event_id = self._codec.id_of(event)
            if not id_is_new:
                ids = self._ids.catch_up(log, [event_id])
            known = self._known(event_id, ids, log)
            if known is not None:
                event, new = known, []
                return b""
            new = [(event_id, line)]
            return line

        def note(appended: Appended) -> None:
            if ids is not None:
                self._ids.add(new, appended, ids)
            if new:
                self._clocks.add(clock, appended)

        try:
            self._append(choose, note)
        except NotMadeError as error:
            raise error.reason from None
        return event

    def _known(
        self, event_id: EventId | None, ids: KnownIds[EventT] | None, log: LockedLog
    ) -> EventT | None:
        """Return the event of the log that has the id, if there is one and ids are looked for."""
        line = None if event_id is None or ids is None else ids.line_of(event_id)
        if line is None:
            return None
        log.acknowledge(line)
        return self._codec.decode(line)

    def _made(self, make: Callable[[int], EventT], clock: int) -> EventT:
        try:
            event = make(clock)
            self._codec.check(event)
            check_clock(event, clock)
        except OSError as error:
            # As it is, it would be taken for a refusal to append.
            raise NotMadeError(error) from None
        return event

    def start_over_in_child(self) -> None:  # pragma: posix
        """Forget what the parent knew, too."""
        super().start_over_in_child()
        self._clocks = HighestClock(self._events)
