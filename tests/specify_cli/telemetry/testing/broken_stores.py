"""Stores in memory that break the contract, one promise each: every class here must fail.

``test_contract_suite.py`` runs this module and says which tests each class has to fail.
"""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

from specify_cli.spec_kitty_events import Event, StorageError
from specify_cli.telemetry.testing import EventStoreContract

from .working_stores import Store, suite


class Unsorted(Store):
    """Loads in the order saved."""

    def load_all_events(self) -> list[Event]:
        """Return every event."""
        return list(self.events)


class SortedByClockOnly(Store):
    """Forgets the node."""

    def load_all_events(self) -> list[Event]:
        """Return every event."""
        return sorted(self.events, key=lambda event: event.lamport_clock)


class SortedByText(Store):
    """Takes 10 for less than 9."""

    def load_all_events(self) -> list[Event]:
        """Return every event."""
        return sorted(self.events, key=lambda event: (str(event.lamport_clock), event.node_id))


class SortedById(Store):
    """Sorts ties by id although every event has a clock."""

    def load_all_events(self) -> list[Event]:
        """Return every event."""
        return sorted(self.events, key=lambda e: (e.lamport_clock, e.node_id, e.event_id))


class KeepingRepeats(Store):
    """Appends whatever comes."""

    def is_new(self, event: Event) -> bool:  # noqa: ARG002  # as it is
        """Return whether no such event is kept yet."""
        return True


class KeepingVersions(Store):
    """Drops only what is the same in every field."""

    def is_new(self, event: Event) -> bool:
        """Return whether no such event is kept yet."""
        return event not in self.events


class MovingRepeats(Store):
    """Puts an event that is saved again at the end."""

    def save_event(self, event: Event) -> None:
        """Keep one event."""
        self.events = [known for known in self.events if known.event_id != event.event_id]
        self.events.append(event)


class TakingMentionsForEvents(Store):
    """Looks for the id anywhere."""

    def is_new(self, event: Event) -> bool:
        """Return whether no such event is kept yet."""
        return all(event.event_id not in known.model_dump_json() for known in self.events)


class MixingAlike(Store):
    """Compares aggregates without case."""

    def belongs(self, event: Event, aggregate_id: str) -> bool:
        """Return whether an event is of an aggregate."""
        return event.aggregate_id.lower() == aggregate_id.lower()


class MixingPrefixes(Store):
    """Compares the beginning."""

    def belongs(self, event: Event, aggregate_id: str) -> bool:
        """Return whether an event is of an aggregate."""
        return event.aggregate_id.startswith(aggregate_id)


class MixingAll(Store):
    """Does not look at the aggregate."""

    def belongs(self, event: Event, aggregate_id: str) -> bool:  # noqa: ARG002  # as it is
        """Return whether an event is of an aggregate."""
        return True


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


class Late(Store):
    """Shows an event only when the next one comes."""

    def load_all_events(self) -> list[Event]:
        """Return every event."""
        return super().load_all_events()[:-1]


class Leaking(Store):
    """Hands out its own list."""

    def load_all_events(self) -> list[Event]:
        """Return every event."""
        self.events.sort(key=lambda event: (event.lamport_clock, event.node_id))
        return self.events


class Inventing(Store):
    """Has events that nobody saved."""

    def __init__(self) -> None:
        """Start with one."""
        super().__init__()
        self.events.append(EventStoreContract().make_event(event_type="Created"))


class SortedByTimestamp(Store):
    """Asks the wall clock before the node."""

    def load_all_events(self) -> list[Event]:
        """Return every event."""
        return sorted(self.events, key=lambda e: (e.lamport_clock, e.timestamp, e.node_id))


class SortedByTimestampAtLast(Store):
    """Sorts ties by the wall clock."""

    def load_all_events(self) -> list[Event]:
        """Return every event."""
        return sorted(self.events, key=lambda e: (e.lamport_clock, e.node_id, e.timestamp))


class SortedByFallingId(Store):
    """Sorts ties by id, the last one first."""

    def load_all_events(self) -> list[Event]:
        """Return every event."""
        self.events.sort(key=lambda event: event.event_id, reverse=True)
        return super().load_all_events()


class SortedByUtf16(Store):
    """Compares nodes as Java and JavaScript do."""

    def load_all_events(self) -> list[Event]:
        """Return every event."""
        return sorted(
            self.events, key=lambda event: (event.lamport_clock, event.node_id.encode("utf-16-be"))
        )


class SortedByFloat(Store):
    """Takes clocks for equal that differ by one in 2**53."""

    def load_all_events(self) -> list[Event]:
        """Return every event."""
        return sorted(self.events, key=lambda event: (float(event.lamport_clock), event.node_id))


class KnowingIdsByAggregate(Store):
    """Keeps one id under two aggregates twice."""

    def is_new(self, event: Event) -> bool:
        """Return whether no such event is kept yet."""
        own = (event.event_id, event.aggregate_id)
        return all(own != (known.event_id, known.aggregate_id) for known in self.events)


class KnowingObjects(Store):
    """Asks whether it is the same object."""

    def is_new(self, event: Event) -> bool:
        """Return whether no such event is kept yet."""
        return all(event is not known for known in self.events)


class KnowingIdsWithoutCase(Store):
    """Compares ids without case."""

    def is_new(self, event: Event) -> bool:
        """Return whether no such event is kept yet."""
        return all(event.event_id.lower() != known.event_id.lower() for known in self.events)


class KnowingIdsStripped(Store):
    """Compares ids without white space."""

    def is_new(self, event: Event) -> bool:
        """Return whether no such event is kept yet."""
        return all(event.event_id.strip() != known.event_id.strip() for known in self.events)


class KnowingIdsAsNumbers(Store):
    """Compares ids that look like numbers as numbers."""

    def is_new(self, event: Event) -> bool:
        """Return whether no such event is kept yet."""
        return all(number(event.event_id) != number(known.event_id) for known in self.events)


class RememberingRefusedIds(Store):
    """Knows an id before it knows whether it can keep the event."""

    def __init__(self) -> None:
        """Start empty."""
        super().__init__()
        self.ids: set[str] = set()

    def is_new(self, event: Event) -> bool:
        """Return whether no such event is kept yet."""
        new = event.event_id not in self.ids
        self.ids.add(event.event_id)
        return new

    def kept(self, event: Event) -> Event:
        """Return an event as it comes back."""
        return refusing(event)


class SwallowingErrors(Store):
    """Says that an event is kept when it is not."""

    def save_event(self, event: Event) -> None:
        """Keep one event."""
        try:
            super().save_event(refusing(event))
        except StorageError:
            pass


def number(text: str) -> str | float:
    """Return the number that a text looks like, or the text."""
    try:
        return float(text)
    except ValueError:
        return text


def refusing(event: Event) -> Event:
    """Return an event that is no more than JSON."""
    try:
        json.dumps(event.payload, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise StorageError(str(error)) from error
    return event


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
        return value if isinstance(value, str | float | int | None) else str(value)


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
        payload = {
            unicodedata.normalize("NFC", key) if isinstance(key, str) else key: value
            for key, value in event.payload.items()
        }
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


class MixingStripped(Store):
    """Compares aggregates without white space."""

    def belongs(self, event: Event, aggregate_id: str) -> bool:
        """Return whether an event is of an aggregate."""
        return event.aggregate_id.strip() == aggregate_id.strip()


class MixingFolded(Store):
    """Takes one s for two."""

    def belongs(self, event: Event, aggregate_id: str) -> bool:
        """Return whether an event is of an aggregate."""
        own = event.aggregate_id.replace("ß", "ss")
        return own == aggregate_id.replace("ß", "ss")


class MixingNormalized(Store):
    """Takes a letter and its accent for one character."""

    def belongs(self, event: Event, aggregate_id: str) -> bool:
        """Return whether an event is of an aggregate."""
        own = unicodedata.normalize("NFC", event.aggregate_id)
        return own == unicodedata.normalize("NFC", aggregate_id)


class MixingPatterns(Store):
    """Takes an aggregate for a pattern."""

    def belongs(self, event: Event, aggregate_id: str) -> bool:
        """Return whether an event is of an aggregate."""
        return event.aggregate_id == aggregate_id or fnmatchcase(event.aggregate_id, aggregate_id)


class MixingNumbers(Store):
    """Compares what looks like numbers as numbers."""

    def belongs(self, event: Event, aggregate_id: str) -> bool:
        """Return whether an event is of an aggregate."""
        return number(event.aggregate_id) == number(aggregate_id)


class MixingLong(Store):
    """Has names of 255 characters."""

    def belongs(self, event: Event, aggregate_id: str) -> bool:
        """Return whether an event is of an aggregate."""
        return event.aggregate_id[:255] == aggregate_id[:255]


class MixingBeforeNul(Store):
    """Compares names as C does."""

    def belongs(self, event: Event, aggregate_id: str) -> bool:
        """Return whether an event is of an aggregate."""
        return event.aggregate_id.partition("\0")[0] == aggregate_id


class AllForNoAggregate(Store):
    """Takes no aggregate for every one."""

    def belongs(self, event: Event, aggregate_id: str) -> bool:
        """Return whether an event is of an aggregate."""
        return not aggregate_id or event.aggregate_id == aggregate_id


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


class FirstHundred(Store):
    """Loads one page."""

    def load_all_events(self) -> list[Event]:
        """Return every event."""
        return super().load_all_events()[:100]


class ReturningOneList(Store):
    """Fills one list at every load."""

    def __init__(self) -> None:
        """Start empty."""
        super().__init__()
        self.loaded: list[Event] = []

    def load_all_events(self) -> list[Event]:
        """Return every event."""
        self.loaded[:] = super().load_all_events()
        return self.loaded


class ReturningTuples(Store):
    """Returns what is no list."""

    def load_all_events(self) -> list[Event]:
        """Return every event."""
        return tuple(super().load_all_events())  # type: ignore[return-value]  # that is wrong


TestUnsorted = suite(Unsorted, EventStoreContract)
TestSortedByClockOnly = suite(SortedByClockOnly, EventStoreContract)
TestSortedByText = suite(SortedByText, EventStoreContract)
TestSortedById = suite(SortedById, EventStoreContract)
TestKeepingRepeats = suite(KeepingRepeats, EventStoreContract)
TestKeepingVersions = suite(KeepingVersions, EventStoreContract)
TestMovingRepeats = suite(MovingRepeats, EventStoreContract)
TestTakingMentionsForEvents = suite(TakingMentionsForEvents, EventStoreContract)
TestMixingAlike = suite(MixingAlike, EventStoreContract)
TestMixingPrefixes = suite(MixingPrefixes, EventStoreContract)
TestMixingAll = suite(MixingAll, EventStoreContract)
TestLosingPayloads = suite(LosingPayloads, EventStoreContract)
TestLosingCauses = suite(LosingCauses, EventStoreContract)
TestReturningAnotherType = suite(ReturningAnotherType, EventStoreContract)
TestLate = suite(Late, EventStoreContract)
TestLeaking = suite(Leaking, EventStoreContract)
TestInventing = suite(Inventing, EventStoreContract)
TestSortedByTimestamp = suite(SortedByTimestamp, EventStoreContract)
TestSortedByTimestampAtLast = suite(SortedByTimestampAtLast, EventStoreContract)
TestSortedByFallingId = suite(SortedByFallingId, EventStoreContract)
TestSortedByUtf16 = suite(SortedByUtf16, EventStoreContract)
TestSortedByFloat = suite(SortedByFloat, EventStoreContract)
TestKnowingIdsByAggregate = suite(KnowingIdsByAggregate, EventStoreContract)
TestKnowingObjects = suite(KnowingObjects, EventStoreContract)
TestKnowingIdsWithoutCase = suite(KnowingIdsWithoutCase, EventStoreContract)
TestKnowingIdsStripped = suite(KnowingIdsStripped, EventStoreContract)
TestKnowingIdsAsNumbers = suite(KnowingIdsAsNumbers, EventStoreContract)
TestRememberingRefusedIds = suite(RememberingRefusedIds, EventStoreContract)
TestSwallowingErrors = suite(SwallowingErrors, EventStoreContract)
TestTrueAsOne = suite(TrueAsOne, EventStoreContract)
TestOneAsFloat = suite(OneAsFloat, EventStoreContract)
TestFloatAsOne = suite(FloatAsOne, EventStoreContract)
TestNotANumberAsNull = suite(NotANumberAsNull, EventStoreContract)
TestObjectsAsText = suite(ObjectsAsText, EventStoreContract)
TestReplacingSurrogates = suite(ReplacingSurrogates, EventStoreContract)
TestStrippingText = suite(StrippingText, EventStoreContract)
TestCuttingText = suite(CuttingText, EventStoreContract)
TestBigNumbersAsFloats = suite(BigNumbersAsFloats, EventStoreContract)
TestNormalizingKeys = suite(NormalizingKeys, EventStoreContract)
TestKeysAsText = suite(KeysAsText, EventStoreContract)
TestNoPayloadForAnEmptyOne = suite(NoPayloadForAnEmptyOne, EventStoreContract)
TestWithoutNulls = suite(WithoutNulls, EventStoreContract)
TestLosingMicroseconds = suite(LosingMicroseconds, EventStoreContract)
TestLosingTheOffset = suite(LosingTheOffset, EventStoreContract)
TestTimesAsFloats = suite(TimesAsFloats, EventStoreContract)
TestClocksOf32Bits = suite(ClocksOf32Bits, EventStoreContract)
TestClocksAsFloats = suite(ClocksAsFloats, EventStoreContract)
TestClocksAsText = suite(ClocksAsText, EventStoreContract)
TestStrippingNodes = suite(StrippingNodes, EventStoreContract)
TestEndingNodesAtNul = suite(EndingNodesAtNul, EventStoreContract)
TestMixingStripped = suite(MixingStripped, EventStoreContract)
TestMixingFolded = suite(MixingFolded, EventStoreContract)
TestMixingNormalized = suite(MixingNormalized, EventStoreContract)
TestMixingPatterns = suite(MixingPatterns, EventStoreContract)
TestMixingNumbers = suite(MixingNumbers, EventStoreContract)
TestMixingLong = suite(MixingLong, EventStoreContract)
TestMixingBeforeNul = suite(MixingBeforeNul, EventStoreContract)
TestAllForNoAggregate = suite(AllForNoAggregate, EventStoreContract)
TestChangingTheCallersPayload = suite(ChangingTheCallersPayload, EventStoreContract)
TestSortingTheCallersPayload = suite(SortingTheCallersPayload, EventStoreContract)
TestChangingWhatItKeeps = suite(ChangingWhatItKeeps, EventStoreContract)
TestFirstHundred = suite(FirstHundred, EventStoreContract)
TestReturningOneList = suite(ReturningOneList, EventStoreContract)
TestReturningTuples = suite(ReturningTuples, EventStoreContract)
