"""Which event ids a log holds, asked under the log's lock.

What is kept per id is a number made of it and where a line that names it begins, never the answer
itself: whether an id is known is decided by decoding that line, from line start to line end, as it
is in the file now. So a cheap scan is enough to collect the ids, and neither a malformed line, nor
an id in a payload, nor a file that was changed in place can make an event seem saved that is not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Generic, NamedTuple

from .._codec import Codec, EventId, EventT, lines_naming, named_ids
from .._log import NO_PREFIX, Appended, LockedLog, Prefix, Snapshot

# Numbers below 2**60 take 32 bytes, the ids themselves would take 80.
_MASK = (1 << 60) - 1

# A search takes a tenth of the time of an index, and most commands save no more events than this.
_MAX_SEARCHES = 4


class _Scanned(NamedTuple):
    """What is known of one file. It is replaced as a whole, so that no exception leaves half of it.

    Attributes:
        prefix: The part of the file that it is about.
        starts: Where lines begin, by the number of an id they name. A hint may be left over from
            what the file held before; it is never more than a hint.
        indexed_from: Where the part begins whose ids are all in ``starts``.
        searches: How many ids have been asked for while a part was not indexed.
    """

    prefix: Prefix
    starts: dict[int, int]
    indexed_from: int
    searches: int = 0


class IdIndex(Generic[EventT]):
    """The ids in one log, following the file as it grows and starting over when it is replaced.

    Args:
        codec: What tells whether a line loads.
    """

    def __init__(self, codec: Codec[EventT]) -> None:
        """Start with an empty index."""
        self._codec = codec
        # Where only decoding tells the ids of lines, a search takes as long as an index.
        self._max_searches = _MAX_SEARCHES if codec.ids_are_verbatim else 1
        self._scanned = _Scanned(NO_PREFIX, {}, 0)

    def catch_up(self, log: LockedLog, saving: Iterable[EventId | None]) -> KnownIds[EventT]:
        """Take in what was appended since the last save, or all of a file not seen before.

        Args:
            log: The log, locked.
            saving: The ids that will be asked for. For the first few in a file not seen before a
                search each is enough; a process that saves more gets an index.

        Returns:
            The ids in ``log``.
        """
        scanned = self._scanned
        if self._codec.id_key is None:
            return KnownIds(self._codec, log, scanned)
        if not log.begins_with(scanned.prefix):
            scanned = _Scanned(log.prefix(), {}, log.size)
        elif scanned.prefix.end == log.size and not scanned.indexed_from:
            return KnownIds(self._codec, log, scanned)
        prefix, starts, indexed_from, searches = scanned
        self._index(starts, log, max(prefix.end, indexed_from), log.size)
        if indexed_from:
            searches += sum(
                _number(event_id) not in starts for event_id in saving if event_id is not None
            )
            if searches > self._max_searches:
                self._index(starts, log, 0, indexed_from)
                indexed_from = 0
        self._scanned = scanned = _Scanned(log.prefix(), starts, indexed_from, searches)
        return KnownIds(self._codec, log, scanned)

    def start_of(self, event_id: EventId) -> int | None:
        """Return where a line begins that was found or written under the lock and names the id."""
        return self._scanned.starts.get(_number(event_id))

    def add(
        self,
        lines: Iterable[tuple[EventId | None, bytes]],
        appended: Appended,
        known: KnownIds[EventT],
    ) -> None:
        """Take in lines just appended, each with its event id; perhaps none.

        From here on the file counts as known up to its end, what ``catch_up`` took in included.

        Args:
            lines: The lines.
            appended: Where they are.
            known: What ``catch_up`` returned while the log was locked. It is let go by now, and the
                index may be about another file that has taken its place.
        """
        start, prefix = appended
        _, starts, indexed_from, searches = known.scanned
        for event_id, line in lines:
            if event_id is not None:
                starts[_number(event_id)] = start
            start += len(line)
        self._scanned = _Scanned(prefix, starts, indexed_from, searches)

    def _index(self, starts: dict[int, int], log: Snapshot, start: int, stop: int) -> None:
        for offset, block in log.blocks(start, stop):
            for event_id, position in named_ids(block, self._codec):
                starts[_number(event_id)] = offset + position


class KnownIds(Generic[EventT]):
    """The ids in one log while it is locked, whatever other threads do in a file in its place.

    Args:
        codec: What tells whether a line loads.
        log: The log, locked.
        scanned: What is known of it.

    Attributes:
        scanned: The same.
    """

    __slots__ = ("_codec", "_loaded", "_log", "scanned")

    def __init__(self, codec: Codec[EventT], log: LockedLog, scanned: _Scanned) -> None:
        """Look at nothing yet."""
        self._codec = codec
        self._log = log
        self.scanned = scanned
        # What lines load as, by where they begin: one line may name any number of the ids that a
        # batch asks for, and be long.
        self._loaded: dict[int, EventId | None] = {}

    def new_lines(
        self, lines: Sequence[tuple[EventId | None, bytes]], added: Collection[EventId | None] = ()
    ) -> list[tuple[EventId | None, bytes]]:
        """Return the lines whose ids are new, the first of each id.

        Args:
            lines: Ids, each with its line. A line without an id is always new.
            added: Ids that are about to be appended.
        """
        new: list[tuple[EventId | None, bytes]] = []
        seen: set[EventId] = set()
        for event_id, line in lines:
            if event_id is not None:
                if event_id in seen or event_id in added:
                    continue
                known = self.line_of(event_id)
                if known is not None:
                    self._log.acknowledge(known)
                    continue
                seen.add(event_id)
            new.append((event_id, line))
        return new

    def line_of(self, event_id: EventId) -> bytes | None:
        """Return the line that loads as an event, if any does.

        Args:
            event_id: The id of the event.
        """
        start = self.scanned.starts.get(_number(event_id))
        if start is None:
            return self._find(event_id, self.scanned.indexed_from)
        line = self._log.line_at(start)
        if self._loads_as(start, line) == event_id:
            return line
        # Named by that line, or by one that has changed; perhaps another line holds it.
        return self._find(event_id, self._log.size)

    def _find(self, event_id: EventId, stop: int) -> bytes | None:
        for offset, block in self._log.blocks(0, stop):
            for position, line in lines_naming(event_id, block, self._codec):
                start = offset + position
                if self._loads_as(start, line) == event_id:
                    self.scanned.starts[_number(event_id)] = start
                    return line
        return None

    def _loads_as(self, start: int, line: bytes) -> EventId | None:
        if start not in self._loaded:
            self._loaded[start] = self._codec.loads_as(line)
        return self._loaded[start]


def _number(event_id: EventId) -> int:
    return hash(event_id) & _MASK
