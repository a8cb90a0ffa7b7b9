"""One end of time for all that a call does, whatever it waits for."""

from __future__ import annotations

import time


class Deadline:
    """When a call has to be over.

    Args:
        seconds: How long from now; None for never.
    """

    def __init__(self, seconds: float | None) -> None:
        """Begin."""
        self.seconds = seconds
        self._end = None if seconds is None else time.monotonic() + seconds

    def left(self) -> float | None:
        """Return how many seconds are left; None for no end.

        Raises:
            TimeoutError: None are.
        """
        if self._end is None:
            return None
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"the server has not answered in {self.seconds:g} seconds")
        return left

    def allows(self, seconds: float) -> bool:
        """Return whether so many seconds are left."""
        return self._end is None or time.monotonic() + seconds < self._end


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
