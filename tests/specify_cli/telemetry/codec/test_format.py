"""What a line looks like: one form when written, any JSON spelling when read."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from specify_cli.spec_kitty_events import Event
from specify_cli.telemetry import SimpleJsonStore

from ..support.events import WHEN, make_event, make_events

Spell = Callable[[dict[str, Any]], bytes]


def as_dumped(event: Event) -> bytes:
    """Return the line that the format's definition gives for a plain event."""
    fields = event.to_dict() | {"timestamp": event.timestamp.isoformat()}
    return json.dumps(fields, sort_keys=True).encode() + b"\n"


def test_a_line_is_what_json_dumps_gives(store: SimpleJsonStore, log: Path) -> None:
    """The bytes are those of json.dumps with sorted keys and ISO timestamps, and a newline."""
    event = make_event(
        event_id="01KHJVJWDM0HGAGYGXJYKD1JQG",
        payload={"z": 1, "a": {"y": [1.5, None, True], "b": "é\U0001f431\n"}, "cost": 15.6},
    )
    store.save_event(event)
    assert log.read_bytes() == as_dumped(event)
    assert log.read_bytes() == (
        b'{"aggregate_id": "043-telemetry-foundation", "causation_id": null, '
        b'"event_id": "01KHJVJWDM0HGAGYGXJYKD1JQG", "event_type": "ExecutionEvent", '
        b'"lamport_clock": 1, "node_id": "cli:WP01", "payload": {"a": {"b": '
        b'"\\u00e9\\ud83d\\udc31\\n", "y": [1.5, null, true]}, "cost": 15.6, "z": 1}, '
        b'"timestamp": "2026-02-16T09:12:58.036834+00:00"}\n'
    )


def test_a_batch_is_the_same_lines(store: SimpleJsonStore, log: Path) -> None:
    """Saving events together gives the bytes that saving them one by one gives."""
    events = make_events(5)
    assert store.save_events(events) == 5
    assert log.read_bytes() == b"".join(as_dumped(event) for event in events)


def test_encoding_what_was_decoded_gives_the_same_bytes(
    store: SimpleJsonStore, log: Path, tmp_path: Path
) -> None:
    """A log copied through two stores is the same log."""
    payload = {"by number": {10: "ten", 9: "nine"}, "when": WHEN, "set": {1}}
    store.save_events([make_event(payload=payload), *make_events(3)])
    copy = SimpleJsonStore(tmp_path / "copy.jsonl")
    copy.save_events(store.iter_events())
    assert copy.file_path.read_bytes() == log.read_bytes()


SPELLINGS: dict[str, Spell] = {
    "compact": lambda data: json.dumps(data, separators=(",", ":")).encode(),
    "spaced": lambda data: json.dumps(data, separators=(" ,\t", "\t: ")).encode(),
    "reversed keys": lambda data: json.dumps(dict(reversed(data.items()))).encode(),
    "raw UTF-8": lambda data: json.dumps(data, ensure_ascii=False).encode(),
    "carriage return": lambda data: json.dumps(data).encode() + b"\r",
    "byte order mark": lambda data: b"\xef\xbb\xbf" + json.dumps(data).encode(),
    "leading space": lambda data: b" \t" + json.dumps(data).encode(),
    "escaped id": lambda data: (
        json.dumps(data)
        .replace(data["event_id"], "".join(f"\\u{ord(c):04x}" for c in data["event_id"]))
        .encode()
    ),
    "escaped key": lambda data: json.dumps(data).replace("event_id", "event\\u005fid").encode(),
    "escaped slash": lambda data: json.dumps(data).replace("/", "\\/").encode(),
    "Z for UTC": lambda data: json.dumps(data).replace("+00:00", "Z").encode(),
    "extra fields": lambda data: json.dumps(data | {"schema_version": "3.0.0"}).encode(),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("end", [b"\n", b"", b"\n\n \r\n"], ids=["newline", "no newline", "blank"])
def test_any_json_spelling_is_read_and_known(
    spelling: str, end: bytes, log: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever wrote a valid event, it loads; saving it again writes at most its missing newline."""
    event = make_event(event_id="id/with/26/characters.é.é.", payload={"text": "é / \U0001f431"})
    data = event.to_dict() | {"timestamp": event.timestamp.isoformat()}
    content = SPELLINGS[spelling](data) + end
    log.write_bytes(content)
    store = SimpleJsonStore(log)
    assert store.load_all_events() == [event]
    assert caplog.records == []
    store.save_event(event)
    assert log.read_bytes() == (content if end else content + b"\n")
    other = make_event()
    store.save_event(other)  # the index, which a second save builds, has to find it too
    store.save_event(event)
    assert store.load_all_events() == [event, other]
    assert log.read_bytes().count(b"\n") == content.count(b"\n") + 1 + (not end)


def test_lone_surrogates_are_kept(store: SimpleJsonStore, caplog: pytest.LogCaptureFixture) -> None:
    """A file name that is not UTF-8, as Python hands it out, survives."""
    event = make_event(payload={"path": b"caf\xe9.txt".decode("utf-8", "surrogateescape")})
    store.save_event(event)
    assert store.load_all_events() == [event]
    assert caplog.records == []


def test_blank_lines_are_counted_but_not_reported(
    log: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is malformed about an empty line; line numbers stay those an editor shows."""
    event = make_event()
    log.write_bytes(b"\xef\xbb\xbf\n\r\n  \n" + as_dumped(event) + b"oops\n")
    assert SimpleJsonStore(log).load_all_events() == [event]
    assert [record.args[0] for record in caplog.records if isinstance(record.args, tuple)] == [5]


def test_logging_goes_to_the_module(log: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever does not want the warnings can switch them off by the module's name."""
    log.write_bytes(b"oops\n")
    with caplog.at_level(logging.ERROR, "specify_cli.telemetry.store"):
        assert SimpleJsonStore(log).load_all_events() == []
    assert caplog.records == []
