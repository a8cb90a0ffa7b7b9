"""Models of rows, and what is known of such a type before a line is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, create_model
from pydantic_core import CoreSchema
from typing_extensions import TypeAliasType

from specify_cli.telemetry._codec import EventCodec


def same(value: Any) -> Any:
    """Return a value."""
    return value


def informed(value: Any, _: object) -> Any:
    """Return a value, and see others."""
    return value


def around(value: Any, handler: Callable[[Any], Any]) -> Any:
    """Return what another function makes of a value."""
    return handler(value)


def informed_around(value: Any, handler: Callable[[Any], Any], _: object) -> Any:
    """Do the same, and see others."""
    return handler(value)


class Around:
    """Puts one schema around another, as a type of somebody's own may."""

    def __init__(self, make: Callable[[CoreSchema], CoreSchema]) -> None:
        """Make it like this."""
        self._make = make

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Return the schema."""
        return self._make(handler(source))


Name = TypeAliasType("Name", Annotated[str, Field(min_length=1)])
Maybe = TypeAliasType("Maybe", int | None)

# The fields of a row; all that is known of one is known of this.
PLAIN: dict[str, Any] = {
    "id": (str, ...),
    "of": (str, ...),
    "lamport_clock": (int, ...),
    "node_id": (str, ...),
}
ALL = {"id", "of", "clock", "any event", "known types"}


def row(config: ConfigDict | None = None, /, **fields: Any) -> type[BaseModel]:
    """Return a model of rows, some fields of which are others."""
    model: type[BaseModel] = create_model("Row", __config__=config, **(PLAIN | fields))
    return model


def codec_of_rows(of: Any) -> EventCodec[Any]:
    """Return the codec of a type of rows."""
    return EventCodec(of, "id", "of")


def known(codec: EventCodec[Any]) -> set[str]:
    """Return what is known.

    That is which of the fields stand in a line as they are, or are ``read`` on their own; whether a
    clock is optional; whether nothing but an event comes of a line; and whether the types of all
    fields are known, so that no event is read back.
    """
    facts = {
        "id": codec.ids_are_verbatim,
        "read": codec.read_ids is not None,
        "of": codec.aggregates_are_verbatim,
        "clock": codec.clocks_are_verbatim,
        "optional": codec.clock_is_optional,
        "any event": codec._makes_events,
        "known types": codec._known_types is not None,
    }
    return {fact for fact, is_known in facts.items() if is_known}
