"""What a caller gives, checked where it is given and not where it does harm."""

from __future__ import annotations

from .._log import checked_timeout as checked

_LONGEST_NAME = 200


def checked_name(log: str) -> str:
    """Return the name of a log that a caller has given.

    Raises:
        TypeError: It is not a str.
        ValueError: No database takes it.
    """
    if not isinstance(log, str):
        raise TypeError(f"the name of a log is a str, not {log!r}")
    if not 0 < len(log) <= _LONGEST_NAME or not log.isprintable():
        raise ValueError(f"a log has a printable name of 1 to {_LONGEST_NAME} characters: {log!r}")
    return log


def checked_timeout(seconds: float | None) -> float | None:
    """Return a timeout that a caller has given.

    Raises:
        TypeError, ValueError: It is none, as for a store in a file, or zero.
    """
    if checked(seconds) == 0:
        raise ValueError("a timeout is above zero where a server has to answer")
    return seconds
