"""How far a long command has come, on a terminal."""

from __future__ import annotations

import sys
from pathlib import PurePath
from types import TracebackType
from typing import Self

from .check_text import printable

# Smaller logs are done in a few seconds at most.
_MIN_SIZE = 32 << 20


class Progress:
    """Keeps one line of a terminal up to date; silent for small logs, and without a terminal.

    Args:
        path: The log.
    """

    def __init__(self, path: str) -> None:
        """Show nothing yet."""
        self._name = printable(PurePath(path).name)[-50:]
        self._is_shown = sys.stderr.isatty()
        self._line = ""

    def __call__(self, done: int, size: int) -> None:
        """Show that ``done`` of ``size`` bytes have been read."""
        if self._is_shown and size >= _MIN_SIZE:
            self._show(f"{done * 100 // size:3} % of {self._name}")

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Clear the line."""
        if self._line:
            self._show("")

    def _show(self, line: str) -> None:
        if line != self._line:
            blank = " " * (len(self._line) - len(line))
            sys.stderr.write(f"\r{line}{blank}" + ("" if line else "\r"))
            sys.stderr.flush()
            self._line = line
