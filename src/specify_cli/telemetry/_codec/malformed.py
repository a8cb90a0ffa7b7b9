"""Why a line is not an event, in words."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError


class MalformedLineError(ValueError):
    """A line is not an event; the message is the reason."""


def first_error(error: ValidationError) -> Any:
    """Return the first thing that is wrong, as pydantic tells it."""
    return error.errors(include_url=False, include_context=False, include_input=False)[0]


def reason_of(error: Exception) -> str:
    """Return in one line what was wrong."""
    if isinstance(error, ValidationError):
        first = first_error(error)
        return ": ".join([*(str(part) for part in first["loc"]), first["msg"]])
    try:
        text = " ".join(str(error).split())
    except Exception:  # noqa: BLE001  # it is the model's own, and has no text
        text = ""
    if isinstance(error, ValueError) and text:
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
