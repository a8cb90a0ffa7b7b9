"""What the tests of copying start from."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..support.driver import HAS_DRIVER

if HAS_DRIVER:
    from ..support.server_fixtures import *  # noqa: F403  # fixtures
else:
    collect_ignore_glob = ["test_[!d]*.py"]  # all but the one that says so


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a home of the test's own, where cursors are kept."""
    home = tmp_path / "home"
    home.mkdir()
    for variable in ("HOME", "USERPROFILE", "LOCALAPPDATA"):
        monkeypatch.setenv(variable, str(home))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    return home
