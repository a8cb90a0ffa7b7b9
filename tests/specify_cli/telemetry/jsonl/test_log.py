"""A log of records of any kind: what it takes, what it refuses, and what it gives back."""

from __future__ import annotations

import copy
import enum
import json
import logging
import pickle
from collections import UserDict
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specify_cli.spec_kitty_events import StorageError
from specify_cli.telemetry import JsonlLog, MalformedLineError, NewEvents, SimpleJsonStore
from specify_cli.telemetry._codec import RecordCodec, UnstorableError, record_codec

from ..support.events import WHEN, make_event
from ..support.paths import REAL_LOGS

REAL_RECORDS = sorted((REAL_LOGS / "records").rglob("*.jsonl"))

_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda children: (
        st.lists(children, max_size=4) | st.dictionaries(st.text(), children, max_size=4)
    ),
    max_leaves=20,
)


class Lane(enum.StrEnum):
    """A value that is a text and more."""

    DOING = "doing"


def test_a_record_comes_back(log: Path) -> None:
    """A dict makes one line, with its keys sorted; and the file is the one of every log here."""
    records = JsonlLog(log)
    assert records.append({"wp": "WP01", "at": 1, "nested": {"b": [1, 2.5, None, True], "a": "é"}})
    assert log.read_bytes() == (
        b'{"at": 1, "nested": {"a": "\\u00e9", "b": [1, 2.5, null, true]}, "wp": "WP01"}\n'
    )
    assert list(records.records()) == [
        {"wp": "WP01", "at": 1, "nested": {"b": [1, 2.5, None, True], "a": "é"}}
    ]


def test_a_missing_log_is_empty(log: Path) -> None:
    """Reading makes no file."""
    records = JsonlLog(log)
    assert list(records.records()) == list(records.records(strict=True)) == []
    assert records.read_since().events == []
    assert not log.exists()


@pytest.mark.uncounted
@given(st.dictionaries(st.text(), _JSON, max_size=6))
def test_whatever_is_in_json_terms_comes_back(record: dict[str, Any]) -> None:
    """As it was, whichever of the parsers reads it, and in the form that json.dumps gives."""
    codec = RecordCodec()
    line = codec.encode(record)
    assert line == json.dumps(record, sort_keys=True).encode() + b"\n"
    assert codec.decode(line) == json.loads(line) == record
    assert codec.encode(line) == line


@pytest.mark.parametrize(
    ("record", "stored"),
    [
        (MappingProxyType({"a": 1}), {"a": 1}),
        (UserDict({"a": {"b": ()}}), {"a": {"b": []}}),
        ({"a": (1, 2), "b": {3}}, {"a": [1, 2], "b": [3]}),
        ({1: "key"}, {"1": "key"}),
        ({"lane": Lane.DOING}, {"lane": "doing"}),
        ({"at": WHEN}, {"at": "2026-02-16T09:12:58.036834Z"}),
        ({"id": UUID(int=1)}, {"id": "00000000-0000-0000-0000-000000000001"}),
        ({"path": Path("a")}, {"path": "a"}),
        ({"lone": "\ud800"}, {"lone": "\ud800"}),
        ({}, {}),
    ],
)
def test_what_json_has_a_form_for_is_stored_in_it(
    record: Any, stored: dict[str, Any], log: Path
) -> None:
    """Any mapping will do, and whatever pydantic has a JSON form for."""
    records = JsonlLog(log)
    records.append(record)
    assert list(records.records(strict=True)) == [stored]


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"a": float("nan")}, "JSON"),
        ({"a": {"b": float("inf")}}, "JSON"),
        ({1: "a", "1": "b"}, "two keys become '1'"),
        ({"a": object()}, "object"),
        ({"a": 10**4300}, "digits"),
        ({"a": [[[]]] * 3, "deep": json.loads("[" * 100 + "]" * 100)}, "levels deep"),
        (b"", "."),
        (b"{", "."),
        (b"{}{}", "."),
        (b"[1]", "not a JSON object"),
        ("5", "not a JSON object"),
        (b'{"a":\n1}', "more than one line"),
        (b"{}\n\n", "more than one line"),
        (b'{"a": NaN}', "NaN is not JSON"),
        (b"\xef\xbb\xbf{}", "."),
        (b'{"a": "\xff"}', "."),
        ('{"a": "\ud800"}', "surrogates"),
        (b'{"a": %b}' % (b"9" * 4301), "."),
        (b'{"a": %b%b}' % (b"[" * 100, b"]" * 100), "levels deep"),
    ],
)
def test_what_would_be_lost_is_refused(record: Any, reason: str, log: Path) -> None:
    """The error names the file and the reason, and nothing is written."""
    records = JsonlLog(log)
    with pytest.raises(StorageError, match=f"cannot store a record in .*{reason}") as caught:
        records.append(record)
    assert isinstance(caught.value.__cause__, UnstorableError)
    with pytest.raises(StorageError):
        records.extend([{"fine": True}, record])
    assert not log.exists()


@pytest.mark.parametrize("record", [None, 5, ["a"], make_event(), {"a"}])
def test_what_is_no_record_is_a_mistake(record: Any, log: Path) -> None:
    """It is a TypeError, before anything is written."""
    with pytest.raises(TypeError, match="a record is a mapping or an encoded line"):
        JsonlLog(log).append(record)


@pytest.mark.parametrize("records", ["{}", b"{}", {"a": 1}])
def test_one_record_is_not_several(records: Any, log: Path) -> None:
    """Its characters or keys are never taken for records."""
    with pytest.raises(TypeError, match="several records are expected"):
        JsonlLog(log).extend(records)


def test_no_records_make_no_log(log: Path) -> None:
    """Nor do no events; there is nothing that could be in it."""
    assert JsonlLog(log).extend([]) == 0
    assert SimpleJsonStore(log).save_events([]) == 0
    assert not log.exists()


def test_a_record_that_raises_is_refused(log: Path) -> None:
    """Whatever a mapping of the caller's does when it is read."""

    class Broken(UserDict[str, int]):
        def items(self) -> Any:
            raise RuntimeError("no items")

    with pytest.raises(StorageError, match="RuntimeError: no items"):
        JsonlLog(log).append(Broken(a=1))

    class Full(UserDict[str, int]):
        def items(self) -> Any:
            raise MemoryError

    with pytest.raises(MemoryError):
        JsonlLog(log).append(Full(a=1))


@pytest.mark.parametrize(
    "line", [b'{"b":1,  "a":2}', b'{"a":1}\r', b' {"a": "\xc3\xa9"} ', b'{"a":"\\ud800"}']
)
def test_an_encoded_line_is_kept_byte_for_byte(line: bytes, log: Path) -> None:
    """With or without its newline, as bytes or as text."""
    records = JsonlLog(log)
    assert records.extend([line, line + b"\n", bytearray(line), line.decode()]) == 4
    assert log.read_bytes() == (line + b"\n") * 4


def test_with_a_key_a_record_is_written_once(log: Path) -> None:
    """By whichever object, dict or line; the first one stays."""
    records = JsonlLog(log, key="id")
    assert records.append({"id": "a", "n": 1})
    assert not records.append({"id": "a", "n": 2})
    assert not JsonlLog(log, key="id").append(b'{"n": 3, "id": "a"}')
    assert records.extend([{"id": "b"}, {"id": "a"}, {"id": "b", "n": 2}, {"id": "c"}]) == 2
    assert records.extend([]) == 0
    assert list(records.records()) == [{"id": "a", "n": 1}, {"id": "b"}, {"id": "c"}]


def test_without_a_key_every_append_is_written(log: Path) -> None:
    """The same record as often as it is appended; and no id is looked for in the file."""
    records = JsonlLog(log)
    assert [records.append({"event_id": "a"}) for _ in range(3)] == [True] * 3
    assert len(list(records.records())) == len(records.read_since().events) == 3
    assert not records._writer._ids._scanned.starts


def test_integers_are_keys_too_and_no_texts(log: Path) -> None:
    """5 is another id than "5", in the log of a first append and in that of a later one."""
    kept = JsonlLog(log, key="n")
    logs: list[Callable[[], JsonlLog]] = [lambda: JsonlLog(log, key="n"), lambda: kept]
    for new_log in logs:
        log.unlink(missing_ok=True)
        values = [5, "5", 0, -1, 55, "-1", 10**18]
        assert [new_log().append({"n": value}) for value in values] == [True] * 7
        assert [new_log().append({"n": value}) for value in values] == [False] * 7
        log.write_bytes(log.read_bytes() + b'{"n" : -0}\n{"n": 7.0}\n{"n":8e0}\n{"\\u006e": 9}\n')
        assert [new_log().append({"n": value}) for value in (0, 7, 8, 9)] == [
            False,
            True,
            True,
            False,
        ]


@pytest.mark.parametrize("name", ["id", "é", 'quo"te', "back\\slash", "a b"])
def test_a_key_may_have_any_name_and_spelling(name: str, log: Path) -> None:
    """Whether or not JSON writes the name, or the id, with escapes."""
    log.write_bytes(
        json.dumps({name: "\xe9 1"}).encode()
        + b"\n"
        + json.dumps({name: "\xe9 2"}, ensure_ascii=False).encode()
        + b"\n"
    )
    for _ in range(2):
        records = JsonlLog(log, key=name)
        assert not records.append({name: "\xe9 1"})
        assert not records.append({name: "\xe9 2"})
    assert records.extend({name: f"\xe9 {n}"} for n in range(4)) == 2


def test_a_key_may_be_deep_in_a_record(log: Path) -> None:
    """The same name elsewhere in the record is no key."""
    records = JsonlLog(log, key="payload.id")
    assert records.append({"id": "b", "payload": {"id": "a"}})
    assert records.append({"id": "a", "payload": {"id": "b", "more": {"id": "c"}}})
    assert records.append({"id": "a", "payload": {"id": "c"}})
    assert not JsonlLog(log, key="payload.id").append({"payload": {"id": "c"}})


@pytest.mark.parametrize(
    "record",
    [{}, {"id": None}, {"id": ""}, {"id": True}, {"id": 1.5}, {"id": ["a"]}, {"id": 2**63}, b"{}"],
)
def test_a_record_without_the_key_is_refused(record: Any, log: Path) -> None:
    """So is one whose key is neither a text nor an integer that every reader keeps."""
    with pytest.raises(StorageError, match="id: it has no id there, a text or an integer"):
        JsonlLog(log, key="id").append(record)
    with pytest.raises(StorageError, match=r"a\.b: it has no id there"):
        JsonlLog(log, key="a.b").append({"a": [1], "id": "x"})
    assert not log.exists()


@pytest.mark.parametrize("key", ["", ".", "a.", "a..b"])
def test_an_empty_name_is_no_key(key: str, log: Path) -> None:
    """It is a mistake to be seen at once."""
    with pytest.raises(ValueError, match="not a key"):
        JsonlLog(log, key=key)
    with pytest.raises(TypeError, match="a key is a str or None"):
        JsonlLog(log, key=5)  # type: ignore[arg-type]  # the mistake


def test_a_record_without_the_key_is_read_all_the_same(log: Path) -> None:
    """One log holds records of several kinds; only appending needs the key."""
    log.write_bytes(b'{"id": "a"}\n{"n": 1}\n{"n": 1}\n{"id": "a"}\n{"id": [1]}\n')
    records = JsonlLog(log, key="id")
    expected = [{"id": "a"}, {"n": 1}, {"n": 1}, {"id": [1]}]
    assert list(records.records()) == records.read_since().events == expected


def test_malformed_lines_are_skipped_with_a_warning(
    log: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Path, line and reason are told, ten times at most; blank lines mean nothing."""
    log.write_bytes(b'{"n": 1}\n\n[2]\n{"n": \n \xef\xbb\xbf{"n": 3}\n\xef\xbb\xbf{"n": 4}\n')
    records = JsonlLog(log)
    with caplog.at_level(logging.WARNING):
        assert list(records.records()) == [{"n": 1}, {"n": 4}]
    assert f'Skipping malformed record line 3 of "{log}": not a JSON object' in caplog.messages
    assert len(caplog.messages) == 3
    log.write_bytes(b"junk\n" * 50)
    caplog.clear()
    assert list(records.records()) == []
    assert caplog.messages[10] == f'Skipped 50 malformed record lines of "{log}"'
    assert len(caplog.messages) == 11


@pytest.mark.parametrize("read", ["records", "transaction"])
def test_a_strict_read_stops_at_the_first_bad_line(read: str, log: Path) -> None:
    """The error says where it is; what stands before has been read."""
    log.write_bytes(b'{"n": 1}\n\n{"n": 2}\r\n{"n": \n{"n": 3}\n')
    records = JsonlLog(log)
    found: list[int] = []

    def read_all() -> None:
        with records.locked() as held:
            source = records if read == "records" else held
            found.extend(record["n"] for record in source.records(strict=True))

    with pytest.raises(MalformedLineError) as caught:
        read_all()
    assert found == [1, 2]
    error = caught.value
    assert (error.path, error.line, error.offset) == (log, 4, 20)
    assert "EOF" in error.reason or "Expecting" in error.reason
    assert str(error) == f'line 4 of "{log}", from byte 20 on, is no record: {error.reason}'
    assert isinstance(error, StorageError)
    assert error.__cause__ is not None
    again = pickle.loads(pickle.dumps(error))  # noqa: S301  # its own
    assert (str(again), again.path, again.line) == (str(error), log, 4)


def test_a_torn_tail_stops_a_strict_read_and_is_sealed_by_an_append(log: Path) -> None:
    """Nothing is lost but what was never whole."""
    log.write_bytes(b'{"n": 1}\n{"n": 2')
    records = JsonlLog(log)
    with pytest.raises(MalformedLineError, match="line 2"):
        list(records.records(strict=True))
    records.append({"n": 3})
    assert log.read_bytes() == b'{"n": 1}\n{"n": 2\n{"n": 3}\n'


def test_following_a_log(log: Path) -> None:
    """From the start, from the end, and by a few at a time; another object goes on."""
    records = JsonlLog(log, key="n")
    records.extend({"n": n} for n in range(5))
    found, cursor = records.read_since(limit=2)
    assert [record["n"] for record in found] == [0, 1]
    assert len(JsonlLog(log).read_since(cursor).events) == 3
    _, end = records.read_since(NewEvents.END)
    records.append({"n": 5})
    assert records.read_since(end).events == [{"n": 5}]


def test_the_repr_makes_another_log_and_a_copy_is_one(log: Path) -> None:
    """With what was given, and without what is usual."""
    assert repr(JsonlLog(log)) == f"JsonlLog({str(log)!r}, fsync=False)"
    full = JsonlLog(log, key="a.b", fsync=True, timeout=1, mode=0o600, follow_symlinks=False)
    assert repr(full) == (
        f"JsonlLog({str(log)!r}, key='a.b', fsync=True, timeout=1, mode=0o600,"
        " follow_symlinks=False)"
    )
    full.append({"a": {"b": "c"}})
    for again in (copy.copy(full), pickle.loads(pickle.dumps(full))):  # noqa: S301  # its own
        assert repr(again) == repr(full)
        assert not again.append({"a": {"b": "c"}})
    assert full.file_path == log
    assert full.key == "a.b"


def test_a_store_and_a_log_share_a_file(log: Path) -> None:
    """The engine is one: neither writes what the other has written."""
    event = make_event()
    SimpleJsonStore(log).save_event(event)
    records = JsonlLog(log, key="event_id")
    ((record),) = records.records()
    assert datetime.fromisoformat(record["timestamp"]) == event.timestamp
    assert not records.append(record)
    assert records.append(record | {"event_id": "01KHJVJWDM0H00000000000009"})
    assert SimpleJsonStore(log).save_events([event]) == 0
    assert len(SimpleJsonStore(log).load_all_events()) == 2


@pytest.mark.parametrize("path", REAL_RECORDS, ids=lambda path: path.name)
def test_a_real_log_is_read_whole_and_written_again_byte_for_byte(path: Path, log: Path) -> None:
    """Every shape of record in it; where the key is missing, no key is asked for."""
    # One of them has a blank line, which means nothing.
    lines = [line for line in path.read_bytes().splitlines(keepends=True) if line.strip()]
    content = b"".join(lines)
    read = list(JsonlLog(path).records(strict=True))
    assert read == [json.loads(line) for line in lines]
    JsonlLog(log).extend(lines)
    for line in lines:
        JsonlLog(log.with_name("one by one")).append(line)
    if lines:
        assert log.read_bytes() == log.with_name("one by one").read_bytes() == content
    assert list(JsonlLog(log).records(strict=True)) == read
    if lines and all("event_id" in record for record in read):
        keyed = JsonlLog(log, key="event_id")
        assert not any(keyed.append(line) for line in lines)
    again = log.with_name("again")
    assert JsonlLog(again).extend(read) == len(read)
    assert list(JsonlLog(again).records(strict=True)) == read


def test_there_are_real_logs_where_there_are_any() -> None:
    """The parameters of the test above are not empty by mistake."""
    if not (REAL_LOGS / "records").exists():
        pytest.skip("the real logs are not here")
    assert len(REAL_RECORDS) == 26


@pytest.mark.parametrize(
    "line", [b'{"id": "a", "n": ', b'{"x": 1}{"id": "a"}', b'["id", {"id": "a"}]', b'{"id": "a"} x']
)
def test_an_id_in_a_line_that_is_no_record_is_not_known(line: bytes, log: Path) -> None:
    """Else the record that was torn could never be appended again."""
    log.write_bytes(line + b"\n" + b'{"other": {"id": "a"}}\n')
    assert JsonlLog(log, key="id").append({"id": "a"})
    assert not JsonlLog(log, key="id").append({"id": "a"})


def test_running_out_of_memory_is_no_fault_of_a_line(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes through a read, which would call the line malformed otherwise."""

    def fail(line: bytes) -> object:
        raise MemoryError(line)

    log.write_bytes(b"{\n")
    monkeypatch.setattr(record_codec, "parse", fail)
    with pytest.raises(MemoryError):
        list(JsonlLog(log).records())
