"""Coverage-guided fuzzing of a log's bytes, against the promises that the tests check.

Usage: python fuzz/fuzz_log.py SECONDS [CORPUS]. See fuzz/README.md.
"""

from __future__ import annotations

import logging
import sys
import tempfile
import time
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[1]))

with atheris.instrument_imports(include=["specify_cli.telemetry"]):
    from tests.specify_cli.telemetry.jsonl.test_any_bytes import INTACT, check
    from tests.specify_cli.telemetry.repair.test_repair_any_damage import check_repair

SEEDS = [
    b"".join(line + b"\n" for line in INTACT),
    *(line + b"\n" for line in INTACT),
    b"\xef\xbb\xbf\r\n\n",
    b'{"event_id": "\\u0041", "payload": {"event_id": ["\\ud800"]}}',
    b"<<<<<<< HEAD\n=======\n>>>>>>> branch\n",
    b"[" * 300,
    next(iter(INTACT))[:40] + next(iter(INTACT)) + b"\0" * 9 + next(iter(INTACT)) + b"\n",
]


class Tally:
    """What has been tried, printed now and then: the fuzzer ends the process without a word."""

    def __init__(self) -> None:
        """Start the clock."""
        self.logs = 0
        self.size = 0
        self.started = self.printed = time.monotonic()

    def add(self, data: bytes) -> None:
        """Count one log."""
        self.logs += 1
        self.size += len(data)
        now = time.monotonic()
        if now - self.printed > 5:
            self.printed = now
            seconds = now - self.started
            print(f"{self.logs:,} logs, {self.size:,} bytes in {seconds:.0f} s", flush=True)


tally = Tally()


def try_one(data: bytes) -> None:
    """Check one log."""
    tally.add(data)
    check(data)
    check_repair(data)


def main() -> None:
    """Fuzz for so many seconds, from the seeds and what an earlier run left in the corpus."""
    logging.getLogger("specify_cli").setLevel(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        seeds = Path(folder)
        for number, seed in enumerate(SEEDS):
            (seeds / str(number)).write_bytes(seed)
        corpus = sys.argv[2:] or [tempfile.mkdtemp(dir=folder)]
        options = [f"-max_total_time={sys.argv[1]}", "-max_len=6000", "-timeout=60", "-verbosity=0"]
        atheris.Setup([sys.argv[0], *options, *corpus, str(seeds)], try_one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
