"""Which records are asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from .record import Record, parse

_AGO = re.compile(r"(\d{1,9})([smhdw])", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}


@dataclass(frozen=True)
class Selection:
    """What a record has to be.

    Attributes:
        aggregate: Of this aggregate.
        type: Of this type.
        node: Of this node.
        since: Not before this moment. A record without a time is left out then.
        where: With these values: see ``where``.
        loads: Says of a line whether it is an event of the model that was named.
    """

    aggregate: str | None = None
    type: str | None = None
    node: str | None = None
    since: datetime | None = None
    where: tuple[tuple[str, str], ...] = ()
    loads: Callable[[bytes], bool] | None = None

    def read(self, line: bytes) -> Record | None:
        """Return the record in a line, asked for or not; None if it holds none."""
        if self.loads is not None and not self.loads(line):
            return None
        return parse(line)

    def takes(self, record: Record) -> bool:
        """Return whether a record is asked for."""
        return (
            (self.aggregate is None or record.aggregate == self.aggregate)
            and (self.type is None or record.type == self.type)
            and (self.node is None or record.node == self.node)
            and (self.since is None or (record.time is not None and record.time >= self.since))
            and all(_is(record.value(name), text) for name, text in self.where)
        )


def where(text: str) -> tuple[str, str]:
    """Return field and value of ``field=value``.

    Raises:
        ValueError: It is something else.
    """
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise ValueError(f"{text!r} is not of the form FIELD=VALUE")
    return name, value


def time_since(text: str, now: datetime | None = None) -> datetime:
    """Return the moment that ``2h`` or an ISO time tells; one without a zone is local time.

    Raises:
        ValueError: It is neither.
    """
    match = _AGO.fullmatch(text)
    try:
        if match:
            ago = timedelta(seconds=int(match[1]) * _SECONDS[match[2]])
            return (now or datetime.now(UTC)) - ago
        time = datetime.fromisoformat(text)
        return time if time.tzinfo else time.astimezone()
    except (ValueError, OverflowError, OSError) as error:
        raise ValueError(f"{text!r} is no time: 90s, 30m, 2h, 7d, or 2026-02-16T09:12") from error


def _is(value: object, text: str) -> bool:
    if isinstance(value, str):
        return value == text
    try:
        wanted = json.loads(text)
    except (ValueError, RecursionError):
        return False
    # 1 equals True in Python, and not in JSON.
    return isinstance(value, bool) == isinstance(wanted, bool) and bool(value == wanted)
