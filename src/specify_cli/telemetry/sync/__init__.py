"""Bringing the lines of a log to another one and back: between files and servers."""

from .copying import Copied, copy_new

__all__ = ["Copied", "copy_new"]
