"""Loading one aggregate: only lines that may be its are decoded, and nothing is remembered."""

from __future__ import annotations

import json
import logging
import os
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given
from pydantic import field_validator

from specify_cli.spec_kitty_events import Event
from specify_cli.telemetry import JsonlEventStore, SimpleJsonStore
from specify_cli.telemetry._codec.codec import EventCodec
from specify_cli.telemetry._log import files

from ..support.events import CODEC, make_event, make_events, numbered_id

JUNK = b"junk\n"


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Collect the lines that are decoded."""
    lines: list[bytes] = []
    decode = EventCodec.decode

    def collect(codec: EventCodec[Event], line: bytes) -> Event:
        lines.append(line)
        return decode(codec, line)

    monkeypatch.setattr(EventCodec, "decode", collect)
    return lines


def save(store: SimpleJsonStore, count: int, aggregates: int = 10) -> list[list[Event]]:
    """Save ``count`` new events of each aggregate, in turns; return them by aggregate."""
    events = [make_event(aggregate_id=f"a{n % aggregates}") for n in range(count * aggregates)]
    store.save_events(events)
    return [events[n::aggregates] for n in range(aggregates)]


def change(log: Path, old: bytes, new: bytes) -> None:
    """Write over a part of the file in place; its length stays."""
    assert len(old) == len(new)
    content = log.read_bytes()
    assert content.count(old) == 1
    with log.open("r+b") as file:
        file.seek(content.index(old))
        file.write(new)
    later = log.stat().st_mtime_ns + 10_000_000
    os.utime(log, ns=(later, later))


def test_a_load_decodes_the_lines_that_name_its_aggregate(
    store: SimpleJsonStore, decoded: list[bytes]
) -> None:
    """Where every line looks like a record, the first load and every other read no more."""
    events = save(store, 30)
    for number in (3, 7, 0):
        decoded.clear()
        assert store.load_events(f"a{number}") == events[number]
        assert len(decoded) == 30
    decoded.clear()
    assert store.load_events("unknown") == []
    assert not decoded


def test_a_load_decodes_every_line_near_one_that_is_no_record(
    store: SimpleJsonStore, decoded: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be what damage has left of this aggregate; other blocks are not looked at so."""
    monkeypatch.setattr(files, "BLOCK_SIZE", 3000)
    events = save(store, 30)
    lines = store.file_path.read_bytes().splitlines(keepends=True)
    for junk in (JUNK, b"\n", b"{\n", b"}\n", b"[]\n"):
        store.file_path.write_bytes(b"".join([*lines[:100], junk, *lines[100:]]))
        decoded.clear()
        assert store.load_events("a3") == events[3]
        assert 30 < len(decoded) < 60


def test_damage_in_another_aggregates_line_is_left_to_the_loads_that_read_it(
    log: Path, store: SimpleJsonStore, caplog: pytest.LogCaptureFixture
) -> None:
    """It looks like a record, and names that aggregate and no other."""
    events = save(store, 3)
    change(log, events[4][1].event_id.encode(), b'"' * 26)
    assert store.load_events("a0") == events[0]
    assert caplog.messages == []
    assert store.load_events("a4") == [events[4][0], events[4][2]]
    assert "malformed event line 15 of" in caplog.messages[0]
    assert len(store.load_all_events()) == 29
    assert "malformed event line 15 of" in caplog.messages[1]


def test_an_event_changed_in_place_and_saved_again_is_loaded(
    log: Path, store: SimpleJsonStore
) -> None:
    """A live store that has loaded and saved goes by the bytes that are there."""
    events = save(store, 3)
    store.load_events("a0")
    change(log, events[0][1].event_id.encode(), b'"' * 26)
    store.save_event(events[0][1])
    assert store.load_events("a0") == [events[0][0], events[0][2], events[0][1]]


def test_a_malformed_line_is_reported_by_every_load(
    log: Path, store: SimpleJsonStore, caplog: pytest.LogCaptureFixture
) -> None:
    """What comes after the clean part is decoded every time, and counted from the start."""
    first = save(store, 5)
    store.load_events("a0")
    with log.open("ab") as file:
        file.write(JUNK)
    second = save(store, 5)
    for number in range(3):
        assert store.load_events("a1") == first[1] + second[1]
        assert len(caplog.messages) == number + 1
        assert "malformed event line 51 of" in caplog.messages[-1]


def test_a_line_that_was_in_flight_is_decoded_again(log: Path, store: SimpleJsonStore) -> None:
    """A last line without newline is not part of what is known to be intact."""
    save(store, 2)
    line = CODEC.encode(event := make_event(aggregate_id="a0"))
    content = log.read_bytes()
    log.write_bytes(content + line[:-1])
    assert store.load_events("a0")[2:] == [event]
    with log.open("ab") as file:
        file.write(b"junk\n")
    assert len(store.load_events("a0")) == 2


def test_what_was_in_flight_counts_as_intact_later(
    log: Path, store: SimpleJsonStore, decoded: list[bytes]
) -> None:
    """A last line that lacked its newline once is like any other when it has got it."""
    save(store, 2)
    line = CODEC.encode(make_event(aggregate_id="a0"))
    for end in (line[:-1], b"\n"):
        with log.open("ab") as file:
            file.write(end)
        store.load_events("a0")
    decoded.clear()
    assert len(store.load_events("a1")) == 2
    assert len(decoded) == 2


def test_another_file_is_read_anew(log: Path, store: SimpleJsonStore) -> None:
    """A file put in the place of the log is gone through as a whole, also if it is longer."""
    save(store, 3)
    store.load_events("a0")
    other = SimpleJsonStore(log.with_name("other"))
    events = save(other, 9)
    other.file_path.replace(log)
    assert store.load_events("a0") == events[0]
    log.unlink()
    assert store.load_events("a0") == []
    assert save(store, 1)[0] == store.load_events("a0")


def test_a_truncated_file_is_read_anew(log: Path, store: SimpleJsonStore) -> None:
    """A file that was cut and has grown again since holds what it holds now."""
    (one,) = save(store, 1, aggregates=1)
    size = log.stat().st_size
    save(store, 5, aggregates=1)
    store.load_events("a0")
    os.truncate(log, size)
    assert store.load_events("a0") == one
    os.truncate(log, 0)
    (two,) = save(SimpleJsonStore(log), 9, aggregates=1)
    assert store.load_events("a0") == two


@pytest.mark.parametrize("how", ["same file", "new file"])
def test_what_is_malformed_in_another_file_is_reported(
    how: str, log: Path, store: SimpleJsonStore, caplog: pytest.LogCaptureFixture
) -> None:
    """Other content is noticed, in a new file or in the same one, before the end of what was."""
    save(store, 3)
    store.load_events("a0")
    content = log.read_bytes()
    line = CODEC.encode(event := make_event(aggregate_id="a0"))
    # In a new file even the bytes that ended the clean part are where they were.
    content = b"j" * (len(content) - 1100) + b"\n" + content[-1099:] if how == "new file" else JUNK
    content += line * 50
    if how == "same file":
        log.write_bytes(content)
    else:
        log.with_name("other").write_bytes(content)
        log.with_name("other").replace(log)
    assert event in store.load_events("a0")
    assert "malformed event line 1 of" in caplog.messages[0]


def test_a_line_changed_in_place_before_an_append_is_reported(
    log: Path, store: SimpleJsonStore, caplog: pytest.LogCaptureFixture
) -> None:
    """A broken line that names the aggregate is reported, and costs no other event."""
    events = save(store, 3)
    store.load_events("a0")
    change(log, events[0][1].event_id.encode(), b'"' * 26)
    new = make_event(aggregate_id="a0")
    log.write_bytes(log.read_bytes() + CODEC.encode(new))
    assert store.load_events("a0") == [events[0][0], events[0][2], new]
    assert len(caplog.messages) == 1
    assert "malformed event line 11 of" in caplog.messages[0]


@pytest.mark.parametrize("block_size", [300, 1 << 16])
@pytest.mark.parametrize("between", [b"", JUNK, JUNK * 60])
def test_an_id_under_two_aggregates_loads_in_each(
    between: bytes,
    block_size: int,
    log: Path,
    store: SimpleJsonStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first event under an id counts among those of its aggregate, whatever was loaded."""
    monkeypatch.setattr(files, "BLOCK_SIZE", block_size)
    events = save(store, 3)
    twin = events[0][1].model_copy(update={"aggregate_id": "a1"})
    assert store.load_events("a0") == events[0]
    with log.open("ab") as file:
        file.write(between + CODEC.encode(twin) * 2)
    for _ in range(2):
        assert store.load_events("a1") == [*events[1], twin]
        assert store.load_events("a0") == events[0]


class Defaulted(Event):
    """An event that has an aggregate without its line saying so."""

    aggregate_id: str = "one"


class DefaultedStore(JsonlEventStore[Defaulted]):
    """A store for such events."""

    event_model = Defaulted


def test_an_aggregate_that_the_model_may_default_is_found(log: Path) -> None:
    """Its name is in no line, so every line is decoded, in every load."""
    store = DefaultedStore(log)
    record = json.loads(CODEC.encode(make_event()))
    del record["aggregate_id"]
    log.write_text(json.dumps(record) + "\n", encoding="utf-8")
    for _ in range(3):
        assert len(store.load_events("one")) == 1


class LowerCased(Event):
    """An event whose aggregate has one spelling, whatever a line says."""

    @field_validator("aggregate_id")
    @classmethod
    def lower(cls, name: str) -> str:
        """Return the one spelling."""
        return name.lower()


class LowerCasedStore(JsonlEventStore[LowerCased]):
    """A store for such events."""

    event_model = LowerCased


def test_an_aggregate_that_the_model_spells_otherwise_is_found(log: Path) -> None:
    """What a line says of its aggregate is what the model makes of it, in every load."""
    store = LowerCasedStore(log)
    lines = [CODEC.encode(make_event(aggregate_id=name)) for name in ("ABC", "abc", "Abc", "x")]
    log.write_bytes(b"".join(lines))
    for _ in range(3):
        assert len(store.load_events("abc")) == 3
        assert store.load_events("ABC") == []


@pytest.mark.parametrize("block_size", [300, 1 << 16])
def test_ids_after_a_malformed_line_stay_new(
    block_size: int, log: Path, store: SimpleJsonStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Events beside and after a malformed line load every time, and repeats of them once."""
    monkeypatch.setattr(files, "BLOCK_SIZE", block_size)
    events = make_events(3, aggregate_id="a0")
    lines = [CODEC.encode(event) for event in events]
    log.write_bytes(lines[0] + JUNK + lines[1] + lines[2] + lines[1])
    for _ in range(3):
        assert store.load_events("a0") == events


NAMES = ["plain", "caf\u00e9", 'quo"te', "back\\slash", "sla/sh", "new\nline", "\U0001f600", "a_b"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "spell",
    [
        json.dumps,
        lambda record: json.dumps(record, ensure_ascii=False),
        lambda record: json.dumps(record, separators=(",", ":")),
        lambda record: json.dumps(record).replace("/", "\\/"),
        lambda record: json.dumps(record).replace("aggregate_id", "aggregate\\u005fid"),
        lambda record: json.dumps(record).replace("a_b", "a\\u005fb").replace("pl", "\\u0070l"),
        lambda record: " " + json.dumps(record) + "\t\r",
        *(
            lambda record, s=space: json.dumps(record).replace('_id": ', f'_id"{s}:{s}')
            for space in (" ", "\t", "\r")
        ),
    ],
    ids=["usual", "utf-8", "compact", "slash", "key", "letter", "space", "blank", "tab", "return"],
)
def test_an_aggregate_is_found_in_any_spelling(
    name: str, spell: Callable[[dict[str, object]], str], log: Path, store: SimpleJsonStore
) -> None:
    """However a line spells the aggregate, a second load finds it, in file order."""
    events = [make_event(aggregate_id=name if n % 3 else "other") for n in range(9)]
    lines = [json.loads(CODEC.encode(event)) for event in events]
    texts = [spell(record) if n % 2 else json.dumps(record) for n, record in enumerate(lines)]
    log.write_text("\n".join(texts) + "\n", encoding="utf-8", newline="\n")
    expected = [event for event in events if event.aggregate_id == name]
    assert store.load_events(name) == expected
    assert store.load_events(name) == expected


def test_no_name_is_too_odd_to_ask_for(store: SimpleJsonStore) -> None:
    """A name that no file can hold has no events."""
    save(store, 2)
    assert [store.load_events("\ud800") for _ in range(2)] == [[], []]


def test_threads_load_beside_each_other(store: SimpleJsonStore) -> None:
    """Loads of one store at once, beside appends, each return what is in the file."""
    events = save(store, 20)

    def load(number: int) -> bool:
        if number % 20 == 0:
            store.save_event(make_event(aggregate_id="more"))
        return store.load_events(f"a{number % 10}") == events[number % 10]

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(load, range(200)))
    assert len(store.load_events("more")) == 10


EVENTS = [make_event(numbered_id(n), aggregate_id=f"a{n % 3}") for n in range(6)]
TWIN = EVENTS[0].model_copy(update={"aggregate_id": "a1"})
PIECES = [*map(CODEC.encode, [*EVENTS, TWIN]), JUNK, b"\n", b'{"torn', CODEC.encode(EVENTS[3])[:-1]]


@given(
    st.lists(st.tuples(st.lists(st.sampled_from(PIECES), max_size=9), st.integers(0, 9))),
    st.sampled_from([300, 600, 1 << 16]),
)
def test_a_store_that_has_loaded_before_loads_as_a_new_one_does(
    steps: list[tuple[list[bytes], int]], block_size: int
) -> None:
    """However the file grows between loads, or is emptied, events and warnings are the same."""
    with (
        tempfile.TemporaryDirectory() as folder,
        pytest.MonkeyPatch.context() as monkeypatch,
    ):
        monkeypatch.setattr(files, "BLOCK_SIZE", block_size)
        old = SimpleJsonStore(Path(folder, "log"))
        for pieces, how in steps:
            with old.file_path.open("ab") as file:
                file.writelines(pieces)
                if how == 0:
                    file.truncate(0)
            name = f"a{how % 3}"
            assert outcome(old, name) == outcome(SimpleJsonStore(old.file_path), name)


def outcome(store: SimpleJsonStore, aggregate_id: str) -> tuple[list[Event], list[str]]:
    """Return what a load gives, and what it warns of."""
    messages: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: messages.append(record.getMessage())  # type: ignore[method-assign]  # a list is enough
    logger = logging.getLogger("specify_cli.telemetry.store")
    logger.addHandler(handler)
    try:
        return store.load_events(aggregate_id), messages
    finally:
        logger.removeHandler(handler)


def test_blank_lines_are_not_decoded(
    store: SimpleJsonStore, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An aggregate's load passes over them as a load of all does."""
    store.save_event(event := make_event())
    log.write_bytes(b"\n \r\n" + log.read_bytes() + b"\n" * 9)
    lines: list[bytes] = []
    decode = store._codec.decode

    def counted(line: bytes) -> Event:
        lines.append(line)
        return decode(line)

    monkeypatch.setattr(store._codec, "decode", counted)
    assert store.load_events(event.aggregate_id) == [event]
    assert len(lines) == 1
