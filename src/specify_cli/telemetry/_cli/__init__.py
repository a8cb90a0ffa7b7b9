"""The commands for logs, and their text."""

from .commands import main

__all__ = ["main"]
