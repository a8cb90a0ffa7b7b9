"""What the tests start from."""

from __future__ import annotations

from pathlib import Path

import pytest

from specify_cli.telemetry import SimpleJsonStore


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Return where a log may be made."""
    return tmp_path / "execution.events.jsonl"


@pytest.fixture
def store(log: Path) -> SimpleJsonStore:
    """Return a store on a log that does not exist yet."""
    return SimpleJsonStore(log)
