"""What a store promises of any type of events, checked with types and events that are made up."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Hashable
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from specify_cli.spec_kitty_events import StorageError
from specify_cli.telemetry import JsonlEventStore, check_log, repair_log

from .chance import Chance
from .made_up_comparison import assert_alike, fields_of
from .made_up_kinds import quietly
from .made_up_models import Made, made_up

# Inputs that once broke a promise, and some that lead to every form of type there is.
INPUTS = Path(__file__).with_name("made_up_inputs.txt")
_NOISE = [b"{}", b"[1]", b"null", b"\xff", b'{"event_id": "id-1"', b'{"event_id": ["id-1"]}', b"1"]


class Tried:
    """What has been tried: how many types were made up and bound, and how many events saved."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.counts: Counter[str] = Counter()

    def __str__(self) -> str:
        """Return the counts."""
        return ", ".join(f"{count:,} {what}" for what, count in sorted(self.counts.items()))


def check_made_up(data: bytes, tried: Tried) -> None:
    """Make up a type and events of it, and check every promise about them.

    Args:
        data: What decides what is made up.
        tried: Counts what is tried.
    """
    chance = Chance(data)
    with quietly(), tempfile.TemporaryDirectory() as folder:
        try:
            made = made_up(chance)
        except Exception:  # noqa: BLE001  # pydantic's own refusal of a type
            tried.counts["types that pydantic refuses"] += 1
            return
        tried.counts["types"] += 1
        bound = _bound(chance, made, Path(folder, "log.jsonl"))
        if bound is None:
            tried.counts["types that the store refuses"] += 1
            return
        _Check(bound, made, tried).run(chance)


def _bound(chance: Chance, made: Made, log: Path) -> JsonlEventStore[Any] | None:
    names = ["event_id", "aggregate_id", None, "payload", "node_id", "missing"]
    attributes: dict[str, Any] = {"event_model": made.type}
    if chance.once_in(4):
        attributes["id_field"] = chance.one_of(names)
    if chance.once_in(4):
        attributes["aggregate_field"] = chance.one_of(["aggregate_id", None, "event_id", "node_id"])
    if chance.once_in(4):
        attributes["order_by"] = chance.one_of([(), ("event_id",), ("payload", "node_id"), ("a",)])
    if chance.once_in(8):
        attributes["id_form"] = chance.one_of(["id-[0-9]", ".*", "("])
    store: Any = type("Store", (JsonlEventStore,), attributes)
    try:
        found: JsonlEventStore[Any] = store(log)
    except (TypeError, ValueError) as error:
        assert_says_why(error)
        return None
    return found


class _Check:
    def __init__(self, store: JsonlEventStore[Any], made: Made, tried: Tried) -> None:
        self.store, self.made, self.tried = store, made, tried
        self.log = store.file_path
        self.adapter: TypeAdapter[Any] = TypeAdapter(made.type)
        # What is in the log, in order, and the line of each.
        self.saved: list[tuple[Any, bytes]] = []

    def run(self, chance: Chance) -> None:
        for _ in range(1 + chance.below(5)):
            try:
                event = self.made.make(chance)
            except Exception:  # noqa: BLE001  # the type's own refusal of an event
                self.tried.counts["events that the type refuses"] += 1
                continue
            self.save(event)
        if not self.saved:
            return
        self.check_loads()
        self.check_again()
        report = check_log(self.log, event_model=type(self.store))
        assert not report.problems, f"check finds {report.problems}"
        assert report.events == len(self.saved), f"check counts {report}"
        repaired = repair_log(self.log, event_model=type(self.store))
        assert repaired.is_clean, f"repair would change {repaired}"
        self.check_beside_noise(chance)

    def save(self, event: Any) -> None:
        """Save an event: it is one line more, or a known id, or refused without a trace."""
        before = self.content()
        known = self.known(event)
        try:
            self.store.save_event(event)
        except (StorageError, TypeError) as error:
            assert_says_why(error)
            assert self.content() == before, "a refusal has changed the log"
            self.tried.counts["events that the store refuses"] += 1
            return
        after = self.content()
        if known:
            assert after == before, "a known id is written again"
            self.tried.counts["events known"] += 1
            return
        self.tried.counts["events saved"] += 1
        assert after.startswith(before)
        line = after[len(before) :]
        self.check_line(event, line)
        self.saved.append((event, line))
        self.store.save_event(event)
        has_id = self.id_of(event) is not None
        if has_id:
            assert self.content() == after, "an event is saved twice"
        else:
            self.log.write_bytes(after)

    def check_line(self, event: Any, line: bytes) -> None:
        """Check that a line has the one form, and that the type alone reads the event from it."""
        assert line.find(b"\n") == len(line) - 1, f"no line: {line!r}"
        value = json.loads(line)
        assert json.dumps(value, sort_keys=True).encode() + b"\n" == line, f"another form: {line!r}"
        try:
            made = self.adapter.validate_json(line)
        except ValueError:
            made = self.adapter.validate_python(value)
        self.assert_alike(made, event)

    def check_loads(self) -> None:
        """Check that all loads return what was saved, in order."""
        events = [event for event, _ in self.saved]
        for found in (list(self.store.iter_events()), self.store.read_since().events):
            assert len(found) == len(events), f"{len(found)} loaded of {len(events)}"
            for loaded, event in zip(found, events, strict=True):
                self.assert_alike(loaded, event)
        loaded = self.store.load_all_events()
        assert len(loaded) == len(events)
        if self.store.aggregate_field is None:
            return
        aggregates = [self.value(event, self.store.aggregate_field) for event in loaded]
        for aggregate in aggregates:
            if type(aggregate) is not str:
                continue
            own = self.store.load_events(aggregate)
            expected = [e for e, a in zip(loaded, aggregates, strict=True) if a == aggregate]
            assert len(own) == len(expected), f"{len(own)} of {len(expected)} in {aggregate!r}"
            # What cannot be compared is sorted by its text, in each load by itself.
            if not self.is_sortable(loaded):
                continue
            for one, other in zip(own, expected, strict=True):
                self.assert_alike(one, other)

    def is_sortable(self, events: list[Any]) -> bool:
        """Return whether what loads sort by can be compared in all of the events."""
        names = self.store.order_by or ("lamport_clock", "node_id", self.store.id_field or "")
        keys = [[self.value(event, name) for name in names] for event in events]
        try:
            sorted([(value is not None, value) for value in key] for key in keys)
        except TypeError:
            return False
        return True

    def check_again(self) -> None:
        """Check that what was loaded has the same lines, one by one and together."""
        other = type(self.store)(self.log.with_name("other.jsonl"))
        other.save_events(list(self.store.iter_events()))
        # Of a union the loaded value may be equal to the one saved, and of another type.
        for one, (event, _) in zip(other.iter_events(), self.saved, strict=True):
            self.assert_alike(one, event)
        lines = b"".join(line for _, line in self.saved)
        fresh = type(self.store)(self.log)
        for event, _ in self.saved:
            if self.id_of(event) is not None:
                fresh.save_event(event)
        assert self.content() == lines, "an event is saved twice"

    def check_beside_noise(self, chance: Chance) -> None:
        """Check that whatever else is in the log makes no call raise, and no event come twice."""
        before = self.content()
        event, line = self.saved[0]
        cut = line[: chance.below(len(line))]
        with self.log.open("ab") as file:
            file.write(chance.one_of(_NOISE) + b"\n" + cut)
        fresh = type(self.store)(self.log)
        for found in (fresh.load_all_events(), list(fresh.iter_events())):
            assert len(found) >= len(self.saved)
        noisy = self.content()
        if self.id_of(event) is not None:
            fresh.save_event(event)
        assert self.content().removesuffix(b"\n") == noisy.removesuffix(b"\n")
        assert self.content().startswith(before)

    def known(self, event: Any) -> bool:
        """Return whether an event with this id is saved already."""
        event_id = self.id_of(event)
        return event_id is not None and any(self.id_of(e) == event_id for e, _ in self.saved)

    def id_of(self, event: Any) -> Hashable:
        name = self.store.id_field
        found = None if name is None else self.value(event, name)
        return found if isinstance(found, Hashable) else None

    def content(self) -> bytes:
        return self.log.read_bytes() if self.log.exists() else b""

    def value(self, event: Any, name: str) -> Any:
        return fields_of(event).get(name)

    def assert_alike(self, loaded: Any, saved: Any) -> None:
        """Check that two events are equal, open fields in JSON terms."""
        assert_alike(loaded, saved, self.made, self.store.id_field)


def assert_says_why(error: Exception) -> None:
    """Check that an error has a message."""
    assert str(error).strip(), "a refusal without a message"
