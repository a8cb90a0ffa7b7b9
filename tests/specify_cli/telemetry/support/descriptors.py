"""Descriptors that are open."""

from __future__ import annotations

import contextlib
import gc
import os
from collections.abc import Iterator


def next_descriptor() -> int:
    """Return the number that the next descriptor will have."""
    fd = os.open(os.devnull, os.O_RDONLY)
    os.close(fd)
    return fd


@contextlib.contextmanager
def nothing_stays_open() -> Iterator[int]:
    """Give the number that the next descriptor has before the block, and has to have behind it."""
    gc.collect()  # what was dropped before is closed now, and not in the midst of the block
    free = next_descriptor()
    yield free
    assert next_descriptor() == free
