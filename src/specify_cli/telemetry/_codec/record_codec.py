"""Records of any kind to lines and back: JSON objects, or lines that are encoded already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from pydantic_core import from_json

from .event import EventId, IdReader, shown
from .json_values import (
    MAX_NESTING,
    UnstorableError,
    digits_are_bounded,
    dump,
    dump_known_plain,
    is_plain,
    json_terms,
    parse,
    parse_strictly,
)
from .malformed import MalformedLineError, reason_of

Record: TypeAlias = Mapping[str, Any] | bytes | bytearray | str
"""A record to append: any mapping, or the one line that it is in a log."""

# Beyond 64 bits other readers lose digits, and two ids may become one.
_MAX_INTEGER = (1 << 63) - 1


class RecordCodec:
    """Turns records into lines and back.

    Args:
        key: The field whose value tells a record from every other, or the way to it, with dots
            between the names; None if nothing does.

    Attributes:
        key: The same.
        id_key: The last name of it.
        ids_are_verbatim: Whether the id is found in a line by searching for its characters.
    """

    read_ids: IdReader | None = None

    def __init__(self, key: str | None = None) -> None:
        """Look at the key.

        Raises:
            TypeError: The key is no text.
            ValueError: A name in it is empty.
        """
        if key is not None and not isinstance(key, str):
            raise TypeError(f"a key is a str or None, not {key!r}")
        self._names = () if key is None else tuple(key.split("."))
        if "" in self._names:
            raise ValueError(f"not a key: {key!r}")
        self.key = key
        self.id_key: str | None = self._names[-1] if self._names else None
        # Any other name has several spellings in JSON.
        self.ids_are_verbatim = (
            key is not None and key.isascii() and key.isprintable() and not {'"', "\\"} & {*key}
        )

    def check(self, value: object) -> None:
        """Raise TypeError unless ``value`` may be a record."""
        if not isinstance(value, (Mapping, str, bytes, bytearray)):
            raise TypeError(f"a record is a mapping or an encoded line, not {shown(value)}")

    def encode(self, value: Record) -> bytes:
        """Return the line that stores a record, newline included; see ``line_of``."""
        return self.line_of(value)[1]

    def line_of(self, value: Record) -> tuple[EventId | None, bytes]:
        """Return the id of a record, and the line that stores it, newline included.

        Of a mapping, ``decode`` gives what it holds in JSON terms; a line stays what it is.

        Raises:
            UnstorableError: Something would be lost, or there is no id.
        """
        try:
            if type(value) is dict and is_plain(value, 1) and digits_are_bounded():
                fields, line = value, dump_known_plain(value).encode("ascii")
            elif isinstance(value, Mapping):
                fields, line = self._converted(value)
            else:
                fields, line = _encoded(value)
            return self._id_in(fields), line + b"\n"
        except (MemoryError, UnstorableError):
            raise
        # The record is the caller's, and may raise anything.
        except Exception as error:
            raise UnstorableError(reason_of(error)) from error

    def decode(self, line: bytes) -> dict[str, Any]:
        """Return the record that ``line`` holds, with or without its newline.

        Raises:
            MalformedLineError: It is not one JSON object.
        """
        try:
            value = from_json(line)
        except ValueError:
            value = _parsed(line)
        if type(value) is not dict:
            raise MalformedLineError("not a JSON object")
        return value

    def id_of(self, value: Mapping[str, Any]) -> EventId | None:
        """Return the id of a record; None if it has none."""
        found: object = value
        for name in self._names:
            found = found.get(name) if isinstance(found, Mapping) else None
        return _as_id(found)

    def aggregate_of(self, value: Mapping[str, Any]) -> None:
        """Return None: nothing is known of what a record is about."""

    def loads_as(self, line: bytes) -> EventId | None:
        """Return the id of the record in ``line``; None if there is none, or no record."""
        try:
            return self.id_of(self.decode(line))
        except MalformedLineError:
            return None

    def _converted(self, value: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
        fields = json_terms(value)
        assert isinstance(fields, dict)  # noqa: S101  # it was a mapping
        line = dump(fields).encode("ascii")
        self.decode(line)  # refuses integers that other processes would not read
        return fields, line

    def _id_in(self, fields: Mapping[str, Any]) -> EventId | None:
        if self.key is None:
            return None
        record_id = self.id_of(fields)
        if record_id is None:
            raise UnstorableError(f"{self.key}: it has no id there, a text or an integer")
        return record_id


def _encoded(value: bytes | bytearray | str) -> tuple[dict[str, Any], bytes]:
    line = value.encode() if isinstance(value, str) else bytes(value)
    line = line.removesuffix(b"\n")
    if b"\n" in line:
        raise UnstorableError("more than one line")
    try:
        fields = from_json(line, allow_inf_nan=False)
    except ValueError:
        fields = parse_strictly(line)  # lone surrogates are JSON too
    if type(fields) is not dict:
        raise UnstorableError("not a JSON object")
    if line.count(b"{") + line.count(b"[") > MAX_NESTING:
        dump(fields)  # refuses what is too deep
    return fields, line


def _parsed(line: bytes) -> object:
    try:
        return parse(line)
    except MemoryError:
        raise
    except Exception as error:
        raise MalformedLineError(reason_of(error)) from error


def _as_id(value: object) -> EventId | None:
    if type(value) is str:
        return value or None
    if type(value) is int and -_MAX_INTEGER <= value <= _MAX_INTEGER:
        return value
    return None


RECORDS = RecordCodec()
"""What takes any JSON object for a record, none of which has an id."""
