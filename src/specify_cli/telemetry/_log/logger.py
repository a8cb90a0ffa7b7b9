"""Where the warnings of a log go."""

from __future__ import annotations


class Logger:
    """A logger of the standard library, which is imported with the first warning.

    That is a sixth of what importing a store takes, and most programs have no warning.

    Args:
        name: The logger's name.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def warning(self, message: str, *values: object) -> None:
        """Warn, as the line of code that calls this."""
        from logging import getLogger  # noqa: PLC0415

        getLogger(self._name).warning(message, *values, stacklevel=2)
