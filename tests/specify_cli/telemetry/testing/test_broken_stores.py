"""Each broken promise turns the right tests red, and they say what is wrong."""

from __future__ import annotations

import re

import pytest

from specify_cli.spec_kitty_events import EventStore, InMemoryEventStore

from . import broken_aggregates, broken_stores, broken_values
from .working_stores import InParts, Refusing, Store, failures

WITH_EVENTS = {
    "a_save_does_not_change_the_event",
    "a_save_keeps_an_event_or_refuses_it",
    "aggregates_are_apart",
    "an_event_that_is_only_mentioned_can_be_saved",
    "every_field_comes_back",
    "ids_are_apart",
    "loads_are_in_causal_order",
    "many_events_are_loaded",
    "one_event_stays_under_an_id",
    "saving_again_changes_nothing",
    "ties_are_in_the_contracts_order",
    "what_a_load_returns_is_the_callers",
    "what_is_saved_is_loaded",
}
WITH_TIES = {
    "one_event_stays_under_an_id",
    "saving_again_changes_nothing",
    "ties_are_in_the_contracts_order",
}
WITH_NODES = {"every_field_comes_back", "loads_are_in_causal_order"}
WITH_LARGE_CLOCKS = WITH_NODES | {"a_save_keeps_an_event_or_refuses_it"}
WITH_VALUES = {"a_save_does_not_change_the_event", "every_field_comes_back"}

FAILING = {
    "Unsorted": {
        "a_save_keeps_an_event_or_refuses_it",
        "an_event_that_is_only_mentioned_can_be_saved",
        "every_field_comes_back",
        "loads_are_in_causal_order",
    },
    "SortedByClockOnly": {"loads_are_in_causal_order"},
    "SortedByText": WITH_NODES | {"many_events_are_loaded"},
    "SortedByTimestamp": WITH_TIES | {"loads_are_in_causal_order"},
    "SortedByTimestampAtLast": WITH_TIES | {"loads_are_in_causal_order"},
    "SortedByUtf16": {"loads_are_in_causal_order"},
    "SortedByFloat": {"loads_are_in_causal_order"},
    "KeepingRepeats": {
        "a_save_does_not_change_the_event",
        "ids_are_apart",
        "one_event_stays_under_an_id",
        "saving_again_changes_nothing",
    },
    "KeepingVersions": {"one_event_stays_under_an_id"},
    "MovingRepeats": {"one_event_stays_under_an_id", "saving_again_changes_nothing"},
    "TakingMentionsForEvents": {
        "a_save_keeps_an_event_or_refuses_it",
        "an_event_that_is_only_mentioned_can_be_saved",
        "ids_are_apart",
    },
    "KnowingIdsByAggregate": {"one_event_stays_under_an_id"},
    "KnowingObjects": {
        "ids_are_apart",
        "one_event_stays_under_an_id",
        "saving_again_changes_nothing",
    },
    "KnowingIdsWithoutCase": {"ids_are_apart"},
    "KnowingIdsStripped": {"ids_are_apart"},
    "KnowingIdsAsNumbers": {"ids_are_apart"},
    "RememberingRefusedIds": {"a_save_keeps_an_event_or_refuses_it"},
    "SwallowingErrors": {"a_save_keeps_an_event_or_refuses_it"},
    "ShowingWhatItRefuses": {"a_save_keeps_an_event_or_refuses_it"},
    "Late": WITH_EVENTS,
    "FirstHundred": {"loads_are_in_causal_order", "many_events_are_loaded"},
    "Leaking": {"what_a_load_returns_is_the_callers"},
    "ReturningOneList": {"what_a_load_returns_is_the_callers"},
    "ReturningItsCache": {"what_a_load_returns_is_the_callers"},
    "ReturningTuples": WITH_EVENTS | {"a_new_store_is_empty"},
    "Inventing": WITH_EVENTS | {"a_new_store_is_empty"},
    "MixingAlike": {
        "aggregates_are_apart",
        "loads_are_in_causal_order",
        "one_event_stays_under_an_id",
    },
    "MixingPrefixes": {"a_save_keeps_an_event_or_refuses_it", "aggregates_are_apart"},
    "MixingAll": {
        "a_save_keeps_an_event_or_refuses_it",
        "aggregates_are_apart",
        "loads_are_in_causal_order",
        "one_event_stays_under_an_id",
    },
    "MixingStripped": {"aggregates_are_apart"},
    "MixingFolded": {"aggregates_are_apart"},
    "MixingNormalized": {"aggregates_are_apart"},
    "MixingPatterns": {"aggregates_are_apart"},
    "MixingNumbers": {"aggregates_are_apart"},
    "MixingLong": {"aggregates_are_apart"},
    "MixingBeforeNul": {"a_save_keeps_an_event_or_refuses_it"},
    "AllForNoAggregate": {"aggregates_are_apart"},
    "LosingPayloads": WITH_VALUES
    | {
        "a_save_keeps_an_event_or_refuses_it",
        "aggregates_are_apart",
        "an_event_that_is_only_mentioned_can_be_saved",
        "ids_are_apart",
        "loads_are_in_causal_order",
    },
    "LosingCauses": WITH_VALUES | {"an_event_that_is_only_mentioned_can_be_saved"},
    "ReturningAnotherType": WITH_EVENTS,
    "TrueAsOne": WITH_VALUES,
    "OneAsFloat": WITH_VALUES | {"loads_are_in_causal_order"},
    "FloatAsOne": WITH_VALUES,
    "NotANumberAsNull": {"a_save_keeps_an_event_or_refuses_it"},
    "ObjectsAsText": {"a_save_keeps_an_event_or_refuses_it"},
    "ReplacingSurrogates": {"a_save_keeps_an_event_or_refuses_it"},
    "StrippingText": WITH_VALUES | {"ids_are_apart"},
    "CuttingText": {"every_field_comes_back"},
    "BigNumbersAsFloats": {"a_save_keeps_an_event_or_refuses_it"},
    "NormalizingKeys": {"a_save_keeps_an_event_or_refuses_it", "every_field_comes_back"},
    "KeysAsText": {"a_save_keeps_an_event_or_refuses_it"},
    "NoPayloadForAnEmptyOne": WITH_EVENTS
    - {
        "a_save_does_not_change_the_event",
        "aggregates_are_apart",
        "ids_are_apart",
        "loads_are_in_causal_order",
    },
    "WithoutNulls": {"every_field_comes_back"},
    "LosingMicroseconds": WITH_EVENTS,
    "LosingTheOffset": WITH_EVENTS,
    "TimesAsFloats": {"every_field_comes_back"},
    "ClocksOf32Bits": WITH_LARGE_CLOCKS,
    "ClocksAsFloats": WITH_LARGE_CLOCKS,
    "ClocksAsText": WITH_EVENTS,
    "StrippingNodes": WITH_NODES,
    "EndingNodesAtNul": {"a_save_keeps_an_event_or_refuses_it"},
    "ChangingTheCallersPayload": {"a_save_does_not_change_the_event"},
    "SortingTheCallersPayload": {"a_save_does_not_change_the_event"},
    "ChangingWhatItKeeps": WITH_EVENTS,
}

# Whether other tests fail too is chance.
FAILING_AT_LEAST = {
    "SortedById": WITH_TIES - {"one_event_stays_under_an_id"},
    "SortedByFallingId": WITH_TIES,
}
STORES = {
    name: thing
    for module in (broken_stores, broken_aggregates, broken_values)
    for name, thing in vars(module).items()
    if isinstance(thing, type) and issubclass(thing, Store) and thing.__module__ == module.__name__
}
# What a failure begins with, unless the store has raised something.
SAYS = re.compile(
    r"(load_all_events\(\)|load_events\(('.*'|\".*\"|)\)|the event after save_event\(\)"
    r"|what load_(all_)?events\(\) had returned before another save"
    r"|what a load returned"
    r"|a load while others save) is wrong: ?"
    r"(\n(not loaded|does not belong here|loaded \d+ times|changed|the order is)"
    r"|a tuple, not a list$)"
    r"|save_event\(\) has changed the order in the payload$|raised "
)


@pytest.mark.parametrize("name", sorted(STORES.keys() - {"ChangingValues"}))
def test_a_broken_store_fails_the_tests_of_what_it_breaks(name: str) -> None:
    """It fails these and no others, and each failure says what was wrong of what."""
    failing = failures(lambda: STORES[name])
    if name in FAILING_AT_LEAST:
        assert failing.keys() >= FAILING_AT_LEAST[name]
    else:
        assert failing.keys() == FAILING[name]
    for test, says in failing.items():
        assert SAYS.match(says), f"{test}: {says}"


@pytest.mark.parametrize(
    "name",
    [
        *("Inventing", "KeepingRepeats", "Late", "LosingMicroseconds", "MovingRepeats"),
        *("ReturningItsCache", "ReturningOneList", "ReturningTuples", "Unsorted"),
    ],
)
def test_each_of_the_loads_is_looked_at(name: str) -> None:
    """A store that breaks one of them fails no fewer tests."""
    of_one, of_all = (
        failures(lambda: lambda: InParts(STORES[name](), Store())),
        failures(lambda: lambda: InParts(Store(), STORES[name]())),
    )
    assert of_one.keys() == of_all.keys() == FAILING[name]
    for says in (*of_one.values(), *of_all.values()):
        assert SAYS.match(says), says


@pytest.mark.parametrize(
    ("name", "test", "says"),
    [
        *(
            (name, "what_a_load_returns_is_the_callers", says)
            for name, says in (
                ("ReturningItsCache", "load_all_events() is wrong"),
                ("Leaking", "load_all_events() is wrong"),
                ("ReturningOneList", "what load_all_events() had returned before another save is"),
            )
        ),
        *(
            (name, "a_save_does_not_change_the_event", says)
            for name, says in (
                ("ChangingTheCallersPayload", "the event after save_event() is wrong"),
                ("SortingTheCallersPayload", "save_event() has changed the order in the payload"),
            )
        ),
    ],
)
def test_a_failure_says_what_was_wrong_first(name: str, test: str, says: str) -> None:
    """A test ends at the first of the things that it looks at."""
    assert failures(lambda: STORES[name])[test].startswith(says)


@pytest.mark.parametrize("store", [InMemoryEventStore, Refusing, Store])
def test_a_store_that_keeps_the_contract_fails_nothing(store: type[EventStore]) -> None:
    """What the broken stores are made of is not what is found."""
    assert failures(lambda: store) == {}
