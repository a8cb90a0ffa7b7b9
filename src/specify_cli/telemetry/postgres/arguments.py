"""What a caller gives, checked where it is given and not where it does harm."""

from __future__ import annotations

TIMEOUT = 30.0
_LONGEST_NAME = 200


def checked_name(log: str) -> str:
    """Return the name of a log that a caller has given.

    Raises:
        TypeError: It is not a str.
        ValueError: No database takes it.
    """
    if not isinstance(log, str):
        raise TypeError(f"the name of a log is a str, not {log!r}")
    if not 0 < len(log) <= _LONGEST_NAME or "\0" in log or not log.isprintable():
        raise ValueError(f"a log has a printable name of 1 to {_LONGEST_NAME} characters: {log!r}")
    return log


def checked_aggregate(aggregate_id: str) -> str:
    """Return the aggregate that a caller has asked for.

    Raises:
        TypeError: It is not a str.
    """
    if not isinstance(aggregate_id, str):
        raise TypeError(f"an aggregate_id is a str, not {aggregate_id!r}")
    return aggregate_id


def checked_timeout(seconds: float | None) -> float | None:
    """Return a timeout that a caller has given.

    Raises:
        TypeError: It is no number.
        ValueError: It is not above zero.
    """
    if seconds is None:
        return None
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise TypeError(f"a timeout is a number of seconds or None, not {seconds!r}")
    if not seconds > 0:
        raise ValueError(f"a timeout is above zero, not {seconds!r}")
    return seconds
