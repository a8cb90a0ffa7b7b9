"""The vendored contract."""

from __future__ import annotations

from datetime import datetime

import pydantic
import pytest

from specify_cli import spec_kitty_events
from specify_cli.spec_kitty_events import Event, EventStore, models, storage

from ..support.events import WHEN, make_event


def test_everything_is_in_the_package_and_its_modules() -> None:
    """The names of the contract can be imported from where its users expect them."""
    for name in ("Event", "SpecKittyEventsError", "StorageError", "ValidationError"):
        assert getattr(spec_kitty_events, name) is getattr(models, name)
    for name in ("EventStore", "InMemoryEventStore", "StorageError"):
        assert getattr(spec_kitty_events, name) is getattr(storage, name)
    assert spec_kitty_events.__all__ == sorted(spec_kitty_events.__all__)


def test_errors_have_one_base() -> None:
    """Catching the base catches both errors."""
    assert issubclass(spec_kitty_events.StorageError, spec_kitty_events.SpecKittyEventsError)
    assert issubclass(spec_kitty_events.ValidationError, spec_kitty_events.SpecKittyEventsError)


def test_an_event_cannot_be_changed() -> None:
    """Events are frozen."""
    event = make_event()
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        event.lamport_clock = 2  # type: ignore[misc]  # the assignment is what is tested


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("event_id", "x" * 25),
        ("event_id", "x" * 27),
        ("event_type", ""),
        ("aggregate_id", ""),
        ("node_id", ""),
        ("lamport_clock", -1),
        ("causation_id", "x" * 25),
        ("payload", []),
        ("timestamp", "yesterday"),
    ],
)
def test_an_event_out_of_form_is_refused(field: str, value: object) -> None:
    """Each field has the bounds the contract gives it."""
    data = make_event().to_dict() | {field: value}
    with pytest.raises(pydantic.ValidationError) as caught:
        Event.from_dict(data)
    assert [error["loc"][0] for error in caught.value.errors()] == [field]


def test_payload_and_causation_have_defaults() -> None:
    """An event needs neither details nor a cause."""
    data = make_event().to_dict()
    del data["payload"], data["causation_id"]
    event = Event.from_dict(data)
    assert event.payload == {}
    assert event.causation_id is None


def test_a_dictionary_round_trip_gives_the_event_back() -> None:
    """The dictionary keeps the timestamp as it is, and unknown fields are ignored."""
    event = make_event()
    data = event.to_dict()
    assert data["timestamp"] is event.timestamp
    assert Event.from_dict(data | {"schema_version": "3.0.0"}) == event


def test_repr_is_short() -> None:
    """The payload, which may be long, is left out."""
    event = make_event(event_id="E" * 26, payload={"secret": "x" * 1000})
    assert repr(event) == (
        f"Event(event_id='{'E' * 26}', event_type='ExecutionEvent', "
        "aggregate_id='043-telemetry-foundation', lamport_clock=1, node_id='cli:WP01')"
    )


def test_event_store_is_abstract() -> None:
    """A store has to implement all three methods."""
    abstract: type = EventStore
    with pytest.raises(TypeError, match="abstract"):
        abstract()


def test_timestamp_is_a_datetime() -> None:
    """A timestamp given as text is parsed."""
    data = make_event().to_dict() | {"timestamp": WHEN.isoformat()}
    assert isinstance(Event.from_dict(data).timestamp, datetime)
