"""How far bytes are a JSON value, and what stands there."""

from __future__ import annotations

import json

import pytest

from specify_cli.telemetry._codec.scanner import (
    Container,
    after_space,
    is_cut_off,
    is_cut_word,
    is_text,
    is_whole,
    read,
)

SCALARS = [
    *(b"0", b"-0", b"7", b"10", b"-12", b"1.5", b"0.25", b"1e5", b"1E+5", b"1.5e-10"),
    *(b"true", b"false", b"null", b"NaN", b"Infinity", b"-Infinity"),
    *(b'""', b'"a"', rb'"\""', rb'"\\"', rb'"a\u0041b\n"', b'"\t"', b'"\n"', b'"\xc3\xa9"'),
    *(b'"\\\n"', b'"{[:,"'),
]
SPACES = [b"", b" ", b"\t", b"\r", b"\n", b" \t\r\n "]
WHOLE = [
    *SCALARS,
    *(b"{}", b"[]", b'{"a":1}', b"[1]", b'{"a":{"b":[]},"c":[{},[1,2]]}', b"[[],{}]"),
    *(b'{"a":{},"b":1,"c":2,"d":3}', b"[[],1,2,3]", b"[{},1,[],2,{}]", b'{"a":[],"b":{}}'),
    *(b'{"a":1,"b":2,"c":{"d":3},"e":4}', b"[1,2,[3],4]", b'[{"a":1},{"b":2}]'),
]


@pytest.mark.parametrize("value", WHOLE, ids=repr)
@pytest.mark.parametrize("space", SPACES, ids=repr)
def test_a_whole_value_is_read_to_its_end(value: bytes, space: bytes) -> None:
    """Whatever white space is before it, and whatever is behind."""
    for behind in (b"", b" ", b"x", b"}", b"]", b","):
        reading = read(space + value + behind, 0)
        assert reading.end == len(space + value)
        assert reading.is_whole
        assert reading.unended == []
        is_object = value.endswith(b"}")
        assert reading.last_object == (len(space) if is_object else None)
        assert is_whole(space + value + behind) == (not behind.strip())
    assert read(b"[" + space + value, 1)[::3] == (1 + len(space + value), True)


@pytest.mark.parametrize("space", SPACES, ids=repr)
def test_white_space_may_stand_around_every_sign(space: bytes) -> None:
    """As JSON allows it."""
    parts = [b"{", b'"a"', b":", b"[", b"1", b",", b'"x"', b",", b"{", b"}", b"]", b","]
    parts += [b'"b"', b":", b"{", b'"c"', b":", b"null", b"}", b"}"]
    data = space.join(parts)
    assert is_whole(space + data + space)
    assert json.loads(data) == {"a": [1, "x", {}], "b": {"c": None}}
    for number in range(1, len(parts)):
        torn = space.join(parts[:number]) + space
        assert is_cut_off(torn), torn
        assert not is_whole(torn)


@pytest.mark.parametrize("value", SCALARS, ids=repr)
@pytest.mark.parametrize(
    ("before", "behind"), [(b"[", b"]"), (b"[1,", b",2]"), (b'{"a":', b"}"), (b'{"a":1,"b":', b"}")]
)
def test_any_value_may_stand_in_any_place(before: bytes, value: bytes, behind: bytes) -> None:
    """First, last or between."""
    assert is_whole(before + value + behind)


@pytest.mark.parametrize(
    ("data", "end", "unended"),
    [
        (b"", 0, []),
        (b" ", 1, []),
        (b"x", 0, []),
        (b"+1", 0, []),
        (b".5", 0, []),
        (b"-", 0, []),
        (b"tru", 0, []),
        (b"}", 0, []),
        (b":", 0, []),
        (b"{", 1, [Container(0, is_object=True)]),
        (b" [ ", 3, [Container(1, is_object=False)]),
        (b"{]", 1, [Container(0, is_object=True)]),
        (b"[}", 1, [Container(0, is_object=False)]),
        (b"[,", 1, [Container(0, is_object=False)]),
        (b"{1", 1, [Container(0, is_object=True)]),
        (b"{{", 1, [Container(0, is_object=True)]),
        (b"{:", 1, [Container(0, is_object=True)]),
        (b'{"a"', 4, [Container(0, is_object=True, key=b'"a"')]),
        (b'{"a",', 4, [Container(0, is_object=True, key=b'"a"')]),
        (b'{"a":', 5, [Container(0, is_object=True, key=b'"a"')]),
        (b'{"a":}', 5, [Container(0, is_object=True, key=b'"a"')]),
        (b'{"a":1', 6, [Container(0, is_object=True, key=b'"a"')]),
        (b'{"a":1]', 6, [Container(0, is_object=True, key=b'"a"')]),
        (b'{"a":1:', 6, [Container(0, is_object=True, key=b'"a"')]),
        (b'{"a":1,}', 7, [Container(0, is_object=True)]),
        (b'{"a":{},}', 8, [Container(0, is_object=True, key=b'"a"')]),
        (b'{"a":1,"b":2,"c" : ', 19, [Container(0, is_object=True, key=b'"c"')]),
        (b"[1,]", 3, [Container(0, is_object=False)]),
        (b"[1 2", 3, [Container(0, is_object=False)]),
        (b"[[],]", 4, [Container(0, is_object=False)]),
        (b"[01", 2, [Container(0, is_object=False)]),
        (b'[{"a":[', 7, [Container(0, False), Container(1, True, b'"a"'), Container(6, False)]),  # noqa: FBT003
        (b'{"a":"b', 5, [Container(0, is_object=True, key=b'"a"')]),
        (b'{"a', 1, [Container(0, is_object=True)]),
        (b'{"a\\"', 1, [Container(0, is_object=True)]),
    ],
    ids=repr,
)
def test_of_what_is_no_whole_value_it_is_told_how_far_it_is(
    data: bytes, end: int, unended: list[Container]
) -> None:
    """What has begun and not ended, the outermost first, and the last key."""
    reading = read(data, 0)
    assert not reading.is_whole
    assert reading.end == end
    found = [(item.start, item.is_object) for item in reading.unended]
    assert found == [(item.start, item.is_object) for item in unended]
    if unended and unended[-1].key:
        assert reading.unended[-1].key == unended[-1].key
    assert not is_whole(data)


@pytest.mark.parametrize(
    ("data", "last"),
    [
        (b'{"a":{"b":1}', 5),
        (b'{"a":{"b":1} ', 5),
        (b'[1, {"b":{}}', 4),
        (b'{"a":{},', None),
        (b'{"a":{},"b"', None),
        (b'{"a":[]', None),
        (b'{"a":[{}]', None),
        (b'{"a":1', None),
        (b"{", None),
    ],
    ids=repr,
)
def test_the_object_that_was_read_last_is_told(data: bytes, last: int | None) -> None:
    """If nothing was read behind it."""
    assert read(data, 0).last_object == last


@pytest.mark.parametrize(
    ("data", "is_one"),
    [
        *((data, True) for data in (b"{", b' {"a', b'{"a\\', b'{"a\\u00', b'{"a":"b\\"', b'{"a":')),
        *((b'{"a":' + word, True) for word in (b"t", b"nul", b"-", b"1.", b"1e", b"1e-", b"1 ")),
        *((b'{"a":1' + word, True) for word in (b",", b" ,\t", b',"', b',"b"', b"")),
        *((b'{"a":' + word, False) for word in (b"?", b"}", b"1 2}", b"a:", b"1;")),
        *((data, False) for data in (b"", b"x", b"[", b'["a', b"{}", b'{"a":1}', b'"a', b"x{")),
        *((b'{"a"' + text, False) for text in (b' "b"', b':1"b"', b':{}"x"', b':[]"x"')),
        (b'{"a": ' + b"w" * 9, True),
        (b'{"a": ' + b"w" * 10, False),
        (b'{"a": w' + b" " * 90, True),
        (b'{"a": w' + b" " * 91, False),
    ],
    ids=repr,
)
def test_the_beginning_of_an_object_is_known(data: bytes, *, is_one: bool) -> None:
    """It breaks off in a text, in a word or between two signs."""
    assert is_cut_off(data) == is_one


@pytest.mark.parametrize(
    ("data", "is_one"),
    [
        *((data, True) for data in (b"", b"a", b"_", b"-1.5e+3", b"\\u00e9", b"Z9 \t\r\n", b" ")),
        *((data, False) for data in (b"a:", b"a b", b'"', b"{", b"(", b"\xff", b" a")),
    ],
    ids=repr,
)
def test_what_is_left_of_a_word_is_known(data: bytes, *, is_one: bool) -> None:
    """A number, a constant or an escape, and white space."""
    assert is_cut_word(b"??" + data + b"??", 2, 2 + len(data)) == is_one


def test_white_space_is_what_json_has_of_it() -> None:
    """And nothing else."""
    assert [after_space(space + b"x", 0) for space in SPACES] == [len(space) for space in SPACES]
    assert after_space(b"x  y ", 1) == 3
    assert after_space(b"x  ", 1) == 3
    assert after_space(b"\x0b\x0c\xa0", 0) == 0


def test_text_is_utf_8() -> None:
    """A value in other bytes is not whole."""
    assert is_text("é".encode())
    assert not is_text(b"\xff")
    assert not is_whole(b'"\xff"')
    assert read(b'"\xff"', 0).is_whole
