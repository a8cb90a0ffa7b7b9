"""A file-backed event store: one JSON line per event, append-only, nothing acknowledged is lost."""

from .store import SimpleJsonStore

__all__ = ["SimpleJsonStore"]
