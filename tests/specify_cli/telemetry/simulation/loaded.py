"""Copies of the code, loaded once and used for run after run."""

from __future__ import annotations

from .actors import Warnings
from .images import Defect, Image
from .modules import image_of

_MOST_IMAGES = 6


class Images:
    """Copies of the code, loaded once.

    Args:
        defects: What to change in them.
    """

    _count = 0

    def __init__(self, *defects: Defect, windows: bool = False) -> None:
        """Load them for one platform."""
        self.images: list[Image] = []
        self.warnings: list[Warnings] = []
        for _ in range(_MOST_IMAGES):
            Images._count += 1
            image = image_of(f"image{Images._count}", *defects, windows=windows)
            self.images.append(image)
            self.warnings.append(Warnings(image.name))
