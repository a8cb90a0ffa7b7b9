"""Loading one aggregate, again and again.

The first load decodes every line: nothing less shows that a line is intact, and another
aggregate's. What it has shown holds as long as the file begins with the same bytes. So the next one
decodes every line only after the clean prefix, and in it those that name the aggregate: for 20
aggregates in 20,000 events 4 milliseconds instead of 52.
"""

from __future__ import annotations

import logging
from collections import deque
from typing import Generic

from .._codec.codec import Codec, MalformedLineError
from .._codec.event import EventT
from .._codec.search import lines_of_aggregate
from .._log.append import AppendLog
from .._log.snapshot import OpenLog
from .clean_prefix import CleanPrefix
from .reader import decoded


class AggregateLoader(Generic[EventT]):
    """Loads aggregates from one log; safe for threads.

    Args:
        log: Where to read.
        codec: What tells whether a line loads.
        logger: Where to report malformed lines.
    """

    def __init__(self, log: AppendLog, codec: Codec[EventT], logger: logging.Logger) -> None:
        """Know nothing of the file."""
        self._log = log
        self._codec = codec
        self._logger = logger
        # A deque gives and takes in one step: no lock that a forked child could find taken.
        self._prefixes: deque[CleanPrefix] = deque(maxlen=1)

    def load(self, aggregate_id: str) -> list[EventT]:
        """Return the events of an aggregate in file order, each id once.

        Raises:
            StorageError: The operating system refused.
        """
        # A prefix has one user. Another thread that loads meanwhile starts with nothing.
        try:
            prefix = self._prefixes.pop()
        except IndexError:
            prefix = CleanPrefix()
        with self._log.opened() as log:
            if log is None:
                return []
            if not (self._codec.aggregates_are_verbatim and prefix.is_in(log)):
                prefix = CleanPrefix()
            try:
                found = self._found(aggregate_id, log, prefix)
            except MalformedLineError:  # it was clean: the file has been changed in place
                prefix = CleanPrefix()
                found = self._found(aggregate_id, log, prefix)
        self._prefixes.append(prefix)
        return list(found.values())

    def _found(self, aggregate_id: str, log: OpenLog, prefix: CleanPrefix) -> dict[str, EventT]:
        found: dict[str, EventT] = {}
        for _, block in log.blocks(0, prefix.end):
            for line in lines_of_aggregate(block, aggregate_id):
                event = self._codec.decode(line)
                if event.aggregate_id == aggregate_id:
                    found.setdefault(event.event_id, event)
        rest, first_line = prefix.blocks_after(log), prefix.lines + 1
        for event in decoded(rest, self._codec, self._logger, self._log.path, first_line):
            if prefix.is_new(event.event_id) and event.aggregate_id == aggregate_id:
                found.setdefault(event.event_id, event)
        return found
