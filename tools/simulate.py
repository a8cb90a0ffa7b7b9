"""Run the code of the log on a simulated operating system, for as long as one likes.

Usage: ``python tools/simulate.py SECONDS [SEED]``: first the scenarios that are too long for
``make test``, each in every order; then scenarios of chance, from SEED on (by default, from a seed
that no run had before). What is found is shown with its trace, and with what runs it again.

``python tools/simulate.py --seed SEED``: one scenario of chance.

``python tools/simulate.py --planted [REGEX]``: take out each protection of the log that
``controls.toml`` lists, and tell how long it takes until that is found.
"""

from __future__ import annotations

import importlib
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT)]

if TYPE_CHECKING:
    from tests.specify_cli.telemetry.simulation.explore import Findings
    from tests.specify_cli.telemetry.simulation.scenarios import Scenario

_RUNS = 12


def simulation(part: str) -> Any:
    """Return a module of the simulation."""
    return importlib.import_module(f"tests.specify_cli.telemetry.simulation.{part}")


def shown(scenario: Scenario, findings: Findings, again: str) -> bool:
    """Show what was found, if anything; return whether it was."""
    if findings.violation is None:
        return False
    print(f"{findings.trace}\n{scenario.name}: {findings.violation}\nagain: {again}", flush=True)
    return True


def simulate(seconds: float, seed: int) -> int:
    """Run scenarios for so many seconds; return how many promises were not kept."""
    explore, loaded = simulation("explore"), simulation("loaded")
    images = {windows: loaded.Images(windows=windows) for windows in (False, True)}
    end, found = time.monotonic() + seconds, 0
    for scenario in simulation("larger").LARGER:
        left = end - seconds / 2 - time.monotonic()
        if left > 0:
            findings = explore.every_run(scenario, images[scenario.windows], left)
            whole = "all" if findings.is_complete else "some"
            counts = f"{findings.states} states, {findings.orders:.3g} orders"
            print(f"{scenario.name}: {counts} ({whole}), {findings.seconds:.0f} s", flush=True)
            found += shown(scenario, findings, str(findings.choices))
    first, runs, steps, crashes = seed, 0, 0, 0
    while time.monotonic() < end:
        scenario = simulation("chance").made_up(seed)
        findings = explore.some_runs(scenario, images[scenario.windows], seed, _RUNS)
        runs, steps = runs + findings.runs, steps + findings.steps
        crashes += findings.crashes
        found += shown(scenario, findings, f"python tools/simulate.py --seed {seed}")
        seed += 1
    print(f"seeds {first} to {seed - 1}: {runs} runs, {steps} calls, {crashes} losses of power")
    print(f"{found} promises not kept")
    return found


def one(seed: int) -> int:
    """Run one scenario of chance; return whether a promise was not kept."""
    scenario = simulation("chance").made_up(seed)
    images = simulation("loaded").Images(windows=scenario.windows)
    findings = simulation("explore").some_runs(scenario, images, seed, _RUNS)
    return shown(scenario, findings, f"python tools/simulate.py --seed {seed}")


def plant(pattern: str = "") -> int:
    """Take out each protection; return how many are not missed."""
    planted, missed = simulation("planted"), 0
    for defect in planted.defects(pattern):
        began = time.monotonic()
        found = planted.find(defect)
        missed += found is None
        what = f"{found[0].name}: {found[1].violation}" if found else "NOT FOUND"
        print(f"{defect.name}: {time.monotonic() - began:.1f} s, {what}", flush=True)
    return missed


def main(*arguments: str) -> int:
    """Do what the arguments say; return the exit status."""
    if arguments[:1] == ("--planted",):
        return plant(*arguments[1:])
    if arguments[:1] == ("--seed",):
        return one(int(arguments[1]))
    seconds = float(arguments[0]) if arguments else 60.0
    return simulate(seconds, int(arguments[1]) if len(arguments) > 1 else time.time_ns() // 10**6)


if __name__ == "__main__":
    sys.exit(min(1, main(*sys.argv[1:])))
