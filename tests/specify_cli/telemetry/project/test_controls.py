"""The list of protections that can be taken out: each is where the list says it is."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from .conftest import HAS_SOURCE, ROOT

pytestmark = pytest.mark.skipif(not HAS_SOURCE, reason="the tools are in the source tree")

SOURCES = ROOT / "src/specify_cli/telemetry"
TESTS = Path(__file__).parents[1]
LIST = ROOT / "tools/controls.toml"
CONTROLS: list[dict[str, str]] = (
    tomllib.loads(LIST.read_text(encoding="utf-8"))["control"] if HAS_SOURCE else []
)


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control["name"])
def test_each_protection_is_in_its_module(control: dict[str, str]) -> None:
    """A change that moves one takes its control along."""
    module = (SOURCES / control["module"]).read_text(encoding="utf-8")
    assert control["old"] in module
    assert control["old"] != control["new"]
    assert (TESTS / control["test"]).is_file()


def test_no_protection_is_listed_twice() -> None:
    """A name tells one from every other."""
    names = [control["name"] for control in CONTROLS]
    assert len(set(names)) == len(names)
