"""A state machine drives stores on one log, a plain model of it, and the store in memory."""

from __future__ import annotations

import json
import logging
import os
import shutil
import tempfile
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from specify_cli.spec_kitty_events import Event, InMemoryEventStore
from specify_cli.telemetry import SimpleJsonStore

from ..support.events import make_event, numbered_id

pytestmark = pytest.mark.uncounted

AGGREGATES = ["one", "two", "three"]

events = st.builds(
    make_event,
    event_id=st.integers(0, 7).map(numbered_id),
    aggregate_id=st.sampled_from(AGGREGATES),
    lamport_clock=st.integers(0, 3),
    node_id=st.sampled_from("ab"),
    payload=st.dictionaries(
        st.sampled_from(["event_id", "text"]),
        st.one_of(st.integers(0, 7).map(numbered_id), st.text(max_size=3)),
        max_size=2,
    ),
)


def line_of(event: Event, *, compact: bool = False) -> bytes:
    """Return an event's line as this store or as another writer puts it."""
    fields = event.to_dict() | {"timestamp": event.timestamp.isoformat()}
    if compact:
        return json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode()
    return json.dumps(fields, sort_keys=True).encode()


def as_in_memory(events: list[Event]) -> list[Event]:
    """Return events as the store in memory loads them."""
    store = InMemoryEventStore()
    for event in events:
        store.save_event(event)
    return store.load_all_events()


class LogModel:
    """What a log is: lines, each an event or nothing, the last perhaps without its newline.

    Attributes:
        lines: Content and meaning of each line.
        open_ended: Whether the last line lacks its newline.
    """

    def __init__(self) -> None:
        """Start with an empty log."""
        self.lines: list[tuple[bytes, Event | None]] = []
        self.open_ended = False

    @property
    def content(self) -> bytes:
        """The bytes of the file."""
        content = b"".join(line + b"\n" for line, _ in self.lines)
        return content[:-1] if self.open_ended else content

    @property
    def events(self) -> list[Event]:
        """The intact events in file order, the first of each id."""
        return self.events_of(None)

    def events_of(self, aggregate_id: str | None) -> list[Event]:
        """Return the intact events of an aggregate, or of all, the first of each id among them."""
        first: dict[str, Event] = {}
        for _, event in self.lines:
            if event is not None and aggregate_id in {None, event.aggregate_id}:
                first.setdefault(event.event_id, event)
        return list(first.values())

    def save(self, batch: list[Event]) -> int:
        """Append the events that are new, after closing the last line off.

        That is closed off too if its own event is saved once more: it counts as saved from then on.
        """
        known = {event.event_id for event in self.events}
        new = {event.event_id: event for event in reversed(batch) if event.event_id not in known}
        ordered = sorted(new.values(), key=batch.index)
        is_closed_off = bool(ordered) or self.lines_of_the_open_event(batch) > 0
        self.lines += [(line_of(event), event) for event in ordered]
        self.open_ended = self.open_ended and not is_closed_off
        return len(ordered)

    def lines_of_the_open_event(self, batch: list[Event]) -> int:
        """Return how many lines have the event of an open last line, if it is one of a batch."""
        event = self.lines[-1][1] if self.open_ended else None
        if event is None or event.event_id not in {each.event_id for each in batch}:
            return 0
        ids = [each.event_id for _, each in self.lines if each is not None]
        return ids.count(event.event_id)

    def append_blindly(self, line: bytes, event: Event | None) -> None:
        """Append as a writer does that does not look: an open last line fuses with this one."""
        if self.open_ended:
            last, ended = self.lines.pop()
            # A newline alone completes a line that only lacked its own.
            line, event = last + line, None if line else ended
        self.lines.append((line, event))
        self.open_ended = False

    def cut(self, size: int) -> None:
        """Cut that many bytes off the end."""
        length = max(0, len(self.content) - size)
        kept: list[tuple[bytes, Event | None]] = []
        for line, event in self.lines:
            if length <= 0:
                break
            whole = line[:length].rstrip(b"\r") == line.rstrip(b"\r")
            kept.append((line[:length], event if whole else None))
            self.open_ended = length <= len(line)
            length -= len(line) + 1
        self.lines = kept
        self.open_ended = self.open_ended and bool(kept)


class StoreMachine(RuleBasedStateMachine):
    """Stores on one file, against the model of that file."""

    @initialize()
    def start(self) -> None:
        """Begin without a file, with two stores for it."""
        self.folder = Path(tempfile.mkdtemp())
        self.log = self.folder / "logs" / "events.jsonl"
        self.stores = [SimpleJsonStore(self.log), SimpleJsonStore(self.log)]
        self.model = LogModel()
        logging.getLogger("specify_cli").setLevel(logging.CRITICAL)

    def teardown(self) -> None:
        """Remove the file."""
        logging.getLogger("specify_cli").setLevel(logging.NOTSET)
        if hasattr(self, "folder"):
            shutil.rmtree(self.folder)

    def write_model(self) -> None:
        """Give the file the model's content, in place."""
        self.log.parent.mkdir(exist_ok=True)
        self.log.write_bytes(self.model.content)

    def saved(self, batch: list[Event]) -> int:
        """Save in the model what a store has saved."""
        is_repeated = self.model.lines_of_the_open_event(batch) > 1
        count = self.model.save(batch)
        if is_repeated:  # another line of it may have been found, and stands as it is
            self.model.open_ended = not self.log.read_bytes().endswith(b"\n")
        return count

    @rule(event=events, which=st.integers(0, 1))
    def save(self, event: Event, which: int) -> None:
        """Save one event."""
        self.stores[which].save_event(event)
        self.saved([event])

    @rule(batch=st.lists(events, max_size=5), which=st.integers(0, 1))
    def save_batch(self, batch: list[Event], which: int) -> None:
        """Save several events at once."""
        assert self.stores[which].save_events(batch) == self.saved(batch)

    @precondition(lambda self: self.model.events)
    @rule(data=st.data(), which=st.integers(0, 1))
    def save_again(self, data: st.DataObject, which: int) -> None:
        """Save an event that is known: the bytes stay as they are, but its line may be ended."""
        event = data.draw(st.sampled_from(self.model.events))
        before = self.log.read_bytes()
        self.stores[which].save_event(event)
        self.saved([event])
        after = self.log.read_bytes()
        assert after == self.model.content
        assert after in {before, before + b"\n"}

    @rule(which=st.integers(0, 1))
    def reopen(self, which: int) -> None:
        """Replace a store by a new one."""
        self.stores[which] = SimpleJsonStore(self.log)

    @precondition(lambda self: self.model.lines)
    @rule(size=st.integers(1, 400))
    def tear_the_tail(self, size: int) -> None:
        """Cut bytes off the end, in place."""
        self.model.cut(size)
        os.truncate(self.log, len(self.model.content))

    @precondition(lambda self: self.model.lines)
    @rule(data=st.data())
    def damage_a_line(self, data: st.DataObject) -> None:
        """Change one byte so that its line is no JSON any more, in place."""
        number = data.draw(st.integers(0, len(self.model.lines) - 1))
        line, _ = self.model.lines[number]
        self.model.lines[number] = (b"#" + line[1:], None)
        self.write_model()

    @rule(event=events, extra=st.booleans())
    def append_a_foreign_event(self, event: Event, extra: bool) -> None:  # noqa: FBT001  # drawn
        """Append an event as another program spells it, without looking at what is there."""
        line = line_of(event, compact=True) + (b"\r" if extra else b"")
        self.model.append_blindly(line, event)
        self.write_model()

    @rule(row=st.sampled_from([b"", b"null", b"<<<<<<< HEAD", b"\xff\x00", b'{"event_id": "']))
    def append_a_foreign_row(self, row: bytes) -> None:
        """Append something that is no event."""
        self.model.append_blindly(row, None)
        self.write_model()

    @rule()
    def empty(self) -> None:
        """Truncate the file to nothing, in place."""
        self.model = LogModel()
        self.write_model()

    @rule()
    def remove(self) -> None:
        """Remove the file and its directory."""
        self.model = LogModel()
        shutil.rmtree(self.log.parent, ignore_errors=True)

    @rule(others=st.lists(events, max_size=8), in_place=st.booleans())
    def replace(self, others: list[Event], in_place: bool) -> None:  # noqa: FBT001  # drawn
        """Put another log there: the same file with other content, or another file."""
        self.model = LogModel()
        self.model.save(others)
        if not in_place:
            self.log.parent.mkdir(exist_ok=True)
            other = self.log.with_name("other")
            other.write_bytes(b"")
            other.replace(self.log)
        self.write_model()

    @invariant()
    def loads_equal_the_model(self) -> None:
        """All reads of all stores give what the model has, in the order of the store in memory."""
        if not hasattr(self, "model"):
            return
        for store in self.stores:
            assert list(store.iter_events()) == self.model.events
            assert store.load_all_events() == as_in_memory(self.model.events)
            for aggregate in AGGREGATES:
                expected = as_in_memory(self.model.events_of(aggregate))
                assert store.load_events(aggregate) == expected
        if self.log.exists():
            assert self.log.read_bytes() == self.model.content


StoreMachine.TestCase.settings = settings(
    max_examples=150,
    stateful_step_count=30,
    suppress_health_check=[HealthCheck.too_slow],
)
TestStoreMachine = StoreMachine.TestCase
