"""How far a log is read at once, and from where the next part goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from specify_cli.telemetry import SimpleJsonStore
from specify_cli.telemetry._log import Snapshot, files
from specify_cli.telemetry.jsonl.cursor import Position

LINE = b"1234567\n"


@pytest.fixture
def file(log: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Snapshot]:
    """Yield a log of eight lines, each of which is a block."""
    monkeypatch.setattr(files, "BLOCK_SIZE", len(LINE))
    log.write_bytes(LINE * 8)
    with SimpleJsonStore(log)._log.opened() as opened:
        assert opened is not None
        yield opened


def test_a_part_ends_as_soon_as_it_is_long_enough(file: Snapshot) -> None:
    """Counted from where it began; the next one goes on behind it."""
    position = Position()
    for most, lines in [(16, 2), (17, 3), (8, 1), (1, 1)]:
        assert list(position.blocks_after(file, most)) == [LINE] * lines
    assert position.offset == 7 * len(LINE)
    assert position.is_in(file)
    assert list(position.blocks_after(file)) == [LINE]
