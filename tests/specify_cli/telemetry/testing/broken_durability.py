"""Stores in files of which several over the same data break the contract.

``test_broken_durability.py`` says which tests each of the classes here has to fail.
"""

from __future__ import annotations

from pathlib import Path

from specify_cli.spec_kitty_events import Event

from .working_stores import FileStore


class SplittingText(FileStore):
    """Takes characters in a payload for line ends."""

    def lines(self) -> list[str]:
        """Return the lines."""
        text = self.path.read_text(encoding="utf-8")
        return [line for line in text.splitlines() if line.endswith("}")]


class NotDurable(FileStore):
    """Keeps everything in memory."""

    def refresh(self) -> None:
        """Read nothing."""

    def write(self, event: Event) -> None:
        """Write nothing."""


class NotIdempotentWhenOpened(FileStore):
    """Knows the ids it saved itself."""

    def __init__(self, path: Path) -> None:
        """Know no ids."""
        super().__init__(path)
        self.ids: set[str] = set()

    def is_new(self, event: Event) -> bool:
        """Return whether no such event is kept yet."""
        new = event.event_id not in self.ids
        self.ids.add(event.event_id)
        return new


class Stale(FileStore):
    """Reads the file when it is opened, and no more."""

    def __init__(self, path: Path) -> None:
        """Read the file."""
        super().__init__(path)
        super().refresh()

    def refresh(self) -> None:
        """Read nothing."""


class LossyInItsFile(FileStore):
    """Remembers more than it writes."""

    def refresh(self) -> None:
        """Read what another store has written."""
        known = {event.event_id for event in self.events}
        read = [Event.model_validate_json(line) for line in self.lines()]
        self.events += [event for event in read if event.event_id not in known]

    def write(self, event: Event) -> None:
        """Write one line."""
        super().write(event.model_copy(update={"causation_id": None}))


class KeepingTheCallersEvent(LossyInItsFile):
    """Remembers the object that it was given."""

    def write(self, event: Event) -> None:
        """Write one line."""
        FileStore.write(self, event)


class HidingItsRepeats(FileStore):
    """Writes every event that it is given, and shows each that it wrote itself once."""

    def __init__(self, path: Path) -> None:
        """Have written nothing."""
        super().__init__(path)
        self.written: set[str] = set()

    def is_new(self, event: Event) -> bool:
        """Take any event for new."""
        self.written.add(event.event_id)
        return True

    def load_all_events(self) -> list[Event]:
        """Return every event, those of others as often as they are there."""
        shown: set[str] = set()
        events = []
        for event in super().load_all_events():
            if event.event_id not in shown & self.written:
                events.append(event)
            shown.add(event.event_id)
        return events
