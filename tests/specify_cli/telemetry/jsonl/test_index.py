"""Where lines begin that name an id: as they are written, searched for, or indexed."""

from __future__ import annotations

from pathlib import Path

import pytest

from specify_cli.spec_kitty_events import Event
from specify_cli.telemetry import JsonlLog, SimpleJsonStore
from specify_cli.telemetry._log import files

from ..support.events import make_event, make_events

EVENTS = make_events(20)


@pytest.fixture
def writing(log: Path, monkeypatch: pytest.MonkeyPatch) -> SimpleJsonStore:
    """Return the store that has written a log of several blocks."""
    monkeypatch.setattr(files, "BLOCK_SIZE", 1 << 10)
    store = SimpleJsonStore(log)
    assert store.save_events(EVENTS) == len(EVENTS)
    return store


def starts_in(store: SimpleJsonStore, events: list[Event]) -> list[int | None]:
    """Return where a store knows the lines of events to begin."""
    return [store._writer.start_of(event.event_id) for event in events]


def test_the_lines_of_known_ids_are_known_by_their_place(
    writing: SimpleJsonStore, log: Path
) -> None:
    """All that an index holds, and what a search has found."""
    content = log.read_bytes()
    places = [content.index(event.event_id.encode()) for event in EVENTS]
    starts = [content.rfind(b"\n", 0, place) + 1 for place in places]
    assert starts_in(writing, EVENTS) == starts
    searching = SimpleJsonStore(log)
    for number in (0, 7, 19):
        searching.save_event(EVENTS[number])
    assert starts_in(searching, EVENTS) == [
        start if number in {0, 7, 19} else None for number, start in enumerate(starts)
    ]
    indexing = SimpleJsonStore(log)
    indexing.save_events(make_events(9))
    assert starts_in(indexing, EVENTS) == starts
    assert log.read_bytes().startswith(content)


def test_four_saves_search_and_the_fifth_makes_an_index(
    writing: SimpleJsonStore, log: Path
) -> None:
    """Most commands save no more than that."""
    store = SimpleJsonStore(writing.file_path)
    *few, fifth = make_events(5)
    for event in few:
        store.save_event(event)
        assert starts_in(store, EVENTS) == [None] * len(EVENTS)
    store.save_event(fifth)
    assert starts_in(store, EVENTS) == starts_in(writing, EVENTS)
    assert log.read_bytes().count(b"\n") == len(EVENTS) + 5


def test_what_a_block_has_appended_is_known_by_its_place(log: Path) -> None:
    """As soon as the block has ended."""
    records = JsonlLog(log, key="id")
    records.append({"id": "a"})
    before = log.stat().st_size
    with records.locked() as held:
        held.extend([{"id": "b"}, {"id": "c"}])
        assert records._writer.start_of("c") is None
    assert records._writer.start_of("c") == before + len(b'{"id": "b"}\n')


def test_an_id_that_a_later_line_names_too_is_found_where_it_is_one(log: Path) -> None:
    """In a payload, say; from then on its place is known."""
    first = make_event()
    SimpleJsonStore(log).save_events([first, make_event(payload={"event_id": first.event_id})])
    indexing = SimpleJsonStore(log)
    indexing.save_events(make_events(9))
    content = log.read_bytes()
    assert indexing._writer.start_of(first.event_id) == content.index(b"\n") + 1
    indexing.save_event(first)
    assert log.read_bytes() == content
    assert indexing._writer.start_of(first.event_id) == 0


def test_a_block_that_appends_many_records_makes_an_index(log: Path) -> None:
    """As a save of as many does."""
    JsonlLog(log, key="id").extend({"id": n} for n in range(20))
    records = JsonlLog(log, key="id")
    with records.locked() as held:
        held.extend({"id": n} for n in range(100, 109))
    assert records._writer.start_of(0) == 0
    assert records._writer.start_of(1) == len(b'{"id": 0}\n')
