"""Types of events that are made up: refused when a store is made, or every promise is kept."""

from __future__ import annotations

import random

import pytest

from ..support.made_up_checks import INPUTS, Tried, check_made_up

_SEEDS = 240
_PARTS = 4


def test_what_once_broke_a_promise_does_not_any_more() -> None:
    """These inputs the fuzzer has found."""
    tried = Tried()
    for line in INPUTS.read_text(encoding="ascii").split():
        check_made_up(bytes.fromhex(line), tried)
    assert tried.counts["events saved"]


@pytest.mark.parametrize("part", range(_PARTS))
def test_every_promise_is_kept_with_types_of_chance(part: int) -> None:
    """``make fuzz`` goes on with other types."""
    tried = Tried()
    for seed in range(part, _SEEDS, _PARTS):
        chance = random.Random(seed)
        data = chance.randbytes(chance.randrange(300))
        try:
            check_made_up(data, tried)
        except Exception as error:
            error.add_note(f"again: python fuzz/fuzz_models.py --again {data.hex()}")
            raise
    assert tried.counts["events saved"] > _SEEDS // _PARTS // 2
