"""Whatever bytes a log holds, its intact lines load and saves on top are kept (G3, G5)."""

from __future__ import annotations

import tempfile
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, example, given, settings

from specify_cli.spec_kitty_events import Event
from specify_cli.telemetry import SimpleJsonStore

from ..support.events import CODEC, make_event, numbered_id

EVENTS = [
    make_event(numbered_id(n), lamport_clock=n, payload={"text": 'é\\"\ud800'[: n % 5] * 9})
    for n in range(8)
]
INTACT = {CODEC.encode(event).rstrip(b"\n"): event for event in EVENTS}
NEW = make_event(numbered_id(99), lamport_clock=99)

pytestmark = [pytest.mark.uncounted, pytest.mark.usefixtures("quiet")]

many = settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])

mutations = st.lists(
    st.tuples(
        st.sampled_from(["flip", "insert", "delete", "repeat"]),
        st.integers(0, 4000),
        st.integers(1, 300),
        st.one_of(st.binary(min_size=1, max_size=8), st.sampled_from([b"\n", b"\r\n", b"\x00"])),
    ),
    max_size=8,
)


def mutated(content: bytes, steps: list[tuple[str, int, int, bytes]]) -> bytes:
    """Return the content after each of the changes."""
    for kind, position, size, filling in steps:
        start = position % (len(content) + 1)
        head, middle, tail = content[:start], content[start : start + size], content[start + size :]
        content = {
            "flip": head + filling + content[start + len(filling) :],
            "insert": head + filling + middle + tail,
            "delete": head + tail,
            "repeat": head + middle + middle + tail,
        }[kind]
    return content


def check(content: bytes) -> None:
    """Check every promise about a log with this content."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "log.jsonl")
        log.write_bytes(content)
        store = SimpleJsonStore(log)
        loaded = list(store.iter_events())
        ids = [event.event_id for event in loaded]
        assert len(set(ids)) == len(ids)
        intact = [INTACT[line] for line in content.split(b"\n") if line in INTACT]
        assert {event.event_id for event in intact} <= set(ids)
        assert sorted(loaded, key=lambda e: (e.lamport_clock, e.node_id)) == store.load_all_events()
        for aggregate in {event.aggregate_id for event in [*loaded, *EVENTS]}:
            own = store.load_events(aggregate)
            assert {event.aggregate_id for event in own} <= {aggregate}
            # An id under two aggregates loads in each, and with all of them in the first.
            assert [e for e in store.load_all_events() if e.aggregate_id == aggregate] == [
                event for event in own if event in loaded
            ]
        followed = store.read_since()
        check_saves(store, content, loaded)
        rest = store.read_since(followed.cursor)
        assert not rest.restarted
        seen = dict.fromkeys(event.event_id for event in [*followed.events, *rest.events])
        assert list(seen) == [event.event_id for event in store.iter_events()]


def check_saves(store: SimpleJsonStore, content: bytes, loaded: list[Event]) -> None:
    """Check that saves on top are kept, keep what is there, and write each id once."""
    saved = [NEW, *EVENTS]
    for number, event in enumerate(saved):
        (store if number % 3 else SimpleJsonStore(store.file_path)).save_event(event)
    after = store.file_path.read_bytes()
    assert after.startswith(content)
    known = {event.event_id for event in loaded}
    expected = loaded + [event for event in saved if event.event_id not in known]
    assert list(store.iter_events()) == expected
    assert store.save_events(saved) == 0
    assert store.file_path.read_bytes() == after


@many
@given(st.binary(max_size=300))
@example(b"\xef\xbb\xbf")
@example(b'{"event_id": "\\')
def test_arbitrary_bytes_are_survived(content: bytes) -> None:
    """A log of nothing but noise is an empty log that can be saved to."""
    check(content)


@many
@given(mutations)
def test_intact_lines_survive_damage_to_others(
    steps: list[tuple[str, int, int, bytes]],
) -> None:
    """Whatever happens to some bytes of a log, the lines it did not touch load."""
    check(mutated(b"".join(line + b"\n" for line in INTACT), steps))
