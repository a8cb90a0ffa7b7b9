"""Where things are that tests look at."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[4]
# Logs from real use, where they are to be had.
REAL_LOGS = ROOT.parent / "shared" / "data"
