"""What pydantic's JSON form of a value keeps quiet about: secrets, and seconds of an offset."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime, time, timedelta

from pydantic import BaseModel

HIDDEN = "a secret would be stored as asterisks"
_OFFSET = "the offset of a time from UTC would lose its seconds"

# The form of every secret that is not empty.
_ASTERISKS = b"**********"


def loss_of(value: object, text: bytes) -> str | None:
    """Return what would be lost of a value, if anything.

    Args:
        value: The value.
        text: What pydantic has made of it: so it holds no cycle.
    """
    if _ASTERISKS in text and _holds(value, is_secret):
        return HIDDEN
    return _OFFSET if b":" in text and _holds(value, _has_odd_offset) else None


def is_secret(value: object) -> bool:
    """Return whether a value is a secret, which pydantic's JSON form hides."""
    return hasattr(value, "get_secret_value")


def _has_odd_offset(value: object) -> bool:
    offset = value.utcoffset() if isinstance(value, (datetime, time)) else None
    return offset is not None and bool(offset % timedelta(minutes=1))


def _holds(value: object, is_lost: Callable[[object], bool]) -> bool:
    inside: Iterable[object] = ()
    if isinstance(value, Mapping):
        inside = value.values()
    elif isinstance(value, Collection) and not isinstance(value, (str, bytes)):
        inside = value
    elif isinstance(value, BaseModel):
        # As the model itself puts it, which may make something else of its secrets.
        inside = value.model_dump().values()
    elif is_dataclass(value):
        inside = (getattr(value, field.name) for field in fields(value))
    return is_lost(value) or any(_holds(item, is_lost) for item in inside)
