"""What the tests of copying start from."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..postgres.conftest import folder, log, own_server, server

__all__ = ["folder", "home", "log", "own_server", "server"]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a home of the test's own, where cursors are kept."""
    home = tmp_path / "home"
    home.mkdir()
    for variable in ("HOME", "USERPROFILE", "LOCALAPPDATA"):
        monkeypatch.setenv(variable, str(home))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    return home
