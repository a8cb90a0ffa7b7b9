"""Records to lines and back: what is one, what is its id, and what is refused."""

from __future__ import annotations

import json
from collections import OrderedDict
from typing import Any

import pytest

from specify_cli.telemetry._codec import RECORDS, MalformedLineError, RecordCodec, UnstorableError

from ..support.digits import digits_at_most

NESTED = RecordCodec("meta.id")


def nested(depth: int, leaf: object = 1) -> Any:
    """Return lists and objects of that many levels."""
    for level in range(depth):
        leaf = {"down": leaf} if level % 2 else [leaf]
    return leaf


@pytest.mark.parametrize(
    ("key", "names", "is_searched_for"),
    [
        (None, None, False),
        ("id", "id", True),
        ("a.b.c", "c", True),
        (" ~", " ~", True),
        *((name, name, False) for name in ("é", '"', "\\", "\t", "\x7f")),
        ("é.id", "id", False),
    ],
)
def test_a_key_is_the_way_to_an_id(
    key: str | None, names: str | None, *, is_searched_for: bool
) -> None:
    """Ids under names with one spelling are searched for under the last of them."""
    codec = RecordCodec(key)
    assert (codec.key, codec.id_key) == (key, names)
    assert codec.ids_are_verbatim == is_searched_for
    assert codec.read_ids is None
    assert codec.aggregate_of({"id": "a"}) is None  # type: ignore[func-returns-value]  # the fact


@pytest.mark.parametrize("key", ["", ".", "a.", ".a", "a..b"])
def test_a_key_without_a_name_is_none(key: str) -> None:
    """The message shows it."""
    with pytest.raises(ValueError, match=f"^not a key: {key!r}$"):
        RecordCodec(key)


def test_a_key_is_a_text() -> None:
    """Or nothing."""
    with pytest.raises(TypeError, match=r"^a key is a str or None, not 7$"):
        RecordCodec(7)  # type: ignore[arg-type]  # the mistake


@pytest.mark.parametrize(
    ("record", "record_id"),
    [
        ({"meta": {"id": "a"}}, "a"),
        ({"meta": {"id": 0}}, 0),
        *(({"meta": {"id": sign * (2**63 - 1)}}, sign * (2**63 - 1)) for sign in (1, -1)),
        *(({"meta": {"id": sign * 2**63}}, None) for sign in (1, -1)),
        *(({"meta": {"id": value}}, None) for value in ("", True, 1.5, None, ["a"], {"id": "a"})),
        *((record, None) for record in ({}, {"id": "a"}, {"meta": "id"}, {"meta": ["id"]})),
    ],
    ids=str,
)
def test_an_id_is_a_text_or_an_integer_that_all_can_read(
    record: dict[str, Any], record_id: object
) -> None:
    """Where the way leads to none, a record has none, and is not stored."""
    line = json.dumps(record).encode()
    assert NESTED.id_of(record) == NESTED.loads_as(line) == record_id
    assert RECORDS.line_of(record) == RECORDS.line_of(line) == (None, line + b"\n")
    assert RECORDS.id_of(record) is RECORDS.loads_as(line) is None
    for given in (record, line):
        if record_id is not None:
            assert NESTED.line_of(given) == (record_id, line + b"\n")
            continue
        with pytest.raises(UnstorableError, match=r"^meta.id: it has no id there, a text or an"):
            NESTED.line_of(given)


@pytest.mark.parametrize(
    ("line", "record"),
    [
        (b"{}", {}),
        (b'{"a": 1}\n', {"a": 1}),
        (b"\xef\xbb\xbf{}", {}),
        (b'{"a": "\\ud800"}', {"a": "\ud800"}),
        (b'{"a": %d}' % (10**4300 - 1), {"a": 10**4300 - 1}),
    ],
    ids=lambda value: str(value)[:30],
)
def test_any_object_is_a_record(line: bytes, record: dict[str, Any]) -> None:
    """However it is spelled."""
    assert RECORDS.decode(line) == record


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        *((line, "not a JSON object") for line in (b"[]", b"1", b'"{}"', b"null")),
        (b"", "Expecting value: line 1 column 1 (char 0)"),
        (b"{}{", "Extra data: line 1 column 3 (char 2)"),
        (b'{"a": 1%b}' % (b"0" * 4300), "an integer of more"),
        (b'"\xff"', "'utf-8' codec can't decode byte 0xff"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_any_other_line_is_malformed(line: bytes, reason: str) -> None:
    """It has no id, and is no line to append."""
    with pytest.raises(MalformedLineError) as caught:
        RECORDS.decode(line)
    assert str(caught.value).startswith(reason)
    assert isinstance(caught.value.__cause__, ValueError) == (reason != "not a JSON object")
    assert NESTED.loads_as(line) is None
    with pytest.raises(UnstorableError) as refused:
        RECORDS.encode(line)
    assert str(refused.value).startswith(reason)


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"b": 1, "a": [None, True, 1.5, "é"]}, b'{"a": [null, true, 1.5, "\\u00e9"], "b": 1}'),
        (OrderedDict(b=1, a=(2,)), b'{"a": [2], "b": 1}'),
        ({"a": {1}}, b'{"a": [1]}'),
        ('{"b":1,"a":"é"}', b'{"b":1,"a":"\xc3\xa9"}'),
        ('{"a":1}\n', b'{"a":1}'),
        (bytearray(b'{"a":1}'), b'{"a":1}'),
        (b'{"a": "\\ud800"}', b'{"a": "\\ud800"}'),
    ],
    ids=str,
)
def test_a_mapping_is_encoded_and_a_line_stays_what_it_is(given: Any, line: bytes) -> None:
    """Its newline is there once."""
    RECORDS.check(given)
    assert RECORDS.encode(given) == line + b"\n"


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (b"{}\n\n", "more than one line"),
        (b'{"a":\n1}', "more than one line"),
        (b"[1]", "not a JSON object"),
        (b'{"a": NaN}', "NaN is not JSON"),
        (b'{"a": "\\ud800", "b": -Infinity}', "-Infinity is not JSON"),
        ({"a": float("nan")}, "Out of range float values are not JSON compliant"),
        ({"a": 10**4300}, "Exceeds the limit"),
        ({1: 2, "1": 3}, "two keys become '1'"),
        ({"a": print}, "Unable to serialize unknown type"),
    ],
    ids=range(9),
)
def test_what_would_be_lost_is_refused(given: Any, reason: str) -> None:
    """The reason is told."""
    with pytest.raises(UnstorableError) as caught:
        RECORDS.encode(given)
    assert reason in str(caught.value)


@pytest.mark.parametrize("encode", [dict, json.dumps, OrderedDict], ids=["dict", "line", "mapping"])
def test_a_hundred_levels_are_the_most(encode: Any) -> None:
    """However a record is given; many brackets are no levels."""
    wide = {"a": nested(99), "b": [[] for _ in range(101)], "c": "[{" * 101}
    assert RECORDS.decode(RECORDS.encode(encode(wide))) == wide
    for levels in (100, 101):
        with pytest.raises(UnstorableError, match=r"^nested more than 100 levels deep$"):
            RECORDS.encode(encode({"a": nested(levels)}))


@pytest.mark.parametrize("thing", [None, 7, ["{}"], memoryview(b"{}")])
def test_what_is_no_record_is_a_type_error(thing: Any) -> None:
    """The message shows it."""
    with pytest.raises(TypeError, match=r"^a record is a mapping or an encoded line, not ") as e:
        RECORDS.check(thing)
    assert repr(thing) in str(e.value)


class Exhausting(dict[str, Any]):
    """A mapping that takes all memory."""

    def items(self) -> Any:
        """Raise."""
        raise MemoryError


@pytest.mark.parametrize("made", [dict, OrderedDict])
def test_integers_are_refused_that_other_processes_would_not_read(made: Any) -> None:
    """Also where this one would write them."""
    with digits_at_most(0), pytest.raises(UnstorableError):
        RECORDS.encode(made({"number": 10**4300}))


def test_what_a_record_raises_is_the_cause() -> None:
    """The store's error tells it in words."""

    class Odd(OrderedDict[str, Any]):
        def __getitem__(self, key: str) -> Any:
            raise LookupError(key)

        def items(self) -> Any:
            raise LookupError("odd")

    with pytest.raises(UnstorableError, match="LookupError: odd") as caught:
        RECORDS.encode(Odd(a=1))
    assert isinstance(caught.value.__cause__, LookupError)


def test_running_out_of_memory_is_no_fault_of_a_record() -> None:
    """It passes."""
    with pytest.raises(MemoryError):
        RECORDS.encode(Exhausting(a=1))
