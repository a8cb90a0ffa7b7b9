"""What the tests start from."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

from specify_cli.telemetry import SimpleJsonStore

# A busy machine makes any example slow, and no test is about how long one takes.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Return where a log may be made."""
    return tmp_path / "execution.events.jsonl"


@pytest.fixture
def store(log: Path) -> SimpleJsonStore:
    """Return a store on a log that does not exist yet."""
    return SimpleJsonStore(log)
