"""Fuzzing of a log's bytes, against the promises that the tests check.

Usage: python fuzz/fuzz_log.py SECONDS [CORPUS]. See fuzz/README.md.
"""

from __future__ import annotations

import logging
import sys
import zlib
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1] / "src"), str(Path(__file__).parents[1])]

from driver import Tally, fuzz, instrumented

with instrumented():
    from tests.specify_cli.telemetry.jsonl.test_any_bytes import INTACT, check
    from tests.specify_cli.telemetry.jsonl.test_any_cursor import check_cursor, check_followed
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


class _Count:
    logs = size = 0


tally = Tally(lambda: f"{_Count.logs:,} logs, {_Count.size:,} bytes")


def try_one(data: bytes) -> None:
    """Check a log, a follower while it grows and is glued anew, and a cursor with parts of it."""
    _Count.logs += 1
    _Count.size += len(data)
    tally.tick()
    check(data)
    check_repair(data)
    place = zlib.crc32(data)
    middle = place % (len(data) + 1)
    line_end = data.find(b"\n", middle) + 1
    check_followed(data[:middle], data, in_place=place % 2 > 0)
    check_followed(data, data[line_end:] + data[:line_end], in_place=place % 2 == 0)
    check_cursor(data, place, data[middle : middle + place % 9].decode("latin-1"))


if __name__ == "__main__":
    logging.getLogger("specify_cli").setLevel(logging.CRITICAL)
    fuzz(try_one, SEEDS, float(sys.argv[1]), sys.argv[2:])
