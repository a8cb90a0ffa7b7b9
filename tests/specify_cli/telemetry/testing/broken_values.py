"""Stores in memory that give back something else than they were given.

``test_broken_stores.py`` says which tests each of the classes here has to fail.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable
from typing import Any

from specify_cli.spec_kitty_events import Event

from .working_stores import Store


class LosingPayloads(Store):
    """Keeps the envelope only."""

    def kept(self, event: Event) -> Event:
        """Return an event as it comes back."""
        return event.model_copy(update={"payload": {}})


class LosingCauses(Store):
    """Forgets a field that is seldom there."""

    def kept(self, event: Event) -> Event:
        """Return an event as it comes back."""
        return event.model_copy(update={"causation_id": None})


class ReturningAnotherType(Store):
    """Returns events of its own, which equal no others."""

    class Own(Event):
        """An event by another name."""

    def kept(self, event: Event) -> Event:
        """Return an event as it comes back."""
        return self.Own(**dict(event))


Change = Callable[[Any], Any]


def each_value(value: Any, change: Change) -> Any:
    """Return JSON with every value in it changed."""
    if isinstance(value, dict):
        return {key: each_value(item, change) for key, item in value.items()}
    if isinstance(value, list):
        return [each_value(item, change) for item in value]
    return change(value)


class ChangingValues(Store):
    """Keeps payloads in a form of its own."""

    def kept(self, event: Event) -> Event:
        """Return an event as it comes back."""
        payload = each_value(event.payload, self.changed)
        return event.model_copy(update={"payload": payload})

    def changed(self, value: Any) -> Any:
        """Return a value of a payload as it comes back."""
        raise NotImplementedError


class TrueAsOne(ChangingValues):
    """Has no truth values."""

    def changed(self, value: Any) -> Any:
        """Return a value of a payload as it comes back."""
        return int(value) if isinstance(value, bool) else value


class OneAsFloat(ChangingValues):
    """Has no integers."""

    def changed(self, value: Any) -> Any:
        """Return a value of a payload as it comes back."""
        small = type(value) is int and abs(value) < 2**53
        return float(value) if small else value


class FloatAsOne(ChangingValues):
    """Writes whole numbers without a point."""

    def changed(self, value: Any) -> Any:
        """Return a value of a payload as it comes back."""
        whole = isinstance(value, float) and abs(value) < 2**53 and value.is_integer()
        return int(value) if whole else value


class NotANumberAsNull(ChangingValues):
    """Writes what JSON does not have as null."""

    def changed(self, value: Any) -> Any:
        """Return a value of a payload as it comes back."""
        return None if isinstance(value, float) and not math.isfinite(value) else value


class ObjectsAsText(ChangingValues):
    """Writes what JSON does not have as text."""

    def changed(self, value: Any) -> Any:
        """Return a value of a payload as it comes back."""
        return value if value is None or isinstance(value, str | float | int) else str(value)


class ReplacingSurrogates(ChangingValues):
    """Writes a question mark for what UTF-8 does not have."""

    def changed(self, value: Any) -> Any:
        """Return a value of a payload as it comes back."""
        return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


class StrippingText(ChangingValues):
    """Takes white space for nothing."""

    def changed(self, value: Any) -> Any:
        """Return a value of a payload as it comes back."""
        return value.strip(" ") if isinstance(value, str) else value


class CuttingText(ChangingValues):
    """Has columns of a million characters."""

    def changed(self, value: Any) -> Any:
        """Return a value of a payload as it comes back."""
        return value[: 2**20] if isinstance(value, str) else value


class BigNumbersAsFloats(ChangingValues):
    """Has integers of 64 bits."""

    def changed(self, value: Any) -> Any:
        """Return a value of a payload as it comes back."""
        return float(value) if type(value) is int and 2**63 <= value < 2**1000 else value


class NormalizingKeys(Store):
    """Takes a letter and its accent for one character."""

    def kept(self, event: Event) -> Event:
        """Return an event as it comes back."""
        payload: dict[Any, Any] = event.payload.copy()
        for key in event.payload:
            payload[unicodedata.normalize("NFC", str(key))] = payload.pop(key)
        return event.model_copy(update={"payload": payload})


class KeysAsText(Store):
    """Loses one of two keys that are one in JSON."""

    def kept(self, event: Event) -> Event:
        """Return an event as it comes back."""
        payload = {str(key): value for key, value in event.payload.items()}
        return event.model_copy(update={"payload": payload})


class NoPayloadForAnEmptyOne(Store):
    """Takes what is empty for nothing."""

    def kept(self, event: Event) -> Event:
        """Return an event as it comes back."""
        return event.model_copy(update={"payload": event.payload or None})


class WithoutNulls(Store):
    """Leaves out what is null."""

    def kept(self, event: Event) -> Event:
        """Return an event as it comes back."""
        payload = {key: value for key, value in event.payload.items() if value is not None}
        return event.model_copy(update={"payload": payload})


class LosingMicroseconds(Store):
    """Keeps milliseconds."""

    def kept(self, event: Event) -> Event:
        """Return an event as it comes back."""
        millis = event.timestamp.microsecond // 1000 * 1000
        return event.model_copy(update={"timestamp": event.timestamp.replace(microsecond=millis)})


class LosingTheOffset(Store):
    """Keeps the time without its zone."""

    def kept(self, event: Event) -> Event:
        """Return an event as it comes back."""
        return event.model_copy(update={"timestamp": event.timestamp.replace(tzinfo=None)})


class TimesAsFloats(Store):
    """Keeps seconds since 1970."""

    def kept(self, event: Event) -> Event:
        """Return an event as it comes back."""
        time = event.timestamp.fromtimestamp(event.timestamp.timestamp(), event.timestamp.tzinfo)
        return event.model_copy(update={"timestamp": time})


class ClocksOf32Bits(Store):
    """Begins again at zero."""

    def kept(self, event: Event) -> Event:
        """Return an event as it comes back."""
        return event.model_copy(update={"lamport_clock": event.lamport_clock % 2**32})


class ClocksAsFloats(Store):
    """Has no exact integers."""

    def kept(self, event: Event) -> Event:
        """Return an event as it comes back."""
        return event.model_copy(update={"lamport_clock": int(float(event.lamport_clock))})


class ClocksAsText(Store):
    """Has no integers at all."""

    def kept(self, event: Event) -> Event:
        """Return an event as it comes back."""
        return event.model_copy(update={"lamport_clock": f"{event.lamport_clock:020}"})


class StrippingNodes(Store):
    """Takes white space for nothing."""

    def kept(self, event: Event) -> Event:
        """Return an event as it comes back."""
        return event.model_copy(update={"node_id": event.node_id.strip()})


class EndingNodesAtNul(Store):
    """Keeps names as C does."""

    def kept(self, event: Event) -> Event:
        """Return an event as it comes back."""
        return event.model_copy(update={"node_id": event.node_id.partition("\0")[0]})


class ChangingTheCallersPayload(Store):
    """Adds to what it is given."""

    def kept(self, event: Event) -> Event:
        """Return an event as it comes back."""
        copy = event.model_copy(deep=True)
        event.payload["saved"] = True
        return copy


class SortingTheCallersPayload(Store):
    """Sorts what it is given."""

    def kept(self, event: Event) -> Event:
        """Return an event as it comes back."""
        items = sorted(event.payload.items(), key=str)
        event.payload.clear()
        event.payload.update(items)
        return event


class ChangingWhatItKeeps(Store):
    """Adds to what it is given, which it keeps."""

    def kept(self, event: Event) -> Event:
        """Return an event as it comes back."""
        event.payload["saved"] = True
        return event
