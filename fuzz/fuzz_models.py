"""Fuzzing of the types of events, against the promises that the tests check.

Usage: python fuzz/fuzz_models.py SECONDS [CORPUS], or --again HEX with an input that was shown. See
fuzz/README.md.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1] / "src"), str(Path(__file__).parents[1])]

from driver import Tally, fuzz, instrumented

with instrumented():
    from tests.specify_cli.telemetry.support.made_up_checks import INPUTS, Tried, check_made_up

    from specify_cli.telemetry._codec import event_types

tried = Tried()
tally = Tally(lambda: str(tried))


def try_one(data: bytes) -> None:
    """Check one type and some events of it."""
    tally.tick()
    check_made_up(data, tried)
    # A codec is kept for as long as the process lives, and with it a type that was made up.
    event_types._codec_of_class.cache_clear()  # noqa: SLF001  # there is no other way


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    if sys.argv[1] == "--again":
        check_made_up(bytes.fromhex(sys.argv[2]), tried)
        print(tried)
    else:
        seeds = [bytes.fromhex(line) for line in INPUTS.read_text().split()]
        fuzz(try_one, seeds, float(sys.argv[1]), sys.argv[2:])
        print(tried)
