"""One line per event id, and only an id that loads counts as known (G4)."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from specify_cli.telemetry import SimpleJsonStore

from ..support.events import CODEC, WHEN, make_event, make_events
from ..support.platforms import exit_code_of_child, has_fork
from ..support.system_calls import LOCK, SystemCalls


def line_of(**fields: object) -> bytes:
    """Return a line with the fields of an event, some of them replaced."""
    data = make_event().to_dict() | {"timestamp": WHEN.isoformat()} | fields
    return json.dumps(data, sort_keys=True).encode() + b"\n"


def test_known_ids_are_loaded_by_the_first_save(store: SimpleJsonStore) -> None:
    """Neither making a store nor loading from it looks for ids."""
    assert not store._writer._ids._scanned.starts
    store.load_all_events()
    assert not store._writer._ids._scanned.starts
    store.save_event(make_event())
    assert store._writer._ids._scanned.starts


def test_the_first_saved_wins(store: SimpleJsonStore) -> None:
    """Another event under a known id is skipped, by this store and by others."""
    first = make_event(payload={"n": 1})
    store.save_event(first)
    second = first.model_copy(update={"payload": {"n": 2}})
    store.save_event(second)
    SimpleJsonStore(store.file_path).save_event(second)
    assert store.load_all_events() == [first]


def test_a_batch_counts_what_is_new(store: SimpleJsonStore) -> None:
    """Repeats within the batch and ids already in the log are dropped; order is kept."""
    known, *new = make_events(4)
    store.save_event(known)
    again = new[0].model_copy(update={"payload": {"again": True}})
    assert store.save_events(iter([new[0], known, new[1], again, new[2], new[1]])) == 3
    assert list(store.iter_events()) == [known, *new]


def test_an_empty_batch_touches_nothing(store: SimpleJsonStore) -> None:
    """Nothing to save makes no file."""
    assert store.save_events([]) == 0
    assert not store.file_path.exists()


def test_a_batch_whose_source_fails_saves_nothing(store: SimpleJsonStore) -> None:
    """The error of the iterable comes through, and the file is as it was."""
    event = make_event()

    def failing() -> object:
        yield event
        raise RuntimeError("source failed")

    with pytest.raises(RuntimeError, match="source failed"):
        store.save_events(failing())  # type: ignore[arg-type]  # a generator that never ends well
    assert not store.file_path.exists()


@pytest.mark.parametrize("saves_before", [0, 4, 5], ids=["searching", "indexing", "indexed"])
@pytest.mark.parametrize(
    "line",
    [
        b'{"event_id": "%s"',
        b'{"event_id": "%s"}\n',
        b'{"event_id": "%s\n',
        b'not json "event_id": "%s"\n',
        b'["event_id", "%s"]\n',
        b"\x00\x00\xff%s\n",
        b'\\u0041 "event_id": "%s"\n',
    ],
    ids=["torn", "incomplete", "unclosed", "not json", "array", "bytes", "escape"],
)
def test_an_id_in_a_malformed_line_is_not_known(
    line: bytes, saves_before: int, log: Path, store: SimpleJsonStore
) -> None:
    """The event whose line went wrong can be saved again."""
    event = make_event()
    log.write_bytes(line % event.event_id.encode())
    before = make_events(saves_before)
    for other in before:
        store.save_event(other)
    store.save_event(event)
    content = log.read_bytes()
    store.save_event(event)
    assert log.read_bytes() == content
    assert list(store.iter_events()) == [*before, event]


@pytest.mark.parametrize("saves_before", [0, 4, 5], ids=["searching", "indexing", "indexed"])
def test_an_id_elsewhere_in_an_event_is_not_known(
    saves_before: int, log: Path, store: SimpleJsonStore
) -> None:
    """An event is not saved because others mention it, before or after it."""
    event = make_event()
    mentions = [
        line_of(payload={"event_id": event.event_id}),
        line_of(causation_id=event.event_id),
        line_of(payload={"nested": [{"event_id": event.event_id}]}),
        line_of(aggregate_id=event.event_id),
    ]
    log.write_bytes(b"".join(mentions))
    before = make_events(saves_before)
    for other in before:
        store.save_event(other)
    store.save_event(event)
    content = log.read_bytes()
    with log.open("ab") as file:
        file.write(mentions[0].replace(b"lamport", b"other", 1))
        file.write(line_of(payload={"event_id": event.event_id}))
    store.save_event(make_event())
    store.save_event(event)
    assert content.count(b'"event_id": "%s", "event_type"' % event.event_id.encode()) == 1
    ids = [loaded.event_id for loaded in store.iter_events()]
    assert ids.count(event.event_id) == 1


def test_the_last_of_two_keys_is_the_id(log: Path, store: SimpleJsonStore) -> None:
    """A repeated key means its last value, as every JSON parser here has it."""
    first, last = make_event(), make_event()
    line = line_of(event_id=last.event_id)
    log.write_bytes(b'{"event_id": "' + first.event_id.encode() + b'", ' + line[1:])
    store.save_event(last)
    assert len(log.read_bytes().splitlines()) == 1
    store.save_event(first)
    assert {event.event_id for event in store.load_all_events()} == {first.event_id, last.event_id}


def test_what_other_stores_append_is_known(log: Path) -> None:
    """Two stores taking turns on one file write each event once."""
    one, two = SimpleJsonStore(log), SimpleJsonStore(log)
    events = make_events(20)
    for number, event in enumerate(events):
        (one if number % 2 else two).save_event(event)
        (two if number % 3 else one).save_event(event)
    for event in events:
        one.save_event(event)
        two.save_event(event)
    assert list(one.iter_events()) == events
    assert len(log.read_bytes().splitlines()) == 20


def test_ids_are_found_in_lines_of_any_length(log: Path, store: SimpleJsonStore) -> None:
    """Long lines, and ids wherever reading in blocks happens to cut, are found."""
    events = [
        make_event(payload={"text": "x" * size}) for size in (10, 4000, 300_000, 5, 262_000, 7_000)
    ]
    store.save_events(events)
    content = log.read_bytes()
    for event in events:
        SimpleJsonStore(log).save_event(event)
    again = SimpleJsonStore(log)
    assert again.save_events(events) == 0
    for event in events:
        again.save_event(event)
    assert log.read_bytes() == content
    assert sorted(map(repr, again.load_all_events())) == sorted(map(repr, events))


@pytest.mark.parametrize(
    "event_id",
    ["é" * 26, '"' * 26, "\\" * 26, "\n" * 26, " " * 26, "\U0001f431" * 26, "\x7f" * 26],
    ids=ascii,
)
def test_any_id_the_contract_allows_is_known(event_id: str, log: Path) -> None:
    """An id of 26 characters need not be a ULID."""
    events = [make_event(), make_event(event_id=event_id), make_event()]
    store = SimpleJsonStore(log)
    store.save_events(events)
    content = log.read_bytes()
    SimpleJsonStore(log).save_event(events[1])
    for event in events:
        store.save_event(event)
    assert SimpleJsonStore(log).save_events(events) == 0
    assert log.read_bytes() == content


@pytest.mark.parametrize("colon", [":", " : ", "\t:\t", "\r:\r", "  :\t \r"], ids=repr)
@pytest.mark.parametrize("spelled", ["plain", "escaped", "escaped key"])
@pytest.mark.parametrize("event_id", ["n" * 26, "t" * 26, "r" * 26, "é" * 26, "/" * 26])
def test_an_index_knows_ids_in_any_spelling(
    event_id: str, spelled: str, colon: str, log: Path, store: SimpleJsonStore
) -> None:
    """Before and after lines with escapes of other kinds."""
    escaped = "".join(f"\\u{ord(character):04X}" for character in event_id)
    key = "event\\u005fid" if spelled == "escaped key" else "event_id"
    text = escaped if spelled == "escaped" else event_id
    event = make_event(event_id)
    line = line_of(event_id=event_id).decode()
    _, _, rest = line.partition('"event_type"')
    start, _, _ = line.partition('"event_id"')
    spelling = f'{start}"{key}"{colon}"{text}", "event_type"{rest}'.encode()
    with_escapes = line_of(payload={"text": "\n\u007f\\"})
    content = with_escapes + spelling + line_of() + with_escapes.replace(b"01", b"02", 1)
    log.write_bytes(content)
    assert event in store.load_all_events()
    assert store.save_events([event, other := make_event()]) == 1
    store.save_event(event)
    assert store.save_events([event, other]) == 0
    assert log.read_bytes().startswith(content)
    assert log.read_bytes().count(b"\n") == content.count(b"\n") + 1


def test_known_events_are_not_written(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even an empty write is made for them."""
    store = SimpleJsonStore(log)
    store.save_events(events := make_events(3))
    faults = SystemCalls(monkeypatch, log)
    assert SimpleJsonStore(log).save_events(events) == 0
    assert LOCK in faults.calls
    assert not {"write", "dup", "ftruncate"} & set(faults.calls)


def test_the_ids_of_a_file_that_is_gone_are_forgotten(log: Path, store: SimpleJsonStore) -> None:
    """Memory follows the log that is there."""
    store.save_events(make_events(100))
    log.unlink()
    store.save_events(make_events(3))
    assert len(store._writer._ids._scanned.starts) == 3


@pytest.mark.parametrize("after", ["", " ", "\t", "\r", "\t\r "], ids=repr)
@pytest.mark.parametrize("before", ["", " ", "\t", "\r", "\r \t"], ids=repr)
@pytest.mark.parametrize("event_id", ["01KHJVJWDM0HGAGYGXJYKD1JQG", "é" * 26, "\n" * 26], ids=ascii)
@pytest.mark.parametrize("start", [b"", b"\\\n"], ids=["at once", "after a backslash"])
def test_an_id_is_found_whatever_white_space_is_around_its_colon(
    start: bytes, event_id: str, before: str, after: str, log: Path
) -> None:
    """By a search for one id, and by the index that the second save makes."""
    event = make_event(event_id)
    line = CODEC.encode(event).replace(b'"event_id": ', f'"event_id"{before}:{after}'.encode(), 1)
    other = make_event(payload={"text": "é"})  # its escape is not the first one in the log
    log.write_bytes(start + CODEC.encode(make_event()) + line + CODEC.encode(other))
    content = log.read_bytes()
    SimpleJsonStore(log).save_event(event)
    assert log.read_bytes() == content
    store = SimpleJsonStore(log)
    store.save_events(make_events(2))
    assert store.save_events([event]) == 0


def test_ids_of_any_printable_characters_are_known(log: Path) -> None:
    """ULIDs are in capitals and digits, but an id need not be a ULID."""
    ids = [chr(code) * 26 for code in range(32, 127)]
    events = [make_event(event_id) for event_id in [*ids, *(name[1:] + "é" for name in ids)]]
    SimpleJsonStore(log).save_events(events)
    content = log.read_bytes()
    for event in events:
        SimpleJsonStore(log).save_event(event)
    assert SimpleJsonStore(log).save_events(events) == 0
    assert log.read_bytes() == content


@has_fork
def test_a_forked_child_learns_the_log_anew(store: SimpleJsonStore) -> None:
    """A thread of the parent may have been in the middle of noting what is in it."""
    store.save_events(make_events(2))
    assert exit_code_of_child(lambda: os._exit(len(store._writer._ids._scanned.starts))) == 0
    assert len(store._writer._ids._scanned.starts) == 2
