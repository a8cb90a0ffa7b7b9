"""What is found in a line that is no event, and what is not."""

from __future__ import annotations

import gc
import json
import re
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import hypothesis.strategies as st
import pytest
from hypothesis import example, given, settings
from pydantic import BaseModel, Field, model_validator

from specify_cli.spec_kitty_events import Event
from specify_cli.telemetry._codec import RECORDS, EventCodec, codec_of
from specify_cli.telemetry._codec.fragments import (
    Kind,
    Piece,
    begins_an_event,
    has_event_id,
    is_conflict_marker,
    pieces_of,
)

from ..support.effort import seconds_of
from ..support.events import CODEC, make_event, numbered_id

REAL_LOGS = Path(__file__).parents[5] / "shared" / "data"

ONE = make_event(numbered_id(1))
TWO = make_event(numbered_id(2), payload={"n": [1, 2], "text": 'at 09:[x, {"q": \\ é'})
LINE = CODEC.encode(ONE).rstrip(b"\n")
OTHER = CODEC.encode(TWO).rstrip(b"\n")
NULS = b"\x00" * 4096


class Note(BaseModel):
    """A part of an event."""

    text: str


# Where an event may be a value in OTHER: behind a key in its payload, of it, and in its one array.
VALUE_DUE = re.compile(rb'("payload"|"n"|"text"): ?\Z|"n": \[(1, ?)?\Z')


def pieces_in(line: bytes) -> list[Piece]:
    """Return the pieces, having checked what holds for all pieces."""
    pieces = list(pieces_of(line, CODEC))
    assert b"".join(piece.data for piece in pieces) == line
    for piece in pieces:
        assert piece.data or not line
        assert (piece.kind == "event") == (piece.event_id is not None)
        assert (piece.kind in {"event", "blank"}) == (not piece.reason)
    return pieces


def kinds_in(line: bytes) -> list[str]:
    """Return the kinds of the pieces."""
    return [piece.kind for piece in pieces_in(line)]


def events_in(line: bytes) -> list[Event]:
    """Return the events found."""
    return [CODEC.decode(piece.data) for piece in pieces_in(line) if piece.event_id]


@pytest.mark.parametrize(
    ("line", "kinds"),
    [
        (LINE + b"\n", ["event"]),
        (b"\xef\xbb\xbf" + LINE + b"\r\n", ["event"]),
        (b"", ["blank"]),
        (b"\n", ["blank"]),
        (b" \t\r\n", ["blank"]),
        (b"\xef\xbb\xbf\n", ["blank"]),
        (LINE[:-1] + b"\n", ["torn"]),
        (LINE + LINE, ["event", "event"]),
        (LINE + b"  " + OTHER + b" \n", ["event", "event"]),
        (LINE * 3 + b"\n", ["event", "event", "event"]),
        (b"  " + LINE + LINE, ["event", "event"]),
        (LINE[:50] + LINE + b"\n", ["torn", "event"]),
        (LINE + LINE[:50] + b"\n", ["event", "torn"]),
        (LINE[:50] + OTHER + LINE[:55] + LINE, ["torn", "event", "torn", "event"]),
        (LINE[:50] + LINE[:55] + LINE[:70] + LINE, ["malformed", "event"]),
        (LINE[50:] + LINE, ["malformed", "event"]),
        (NULS, ["nul run"]),
        (NULS + b"\n", ["nul run"]),
        (b" " + NULS + b" \0 \n", ["nul run"]),
        (NULS + LINE + b"\n", ["nul run", "event"]),
        (LINE + NULS + b"\n", ["event", "nul run"]),
        (LINE + NULS + LINE, ["event", "nul run", "event"]),
        (LINE[:50] + NULS + OTHER[:9] + LINE, ["torn", "nul run", "torn", "event"]),
        (b'{"id": 7}' + LINE, ["other record", "event"]),
        (LINE[:50] + b'{"id": 7}' + LINE, ["torn", "other record", "event"]),
        (b'{"id": 7}{}', ["other record", "other record"]),
        (b'{"id": 7}' + LINE[:50], ["other record", "torn"]),
        (b'INFO {"id": 7}', ["malformed"]),
        (b'{"a": "\xff"}' + LINE, ["malformed", "event"]),
        (b'{"a": {}', ["torn"]),
        (b"[1, 2]" + LINE, ["malformed", "event"]),
        (b'{"a": "C:\\temp\t"}', ["invalid event"]),
        (b"<<<<<<< HEAD\r\n", ["conflict marker"]),
        (b"||||||| 1a2b3c4\n", ["conflict marker"]),
        (b"=======\n", ["conflict marker"]),
        (b">>>>>>> feature/\xc3\xa9\n", ["conflict marker"]),
        (b">>>>>>> theirs" + LINE + b"\n", ["conflict marker", "event"]),
        (b"INFO " + LINE, ["malformed", "event"]),
        (b"INFO " + LINE + LINE[:-17] + LINE, ["malformed", "event", "torn", "event"]),
        (b"nothing of the kind\n", ["malformed"]),
        (b'{"a": "\xff"}{"id": 7}', ["malformed", "other record"]),
        (b'{"id": 7}{"a": "\xff"}', ["other record", "malformed"]),
        (b'{"event_id": {"id": 7}', ["torn"]),
        (b'INFO {"a": t{"id": 7}', ["malformed"]),
        (b'{"event_id": ' + LINE + b'tru{"id": 7}', ["torn", "event", "malformed"]),
        (LINE + b'tru{"id": 7}', ["event", "malformed"]),
        (LINE[:50] + b'tru{"id": 7}', ["torn", "other record"]),
        (LINE + b"]" + LINE, ["malformed", "event"]),
        (b'{"event_id": ' + LINE + b",\n", ["torn"]),
        (b'{"\xff": ' + LINE, ["torn"]),
        (b"\xff\xfe\n", ["malformed"]),
        (b"[1, 2]\n", ["other record"]),
        (b"null", ["other record"]),
        (b'\xef\xbb\xbf {"id": 7}', ["other record"]),
        (b'{"a": "\xff"}', ["malformed"]),
        (b'{"a": 1}}\n', ["malformed"]),
        (b'{"a": ' + b"[" * 100_000, ["torn"]),
        (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", ["invalid event"]),
    ],
)
def test_the_pieces_of_a_line(line: bytes, kinds: list[str]) -> None:
    """Each line is divided into these pieces."""
    assert kinds_in(line) == kinds


def test_reasons_can_be_read() -> None:
    """Each says what is wrong in a few words."""
    without_type = {**json.loads(LINE), "lamport_clock": -1}
    lines = {
        NULS: "4,096 NUL bytes",
        b"\0": "1 NUL byte",
        LINE[:-9]: "the end of the record is missing",
        b"=======": "a merge conflict that nobody resolved",
        json.dumps(without_type).encode(): (
            "lamport_clock: Input should be greater than or equal to 0"
        ),
        b'{"event_id": "x", "timestamp": "y"}': (
            "no event_type, aggregate_id, node_id or lamport_clock"
        ),
        "{}".encode("utf-16") * 100: "NUL bytes all over, as in UTF-16",
    }
    for line, reason in lines.items():
        assert [piece.reason for piece in pieces_of(line, CODEC)] == [reason], line[:50]


@pytest.mark.parametrize("missing", ["node_id", "timestamp"])
def test_an_event_that_lacks_one_field_is_invalid(missing: str) -> None:
    """A record of another kind lacks at least two."""
    record = json.loads(LINE)
    del record[missing]
    for before in (b"", b" ", b"\t", b"\r", b"\xef\xbb\xbf", b"\xef\xbb\xbf \t"):
        assert kinds_in(before + json.dumps(record).encode()) == ["invalid event"]
    del record["event_type"]
    assert kinds_in(json.dumps(record).encode()) == ["other record"]


@pytest.mark.parametrize("marker", [b"<<<<<<<", b"<<<<<<< a b", b"=======\r\n", b">>>>>>> x\n"])
def test_conflict_markers_are_known(marker: bytes) -> None:
    """With and without a name and a newline."""
    assert is_conflict_marker(marker)


@pytest.mark.parametrize(
    "line",
    [
        *(b"", b"\n", b"<<<<<<", b"<<<<<<<<", b"<<<<<<<x", b"======= x", b" =======", b"\r======="),
        LINE,
    ],
)
def test_other_lines_are_no_conflict_markers(line: bytes) -> None:
    """Seven of them, at the beginning of the line, and then a space or nothing."""
    assert not is_conflict_marker(line)


@pytest.mark.parametrize("newline", [b"", b"\n", b"\r\n"])
def test_a_whole_event_behind_every_torn_one_is_found(newline: bytes) -> None:
    """Wherever the torn one is cut; but where a value was due, the event may be that value."""
    for cut in range(len(OTHER)):
        torn = OTHER[:cut]
        found = events_in(torn + LINE + newline)
        assert found == ([] if VALUE_DUE.search(torn) else [ONE]), torn


def test_a_whole_event_before_every_torn_one_is_found() -> None:
    """Wherever the torn one is cut."""
    for cut in range(1, len(OTHER)):
        assert events_in(LINE + OTHER[:cut] + b"\n") == [ONE], cut


def test_every_beginning_of_an_event_is_torn() -> None:
    """So that a torn tail can be told from a malformed line."""
    for line in (LINE, OTHER, OTHER.replace(b"\\u00e9", "é".encode())):
        for cut in range(1, len(line)):
            assert kinds_in(line[:cut] + b"\n") == ["torn"], line[:cut]


NESTED = [
    b'{"payload": {"cause": %s}}',
    b'{"aggregate_id": "x", "payload": %s}',
    b'{"events": [%s, %s]}',
    b'{"events": [ %s , %s',
    b"[%s, %s]",
    b"[%s, %s",
    b'"payload": %s',
    b'"payload":\t %s\n',
    b", %s",
    *(b":%s", b",%s", b"[%s"),
    b'{"text": "{", "a": [tru, "{", {"b": "{", "payload": %s',
    b'{"text": tru, "a": ["b {", ":", ",", %s',
    b'{"text": "\xff", "payload": %s}',
    b'{"n": ' + b"9" * 5000 + b', "payload": %s}',
    b'{"deep": ' + b"[" * 5_000 + b'0, "payload": %s',
]


@pytest.mark.parametrize("outer", NESTED, ids=[str(number) for number in range(len(NESTED))])
def test_a_value_is_never_taken_for_an_event(outer: bytes) -> None:
    """Wherever the record around it is cut, and with bytes at its beginning damaged or lost."""
    line = outer.replace(b"%s", LINE)
    end = line.rindex(LINE) + len(LINE)
    for cut in (end, *range(end, len(line) + 1)):
        assert events_in(line[:cut] + b"\n") == []
    # Only the end of the last key has to be there to tell that a value follows.
    for position in range(min(20, len(outer.partition(b"%s")[0].rstrip(b'\t :,[{"')))):
        assert events_in(line[:position] + b"?" + line[position + 1 : end]) == [], position
        assert events_in(line[position:end]) == [], position


def test_an_event_in_a_string_is_part_of_the_string() -> None:
    """Also when the line around it is torn."""
    line = json.dumps({"text": f"{LINE.decode()}\n"}).encode()
    for cut in range(1, len(line) + 1):
        assert events_in(line[:cut]) == []


@pytest.mark.parametrize(
    ("torn", "found"),
    [
        (b'{"aggregate_id": "x", "event_id":', [ONE]),
        (b'{"timestamp" : ', [ONE]),
        (b'{"event_id": {"event_id": ', [ONE]),
        (b'{"event_id": {"payload": ', []),
        (b'{"payload": {"event_id": ', []),
        (b'{"payload": [{"event_id": ', []),
        (b'{"event_id": [', []),
        (b'[{"event_id": ', []),
        (b'{"cause": ', []),
        (b'{"\\u0065vent_id": ', []),
        (b'INFO {"event_id": ', []),
    ],
)
def test_where_no_event_has_an_object_none_is_taken_for_a_value(
    torn: bytes, found: list[Event]
) -> None:
    """An id is text. But what a payload holds, or a record of another kind, nobody knows."""
    assert events_in(torn + LINE + b"\n") == found
    assert events_in(torn + LINE + b"}\n") == []


class Linked(BaseModel):
    """An event whose fields may hold objects, or say nothing of it."""

    event_id: str
    aggregate_id: str
    lamport_clock: int = 0
    node_id: str = "here"
    cause: dict[str, str] | None = None
    link: str | Note = ""
    kind: Literal["a", "b"] = "a"
    data: Annotated[dict[str, str], Field(min_length=1)] = {"a": "b"}
    when: datetime | None = None
    size: int | Literal["big"] = 0


class Anything(BaseModel):
    """An event that needs no field, and takes a list for one."""

    event_id: str = "1"
    aggregate_id: str = "a"
    lamport_clock: int = 0
    node_id: str = "here"

    @model_validator(mode="before")
    @classmethod
    def take_list(cls, value: object) -> object:
        """Make an event of a list."""
        return {} if isinstance(value, list) else value


def test_any_model_has_its_pieces() -> None:
    """Without a field that every event has, a torn record is not known as one of an event."""
    codec = codec_of(Anything)
    (torn,) = pieces_of(b'{"event_id": "7', codec)
    assert torn.kind == "torn"
    assert not begins_an_event(torn, codec)
    (event,) = pieces_of(b"{}", codec)
    assert event.event_id == "1"
    for line, ids in (
        (b"INFO {}", [None]),
        (b'{}{"event_id": "7"}{}', ["1", "7", "1"]),
        (b'{"event_id": {}', [None, "1"]),
    ):
        assert [piece.event_id for piece in pieces_of(line, codec)] == ids
    assert [piece.kind for piece in pieces_of(b"\0[]", codec)] == ["nul run", "malformed"]


@pytest.mark.parametrize(
    ("beginning", "is_one"),
    [
        *[(LINE[:cut], cut > 2) for cut in (1, 2, 3, 9, 15, 16, 50, len(LINE) - 1)],
        *[(b'{"id": 1', False), (b'{"x', False), (b'{"e', True), (LINE, False), (b"junk", False)],
        *[(b' {"event_id": "', False), (b'{"id": 7, "node_id": "x', True)],
        *[
            (b'{ \t"e', True),
            (b'{"e"', False),
            (b'{"node_id\\', False),
            (b'{"node_i\\u0064', False),
        ],
        *[(b'{"id": "node_id', False), (b'{"id": "node_id"', True)],
    ],
)
def test_the_beginning_of_an_event_is_known_by_its_keys(beginning: bytes, *, is_one: bool) -> None:
    """One that every event has, or what is left of it."""
    (piece,) = pieces_of(beginning + b"\n", CODEC)
    assert begins_an_event(piece, CODEC) == is_one


@pytest.mark.parametrize("space", [b" ", b"\t", b"\r", b"\n", b" \t\r\n "], ids=repr)
def test_white_space_in_and_between_records_is_theirs(space: bytes) -> None:
    """Wherever JSON allows it."""
    spaced = b"{" + space + OTHER[1:]
    assert events_in(LINE + spaced) == [ONE, TWO]
    assert events_in(LINE[:50] + spaced) == [TWO]
    assert events_in(space + spaced + space + LINE) == [TWO, ONE]
    assert kinds_in(b"{" + space + b"}" + spaced) == ["other record", "event"]
    assert kinds_in(b"{" + space + b'{"id": 7}') == ["torn", "other record"]


@pytest.mark.parametrize(
    ("gap", "kinds"),
    [
        *((gap, []) for gap in (b" ", b"\t", b"\r", b"\n", b" \t\r\n ")),
        *((gap, ["malformed"]) for gap in (b"\x0b", b"\x0c", b"\xef\xbb\xbf")),
        (b"\x0b \x0c\xef\xbb\xbf\t", ["malformed"]),
    ],
    ids=repr,
)
def test_behind_what_many_a_tool_takes_for_white_space_a_record_surely_begins(
    gap: bytes, kinds: list[str]
) -> None:
    """At the beginning of the line and behind another record; not behind anything else."""
    record = b'{"id": 8}'
    assert kinds_in(record + gap + record) == ["other record", *kinds, "other record"]
    assert kinds_in(gap + record + LINE) == [*kinds, "other record", "event"]
    assert kinds_in(LINE + gap + record) == ["event", *kinds, "other record"]
    for other in (b"x", b"\xa0", b"\xef\xbb"):
        assert kinds_in(record + gap + other + record) == ["other record", "malformed"]
        assert kinds_in(gap + other + record + LINE) == ["malformed", "event"]


@pytest.mark.parametrize(
    ("beginning", "is_one"),
    [
        *[(b"{", False), (b'{"', True), (b'{ \t"', True), (b'{"x', True), (b'{"x": [', True)],
        *[(b' {"x', False), (b'["x', False), (b'{"x": 1}', False)],
    ],
)
def test_where_any_object_is_a_record_any_key_begins_one(beginning: bytes, *, is_one: bool) -> None:
    """What is left of it is enough."""
    for end in (b"", b"\n", b"\r\n"):
        (piece,) = pieces_of(beginning + end, RECORDS)
        assert begins_an_event(piece, RECORDS) == is_one


@pytest.mark.parametrize(
    ("line", "kinds"),
    [
        (b"a\0" * 100, ["malformed", "nul run"] * 100),
        (b"a\0" * 101, ["malformed"]),
        (b"a\0" * 101 + b'{"', ["malformed", "nul run"] * 101 + ["torn"]),
        (b" \0" * 101 + b"\t\r\n", ["nul run"]),
    ],
)
def test_many_nul_bytes_without_a_record_are_no_runs(line: bytes, kinds: list[str]) -> None:
    """They are text of another encoding."""
    assert kinds_in(line) == kinds


@pytest.mark.parametrize("space", [b" ", b"\t", b"\r", b"\n"])
def test_white_space_belongs_to_the_nul_bytes_that_it_is_around(space: bytes) -> None:
    """Before a run, in it and behind it; before a record, it is a part of that."""
    line = b"x" + space + b"\0" + space + b"\0" + space + LINE
    datas = [piece.data for piece in pieces_in(line)]
    assert datas == [b"x" + space, b"\0" + space + b"\0" + space, LINE]
    assert [piece.data for piece in pieces_in(space + line[2:])] == [space + datas[1], LINE]


@pytest.mark.parametrize(
    ("kind", "is_record"),
    [
        *[("event", True), ("invalid event", True), ("other record", True), ("blank", False)],
        *[("torn", False), ("nul run", False), ("conflict marker", False), ("malformed", False)],
    ],
)
def test_a_record_is_a_whole_json_value(kind: Kind, *, is_record: bool) -> None:
    """An event or not; of those that are none, some have an id of events."""
    assert Piece(b"", kind).is_record == is_record
    has_id = kind in {"invalid event", "other record"}
    assert has_event_id(Piece(b'{"event_id": 1}', kind)) == has_id
    assert not has_event_id(Piece(b'{"id": 1}', kind))


@pytest.mark.parametrize(
    ("field", "is_found"),
    [
        *[("event_id", True), ("kind", True), ("when", True), ("size", True)],
        ("lamport_clock", True),
        *[("cause", False), ("link", False), ("data", False), ("unknown", False)],
    ],
)
def test_the_model_says_where_an_object_may_be(field: str, *, is_found: bool) -> None:
    """Whatever it is."""
    codec = codec_of(Linked)
    line = b'{"event_id": "1", "aggregate_id": "a"}'
    pieces = list(pieces_of(b'{"%b": ' % field.encode() + line, codec))
    assert [piece.event_id for piece in pieces] == ([None, "1"] if is_found else [None])


@pytest.mark.parametrize("behind", [b"}", b"]", b', "timestamp": "2026"}', b",{", b", 1", b",]"])
def test_an_event_that_may_be_a_value_is_left_alone(behind: bytes) -> None:
    """What stands behind it could go on with the value of a field."""
    for before in (b"", LINE[:50], b"INFO ", LINE, b"\0"):
        assert TWO not in events_in(before + OTHER + behind + b"\n")


BEHIND = [
    b"Traceback (most recent call last):",
    b",",
    b" , ",
    b"\xef\xbb\xbf",
    b"=======",
    b"x",
    b'"',
    b" INFO",
    b"\x0c",
]


@pytest.mark.parametrize("behind", BEHIND)
@pytest.mark.parametrize("newline", [b"", b"\n", b"\r\n"])
def test_an_event_is_whole_whatever_stands_behind_it(behind: bytes, newline: bytes) -> None:
    """A log message, one comma at the end of the line, the beginning of another file."""
    for before in (b"", OTHER, LINE[:50], b"\xef\xbb\xbf", b'{"aggregate_id": tru'):
        assert ONE in events_in(before + LINE + behind + newline), before
        if not behind.endswith((b",", b", ", b":")):
            assert ONE in events_in(before + LINE + behind + OTHER + newline), before
            assert TWO in events_in(before + LINE + behind + OTHER + newline), before


def test_a_comma_says_nothing_where_no_record_surely_begins() -> None:
    """Behind a comma within the line, or where something unknown stands before the event."""
    for line in (b"INFO %b,", b"%b, \0", b"%b, %b", b", %b,", b'{"a": [%b,', b'?"a": [1, %b,'):
        assert events_in(line.replace(b"%b", LINE) + b"\n") == []


@pytest.mark.parametrize("count", [101, 3000])
def test_any_number_of_torn_records_and_nul_runs_may_stand_before_an_event(count: int) -> None:
    """Each event behind one of them is found."""
    assert events_in(LINE[:50] * count + LINE) == [ONE]
    assert events_in((LINE[:50] + b"\0") * count + LINE) == [ONE]
    assert len(events_in((LINE[:50] + LINE) * count)) == count
    assert len(events_in((b"\0" + LINE) * count)) == count


@pytest.mark.uncounted
@pytest.mark.parametrize(
    "line",
    [
        b"{" * 200_000,
        b'{"' * 100_000,
        b'{"a":' * 100_000,
        b'{"a":[' * 50_000,
        b'{"a' * 75_000,
        b"{" + b" " * 200_000,
        b'{   "' * 100_000,
        b'x {"a": 1}' * 50_000,
        b'"{", ' * 100_000,
        b'{"a": [' + b'{"b": 1}, ' * 50_000,
        b"\x00a" * 100_000,
        b'a: {"' * 100_000,
        b'{"event_id": ' * 40_000,
        b'{"event_id": {"a": 1}, ' * 20_000,
        b'{"a": "x' * 50_000,
        b" " * 100_000 + b"{" + b" " * 100_000 + b"x",
    ],
    ids=range(16),
)
def test_long_lines_take_no_quadratic_time(line: bytes) -> None:
    """Of each kind half a megabyte: this would take an hour."""
    assert events_in(line) == []


parts = st.one_of(
    st.binary(max_size=20),
    st.sampled_from([LINE, OTHER, LINE[:40], OTHER[-40:], b"\0", b"\n", b'{"', b"{", b'": '] * 2),
)


@pytest.mark.uncounted
@settings(max_examples=300)
@given(st.lists(parts, max_size=8).map(b"".join))
@example(b"\0")
@example(b"\0\0\n\0")
def test_no_byte_is_lost(line: bytes) -> None:
    """The pieces of any bytes are those bytes, and every event is in one of them as it stands."""
    kinds_in(line)


words = st.text(st.characters(codec="utf-8"), max_size=12)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats(allow_nan=False) | words,
    lambda values: st.lists(values, max_size=3) | st.dictionaries(words, values, max_size=3),
    max_leaves=8,
)


@pytest.mark.uncounted
@settings(max_examples=200)
@given(st.dictionaries(words, json_values, max_size=3), st.booleans(), st.data())
def test_behind_any_torn_record_the_event_is_found_unless_a_value_is_due(
    record: dict[str, object],
    ascii_only: bool,  # noqa: FBT001  # hypothesis calls it
    data: st.DataObject,
) -> None:
    """Whatever the torn record holds and wherever it is cut."""
    torn = json.dumps(record, ensure_ascii=ascii_only).encode()
    torn = torn[: data.draw(st.integers(0, len(torn)))]
    # A value is due exactly where one may stand.
    decoder = json.JSONDecoder()
    try:
        decoder.raw_decode(torn.decode("latin-1") + '{"value": "')
        value_due = False
    except json.JSONDecodeError as error:
        value_due = bool(torn) and error.pos == len(torn) + len('{"value": ')
    assert events_in(torn + LINE + b"\n") == ([] if value_due else [ONE])


INNER = make_event(numbered_id(900), payload={"text": '}{"event_id": ['})
WITHIN = json.loads(CODEC.encode(INNER))
payloads = st.recursive(
    st.sampled_from([WITHIN, WITHIN, json.dumps(WITHIN), '"{\\', None, 1.5, "é ☕"]),
    lambda values: (
        st.lists(values, max_size=3)
        | st.dictionaries(st.sampled_from(["event_id", "payload", "timestamp", "a"]), values)
    ),
    max_leaves=6,
).map(lambda value: value if isinstance(value, dict) else {"value": value})


@pytest.mark.uncounted
@settings(max_examples=400)
@given(payloads, st.sampled_from([None, (",", ":"), (" , ", " : ")]), st.data())
def test_no_value_of_an_event_is_found_and_every_event_beside_it_is(
    payload: dict[str, Any], separators: tuple[str, str] | None, data: st.DataObject
) -> None:
    """Wherever the event is cut that holds it, and whatever stands behind."""
    outer = {**json.loads(OTHER), "payload": payload}
    whole = json.dumps(outer, separators=separators).encode()
    torn = whole[: data.draw(st.integers(1, len(whole) - 1))]
    behind = data.draw(st.sampled_from([b"", b"\n", b",\n", b"\0\n", b"x\n", whole[:40], torn]))
    for line in (torn + behind, torn * 2 + behind, b"\0" + torn + behind, whole + torn + behind):
        assert INNER not in events_in(line)
    found = events_in(torn + LINE + behind)
    assert INNER not in found
    # Behind a colon or a comma it is found where the model says that no object may stand there.
    assert ONE in found or torn.rstrip().endswith((b":", b",", b"["))


@pytest.mark.skipif(not REAL_LOGS.is_dir(), reason="logs from real use are not here")
def test_real_logs_of_another_kind_are_told_from_damaged_ones() -> None:
    """The status log holds other records; ids of a wrong length make an event malformed."""
    status = (REAL_LOGS / "status.events.jsonl").read_bytes().splitlines()
    assert {kind for line in status for kind in kinds_in(line)} == {"other record"}
    replay = (REAL_LOGS / "replay" / "wp_review_rejection_cycle.jsonl").read_bytes().splitlines()
    assert {kind for line in replay for kind in kinds_in(line)} == {"invalid event"}


def test_nothing_is_left_to_the_collector() -> None:
    """A long log full of malformed lines takes no more memory than a clean one."""
    gc.collect()
    gc.disable()
    try:
        for line in (b"junk\n", b'{"torn', b"{}\n", b"[1]\n", b'{"event_id": ' + LINE):
            list(pieces_of(line, CODEC))
        assert gc.collect() == 0
    finally:
        gc.enable()


class Within(BaseModel):
    """A part with fields of its own."""

    here: int
    there: int


class Holding(BaseModel):
    """An event with such a part."""

    event_id: str
    of: Within


def test_what_lacks_fields_of_a_part_is_still_meant_for_an_event() -> None:
    """Only what lacks two of an event's own fields is another program's."""
    codec: EventCodec[Holding] = EventCodec(Holding, "event_id", None)
    (piece,) = pieces_of(b'{"event_id": "a", "of": {}}', codec)
    assert (piece.kind, piece.reason) == ("invalid event", "of: here: Field required")
    (piece,) = pieces_of(b"{}", codec)
    assert (piece.kind, piece.reason) == ("other record", "no event_id or of")


@pytest.mark.uncounted
def test_a_line_of_many_torn_records_is_gone_through_once() -> None:
    """Each is looked at with what is before it, as far as that is news."""

    def seconds(count: int) -> float:
        line = b'{"a": 1 x ' * count

        def go_through() -> None:
            (piece,) = pieces_of(line, CODEC)
            assert piece.data == line

        return seconds_of(go_through)

    assert seconds(80_000) < 16 * seconds(10_000)
