"""Scenarios and orders of chance: more programs and more faults than can be tried in full."""

from __future__ import annotations

import pytest

pytest.importorskip("greenlet")

from .chance import made_up
from .explore import some_runs
from .test_every_order import images, report

SEEDS = 120
_PARTS = 6


@pytest.mark.slow
@pytest.mark.uncounted
@pytest.mark.parametrize("part", range(_PARTS))
def test_every_promise_is_kept_in_runs_of_chance(part: int) -> None:
    """Two to four programs, any fault; ``make simulate`` goes on with other seeds."""
    for seed in range(part, SEEDS, _PARTS):
        scenario = made_up(seed)
        findings = some_runs(scenario, images(windows=scenario.windows), seed, 12)
        assert findings.violation is None, report(scenario, findings)
