"""Copying what is new from one log to another: lines, byte for byte, however often."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from specify_cli.spec_kitty_events import Event, StorageError
from specify_cli.telemetry import JsonlEventStore, SimpleJsonStore
from specify_cli.telemetry._log import lock
from specify_cli.telemetry.postgres import SimplePostgresStore
from specify_cli.telemetry.sync import Copied, copy_new
from specify_cli.telemetry.sync import file as file_module
from specify_cli.telemetry.sync.file import FileSide
from specify_cli.telemetry.sync.side import differ

from ..support.events import CODEC, make_event, make_events
from ..support.servers import Server

Store = Any  # a store of either kind


class Wider(Event):
    """An event of a later contract."""

    build_id: str


class WiderStore(JsonlEventStore[Wider]):
    """A store for such events."""

    event_model = Wider


@pytest.fixture(params=["file", "server"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """Return an empty store of each kind."""
    return store_of(request, tmp_path, "source")


@pytest.fixture(params=["file", "server"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """Return another one."""
    return store_of(request, tmp_path, "target")


def store_of(request: pytest.FixtureRequest, tmp_path: Path, name: str) -> Store:
    """Return an empty store."""
    if request.param == "file":
        return SimpleJsonStore(tmp_path / name)
    server: Server = request.getfixturevalue("server")
    log: str = request.getfixturevalue("log")
    return SimplePostgresStore(server.conninfo, f"{log}-{name}")


def lines_of(store: Store) -> list[bytes]:
    """Return the lines of a log in their order."""
    if isinstance(store, JsonlEventStore):
        return store.file_path.read_bytes().split(b"\n")[:-1] if store.file_path.exists() else []
    return [found.line for page in store._log.pages() for found in page]


def test_what_is_new_is_copied(source: Store, target: Store) -> None:
    """Once, in its order; with a cursor what was copied is not even read again."""
    events = make_events(5)
    source.save_events(events[:3])
    first = copy_new(source, target)
    assert first[:2] == (3, 3)
    assert lines_of(target) == lines_of(source)
    source.save_events(events[3:])
    second = copy_new(source, target, first.cursor)
    assert second[:2] == (2, 2)
    assert copy_new(source, target, second.cursor) == (0, 0, second.cursor, 0, ())
    assert copy_new(source, target)[:2] == (5, 0)
    assert lines_of(target) == lines_of(source)
    assert target.load_all_events() == events


def test_an_empty_log_is_copied(source: Store, target: Store) -> None:
    """A source that does not exist yet has nothing; a cursor of then is good later."""
    assert copy_new(source, target)[:2] == (0, 0)
    copied = copy_new(source, target, copy_new(source, target).cursor)
    assert copied[:2] == (0, 0)
    source.save_event(make_event())
    assert copy_new(source, target, copied.cursor)[:2] == (1, 1)


def test_fields_that_only_the_writer_knows_arrive(tmp_path: Path, server: Server, log: str) -> None:
    """Through a program with an older contract, over a server and back, byte for byte."""
    wider = WiderStore(tmp_path / "wider")
    wider.save_event(Wider(**dict(make_event()), build_id="b1"))
    there, back = SimplePostgresStore(server.conninfo, log), SimpleJsonStore(tmp_path / "back")
    copy_new(wider, there)
    copy_new(there, back)
    assert lines_of(back) == lines_of(wider)
    (event,) = WiderStore(tmp_path / "back").load_all_events()
    assert event.build_id == "b1"


def test_spellings_arrive_as_they_are(tmp_path: Path, server: Server, log: str) -> None:
    """Spaces, key order, carriage returns and letters that need no escape are kept."""
    record = json.loads(CODEC.encode(make_event(payload={"name": "café \U0001f431"})))
    spelled = json.dumps(dict(reversed(record.items())), ensure_ascii=False, indent=None) + "  \r"
    source = SimpleJsonStore(tmp_path / "source")
    source.file_path.write_bytes(spelled.encode() + b"\n")
    there, back = SimplePostgresStore(server.conninfo, log), SimpleJsonStore(tmp_path / "back")
    copy_new(source, there)
    copy_new(there, back)
    assert back.file_path.read_bytes() == source.file_path.read_bytes()


def test_what_is_no_event_is_left_where_it_is(tmp_path: Path, target: Store) -> None:
    """It is counted; blank lines are nothing, and a torn tail waits for its end."""
    event, last = make_events(2)
    source = SimpleJsonStore(tmp_path / "source")
    torn = CODEC.encode(last)
    source.file_path.write_bytes(b"{}\n\n" + CODEC.encode(event) + b"nonsense\n" + torn[:-5])
    copied = copy_new(source, target)
    assert copied[:2] == (4, 1)
    assert copied.skipped == 2
    with source.file_path.open("ab") as file:
        file.write(torn[-5:])
    assert copy_new(source, target, copied.cursor)[:2] == (1, 1)
    assert target.load_all_events() == [event, last]


def test_what_the_target_could_not_load_is_not_copied(tmp_path: Path) -> None:
    """It would not know it again, and have it twice after a second copy."""
    source, target = SimpleJsonStore(tmp_path / "source"), WiderStore(tmp_path / "target")
    source.save_event(make_event())
    for _ in range(2):
        copied = copy_new(source, target)
        assert (copied.new, copied.skipped) == (0, 1)


def test_nothing_to_copy_makes_no_log(tmp_path: Path) -> None:
    """And the cursor is the one that was given."""
    source, target = SimpleJsonStore(tmp_path / "source"), SimpleJsonStore(tmp_path / "target")
    source.file_path.write_bytes(b"junk\n")
    copied = copy_new(source, target)
    assert copied[:2] == (1, 0)
    assert not target.file_path.exists()
    assert copy_new(source, target, copied.cursor) == (0, 0, copied.cursor, 0, ())


def test_an_id_with_two_contents_is_reported(source: Store, target: Store) -> None:
    """Both sides stay as they are."""
    events = make_events(3)
    source.save_events(events)
    other = events[1].model_copy(update={"payload": {"other": 1}})
    target.save_event(other)
    copied = copy_new(source, target)
    assert (copied.new, copied.differing) == (2, (other.event_id,))
    assert copy_new(target, source).differing == (other.event_id,)
    assert target.load_all_events()[1] == other
    assert source.load_all_events() == events


def test_another_spelling_is_no_other_content(tmp_path: Path, target: Store) -> None:
    """The same JSON says the same."""
    event = make_event()
    target.save_event(event)
    source = SimpleJsonStore(tmp_path / "source")
    record = json.loads(CODEC.encode(event))
    source.file_path.write_text(json.dumps(record, separators=(",", ":")) + "\n", encoding="utf-8")
    assert copy_new(source, target)[:5] == (1, 0, copy_new(source, target).cursor, 0, ())


@pytest.mark.parametrize("other", ["true", "1.0", '"1"', "[1]", "null"])
def test_values_that_only_python_takes_for_the_same_differ(other: str) -> None:
    """A number is no truth value."""
    assert differ(b'{"n": 1}', b'{"n": %s}' % other.encode())
    assert not differ(b'{"n": 1, "m": 2}', b'{"m":2, "n":1}')


def test_what_cannot_be_compared_is_different() -> None:
    """Only lines that load are compared, but by the standard library, which has its limits."""
    deep = b"[" * 100_000
    assert differ(deep, b"[]")
    assert differ(b"nonsense", b"[]")
    assert not differ(deep, deep)


def test_differing_ids_are_named_up_to_a_hundred(tmp_path: Path) -> None:
    """However many there are, memory is bounded."""
    events = make_events(120)
    source, target = SimpleJsonStore(tmp_path / "source"), SimpleJsonStore(tmp_path / "target")
    source.save_events(events)
    target.save_events(event.model_copy(update={"payload": {}}) for event in events)
    assert len(copy_new(source, target).differing) == 100


def test_a_copy_can_go_on_where_it_was_stopped(
    tmp_path: Path, target: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each batch is told with a cursor behind it, and is not read again."""
    monkeypatch.setattr(file_module, "_BATCH", 70_000)
    events = [make_event(lamport_clock=n, payload={"text": "x" * 20_000}) for n in range(20)]
    source = SimpleJsonStore(tmp_path / "source")
    source.save_events(events)
    told: list[Copied] = []

    def stop(copied: Copied) -> None:
        told.append(copied)
        if len(told) == 2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        copy_new(source, target, progress=stop)
    assert 0 < told[0].new < told[1].new < 20
    rest = copy_new(source, target, told[1].cursor, progress=told.append)
    assert rest.read == 20 - told[1].read
    assert told[-1] == rest
    assert lines_of(target) == lines_of(source)


def put_back(store: Store, count: int, server: Server) -> None:
    """Leave only the first lines of a log, as an older backup would."""
    if isinstance(store, JsonlEventStore):
        lines = store.file_path.read_bytes().splitlines(keepends=True)
        store.file_path.write_bytes(b"".join(lines[:count]))
        return
    name = store._log.name
    server.execute(f"DELETE FROM spec_kitty_events WHERE log = '{name}' AND position > {count}")
    server.execute(f"UPDATE spec_kitty_logs SET position = {count} WHERE name = '{name}'")


@pytest.mark.parametrize("count", [0, 2])
def test_a_cursor_counts_only_while_both_logs_fit_it(
    source: Store, target: Store, count: int, server: Server
) -> None:
    """A target that was put back gets again what it has lost; a source that was is read again."""
    events = make_events(4)
    source.save_events(events)
    copied = copy_new(source, target)
    put_back(target, count, server)
    again = copy_new(source, target, copied.cursor)
    assert again[:2] == (4, 4 - count)
    assert lines_of(target) == lines_of(source)
    put_back(source, count, server)
    others = make_events(5)
    source.save_events(others)
    assert copy_new(source, target, again.cursor)[:2] == (count + 5, 5)


def test_a_cursor_of_a_file_that_is_gone_counts_as_none(tmp_path: Path) -> None:
    """On either side."""
    source, target = SimpleJsonStore(tmp_path / "source"), SimpleJsonStore(tmp_path / "target")
    source.save_event(make_event())
    cursor = copy_new(source, target).cursor
    target.file_path.unlink()
    assert copy_new(source, target, cursor)[:2] == (1, 1)
    source.file_path.unlink()
    assert copy_new(source, target, cursor)[:3] == (0, 0, "")


@pytest.mark.parametrize("look", ["mark", "batches"])
def test_an_append_to_a_file_is_waited_for(tmp_path: Path, look: str) -> None:
    """Whole lines too may be taken back while their writer has the lock."""
    store = SimpleJsonStore(tmp_path / "log")
    store.save_event(make_event())
    side = FileSide(store)
    looks = {"mark": lambda: side.mark(None), "batches": lambda: next(side.batches(None)).cursor}
    before = looks[look]()
    found: list[str] = []
    with store.file_path.open("rb+") as file:
        assert lock.acquire(file.fileno())
        length = file.seek(0, os.SEEK_END)
        file.write(CODEC.encode(make_event(event_id="01KHJVJWDM0HGAGYGXJYKD1JQG")))
        file.flush()
        thread = threading.Thread(target=lambda: found.append(looks[look]()))
        thread.start()
        thread.join(0.1)
        assert not found
        file.truncate(length)
        lock.release(file.fileno())
        thread.join()
    assert found == [before]


@pytest.mark.parametrize("is_removed", [False, True])
def test_a_target_that_is_replaced_meanwhile_is_not_taken_for_copied(
    source: Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    is_removed: bool,
) -> None:
    """A checkout between an append and the next look leaves a cursor that fits nothing."""
    monkeypatch.setattr(file_module, "_BATCH", 1)
    target = SimpleJsonStore(tmp_path / "target")
    target.save_events(make_events(3))
    other = b"".join(map(CODEC.encode, make_events(9)))
    source.save_events(make_event(payload={"text": "x" * 70_000}) for _ in range(2))
    writer = target._writer
    append = writer.append

    def append_and_replace(lines: Any) -> int:
        count = append(lines)
        target.file_path.write_bytes(other)
        if is_removed:
            target.file_path.unlink()
        writer.append = append  # type: ignore[method-assign]  # no more
        return count

    writer.append = append_and_replace  # type: ignore[method-assign]  # a checkout
    copied = copy_new(source, target)
    assert copied[:2] == (2, 2)
    lost = len({*lines_of(source)} - {*lines_of(target)})
    assert lost
    assert copy_new(source, target, copied.cursor)[:2] == (2, lost)


@pytest.mark.parametrize(("others", "added"), [(None, 0), (0, 0), (3, 0), (3, 1)])
def test_what_is_gone_when_it_is_looked_at_is_not_reported(
    tmp_path: Path, others: int | None, added: int
) -> None:
    """A known line cannot be compared when the file is removed or replaced, and saved to."""
    source, target = SimpleJsonStore(tmp_path / "source"), SimpleJsonStore(tmp_path / "target")
    source.save_event(event := make_event())
    target.save_event(event.model_copy(update={"payload": {"other": 1}}))
    writer = target._writer
    append = writer.append

    def append_and_replace(lines: Any) -> int:
        count = append(lines)
        target.file_path.unlink()
        if others is not None:
            target.file_path.write_bytes(b"".join(map(CODEC.encode, make_events(others))))
        for other in make_events(added):
            append([(other.event_id, CODEC.encode(other))])
        return count

    writer.append = append_and_replace  # type: ignore[method-assign]  # a checkout
    copied = copy_new(source, target)
    assert (copied.new, copied.differing) == (0, ())


@pytest.mark.parametrize("cursor", ["", "nonsense", "1:0:0+", "+", "1:9:0:0:0+1:1:1:1:1", "é+é"])
def test_what_is_no_cursor_counts_as_none(source: Store, target: Store, cursor: str) -> None:
    """It costs time only."""
    assert copy_new(source, target, cursor) == (0, 0, "", 0, ())
    source.save_event(make_event())
    assert copy_new(source, target, cursor)[:2] == (1, 1)


def test_a_stranger_is_no_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A caller's mistake is a TypeError, whether or not there is a driver."""
    source = SimpleJsonStore(tmp_path / "source")
    with pytest.raises(TypeError, match="neither a store in a file nor one on a server"):
        copy_new(source, "target")  # type: ignore[arg-type]  # wrong
    monkeypatch.setitem(sys.modules, "specify_cli.telemetry.postgres", None)
    with pytest.raises(TypeError, match="neither a store in a file nor one on a server"):
        copy_new(source, "target")  # type: ignore[arg-type]  # wrong


def test_a_copy_to_a_server_that_is_not_there_fails(tmp_path: Path) -> None:
    """Nothing else happens; recording goes on."""
    source = SimpleJsonStore(tmp_path / "source")
    source.save_event(make_event())
    target = SimplePostgresStore("host=127.0.0.1 port=1")
    with pytest.raises(StorageError, match="refused"):
        copy_new(source, target)
    with pytest.raises(StorageError, match="refused"):
        copy_new(target, source)


def test_a_source_that_is_replaced_meanwhile_ends_the_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is there now is read by the next one, from the start."""
    monkeypatch.setattr(file_module, "_BATCH", 1)
    source, target = SimpleJsonStore(tmp_path / "source"), SimpleJsonStore(tmp_path / "target")
    source.save_events(make_event(payload={"text": "x" * 70_000}) for _ in range(4))
    others = [make_event(payload={"text": "y" * 70_000}) for _ in range(3)]

    def replace(_: Copied) -> None:
        source.file_path.unlink()
        source.save_events(others)

    copied = copy_new(source, target, progress=replace)
    assert copied.new < 4
    assert copy_new(source, target, copied.cursor)[:2] == (3, 3)


def test_a_callers_progress_is_told_of_nothing(source: Store, target: Store) -> None:
    """Where there is nothing to copy."""
    told: list[Copied] = []
    report: Callable[[Copied], object] = told.append
    copy_new(source, target, progress=report)
    assert told == []
