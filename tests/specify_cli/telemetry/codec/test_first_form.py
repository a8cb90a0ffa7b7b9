"""Which contract is written and read field by field."""

from __future__ import annotations

from specify_cli.spec_kitty_events import Event
from specify_cli.telemetry._codec import EventCodec


class Renamed(Event):
    """The vendored contract under another name."""


class Wider(Event):
    """The vendored contract with one more field."""

    build_id: str = ""


def test_the_vendored_contract_has_the_first_form() -> None:
    """Whatever its name; with any other field it is another."""
    has_it = {
        model: EventCodec(model, "event_id", "aggregate_id")._forms.is_first_form
        for model in (Event, Renamed, Wider)
    }
    assert has_it == {Event: True, Renamed: True, Wider: False}
