"""What a search of bytes names: all that may be it, where it begins, and little else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, Any

import pytest
from pydantic import AfterValidator, BaseModel, Field

from specify_cli.telemetry._codec import (
    Codec,
    EventCodec,
    RecordCodec,
    clocks,
    highest_clock,
    lines_naming,
    lines_of_aggregate,
    named_ids,
)

from ..support.digits import digits_at_most


class Upper(BaseModel):
    """A row whose id is in upper case, whatever its line says."""

    id: Annotated[str, AfterValidator(str.upper)]


def short(text: str) -> str:
    """Return a text in upper case if it is short; whatever else it raises, memory may run out."""
    if text == "out":
        raise MemoryError
    return text.upper() if len(text) < 4 else str(1 // 0)


class Picky(BaseModel):
    """A row whose id is refused in ways of its own, or is not one."""

    id: Annotated[str, AfterValidator(short), Field(max_length=2)]


class Numbered(BaseModel):
    """A row whose id is no text."""

    id: int


class Clocked(BaseModel):
    """A row whose clock is the number in its line."""

    lamport_clock: int


class MaybeClocked(BaseModel):
    """A row that may have a clock."""

    lamport_clock: int | None


AS_IT_STANDS: EventCodec[dict[str, Any]] = EventCodec(dict[str, Any], "id", "of")
AS_READ: EventCodec[Upper] = EventCodec(Upper, "id", None)
NAMED_BY_NONE: EventCodec[dict[str, Any]] = EventCodec(dict[str, Any], None, None)
PICKY: EventCodec[Picky] = EventCodec(Picky, "id", None)
NUMBERED: EventCodec[Numbered] = EventCodec(Numbered, "id", None)
MAYBE_CLOCKED: EventCodec[MaybeClocked] = EventCodec(MaybeClocked, None, None)
CLOCKED: EventCodec[Clocked] = EventCodec(Clocked, None, None)
CODECS: list[Codec[Any]] = [AS_IT_STANDS, AS_READ, RecordCodec("id")]


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Collect the lines that are decoded."""
    lines: list[bytes] = []
    for kind in (EventCodec, RecordCodec):

        def collect(
            codec: Any, line: bytes, decode: Callable[[Any, bytes], Any] = kind.decode
        ) -> Any:
            lines.append(line)
            return decode(codec, line)

        monkeypatch.setattr(kind, "decode", collect)
    return lines


@pytest.fixture
def few_digits() -> Iterator[None]:
    """Have Python read integers of no more digits than it can be told to."""
    with digits_at_most(640):
        yield


def places(lines: list[bytes], *numbers: int) -> list[tuple[int, bytes]]:
    """Return where some lines of a block begin, and the lines."""
    return [(sum(map(len, lines[:number])), lines[number]) for number in numbers]


@pytest.mark.parametrize(
    ("block", "ids"),
    [
        (b"", []),
        (b"\n\n", []),
        (b'{"id": "a"}', [("a", 0)]),
        (b'\n{"id": "a"}\n\n{"id": "b"}', [("a", 1), ("b", 14)]),
        (b'{"n": 1}\n{"id": "a", "id": "b"}\n{"id":\r\t"c"}\n', [("a", 9), ("b", 9), ("c", 32)]),
        (b'{"id": "x\n", "id": "y"}\n', [("y", 10)]),
        (b'{"id": "\xc3\xa9"}\n{"id": "\xff"}\n', [("é", 0), ("\N{REPLACEMENT CHARACTER}", 13)]),
        (b'{"id": ""}\n', [("", 0)]),
    ],
)
def test_every_text_under_the_key_is_named_without_reading_a_line(
    block: bytes, ids: list[tuple[str, int]], decoded: list[bytes]
) -> None:
    """Where a line has several, each; whether it is the id, the line tells."""
    for codec in (AS_IT_STANDS, RecordCodec("id")):
        assert list(named_ids(block, codec)) == ids
    assert decoded == []


@pytest.mark.parametrize(
    ("value", "ids"),
    [
        (b"12", [12]),
        (b"-12}{", [-12]),
        (b"-0", [0]),
        (b"-", []),
        *((value, []) for value in (b"1.5", b"1e3", b"1E3", b"null", b"[1]", b"x1", b"{}")),
        (b"1" * 640, [int("1" * 640)]),
    ],
)
@pytest.mark.usefixtures("few_digits")
def test_every_integer_under_the_key_is_named_without_reading_a_line(
    value: bytes, ids: list[int], decoded: list[bytes]
) -> None:
    """And nothing else that is no text."""
    block = b'{"n": 1}\n{"id": %b}\n' % value
    assert list(named_ids(block, AS_IT_STANDS)) == [(event_id, 9) for event_id in ids]
    assert decoded == []


@pytest.mark.usefixtures("few_digits")
def test_an_integer_that_python_may_not_read_is_left_to_the_line(decoded: list[bytes]) -> None:
    """Which is decoded on its own."""
    line = b'{"id": %b}\n' % (b"1" * 641)
    block = b'{"n": 1}\n%b{"id": 2}\n' % line
    found = list(named_ids(block, AS_IT_STANDS))
    with digits_at_most(0):
        assert found == [(int("1" * 641), 9), (2, 9 + len(line))]
    assert decoded == [line]


@pytest.mark.parametrize(
    ("line", "event_id", "times"),
    [
        (rb'{"id": "\u0061"}', "a", 2),
        (rb'{"id": "\""}', '"', 1),
        (rb'{"id":	 "x\/"}', "x/", 1),
        (rb'{"i\u0064": "a"}', "a", 1),
        (rb'{"\u0069d": "a"}', "a", 1),
    ],
)
@pytest.mark.parametrize("codec", CODECS, ids=["as it stands", "as read", "record"])
def test_an_id_behind_an_escape_is_read_from_its_line(
    line: bytes, event_id: str, times: int, codec: Codec[Any], decoded: list[bytes]
) -> None:
    """Once, and again if the escape is in the id and of a plain character; no other line is."""
    block = b'{"id": "b"}\n%b\n{"id": "c", "text": "\\n\\\\"}' % line
    found = [("b", 0), ("c", 13 + len(line)), *[(event_id, 12)] * times]
    if codec is AS_READ:
        found = [(text.upper(), place) for text, place in found]
    assert list(named_ids(block, codec)) == found
    assert decoded == [line + b"\n"] * times


@pytest.mark.parametrize(
    ("value", "event_id"), [(b"1", 1), (b"null", None), (b'["a"]', None), (b"\t1", 1)]
)
def test_what_is_no_text_is_left_to_the_line_where_ids_are_read(
    value: bytes, event_id: int | None, decoded: list[bytes]
) -> None:
    """It may be made one; all texts are read at once, and their lines are not."""
    lines = [b'{"n": 1, "id": "a"}\n', b'{"id":%b}\n' % value, b'{"id": "b"}']
    block = b"".join(lines)
    found = {("A", 0), ("B", block.index(lines[2]))}
    assert {item for item in named_ids(block, AS_READ) if item[0]} == found
    assert decoded == lines[1:2]
    assert list(lines_naming("A", block, AS_READ)) == places(lines, 1, 0)
    assert event_id is None or list(lines_naming(1, block, AS_IT_STANDS)) == places(lines, 1)


def test_ids_are_read_wherever_they_stand_in_a_line(decoded: list[bytes]) -> None:
    """Several in one line too, which is named once for each; what is refused is none."""
    lines = [b'{"id": "c"}\n', b'{"id": "a", "id": "B"}\n', b'{"id": "abc"}\n', b'{"id": "A"}']
    block, second, last = b"".join(lines), len(lines[0]), sum(map(len, lines[:3]))
    found = [("C", 0), ("A", second), ("B", second), ("A", last)]
    assert list(named_ids(block, PICKY)) == found
    assert list(lines_naming("A", block, PICKY)) == places(lines, 1, 3)
    assert list(lines_naming("B", block, PICKY)) == places(lines, 1)
    assert list(lines_naming("ABC", block, PICKY)) == []
    assert list(named_ids(b'{"n": 1}\n', PICKY)) == []
    assert decoded == []


def test_where_reading_an_id_fails_every_line_is_read(decoded: list[bytes]) -> None:
    """One that fails in another way than a refusal, or bytes that are no text."""
    last = b'{"id": "out"}'
    lines = [b'{"id": "c"}\n', b"", b'{"n": 1}\n', b'{"id": "a"}']
    for failing in (b'{"id": "long"}\n', b'{"id": "\xff"}\n'):
        lines[1] = failing
        block = b"".join(lines)
        decoded.clear()
        assert list(named_ids(block, PICKY)) == [("C", 0), ("A", len(block) - len(lines[3]))]
        assert decoded == lines
        assert list(lines_naming("A", block, PICKY)) == places(lines, 0, 1, 2, 3)
    for search in (named_ids(last, PICKY), lines_naming("a", last, PICKY)):
        with pytest.raises(MemoryError):
            list(search)


def test_where_an_id_is_no_text_every_line_is_read(decoded: list[bytes]) -> None:
    """Any of them may be the one."""
    lines = [b'{"id": "1"}\n', b'{"i\\u0064": 3}\n', b'{"id": 2.0}']
    block = b"".join(lines)
    assert list(named_ids(block, NUMBERED)) == [(1, 0), (3, 12), (2, 27)]
    assert decoded == lines
    assert list(lines_naming(2, block, NUMBERED)) == places(lines, 0, 1, 2)


def test_without_ids_none_is_named(decoded: list[bytes]) -> None:
    """Nor is a line read for one."""
    block = b'{"id": "a"}\n{"None": "a"}\n'
    for codec in (NAMED_BY_NONE, RecordCodec()):
        assert list(named_ids(block, codec)) == []
        assert list(lines_naming("a", block, codec)) == []
    assert decoded == []


LINES = [
    b'{"of":"b"\n',
    b'{"id": "a"}\n',
    b'{"id":1 }\n',
    b'{"id": -1, "n": 1}\n',
    b'["a", "b1"]\n',
    b'{"id":\t1}\n',
    b'{"id": 1, "id": 0}\n',
    b'{"id": "\xc3\xa9"}\n',
    b'{"id": -0}\n',
    b'{"id": 10}\n',
    b'{"id": 1.0}\n',
    b'{"id": 0.0}\n',
    b'{"n": 1}\n',
    b'{"id": 1e0}',
]


@pytest.mark.parametrize(
    ("event_id", "numbers"),
    [
        *(("a", [4, 1]), ("b", [0]), ("c", []), ("é", [7]), ("\ud800", [])),
        *((1, [2, 5, 6]), (-1, [3]), (0, [6, 8]), (10, [9]), (2, [])),
    ],
)
def test_the_lines_that_hold_an_id_are_named(event_id: str | int, numbers: list[int]) -> None:
    """A text anywhere in them, an integer under the key only, and not as a part of another."""
    found = list(lines_naming(event_id, b"".join(LINES), AS_IT_STANDS))
    assert found == places(LINES, *numbers)


@pytest.mark.parametrize("codec", CODECS, ids=["as it stands", "as read", "record"])
def test_every_line_with_an_escape_that_may_hide_an_id_is_named(codec: Codec[Any]) -> None:
    """One in a text under the key, or of a plain character anywhere; not the usual ones elsewhere.

    Those before the first backslash are not looked at for it.
    """
    lines = [
        b'{"text": "\xc3\xa9"}\n',
        rb'{"text": "\\ \" \n \u00e9 \u0410 \u0080 \u0019"}' + b"\n",
        rb'{"id": "\n"}' + b"\n",
        rb'{"text": "\u0061", "more": "\u0061"}' + b"\n",
        rb'{"id":	"x\u00e9"}' + b"\n",
        rb'{"text": "\u0020"}' + b"\n",
        rb'{"text": "\u007e"}',
    ]
    assert list(lines_naming("A", b"".join(lines), codec)) == places(lines, 3, 5, 6, 2, 4)


def aggregate(lines: list[bytes], codec: EventCodec[Any] = AS_IT_STANDS) -> tuple[int, list[Any]]:
    """Return what is found of an aggregate named b."""
    count, found = lines_of_aggregate(b"".join(lines), "b", codec)
    return count, list(found)


RECORDS = [b'{"of": "a"}\n', b'{"of": "b"}\n', b'{"b": 1}\n', b'{"of":"b", "b": "b"}\n']


def test_of_records_those_that_name_the_aggregate_are_found() -> None:
    """As a key too; in their order, each once, however many there are."""
    assert aggregate([]) == (0, [])
    assert aggregate(RECORDS) == (4, places(RECORDS, 1, 2, 3))
    assert aggregate(RECORDS[:1]) == (1, [])
    hidden = [*RECORDS, b'{"of": "\\n"}\n', b'{"x": "\\n"}\n', b'{"\\u006ff": "a"}\n', b'{"of": 1}']
    assert aggregate(hidden) == (7, places(hidden, 1, 2, 3, 4, 6))


@pytest.mark.parametrize("other", [b"\n", b"{\n", b"}\n", b"[]\n", b" {}\n", b"{} \n", b"{}\r\n"])
@pytest.mark.parametrize("place", [0, 2, 4])
def test_beside_what_is_no_record_every_line_is_found(other: bytes, place: int) -> None:
    """At the end without its newline too; that line is not counted then."""
    lines = [*RECORDS[:place], other, *RECORDS[place:]]
    assert aggregate(lines) == (5, places(lines, *range(5)))
    lines = [*RECORDS, other.rstrip(b"\n")]
    found = [1, 2, 3] if other == b"\n" else range(5)
    assert aggregate(lines) == (4, places(lines, *found))


def test_where_the_type_makes_something_else_of_an_aggregate_every_line_is_found() -> None:
    """Whatever stands in it."""
    codec: EventCodec[Upper] = EventCodec(Upper, None, "id")
    assert aggregate(RECORDS, codec) == (4, places(RECORDS, *range(4)))
    assert aggregate([*RECORDS, b"{}"], codec) == (4, places([*RECORDS, b"{}"], *range(5)))


def clock(value: int | bytes, rest: bytes = b"") -> bytes:
    """Return a line with a clock as it stands there."""
    text = value if isinstance(value, bytes) else b"%d" % value
    return b'{"lamport_clock": %b%b}\n' % (text, rest)


MORE = b', "n": 1'
LONG = 10**4000


@pytest.mark.parametrize(
    ("lines", "above", "place", "read"),
    [
        ([], 0, None, []),
        ([b'{"n": 1}\n'], 0, None, []),
        ([clock(0)], 0, None, []),
        ([clock(1)], 0, 0, [0]),
        ([clock(1, MORE), clock(2, MORE)], 2, None, []),
        ([clock(1, MORE), clock(2, MORE)], 1, 1, [1]),
        ([clock(3), clock(1), clock(2)], 0, 0, [0]),
        ([clock(1), clock(2).rstrip()], 0, 1, [1]),
        ([clock(1), clock(3), clock(2)], 2, 1, [1]),
        ([clock(9, MORE), clock(10, MORE)], 9, 1, [1]),
        ([clock(9, MORE), clock(10, MORE)], 10, None, []),
        ([clock(10), clock(9)], 9, 0, [0]),
        ([clock(19), clock(20)], 19, 1, [1]),
        ([clock(109), clock(99), clock(110)], 109, 2, [2]),
        ([clock(1234), clock(1199), clock(999)], 1233, 0, [0]),
        ([clock(1234), clock(1199), clock(2000)], 1999, 2, [2]),
        ([clock(1000), clock(1001)], 1000, 1, [1]),
        # What does not load is passed over, and what is not above what is left is not read.
        ([clock(5), clock(9)[1:], clock(7), clock(6)], 4, 2, [1, 2]),
        ([clock(5), b'{"a": {%b}\n' % clock(9)[1:-2]], 4, 0, [1, 0]),
        # Of one line the highest number counts before it is read, and then what it loads with.
        ([clock(5), clock(9, b', "lamport_clock": 4'), clock(8)], 3, 2, [1, 2]),
        ([clock(5), clock(4, b', "lamport_clock": 9')], 3, 1, [1]),
        ([clock(9, b', "lamport_clock": 4')], 4, None, [0]),
        # Where only reading tells, that comes first.
        ([clock(5), clock(b"7.0"), clock(6)], 4, 1, [1]),
        ([clock(5), clock(b"3.0"), clock(6)], 4, 2, [1, 2]),
        ([clock(5), clock(b"3e0")], 5, None, [1]),
        ([clock(5), clock(b'"7"')], 5, 1, [1]),
        ([clock(5), clock(b"-7")], 5, None, [1]),
        ([clock(5), b'{"lamport_clock":7}\n'], 5, 1, [1]),
        ([clock(5), b'{"lamport_clock" : 7}\n'], 5, 1, [1]),
        ([clock(5), clock(b"7 ")], 5, 1, [1]),
        ([clock(5), clock(b"7 ", b', "lamport_clock": 8'), clock(9)], 5, 2, [1, 2]),
        ([clock(5), clock(9, b', "lamport_clock":7'), clock(8)], 5, 2, [1, 2]),
        ([clock(5), rb'{"lamport_\u0063lock": 7}' + b"\n"], 5, 1, [1]),
        ([clock(5), clock(6, rb', "a": "\n\u00e9\\"')], 6, None, []),
        ([clock(5), clock(LONG), clock(LONG + 1)], 6, 2, [1, 2]),
        ([clock(LONG - 2), clock(LONG - 1)], 6, 1, [1]),
        # Another key is no clock.
        (
            [clock(5), b'{"a_lamport_clock": 7}\n', b'{"clock": 7}\n', b'{"n_clock": 7}'],
            5,
            None,
            [],
        ),
    ],
)
def test_the_highest_clock_is_found_by_reading_few_lines(
    lines: list[bytes], above: int, place: int | None, read: list[int], decoded: list[bytes]
) -> None:
    """Those that name a clock above what is known, the highest first, until one counts."""
    found = highest_clock(b"".join(lines), above, CLOCKED)
    assert decoded == [lines[number] for number in read]
    if place is None:
        assert found is None
    else:
        ((start, line),) = places(lines, place)
        assert found == (CLOCKED.decode(line).lamport_clock, start)


def test_where_a_clock_may_be_none_every_line_is_read(decoded: list[bytes]) -> None:
    """The number in it may be another's."""
    lines = [clock(7), clock(9, b', "lamport_clock": null'), clock(8)]
    assert highest_clock(b"".join(lines), 6, MAYBE_CLOCKED) == (8, len(lines[0] + lines[1]))
    assert decoded == lines


@pytest.mark.parametrize(
    ("lines", "above"),
    [
        ([], 3),
        ([b'{"n": 1}\n'], 0),
        ([clock(1, MORE), clock(2, MORE), clock(3, MORE)], 3),
        ([clock(3, MORE), clock(1), clock(2, MORE)], 9),
        ([clock(10, MORE), clock(11, MORE), clock(19)], 20),
        ([clock(5, MORE), clock(6, MORE)], 10),
        ([clock(0, MORE)], 0),
    ],
)
def test_where_no_clock_is_above_and_all_have_one_length_nothing_else_is_searched(
    lines: list[bytes], above: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it is in nearly every log that is in order."""
    monkeypatch.delattr(clocks, "_not_low")
    assert highest_clock(b"".join(lines), above, CLOCKED) is None


@pytest.mark.parametrize("above", [0, 1, 9, 10, 19, 20, 45, 99, 100, 4567, 9900, 10_000])
def test_a_clock_with_fewer_digits_or_lower_ones_at_its_beginning_is_passed_over(
    above: int,
) -> None:
    """However low the first clock of a log is: without a look at what else is in its line."""

    def beginning(number: int) -> tuple[int, str]:
        return len(str(number)), str(number)[:2]

    numbers = [*range(210), *range(990, 1010), *range(4490, 4600), *range(9880, 10_010), 19_999]
    block = b"".join(clock(number, b", " * (number % 2)) for number in numbers)
    found = [int(match[1]) for match in clocks._not_low(above).finditer(block)]
    assert found == [number for number in numbers if beginning(number) >= beginning(above)]
    assert clocks._not_low(above).search(clock(0, b"x")) is not None
