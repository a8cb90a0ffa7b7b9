"""Payloads in JSON terms: what is left of an object once it has been through a JSON file.

Tuples and sets become lists, keys become strings, and what else pydantic can turn into JSON takes
the form it has there. What would be lost or merged on the way is refused.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from types import GeneratorType
from typing import TypeAlias

from pydantic_core import to_json

from .losses import HIDDEN, is_secret, loss_of

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"

# Parsers stop at some depth: pydantic's near 200 levels (128 in its first releases), the standard
# library's wherever the stack ends. Down to this one every parser reads.
MAX_NESTING = 100

# Python reads longer integers only with its digit limit raised; pydantic never does.
MAX_DIGITS = 4300

_BOM = b"\xef\xbb\xbf"

_TEXT = frozenset({str})
_SCALARS = frozenset({str, int, float, bool, type(None)})

dump_plain = json.JSONEncoder(sort_keys=True, allow_nan=False).encode
"""Return the JSON text of what the standard library's encoder takes."""


def _once_made_encoder() -> Callable[[object], str]:
    """Return an encoder for what ``is_plain`` has looked through.

    The standard library makes the one it has in C anew for every text: 0.65 of 2.4 microseconds for
    a payload of eleven fields. It has no public name, so there may be none.
    """
    make = getattr(json.encoder, "c_make_encoder", None)
    if make is None:  # pragma: no cover  # PyPy, say
        return dump_plain
    quote = json.encoder.encode_basestring_ascii
    # Nothing to find cycles with, and no default: neither occurs in what is plain.
    encode = make(None, None, quote, None, ": ", ", ", True, False, False)  # noqa: FBT003

    def dump_once(value: object) -> str:
        return "".join(encode(value, 0))

    return dump_once


dump_known_plain = _once_made_encoder()
"""Return the JSON text of what is plain, and known not to be too deep."""


class UnstorableError(ValueError):
    """An event would not come back from its line; the message is the reason."""


def dump(record: Mapping[str, object]) -> str:
    """Return ``record`` as the one JSON text it has in a log.

    Raises:
        TypeError: It holds something JSON has no form for, or keys that are not all strings.
        ValueError: It holds NaN, an infinity, itself, or more than ``MAX_NESTING`` levels.
    """
    text = dump_plain(record)
    # Counting is cheap, and only what has many brackets can be deep.
    if text.count("{") + text.count("[") > MAX_NESTING and _depth(record) > MAX_NESTING:
        raise _too_deep()
    # Integers would be sorted as numbers before they become texts.
    if not _has_text_keys(record):
        raise TypeError("a field's name is not a str")
    return text


def _has_text_keys(value: object) -> bool:
    if isinstance(value, dict):
        return _TEXT.issuperset(map(type, value)) and all(map(_has_text_keys, value.values()))
    return not isinstance(value, (list, tuple)) or all(map(_has_text_keys, value))


def is_plain(value: object, depth: int = 2) -> bool:
    """Return whether ``value`` holds nothing but JSON's own types, so that its text reads back.

    Args:
        value: A payload, or what is in one.
        depth: How many levels down it is.
    """
    if type(value) is dict:
        children: Collection[object] = value.values()
        if not _TEXT.issuperset(map(type, value)):
            return False
    elif type(value) is list:
        children = value
    else:
        return False
    if _SCALARS.issuperset(map(type, children)):
        return True
    return depth < MAX_NESTING and all(
        type(child) in _SCALARS or is_plain(child, depth + 1) for child in children
    )


def digits_are_bounded() -> bool:
    """Return whether the interpreter writes no integer that another would not read."""
    return 0 < sys.get_int_max_str_digits() <= MAX_DIGITS


def parse(line: bytes) -> Json:
    """Return the JSON value in ``line``, what the fast parser refuses included.

    That is lone surrogates, a byte order mark, and deep nesting.

    Raises:
        ValueError: It is no JSON, not UTF-8, or holds an integer of too many digits.
        RecursionError: It is too deep for this process.
    """
    parsed: Json = _decoder.decode(line.removeprefix(_BOM).decode())
    return parsed


def parse_strictly(line: bytes) -> Json:
    """Return the JSON value in ``line`` as ``parse`` does, but only what JSON allows."""
    parsed: Json = _strict_decoder.decode(line.decode())
    return parsed


def json_terms(value: object, depth: int = 0) -> Json:
    """Return ``value`` as JSON has it.

    Raises:
        UnstorableError: It would lose something.
        ValueError: Pydantic has no JSON form for it.
    """
    if depth > MAX_NESTING:
        raise _too_deep()
    if value is None or isinstance(value, (str, int, float)):
        plain: Json = json.loads(dump_plain(value))
        return plain
    if isinstance(value, Mapping):
        return _json_object(value, depth)
    if isinstance(value, (list, tuple, set, frozenset)):
        return [json_terms(item, depth + 1) for item in value]
    if isinstance(value, os.PathLike):
        return json_terms(os.fspath(value), depth)
    if is_secret(value):
        raise UnstorableError(HIDDEN)
    if isinstance(value, GeneratorType):
        # Encoding would use it up: the event in memory, or a second try, would find it empty.
        raise UnstorableError("a generator can be read only once")
    text = to_json(value)
    if loss := loss_of(value, text):
        raise UnstorableError(loss)
    return _parse_uniquely(text)


def _bounded_int(digits: str) -> int:
    # Not the interpreter's own limit: what loads in one process has to load in every other.
    if len(digits.lstrip("-")) > MAX_DIGITS:
        raise ValueError(f"an integer of more than {MAX_DIGITS} digits")
    return int(digits)


def _refuse(constant: str) -> Json:
    raise UnstorableError(f"{constant} is not JSON")


_decoder = json.JSONDecoder(parse_int=_bounded_int)
_strict_decoder = json.JSONDecoder(parse_int=_bounded_int, parse_constant=_refuse)


def _json_object(value: Mapping[object, object], depth: int) -> dict[str, Json]:
    record: dict[str, Json] = {}
    for key, item in value.items():
        name = _key_text(key)
        if name in record:
            raise UnstorableError(f"two keys become {name!r}")
        record[name] = json_terms(item, depth + 1)
    return record


def _key_text(key: object) -> str:
    plain = key is None or isinstance(key, (str, int, float))
    text = dump_plain({key: 0}).encode() if plain else to_json({key: 0})
    if loss := loss_of(key, text):
        raise UnstorableError(loss)
    (name,) = json.loads(text)
    return str(name)


def _parse_uniquely(text: bytes) -> Json:
    """Parse what pydantic made of an object, refusing what another reader would lose."""

    def unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        record = dict(pairs)
        if len(record) < len(pairs):
            raise UnstorableError("two keys become one")
        return record

    parsed: Json = json.loads(text, object_pairs_hook=unique, parse_constant=_refuse)
    return parsed


def _depth(value: object) -> int:
    depth = 0
    level = [value]
    while level := [item for item in level if isinstance(item, (dict, list, tuple))]:
        depth += 1
        level = [child for item in level for child in _children(item)]
    return depth


def _children(item: dict[str, object] | list[object] | tuple[object, ...]) -> Iterable[object]:
    return item.values() if isinstance(item, dict) else item


def _too_deep() -> UnstorableError:
    return UnstorableError(f"nested more than {MAX_NESTING} levels deep")
