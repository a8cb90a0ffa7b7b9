"""What a line says, and which records are asked for."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from specify_cli.telemetry.query import Record, Selection, parse, time_since, where


def record(**fields: object) -> Record:
    """Return the record of a line with these fields."""
    found = parse(json.dumps(fields).encode())
    assert found is not None
    return found


def test_an_event_has_columns_and_details() -> None:
    """The fields of the contract are columns, the payload is the details."""
    found = record(
        event_id="01KHJVJWDM0HGAGYGXJYKD1JQG",
        event_type="ExecutionEvent",
        aggregate_id="043",
        node_id="cli:WP01",
        lamport_clock=7,
        timestamp="2026-02-16T09:12:58Z",
        causation_id="01KHJVJWDM0HGAGYGXJYKD1JQF",
        payload={"usage": {"in": 1}, "agent": "claude", "error": None},
    )
    assert found.time == datetime(2026, 2, 16, 9, 12, 58, tzinfo=UTC)
    assert (found.clock, found.node, found.aggregate) == (7, "cli:WP01", "043")
    assert found.type == "ExecutionEvent"
    assert found.event_id == "01KHJVJWDM0HGAGYGXJYKD1JQG"
    assert list(found.details()) == [("agent", "claude"), ("usage", {"in": 1})]


@pytest.mark.parametrize(
    ("names", "value", "column"),
    [
        ("timestamp at ts time created_at started_at completed_at", "2026-02-16T09:00Z", "time"),
        ("lamport_clock lamport sequence seq", 7, "clock"),
        ("node_id actor agent", "here", "node"),
        ("aggregate_id mission_slug mission_id mission invocation_id", "043", "aggregate"),
        ("event_type type event event_name kind", "Made", "type"),
    ],
)
def test_a_column_has_many_names(names: str, value: object, column: str) -> None:
    """Of those that are there the first counts, and the others are details."""
    every = names.split()
    other: object = 1 if column == "clock" else "2020-01-01T00:00Z"
    for place, name in enumerate(every):
        found = record(**dict.fromkeys(every[place + 1 :], other), **{name: value, "more": 1})
        wanted = datetime(2026, 2, 16, 9, tzinfo=UTC) if column == "time" else value
        assert getattr(found, column) == wanted
        assert name not in dict(found.details())
        assert set(every[place + 1 :]) <= dict(found.details()).keys()


def test_another_record_has_what_it_calls_otherwise() -> None:
    """A transition of a status log, say; an object is no column, whatever it is called."""
    found = record(
        at="2026-03-20T12:38:06+02:00",
        actor="user",
        mission_slug="053",
        kind={"no": "text"},
        to_lane="done",
        payload="text",
        nothing=None,
    )
    assert found.time == datetime(2026, 3, 20, 10, 38, 6, tzinfo=UTC)
    assert (found.clock, found.node, found.aggregate, found.type) == (None, "user", "053", "")
    assert found.event_id is None
    assert list(found.details()) == [
        ("payload", "text"),
        ("to_lane", "done"),
        ("kind", {"no": "text"}),
    ]


@pytest.mark.parametrize("value", ["7", 7.5, True, None, [7]])
def test_only_a_whole_number_is_a_clock_and_only_a_text_an_id(value: object) -> None:
    """Whatever other programs write there."""
    assert record(lamport_clock=value).clock is None
    if not isinstance(value, str):
        assert record(event_id=value).event_id is None


@pytest.mark.parametrize(
    ("value", "time"),
    [
        (1771233178, datetime(2026, 2, 16, 9, 12, 58, tzinfo=UTC)),
        (1771233178500, datetime(2026, 2, 16, 9, 12, 58, 500_000, tzinfo=UTC)),
        (99_999_999_999, datetime(5138, 11, 16, 9, 46, 39, tzinfo=UTC)),
        (100_000_000_000, datetime(1973, 3, 3, 9, 46, 40, tzinfo=UTC)),
        ("2026-02-16 09:12:58", datetime(2026, 2, 16, 9, 12, 58, tzinfo=UTC)),
        ("soon", None),
        (True, None),
        (1e300, None),
    ],
)
def test_a_time_is_iso_text_or_a_number_since_1970(value: object, time: datetime | None) -> None:
    """In seconds or milliseconds; anything else is no time."""
    assert record(ts=value).time == time


@pytest.mark.parametrize(
    "line", [b"", b"text", b"[1]", b'{"a": ', b"\xff", b'{"a": "\xff"}', b"{" + b'"a":{' * 99999]
)
def test_what_is_no_object_is_no_record(line: bytes) -> None:
    """Whatever the bytes are, nothing is raised."""
    assert parse(line) is None


@pytest.mark.parametrize(
    "line", [b'\xef\xbb\xbf {"a": 1}\r', b' {"a":1}', b'{"a": 1, "b": "\\ud800"}']
)
def test_any_spelling_of_an_object_is_one(line: bytes) -> None:
    """As the store reads them; a lone surrogate too."""
    found = parse(line)
    assert found is not None
    assert found.value("a") == 1


def test_a_value_is_found_by_name() -> None:
    """In the payload first, then beside it, then as a column; dots lead into objects."""
    found = record(
        event_type="T",
        mission="M",
        a=1,
        payload={"a": 2, "b": {"c": {"d": 3}}, "x.y": 4},
        lamport=5,
        actor=6,
    )
    names = ("a", "b.c.d", "x.y", "mission", "b.c.d.e", "z", "")
    assert [found.value(name) for name in names] == [2, 3, 4, "M", None, None, None]
    columns = ("type", "aggregate", "clock", "node")
    assert [found.value(name) for name in columns] == ["T", "M", 5, 6]
    assert found.node == "6"


@pytest.mark.parametrize(
    ("text", "is_taken"),
    [
        ("agent=claude", True),
        ("agent=claud", False),
        ("number=1", True),
        ("number=1.0", True),
        ("number=true", False),
        ("flag=true", True),
        ("flag=1", False),
        ("flag=yes", False),
        ("flag=" + "[" * 99_999, False),
        ("nothing=null", True),
        ("missing=null", True),
        ("list=[1]", True),
        ("text=1", True),
        ("a=b=c", False),
    ],
)
def test_where_compares_as_json(text: str, is_taken: bool) -> None:  # noqa: FBT001  # a case
    """A text is compared as it is, anything else as what the text says in JSON."""
    found = record(
        payload={
            "agent": "claude",
            "number": 1,
            "flag": True,
            "nothing": None,
            "list": [1],
            "text": "1",
        }
    )
    assert Selection(where=(where(text),)).takes(found) == is_taken


def test_the_first_sign_ends_the_field() -> None:
    """What comes after it is the value, whatever it holds."""
    assert where("a=b=c") == ("a", "b=c")


@pytest.mark.parametrize("text", ["", "agent", "=claude"])
def test_where_needs_a_field_and_a_value(text: str) -> None:
    """What is given instead is shown."""
    with pytest.raises(ValueError, match="is not of the form FIELD=VALUE"):
        where(text)


def test_a_selection_is_all_that_is_asked_for() -> None:
    """Each condition leaves out what does not meet it."""
    found = record(
        aggregate_id="A", node_id="N", event_type="T", timestamp="2026-02-16T09:00:00+00:00"
    )
    nine = datetime(2026, 2, 16, 9, tzinfo=UTC)
    later = nine + timedelta(microseconds=1)
    assert Selection("A", "T", "N", nine).takes(found)
    for other in (
        Selection("B"),
        Selection(type="U"),
        Selection(node="M"),
        Selection(since=later),
    ):
        assert not other.takes(found)
    assert not Selection(since=nine).takes(record(node_id="N"))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("30m", 1800), ("2h", 7200), ("7d", 604_800), ("1w", 604_800)],
)
def test_since_counts_back(text: str, seconds: int) -> None:
    """From now."""
    now = datetime(2026, 2, 16, tzinfo=UTC)
    assert now - time_since(text, now) == timedelta(seconds=seconds)
    assert datetime.now(UTC) - time_since(text) < timedelta(seconds=seconds + 60)


def test_since_takes_iso_times() -> None:
    """One without a zone is local time, as the ones that are shown."""
    assert time_since("2026-02-16T09:12+02:00").isoformat() == "2026-02-16T09:12:00+02:00"
    assert time_since("2026-02-16") == datetime(2026, 2, 16).astimezone()  # local


@pytest.mark.parametrize("text", ["", "yesterday", "2y", "-1h", "999999999w"])
def test_since_refuses_anything_else(text: str) -> None:
    """And says what it takes."""
    with pytest.raises(ValueError, match="is no time: 90s, 30m, 2h, 7d, or ") as caught:
        time_since(text)
    assert isinstance(caught.value.__cause__, ValueError | OverflowError)
