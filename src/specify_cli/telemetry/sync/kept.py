"""Cursors kept between runs, one file for each pair of logs, in the user's state folder.

They belong to this machine: beside the log they would be in the way, and in git they would be
wrong. Losing one costs the time to look at all lines again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

_NAME = "spec-kitty-telemetry"


def state_folder(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path:
    """Return the folder for what programs of this user keep between runs.

    Raises:
        RuntimeError: The user has no home.
    """
    if platform == "win32":
        local = environment.get("LOCALAPPDATA")
        return (Path(local) if local else Path.home() / "AppData" / "Local") / _NAME
    if platform == "darwin":
        return Path.home() / "Library" / "Application Support" / _NAME
    state = environment.get("XDG_STATE_HOME", "")
    # A relative one is to be ignored, says the standard that has it.
    return (Path(state) if state.startswith("/") else Path.home() / ".local" / "state") / _NAME


class KeptCursor:
    """The cursor of one copy, from one log to another.

    Args:
        source: What tells the source from all others; no password.
        target: The same of the target.
    """

    def __init__(self, source: str, target: str) -> None:
        """Touch nothing on disk."""
        self._pair = {"from": source, "to": target}

    def get(self) -> str | None:
        """Return the cursor, or None if there is none."""
        try:
            kept = json.loads(self._path().read_text(encoding="utf-8"))
            return str(kept["cursor"]) if {**kept, **self._pair} == kept else None
        except (OSError, ValueError, KeyError, TypeError, RuntimeError):
            return None

    def put(self, cursor: str) -> None:
        """Keep a cursor, if that can be done: nothing depends on it."""
        with contextlib.suppress(OSError, RuntimeError):
            path = self._path()
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.stem, suffix=".new")
            try:
                with open(handle, "w", encoding="utf-8") as file:  # noqa: PTH123  # a descriptor
                    json.dump({**self._pair, "cursor": cursor}, file)
                Path(name).replace(path)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise

    def _path(self) -> Path:
        text = json.dumps(self._pair).encode()
        return state_folder() / "cursors" / f"{hashlib.sha256(text).hexdigest()[:32]}.json"
