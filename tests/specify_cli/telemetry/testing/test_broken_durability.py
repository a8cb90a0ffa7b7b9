"""Stores over the same data of which one breaks the contract turn the right tests red."""

from __future__ import annotations

import itertools
import re
from functools import partial
from pathlib import Path

import pytest

from specify_cli.spec_kitty_events import Event
from specify_cli.telemetry.testing import DurableEventStoreContract

from . import broken_durability
from .test_broken_stores import SAYS
from .working_stores import FileStore, failures, only

REOPENED = {
    "promises_hold_for_a_store_opened_for_each_call",
    "promises_hold_for_a_store_that_saves_and_another_that_loads",
}
FAILING: dict[str, set[str]] = {
    "FileStore": set(),
    "SplittingText": REOPENED | {"every_field_comes_back"},
    "NotDurable": REOPENED
    | {
        "a_saved_event_stays_as_it_was",
        "another_store_has_what_was_saved",
        "another_store_knows_the_ids",
        "stores_take_turns",
    },
    "NotIdempotentWhenOpened": REOPENED
    | {
        "a_save_keeps_an_event_or_refuses_it",
        "another_store_knows_the_ids",
        "stores_take_turns",
    },
    "Stale": {
        "a_saved_event_stays_as_it_was",
        "promises_hold_for_a_store_that_saves_and_another_that_loads",
        "stores_take_turns",
    },
    "LossyInItsFile": REOPENED | {"a_saved_event_stays_as_it_was"},
    "KeepingTheCallersEvent": {"a_saved_event_stays_as_it_was"},
    "HidingItsRepeats": REOPENED | {"another_store_knows_the_ids", "stores_take_turns"},
}
STORES = {
    name: thing
    for name, thing in vars(broken_durability).items()
    if isinstance(thing, type) and issubclass(thing, FileStore)
}


@pytest.mark.parametrize("name", STORES)
def test_a_broken_store_fails_the_tests_of_what_it_breaks(name: str, tmp_path: Path) -> None:
    """It fails these and no others; one that keeps the contract fails none."""
    numbers = itertools.count()
    failing = failures(
        lambda: partial(STORES[name], tmp_path / str(next(numbers))), DurableEventStoreContract
    )
    assert failing.keys() == FAILING[name]
    for test, says in failing.items():
        assert SAYS.match(says), f"{test}: {says}"


def test_stores_that_take_turns_are_looked_at_after_each_save(tmp_path: Path) -> None:
    """The first event that one of them does not see is missed at once."""
    contract = only(DurableEventStoreContract, "stores_take_turns")
    (says,) = failures(
        lambda: partial(broken_durability.Stale, tmp_path / "events"), contract
    ).values()
    assert re.match(r"load_all_events\(\) is wrong:\nnot loaded: event [^\n]*$", says)


class CopyingWhatItIsGiven(FileStore):
    """Shares nothing with whoever saves."""

    def kept(self, event: Event) -> Event:
        """Return an event as it comes back."""
        return super().kept(event).model_copy(deep=True)


class CopyingWhatItGives(FileStore):
    """Shares nothing with whoever loads."""

    def load_all_events(self) -> list[Event]:
        """Return every event."""
        return [event.model_copy(deep=True) for event in super().load_all_events()]


class SharingWhatIsSaved(CopyingWhatItGives, broken_durability.KeepingTheCallersEvent):
    """Keeps the object that it was given, and gives it to nobody."""


class SharingWhatIsLoaded(CopyingWhatItIsGiven, broken_durability.KeepingTheCallersEvent):
    """Gives the object that it keeps, and got it from nobody."""


class SharingWhatIsLoadedOfOneAggregate(CopyingWhatItGives, SharingWhatIsLoaded):
    """Gives it to those who load one aggregate."""

    def load_events(self, aggregate_id: str) -> list[Event]:
        """Return the events of one aggregate."""
        return [event for event in self.events if self.belongs(event, aggregate_id)]


class SharingNothing(CopyingWhatItGives, CopyingWhatItIsGiven, broken_durability.NotDurable):
    """Writes nothing either."""


@pytest.mark.parametrize(
    ("store", "says"),
    [
        (SharingWhatIsSaved, r"what a load returned is wrong:\nchanged: .*\[1, 'saved'\]\}"),
        (SharingWhatIsLoaded, r"what a load returned is wrong:\nchanged: .*\[1, 'loaded'\]\}"),
        (
            SharingWhatIsLoadedOfOneAggregate,
            r"load_all_events\(\) is wrong:\nchanged: .*\[1, 'loaded'\]\}",
        ),
        (SharingNothing, r"load_all_events\(\) is wrong:\nnot loaded: event"),
    ],
)
def test_a_payload_that_is_shared_with_the_caller_is_found(
    store: type[FileStore], says: str, tmp_path: Path
) -> None:
    """With whoever saved it, or with whoever loaded it, by one load or the other."""
    contract = only(DurableEventStoreContract, "a_saved_event_stays_as_it_was")
    (found,) = failures(lambda: partial(store, tmp_path / "events"), contract).values()
    assert re.match(says, found), found
