"""Protections taken out of the code on purpose: the simulation has to miss each of them.

The list is that of ``make controls``; here no test is written for any of them.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from .explore import Findings, every_run
from .images import SOURCES, Defect
from .loaded import Images
from .scenarios import Scenario
from .suite import SUITE

LIST = Path(__file__).parents[4] / "tools" / "controls.toml"
# What the simulation is about: order, crashes, and what is remembered of a file.
_MODULES = re.compile(r"_log/|jsonl/(writer|id_index|cursor)|repair/apply|_codec/search")
_FIRST_SECONDS, _THEN_SECONDS = 0.4, 6.0


def defects(pattern: str = "") -> Iterator[Defect]:
    """Yield the defects whose name matches, if the list is there and the code as it says."""
    if not LIST.exists():
        return
    for row in tomllib.loads(LIST.read_text(encoding="utf-8"))["control"]:
        defect = Defect(row["name"], row["module"], row["old"], row["new"])
        if _MODULES.match(defect.module) and re.search(pattern, defect.name):
            text = (SOURCES / defect.module).read_text(encoding="utf-8")
            if defect.old in text:
                yield defect


def find(defect: Defect) -> tuple[Scenario, Findings] | None:
    """Return the first scenario that misses a protection, and what it has found; None if none."""
    images = Images(defect)
    for seconds in (_FIRST_SECONDS, _THEN_SECONDS):
        for scenario in SUITE:
            findings = every_run(scenario, images, seconds)
            if findings.violation is not None:
                return scenario, findings
    return None
