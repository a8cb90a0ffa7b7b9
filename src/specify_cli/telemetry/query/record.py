"""One line of a log as a record: an event, or a JSON object of any other kind.

Logs of other programs name the same things by other words. The first of the names that is there
counts, and what is no column of its own is a detail.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cached_property

from pydantic_core import from_json

_TIMES = ("timestamp", "at", "ts", "time", "created_at", "started_at", "completed_at")
_CLOCKS = ("lamport_clock", "lamport", "sequence", "seq")
_NODES = ("node_id", "actor", "agent")
_AGGREGATES = ("aggregate_id", "mission_slug", "mission_id", "mission", "invocation_id")
_TYPES = ("event_type", "type", "event", "event_name", "kind")
_UNTOLD = {"event_id", "causation_id", "payload"}

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Seconds since 1970 have been fewer than this until the year 5138; milliseconds have not.
_MILLISECONDS = 1e11

_BOM = b"\xef\xbb\xbf"
_MISSING = object()


class Record:
    """What a line of a log says.

    Args:
        fields: The JSON object.
    """

    def __init__(self, fields: dict[str, object]) -> None:
        """Look at nothing yet."""
        self.fields = fields

    @cached_property
    def time(self) -> datetime | None:
        """When it was, in UTC unless the record has another zone."""
        return _time(self._of(_TIMES))

    @cached_property
    def clock(self) -> int | None:
        """Its Lamport clock."""
        value = self._of(_CLOCKS)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    @property
    def node(self) -> str:
        """Which node or actor wrote it; empty if it does not say."""
        return _text(self._of(_NODES))

    @property
    def aggregate(self) -> str:
        """What it is about; empty if it does not say."""
        return _text(self._of(_AGGREGATES))

    @property
    def type(self) -> str:
        """What kind of event it is; empty if it does not say."""
        return _text(self._of(_TYPES))

    @property
    def event_id(self) -> str | None:
        """Its id, if it has one."""
        value = self.fields.get("event_id")
        return value if isinstance(value, str) else None

    def details(self) -> Iterator[tuple[str, object]]:
        """Yield what is no column: the payload, then the other fields; objects last, no nulls."""
        yield from sorted(self._details(), key=lambda detail: isinstance(detail[1], (dict, list)))

    def _details(self) -> Iterator[tuple[str, object]]:
        payload = self.fields.get("payload")
        if isinstance(payload, dict):
            yield from ((key, value) for key, value in payload.items() if value is not None)
        elif payload is not None:
            yield "payload", payload
        columns = map(self._name, (_TIMES, _CLOCKS, _NODES, _AGGREGATES, _TYPES))
        told = _UNTOLD.union(name for name in columns if name is not None)
        yield from (
            (key, value)
            for key, value in self.fields.items()
            if key not in told and value is not None
        )

    def value(self, name: str) -> object:
        """Return a field by name: of the payload, of the record, or a column; None if missing.

        Dots lead into objects: ``delta.lane``.
        """
        for fields in (self.fields.get("payload"), self.fields):
            found = _path(fields, name)
            if found is not _MISSING:
                return found
        columns = {"type": _TYPES, "aggregate": _AGGREGATES, "node": _NODES, "clock": _CLOCKS}
        return self._of(columns.get(name, ()))

    def _name(self, names: tuple[str, ...]) -> str | None:
        return next((name for name in names if _is_told(self.fields.get(name))), None)

    def _of(self, names: tuple[str, ...]) -> object:
        for name in names:  # each record is asked for several: this is what takes the time
            value = self.fields.get(name)
            if _is_told(value):
                return value
        return None


def parse(line: bytes) -> Record | None:
    """Return a line as a record; None if it is no JSON object."""
    data = line.removeprefix(_BOM).strip()
    if not data.startswith(b"{"):
        return None
    try:
        fields = from_json(data)
    except ValueError:
        try:
            # The standard library reads lone surrogates, which pydantic's parser refuses.
            fields = json.loads(data)
        except (ValueError, RecursionError):
            return None
    return Record(fields)


def _is_told(value: object) -> bool:
    # An object is a detail, whatever it is called.
    return value is not None and not isinstance(value, (dict, list))


def _path(fields: object, name: str) -> object:
    if not isinstance(fields, dict):
        return _MISSING
    if name in fields:
        return fields[name]
    first, _, rest = name.partition(".")
    return _path(fields.get(first), rest)


def _time(value: object) -> datetime | None:
    try:
        if isinstance(value, str):
            time = datetime.fromisoformat(value)
            return time if time.tzinfo else time.replace(tzinfo=UTC)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            seconds = value / 1000 if abs(value) >= _MILLISECONDS else value
            return _EPOCH + timedelta(seconds=seconds)
    except (ValueError, OverflowError):
        pass
    return None


def _text(value: object) -> str:
    return "" if value is None else str(value)
