"""How much of a log each call reads: a save must not read all of it again and again (G9)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from specify_cli.spec_kitty_events import Event
from specify_cli.telemetry import SimpleJsonStore
from specify_cli.telemetry._codec.codec import Codec
from specify_cli.telemetry._log import files

from ..support.events import make_event, make_events


class Reading:
    """Counts the bytes that are read from files."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Begin to count."""
        self._size = 0
        read_at = files.read_at

        def count(fd: int, offset: int, size: int) -> bytes:
            data = read_at(fd, offset, size)
            self._size += len(data)
            return data

        monkeypatch.setattr(files, "read_at", count)

    def of(self, use: Callable[[], object]) -> int:
        """Return how many bytes ``use`` reads."""
        self._size = 0
        use()
        return self._size


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch) -> Reading:
    """Count the bytes read."""
    return Reading(monkeypatch)


@pytest.fixture
def size(log: Path) -> int:
    """Make a log of a thousand events; return how long it is."""
    SimpleJsonStore(log).save_events(make_events(1000))
    return log.stat().st_size


def test_a_warm_save_reads_next_to_nothing(log: Path, size: int, reading: Reading) -> None:
    """The first save searches the log, the second indexes it, and all after look at its end."""
    store = SimpleJsonStore(log)
    one, two, *more = make_events(9)
    assert size <= reading.of(lambda: store.save_event(one)) < size + 2000
    assert size <= reading.of(lambda: store.save_event(two)) < size + 5000
    for event in more:
        assert reading.of(partial(store.save_event, event)) < 2000
    assert reading.of(lambda: store.save_events(make_events(50))) < 2000


def test_what_others_append_is_read_once(log: Path, size: int, reading: Reading) -> None:
    """A store that has an index reads what was added to the log, and not the log."""
    store = SimpleJsonStore(log)
    store.save_events(make_events(2))
    for _ in range(3):
        SimpleJsonStore(log).save_events(make_events(10))
        assert reading.of(lambda: store.save_event(make_event())) < size / 20


def test_a_known_event_costs_its_line(log: Path, size: int, reading: Reading) -> None:
    """Saving an event again reads that event."""
    store = SimpleJsonStore(log)
    store.save_events(events := make_events(3))
    for event in events:
        assert reading.of(partial(store.save_event, event)) < 5000
    assert reading.of(lambda: store.save_events(events)) < 20_000
    assert log.stat().st_size < 2 * size


def test_a_batch_reads_the_log_once(log: Path, size: int, reading: Reading) -> None:
    """The first save of a process does not search the log for each event of a batch."""
    store = SimpleJsonStore(log)
    assert reading.of(lambda: store.save_events(make_events(100))) < 1.5 * size


def test_a_search_ends_where_the_event_is_found(log: Path, reading: Reading) -> None:
    """An event that stands early in a long log is found without reading the rest."""
    early, *events = make_events(3000)
    SimpleJsonStore(log).save_events([early, *events])
    size = log.stat().st_size
    assert size > 3 * files.BLOCK_SIZE
    assert reading.of(lambda: SimpleJsonStore(log).save_event(early)) < size / 2


def test_a_torn_tail_does_not_make_every_save_read_the_log(
    log: Path, size: int, reading: Reading
) -> None:
    """A store that has an index keeps it when the last line is torn, and after sealing it."""
    store = SimpleJsonStore(log)
    store.save_events(events := make_events(2))
    with log.open("ab") as file:
        file.write(b'{"torn": ' + b"x" * 300)
    for _ in range(3):
        assert reading.of(lambda: store.save_events(events)) < 5000
    for _ in range(3):
        assert reading.of(lambda: store.save_event(make_event())) < 5000
    assert len(store.load_all_events()) == 1000 + 2 + 3
    assert size < log.stat().st_size


def test_a_save_does_not_parse_the_log(
    log: Path, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the first save of a process nor the second decodes a line of other events."""
    decoded: list[bytes] = []
    decode = Codec.decode

    def collect(codec: Codec[Event], line: bytes) -> Event:
        decoded.append(line)
        return decode(codec, line)

    monkeypatch.setattr(Codec, "decode", collect)
    store = SimpleJsonStore(log)
    for event in make_events(3):
        store.save_event(event)
    assert not decoded
    assert log.stat().st_size > size
