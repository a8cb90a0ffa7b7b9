"""What a terminal shows: how wide it is, how wide a text is, and colours."""

from __future__ import annotations

import contextlib
import itertools
import os
import sys
import unicodedata
from collections.abc import Mapping
from typing import TextIO

_USUAL_WIDTH = 80

DIM, BOLD, GREEN, BLUE, CYAN = "2", "1", "32", "34", "36"


def columns_of(stream: TextIO) -> int | None:
    """Return how many columns the terminal behind a stream has; None if there is no terminal."""
    if not stream.isatty():
        return None
    with contextlib.suppress(OSError, ValueError):
        return os.get_terminal_size(stream.fileno()).columns or _USUAL_WIDTH
    return _USUAL_WIDTH


def width_of(text: str) -> int:
    """Return how many columns a text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def cut(text: str, columns: int, mark: str) -> str:
    """Return as much of a text as fits, with a mark where it goes on."""
    if width_of(text) <= columns:
        return text
    room = columns - width_of(mark)
    if room < 0:
        return ""
    widths = itertools.accumulate(map(width_of, text))
    return text[: next(place for place, width in enumerate(widths) if width > room)] + mark


def padded(text: str, columns: int) -> str:
    """Return a text with spaces up to a width."""
    return text + " " * (columns - width_of(text))


class Paint:
    """Colours a text, if the stream is a terminal that shows colours and nobody minds."""

    def __init__(self, stream: TextIO, environment: Mapping[str, str] = os.environ) -> None:
        """Look at the stream and the environment."""
        self.is_on = (
            stream.isatty()
            and not environment.get("NO_COLOR")
            and environment.get("TERM") != "dumb"
            # Older consoles of Windows print the escapes.
            and (sys.platform != "win32" or bool({"WT_SESSION", "TERM"} & {*environment}))
        )

    def __call__(self, text: str, style: str) -> str:
        """Return the text in a style."""
        return f"\x1b[{style}m{text}\x1b[0m" if self.is_on and style and text else text


def shown_by(stream: TextIO, text: str, instead: str) -> str:
    """Return ``text`` if the stream's encoding has it, and else ``instead``."""
    try:
        text.encode(stream.encoding or "utf-8")
    except UnicodeEncodeError:
        return instead
    return text
