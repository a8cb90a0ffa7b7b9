"""What the logs of the scenarios hold."""

from __future__ import annotations

from .record import IDS, LINES

ONE = LINES[IDS[0]]
TWO = ONE + LINES[IDS[1]]
TORN = ONE + LINES[IDS[18]][:120]
THREE = TWO + LINES[IDS[2]]
SECONDS = 1_000_000_000
