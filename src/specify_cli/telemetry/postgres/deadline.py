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
