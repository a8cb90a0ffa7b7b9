"""Descriptors that are open."""

from __future__ import annotations

import os


def next_descriptor() -> int:
    """Return the number that the next descriptor will have."""
    fd = os.open(os.devnull, os.O_RDONLY)
    os.close(fd)
    return fd
