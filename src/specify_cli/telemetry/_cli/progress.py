"""How far a long command has come, on a terminal."""

from __future__ import annotations

import contextlib
import os
import sys
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import PurePath

from .streams import printable

# Smaller logs are done in a few seconds at most.
_MIN_SIZE = 32 << 20

_USUAL_WIDTH = 80


@contextlib.contextmanager
def progress_of(path: str) -> Iterator[Callable[[int, int], None]]:
    """Keep one line of the terminal up to date; silent for small logs, and without a terminal.

    Args:
        path: The log.

    Yields:
        What is to be called with how many bytes have been read, and how many there are.
    """
    line = Line()
    name = printable(PurePath(path).name)

    def show(done: int, size: int) -> None:
        if size >= _MIN_SIZE:
            line.show(f"{done * 100 // size:3} % of ", name)

    try:
        yield show
    finally:
        line.show("", "")


class Line:
    """One line of the terminal, if there is one."""

    def __init__(self) -> None:
        self._is_shown = sys.stderr.isatty()
        self._text = ""

    def show(self, text: str, name: str) -> None:
        """Show a text instead of the last one, and as much of the end of a name as fits."""
        if not self._is_shown:
            return
        # A line that is as long as the terminal is wide might be wrapped.
        room = _terminal_width() - 1
        text = text[:room]
        while name and _width(text + name) > room:
            name = name[1:]
        text += name
        if text != self._text:
            blank = " " * (_width(self._text) - _width(text))
            with contextlib.suppress(OSError):
                sys.stderr.write(f"\r{text}{blank}" + ("" if text else "\r"))
                sys.stderr.flush()
            self._text = text


def _terminal_width() -> int:
    with contextlib.suppress(OSError, ValueError):
        return os.get_terminal_size(sys.stderr.fileno()).columns or _USUAL_WIDTH
    return _USUAL_WIDTH


def _width(text: str) -> int:
    """Return how many columns a text takes."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
