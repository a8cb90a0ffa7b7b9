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

import json
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from ..spec_kitty_events import Event
from ._payload import (
    MAX_DIGITS,
    UnstorableError,
    digits_are_bounded,
    dump,
    dump_plain,
    is_plain,
    json_terms,
)

_FIELDS = {
    "aggregate_id",
    "causation_id",
    "event_id",
    "event_type",
    "lamport_clock",
    "node_id",
    "payload",
    "timestamp",
}

# What isoformat gives for a naive time or for an offset in hours and minutes, each with and without
# a fraction of a second. Offsets that do not read back make it longer.
_TIME_LENGTHS = {19, 25, 26, 32}

_quote = json.encoder.encode_basestring_ascii
# What model_validate and model_validate_json call; a tenth of a load goes into their own checks.
_validate = Event.__pydantic_validator__.validate_python
_validate_json = Event.__pydantic_validator__.validate_json

_BOM = b"\xef\xbb\xbf"


class MalformedLineError(ValueError):
    """A line is not an event; the message is the reason."""


def encode(event: Event) -> bytes:
    """Return the line that stores ``event``, newline included.

    ``decode`` gives an event equal to this one, its payload in JSON terms: unless the event is so
    simple that this is certain, the line has been read back.

    Raises:
        UnstorableError: No line would give the event back.
    """
    try:
        text = _simple_text(event) or _plain_text(event) or _converted_text(event)
    # The payload is the caller's: its objects may raise anything while they are turned into JSON.
    except Exception as error:
        raise UnstorableError(_one_line(error)) from error
    return text.encode("ascii") + b"\n"


def decode(line: bytes) -> Event:
    """Return the event that ``line`` holds, with or without its newline.

    Raises:
        MalformedLineError: The line is not an event.
    """
    try:
        event: Event = _validate_json(line)
    except ValidationError as error:
        if error.errors(include_url=False)[0]["type"] != "json_invalid":
            raise MalformedLineError(_one_line(error)) from error
        return _decode_tolerantly(line)
    return event


def is_blank(line: bytes) -> bool:
    """Return whether ``line`` holds nothing at all, and so nothing malformed either."""
    return not line.removeprefix(_BOM).strip()


def _simple_text(event: Event) -> str | None:
    """Return the JSON of an event that is certain to read back, or None.

    A third less time than writing and reading back, 6.0 against 9.5 microseconds: the payload holds
    nothing but JSON's own types, whose text reads back; the other fields are few enough to write
    out, and the contract itself checks that they are what it reads.
    """
    fields = _fields(event)
    if fields.keys() != _FIELDS:
        return None
    payload, clock, time = fields["payload"], fields["lamport_clock"], fields["timestamp"]
    if not (type(clock) is int and type(time) is datetime and type(payload) is dict):
        return None
    when = time.isoformat()
    if len(when) not in _TIME_LENGTHS or not (is_plain(payload) and digits_are_bounded()):
        return None
    envelope = {**fields, "payload": {}}
    if vars(_validate(envelope)) != envelope:
        return None
    causation_id = fields["causation_id"]
    return (
        f'{{"aggregate_id": {_quote(fields["aggregate_id"])}, '
        f'"causation_id": {"null" if causation_id is None else _quote(causation_id)}, '
        f'"event_id": {_quote(fields["event_id"])}, '
        f'"event_type": {_quote(fields["event_type"])}, '
        f'"lamport_clock": {clock}, '
        f'"node_id": {_quote(fields["node_id"])}, '
        f'"payload": {dump_plain(payload)}, '
        f'"timestamp": "{when}"}}'
    )


def _plain_text(event: Event) -> str | None:
    """Return the JSON of an event whose payload is in JSON terms already, as nearly all are."""
    fields = _fields(event)
    try:
        text = dump(_record(fields))
    except TypeError:
        return None
    return text if _fields(decode(text.encode())) == fields else None


def _converted_text(event: Event) -> str:
    """Return the JSON of an event after putting each of its fields in JSON terms."""
    record = {name: json_terms(value) for name, value in _record(_fields(event)).items()}
    text = dump(record)
    stored = decode(text.encode())
    for name, value in _record(_fields(stored)).items():
        if json_terms(value) != record.get(name):
            raise UnstorableError(f"{name}: does not read back")
    if stored.event_id != event.event_id:  # bytes, say: it would not be known by the id it has
        raise UnstorableError("event_id: does not read back")
    return text


def _fields(event: Event) -> dict[str, Any]:
    # Not to_dict, which copies the payload and converts and repairs some of it on the way.
    return {**vars(event), **event.model_extra} if event.model_extra else vars(event)


def _record(fields: dict[str, object]) -> dict[str, object]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in fields.items()
    }


def _decode_tolerantly(line: bytes) -> Event:
    """Decode what the fast parser refuses: lone surrogates, a byte order mark, deep nesting."""
    try:
        return Event.model_validate(_decoder.decode(line.decode("utf-8-sig")))
    except (ValueError, RecursionError) as error:
        raise MalformedLineError(_one_line(error)) from error


def _bounded_int(digits: str) -> int:
    # Not the interpreter's own limit: what loads in one process has to load in every other.
    if len(digits.lstrip("-")) > MAX_DIGITS:
        raise MalformedLineError(f"an integer of more than {MAX_DIGITS} digits")
    return int(digits)


_decoder = json.JSONDecoder(parse_int=_bounded_int)


def _one_line(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_context=False)[0]
        return ": ".join([*(str(part) for part in first["loc"]), first["msg"]])
    return (str(error) or type(error).__name__).splitlines()[0]
