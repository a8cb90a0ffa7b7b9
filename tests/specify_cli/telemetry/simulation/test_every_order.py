"""Every order of the system calls of two programs, with every fault, a state at a time."""

from __future__ import annotations

import pytest

pytest.importorskip("greenlet")

from .explore import Findings, every_run, replayed
from .loaded import Images
from .scenarios import Scenario
from .suite import ON_WINDOWS, SUITE

_images: dict[bool, Images] = {}


def images(*, windows: bool = False) -> Images:
    """Return copies of the code for a platform, loaded once."""
    if windows not in _images:
        _images[windows] = Images(windows=windows)
    return _images[windows]


def report(scenario: Scenario, findings: Findings) -> str:
    """Return what is shown of a promise that is not kept."""
    return f"{findings.violation}\n{findings.trace}\n{scenario.name}: {findings.choices}"


@pytest.mark.slow
@pytest.mark.uncounted
@pytest.mark.parametrize("scenario", [*SUITE, *ON_WINDOWS], ids=lambda scenario: scenario.name)
def test_every_promise_is_kept_in_every_order(scenario: Scenario) -> None:
    """Whatever comes first, and whatever fails, nobody loses a byte, and somebody can go on."""
    findings = every_run(scenario, images(windows=scenario.windows))
    assert findings.violation is None, report(scenario, findings)
    assert findings.is_complete


def test_a_run_replays_from_its_choices() -> None:
    """The same choices lead through the same steps, so what was found can be looked at again."""
    scenario = next(scenario for scenario in SUITE if scenario.name == "two saves")
    assert replayed(scenario, images(), [0, 1, 1, 0, 1]) is None
