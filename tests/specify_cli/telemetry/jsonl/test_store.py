"""What everyone uses the store for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from specify_cli.spec_kitty_events import Event, StorageError
from specify_cli.telemetry import JsonlEventStore, SimpleJsonStore

from ..support.events import make_event, make_events
from ..support.system_calls import SystemCalls


def test_save_and_load_events(tmp_path: Path) -> None:
    """An event saved for an aggregate is loaded for that aggregate and no other."""
    store = SimpleJsonStore(tmp_path / "events.jsonl")
    event = make_event(aggregate_id="one")
    store.save_event(event)
    store.save_event(make_event(aggregate_id="two"))
    assert store.load_events("one") == [event]
    assert store.load_events("three") == []


def test_save_and_load_all(tmp_path: Path) -> None:
    """All events saved are loaded, whatever their aggregate."""
    store = SimpleJsonStore(tmp_path / "events.jsonl")
    events = [make_event(aggregate_id=f"feature-{n}", lamport_clock=n) for n in range(5)]
    for event in events:
        store.save_event(event)
    assert store.load_all_events() == events


def test_idempotent_save(tmp_path: Path) -> None:
    """An event saved twice stands in the file once."""
    path = tmp_path / "events.jsonl"
    store = SimpleJsonStore(path)
    event = make_event()
    store.save_event(event)
    content = path.read_bytes()
    store.save_event(event)
    SimpleJsonStore(path).save_event(event)
    assert path.read_bytes() == content
    assert store.load_all_events() == [event]


def test_empty_file(tmp_path: Path) -> None:
    """A missing file and an empty one hold no events."""
    path = tmp_path / "events.jsonl"
    store = SimpleJsonStore(path)
    assert store.load_all_events() == []
    assert store.load_events("one") == []
    path.touch()
    assert store.load_all_events() == []
    assert store.load_events("one") == []
    store.save_event(make_event())
    assert len(store.load_all_events()) == 1


def test_malformed_line_skipped(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A malformed line between two events is skipped with one warning that tells where and why."""
    path = tmp_path / "events.jsonl"
    store = SimpleJsonStore(path)
    first, second = make_events(2)
    store.save_event(first)
    with path.open("a", encoding="utf-8") as file:
        file.write("{not json\n")
    store.save_event(second)
    assert store.load_all_events() == [first, second]
    (record,) = caplog.records
    assert record.name == "specify_cli.telemetry.store"
    assert record.levelname == "WARNING"
    assert record.getMessage().startswith(f'Skipping malformed event line 2 of "{path}": ')


def test_sort_order(tmp_path: Path) -> None:
    """Loads are sorted by Lamport clock, then node, then by place in the file."""
    store = SimpleJsonStore(tmp_path / "events.jsonl")
    late = make_event(lamport_clock=10, node_id="a")
    node_b = make_event(lamport_clock=2, node_id="b")
    node_a_first = make_event(event_id="Z" * 26, lamport_clock=2, node_id="a")
    node_a_second = make_event(event_id="A" * 26, lamport_clock=2, node_id="a")
    for event in (late, node_b, node_a_first, node_a_second):
        store.save_event(event)
    expected = [node_a_first, node_a_second, node_b, late]
    assert store.load_all_events() == expected
    assert store.load_events(late.aggregate_id) == expected


def test_creates_parent_dirs(tmp_path: Path) -> None:
    """The first save makes the directories that are missing; creating a store makes nothing."""
    path = tmp_path / "kitty-specs" / "043" / "execution.events.jsonl"
    store = SimpleJsonStore(path)
    assert store.load_all_events() == []
    assert list(tmp_path.iterdir()) == []
    event = make_event()
    store.save_event(event)
    assert store.load_all_events() == [event]


def test_large_file_performance(tmp_path: Path) -> None:
    """A thousand events load in less than two seconds."""
    store = SimpleJsonStore(tmp_path / "events.jsonl")
    events = make_events(1000)
    for event in events:
        store.save_event(event)
    start = time.perf_counter()
    assert store.load_all_events() == events
    assert time.perf_counter() - start < 2


class OtherError(Exception):
    """The error of another contract."""


class OtherStore(JsonlEventStore[Event]):
    """A store for another contract."""

    event_model = Event
    storage_error = OtherError


def test_a_store_raises_the_error_of_its_contract(tmp_path: Path) -> None:
    """A store bound to another contract raises that contract's error, wherever it is raised."""
    store = OtherStore(tmp_path)
    event = make_event()
    for use in (
        lambda: store.save_event(event),
        lambda: store.save_event(event.model_copy(update={"event_id": "short"})),
        store.load_all_events,
        store.read_since,
        lambda: store.read_since("no cursor"),
    ):
        with pytest.raises(OtherError):
            use()
    with pytest.raises(StorageError):
        SimpleJsonStore(tmp_path).save_event(event)


def test_a_store_warns_where_it_is_defined(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The warnings of a store come from the module that defines it."""
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"junk\n")
    assert OtherStore(path).load_all_events() == []
    assert [record.name for record in caplog.records] == [__name__]


@pytest.mark.parametrize("how", ["save_event", "record"])
def test_threads_of_a_store_queue_before_they_open_the_log(
    how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of those that would wait for its lock there is one of each process."""
    store = SimpleJsonStore(tmp_path / "events.jsonl", timeout=1)
    save: Callable[[], object] = partial(store.save_event, make_event())
    if how == "record":
        save = partial(store.record, "E", aggregate_id="a", node_id="n")
    calls = SystemCalls(monkeypatch, store.file_path)
    thread = threading.Thread(target=save)
    with store._writer._lock:
        thread.start()
        thread.join(0.05)
        assert calls.made == []
    thread.join()
    store.save_event(make_event())
    assert len(store.load_all_events()) == 2


def test_a_store_needs_a_model(tmp_path: Path) -> None:
    """The engine alone does not know what an event is, and says so."""
    with pytest.raises(TypeError, match="JsonlEventStore does not name its event_model"):
        JsonlEventStore[Event](tmp_path / "events.jsonl")
