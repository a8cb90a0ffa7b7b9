r"""Events to lines and lines to events, without any I/O.

The file format::

    log     = *line
    line    = object LF
    object  = the fields of one event as a JSON object

Written, a line is UTF-8 (in fact ASCII) and has one form only: what ``json.dumps(...,
sort_keys=True)`` gives. Keys are sorted at every level, separators are ``", "`` and ``": "``,
non-ASCII characters are escaped, timestamps are in ``isoformat()``. Encoding what was decoded
therefore gives the same bytes, and two writers of one event write one line.

Read, any JSON spelling of a valid event will do: other spacing, key order and escapes, CR LF, a
byte order mark, lone surrogates, a last line without LF. Blank lines mean nothing. Every other line
is malformed; it never affects its neighbours.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Hashable
from datetime import datetime
from typing import Any, Generic, cast
from uuid import UUID

from pydantic import ValidationError

from .event import EventT
from .first_form import first_form_text
from .json_values import (
    MAX_DIGITS,
    Json,
    UnstorableError,
    dump,
    json_terms,
)
from .malformed import MalformedLineError, first_error, reason_of
from .model import NEEDED, check_made, check_model
from .schema import ModelSchema

_BOM = b"\xef\xbb\xbf"


class EventCodec(Generic[EventT]):
    """Turns the events of one model into lines and back.

    Args:
        model: A pydantic model.

    Attributes:
        model: The model.
        ids_are_verbatim: Whether an event's id is in its line as it is in the event, but for
            JSON's own escapes: the model neither changes, renames nor replaces it.
        aggregates_are_verbatim: The same of its aggregate.
        clocks_are_verbatim: Whether a clock is a number in its line, under its own name.
        order_is_total: Whether every event has a clock and a node that can be compared as they are.
    """

    def __init__(self, model: type[EventT]) -> None:
        """Look at the model's schema, once.

        Raises:
            TypeError: It is no model of events.
        """
        check_model(model)
        schema = ModelSchema(model)
        self.model = cast("type[Any]", model)
        self.id_key: str | None = "event_id"
        self.aggregate_key = "aggregate_id"
        self.ids_are_verbatim = "event_id" in schema.verbatim
        self.aggregates_are_verbatim = "aggregate_id" in schema.verbatim
        self.clocks_are_verbatim = "lamport_clock" in schema.numbers
        self.order_is_total = "lamport_clock" in schema.numbers and "node_id" in schema.verbatim
        # Of such a model nothing but an event comes.
        self._makes_events = (
            self.ids_are_verbatim
            and self.aggregates_are_verbatim
            and self.model.model_fields.keys() >= {*NEEDED}
        )
        self._opaque = schema.opaque
        self._is_first_form = schema.is_first_form
        # What model_validate and model_validate_json call; a tenth of a load goes into their own
        # checks.
        validator = self.model.__pydantic_validator__
        self._validate = validator.validate_python
        self._validate_json = validator.validate_json

    def check(self, value: object) -> None:
        """Raise TypeError unless ``value`` is an event of the model."""
        if not isinstance(value, self.model):
            expected = f"{self.model.__module__}.{self.model.__qualname__}"
            raise TypeError(f"not an event of this store, which takes {expected}: {value!r:.200}")

    def id_of(self, value: EventT) -> str:
        """Return the id of an event, whatever went round the model's checks."""
        return value.event_id  # type: ignore[attr-defined, no-any-return]  # its model has it

    def aggregate_of(self, value: EventT) -> str:
        """Return the aggregate of an event."""
        return value.aggregate_id  # type: ignore[attr-defined, no-any-return]  # its model has it

    def encode(self, event: EventT) -> bytes:
        """Return the line that stores ``event``, newline included.

        ``decode`` gives an event whose fields equal this one's, what JSON has no form for in JSON
        terms where the model takes anything: unless the event is so simple that this is certain,
        the line has been read back.

        Raises:
            UnstorableError: No line would give the event back.
        """
        try:
            text = (
                self._simple_text(event) or self._plain_text(event) or self._converted_text(event)
            )
        except MemoryError:
            raise
        # The payload is the caller's, and the model too: they may raise anything.
        except Exception as error:
            raise UnstorableError(reason_of(error)) from error
        return text.encode("ascii") + b"\n"

    def decode(self, line: bytes) -> EventT:
        """Return the event that ``line`` holds, with or without its newline.

        Raises:
            MalformedLineError: The line is not an event, or its model raised something.
        """
        try:
            event: EventT = self._validate_json(line)
        except ValidationError as error:
            if first_error(error)["type"] != "json_invalid":
                raise MalformedLineError(reason_of(error)) from error
            event = self._decode_tolerantly(line)
        except MemoryError:
            raise
        except Exception as error:
            raise MalformedLineError(reason_of(error)) from error
        if not self._makes_events:
            check_made(event, self.model)
        return event

    def loads_as(self, line: bytes) -> str | None:
        """Return the id of the event that ``line`` loads as, or None if it is malformed."""
        try:
            return self.id_of(self.decode(line))
        except MalformedLineError:
            return None

    def _simple_text(self, event: EventT) -> str | None:
        """Return the JSON of an event that is certain to read back, or None."""
        if not self._is_first_form or type(event) is not self.model:
            return None
        return first_form_text(vars(event), self._validate)

    def _plain_text(self, event: EventT) -> str | None:
        """Return the JSON of an event whose payload is in JSON terms already, as nearly all are."""
        fields = _fields(event)
        try:
            text = dump(_record(fields))
        except TypeError:
            return None
        return text if _fields(self.decode(text.encode())) == fields else None

    def _converted_text(self, event: EventT) -> str:
        """Return the JSON of an event after putting each of its fields in JSON terms."""
        fields = _fields(event)
        record = {
            name: _field_in_json_terms(name, value) for name, value in _record(fields).items()
        }
        text = dump(record)
        stored = _fields(self.decode(text.encode()))
        for name, value in fields.items():
            if name not in stored:
                raise UnstorableError(f"{name}: {self.model.__name__} has no such field")
            if stored[name] == value:
                continue
            takes_anything = name in self._opaque or name in _extra(event)
            if takes_anything and json_terms(stored[name]) == record[name]:
                continue
            raise UnstorableError(f"{name}: does not read back")
        for name in stored.keys() - fields.keys():
            raise UnstorableError(f"{name}: is missing, and would not be")
        return text

    def _decode_tolerantly(self, line: bytes) -> EventT:
        """Decode what the fast parser refuses: lone surrogates, a byte order mark, deep nesting."""
        try:
            if line.startswith(_BOM):
                return self.decode(line.removeprefix(_BOM))
            event: EventT = self._validate(_decoder.decode(line.decode()))
        except MemoryError:
            raise
        except Exception as error:
            raise MalformedLineError(reason_of(error)) from error
        return event


_codec_of = functools.cache(EventCodec)


def codec_of(model: type[EventT]) -> EventCodec[EventT]:
    """Return the codec of a model, the same one every time."""
    codec: EventCodec[EventT] = _codec_of(cast("Hashable", model))
    return codec


def is_blank(line: bytes) -> bool:
    """Return whether ``line`` holds nothing at all, and so nothing malformed either."""
    return not line.removeprefix(_BOM).strip()


def _fields(event: EventT) -> dict[str, Any]:
    # Not to_dict, which copies the payload and converts and repairs some of it on the way; nor all
    # that is in the instance's dictionary, where cached properties are too.
    values = vars(event)
    model: type[Any] = type(event)
    fields = {name: values[name] for name in model.model_fields if name in values}
    return {**fields, **_extra(event)}


def _extra(event: object) -> dict[str, Any]:
    return getattr(event, "model_extra", None) or {}


def _record(fields: dict[str, object]) -> dict[str, object]:
    record = dict(fields)
    for name, value in fields.items():
        if isinstance(value, datetime):
            record[name] = value.isoformat()
        elif isinstance(value, UUID):
            record[name] = str(value)
    return record


def _field_in_json_terms(name: str, value: object) -> Json:
    try:
        return json_terms(value)
    except UnstorableError as error:
        raise UnstorableError(f"{name}: {error}") from error


def _bounded_int(digits: str) -> int:
    # Not the interpreter's own limit: what loads in one process has to load in every other.
    if len(digits.lstrip("-")) > MAX_DIGITS:
        raise MalformedLineError(f"an integer of more than {MAX_DIGITS} digits")
    return int(digits)


_decoder = json.JSONDecoder(parse_int=_bounded_int)
