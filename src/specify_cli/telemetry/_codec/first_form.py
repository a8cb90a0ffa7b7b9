"""Events with the fields of the contract in its first form, which are encoded field by field."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

from pydantic_core import TzInfo

from .json_values import digits_are_bounded, dump_known_plain, is_plain

_NAME = {"type": "str", "min_length": 1}
_ULID = {"type": "str", "min_length": 26, "max_length": 26}
_OBJECT = {"type": "dict", "keys_schema": {"type": "str"}, "values_schema": {"type": "any"}}

# The fields of the contract in its first form, to the last constraint.
FIRST_FORM = {
    "aggregate_id": _NAME,
    "causation_id": {
        "type": "default",
        "default": None,
        "schema": {"type": "nullable", "schema": _ULID},
    },
    "event_id": _ULID,
    "event_type": _NAME,
    "lamport_clock": {"type": "int", "ge": 0},
    "node_id": _NAME,
    "payload": {"type": "default", "default_factory": dict, "schema": _OBJECT},
    "timestamp": {"type": "datetime", "microseconds_precision": "truncate"},
}

# What isoformat gives for a naive time or for an offset in hours and minutes, each with and without
# a fraction of a second. Offsets that do not read back make it longer.
_TIME_LENGTHS = {19, 25, 26, 32}
# In any other zone an hour may come twice. A time in it equals none that has an offset only.
_ZONES = {type(None), timezone, TzInfo}

_quote = json.encoder.encode_basestring_ascii


def first_form_text(fields: dict[str, Any], validate: Callable[[object], object]) -> str | None:
    """Return the JSON of an event that is certain to read back, or None.

    Three fifths of the time of writing and reading back, 5.4 against 8.9 microseconds: the payload
    holds nothing but JSON's own types, whose text reads back; the other fields are few enough to
    write out, and the model itself checks that they are what it reads.

    Args:
        fields: The fields of an event whose model has the first form.
        validate: What makes an event of such fields.
    """
    if fields.keys() != FIRST_FORM.keys():
        return None
    payload, clock, time = fields["payload"], fields["lamport_clock"], fields["timestamp"]
    if not (type(clock) is int and type(time) is datetime and type(payload) is dict):
        return None
    if type(time.tzinfo) not in _ZONES:
        return None
    when = time.isoformat()
    if len(when) not in _TIME_LENGTHS or not (is_plain(payload) and digits_are_bounded()):
        return None
    envelope = {**fields, "payload": {}}
    if vars(validate(envelope)) != envelope:
        return None
    causation_id = fields["causation_id"]
    return (
        f'{{"aggregate_id": {_quote(fields["aggregate_id"])}, '
        f'"causation_id": {"null" if causation_id is None else _quote(causation_id)}, '
        f'"event_id": {_quote(fields["event_id"])}, '
        f'"event_type": {_quote(fields["event_type"])}, '
        f'"lamport_clock": {clock}, '
        f'"node_id": {_quote(fields["node_id"])}, '
        f'"payload": {dump_known_plain(payload)}, '
        f'"timestamp": "{when}"}}'
    )
