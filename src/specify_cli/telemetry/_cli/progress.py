"""How far a long command has come, on a terminal."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import PurePath

from .streams import printable
from .terminal import columns_of, width_of

# What is done in a moment shows nothing.
_DELAY = 0.5


@contextlib.contextmanager
def progress_of(path: str) -> Iterator[Callable[[int, int], None]]:
    """Keep one line of the terminal up to date; silent at first, and without a terminal.

    Args:
        path: The log.

    Yields:
        What is to be called with how many bytes have been read, and how many there are.
    """
    line = Line()
    name = printable(PurePath(path).name)
    begin = time.monotonic() + _DELAY

    def show(done: int, size: int) -> None:
        if size and time.monotonic() >= begin:
            line.show(f"{done * 100 // size:3} % of ", name)

    try:
        yield show
    finally:
        line.show("", "")


class Line:
    """One line of the terminal, if there is one."""

    def __init__(self) -> None:
        self._text = ""

    def show(self, text: str, name: str) -> None:
        """Show a text instead of the last one, and as much of the end of a name as fits."""
        columns = columns_of(sys.stderr)
        if columns is None:
            return
        # A line that is as long as the terminal is wide might be wrapped.
        room = columns - 1
        text = text[:room]
        while name and width_of(text + name) > room:
            name = name[1:]
        text += name
        if text != self._text:
            blank = " " * (width_of(self._text) - width_of(text))
            with contextlib.suppress(OSError):
                sys.stderr.write(f"\r{text}{blank}" + ("" if text else "\r"))
                sys.stderr.flush()
            self._text = text
