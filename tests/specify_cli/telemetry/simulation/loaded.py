"""Copies of the code, loaded once and used for run after run."""

from __future__ import annotations

import logging
from collections.abc import Callable

from .images import Defect, Image
from .modules import image_of
from .record import Record


class Images:
    """Copies of the code, each loaded when it is first asked for.

    Args:
        defects: What to change in them.
        windows: Whether they are to think that they run on Windows.

    Attributes:
        record: What is told of the warnings of the run that uses them.
    """

    _count = 0

    def __init__(self, *defects: Defect, windows: bool = False) -> None:
        """Load none yet."""
        self.record: Record | None = None
        self._defects = defects
        self._windows = windows
        self._images: list[Image] = []

    def __getitem__(self, number: int) -> Image:
        """Return one of them."""
        while number >= len(self._images):
            Images._count += 1
            name = f"image{Images._count}"
            self._images.append(image_of(name, *self._defects, windows=self._windows))
            Warnings(name, self._warn)
        return self._images[number]

    def _warn(self, text: str) -> None:
        if self.record is not None:
            self.record.warned.append(text)


class Warnings(logging.Handler):
    """Hears what the loggers of one image are told."""

    def __init__(self, name: str, warn: Callable[[str], None]) -> None:
        """Listen."""
        super().__init__()
        self._warn = warn
        logger = logging.getLogger(name)
        logger.propagate = False
        logger.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Pass a warning on."""
        self._warn(record.getMessage())
