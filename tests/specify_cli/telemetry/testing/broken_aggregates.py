"""Stores in memory that take one aggregate for another.

``test_broken_stores.py`` says which tests each of the classes here has to fail.
"""

from __future__ import annotations

import unicodedata
from fnmatch import fnmatchcase

from specify_cli.spec_kitty_events import Event

from .working_stores import Store, number


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
