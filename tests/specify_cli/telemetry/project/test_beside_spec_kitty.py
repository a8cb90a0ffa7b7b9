"""The installed package and spec-kitty in one environment: neither touches the other."""

from __future__ import annotations

from pathlib import Path

import pytest

from .processes import Environment
from .releases.install import (
    SPEC_KITTY_VERSIONS,
    spec_kitty_dependencies,
    spec_kitty_wheel,
)

FILES = """
from importlib.metadata import files
print(*[path.locate() for path in files({name!r})], sep="\\n")
"""
OWNERS = """
from importlib.metadata import packages_distributions
print(*[packages_distributions()[name] for name in ("specify_cli", "spec_kitty_telemetry")])
"""
USE = """
from datetime import UTC, datetime
from spec_kitty_telemetry import Event, SimpleJsonStore
event = Event(
    event_id="E" * 26, event_type="T", aggregate_id="a", node_id="n", lamport_clock=1,
    timestamp=datetime(2026, 1, 1, tzinfo=UTC),
)
SimpleJsonStore("log.jsonl").save_event(event)
assert SimpleJsonStore("log.jsonl").load_events("a") == [event]
"""
THEIRS = """
import specify_cli, specify_cli.cli
print(specify_cli.__file__)
"""


class Installed(Environment):
    """An environment with a release of spec-kitty."""

    def files_of(self, name: str) -> dict[Path, bytes]:
        """Return the files of a distribution, but for the bytecode, with their contents."""
        lines = self.run(self.python, "-c", FILES.format(name=name)).splitlines()
        paths = {Path(line).resolve() for line in lines}
        return {path: path.read_bytes() for path in paths if path.suffix != ".pyc"}

    def version(self) -> str:
        """Return what spec-kitty says of its version."""
        return self.run("spec-kitty", "--version")


@pytest.fixture(params=SPEC_KITTY_VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    """Return a release of spec-kitty that is at hand."""
    version = str(request.param)
    if not spec_kitty_dependencies(version).is_dir():
        pytest.skip(
            f"spec-kitty-cli {version} is not installed; "
            "python tests/specify_cli/telemetry/project/releases/install.py installs it"
        )
    return version


@pytest.fixture
def environment(version: str, tmp_path: Path) -> Installed:
    """Return an environment in which that release is installed."""
    environment = Installed(tmp_path / "environment", spec_kitty_dependencies(version))
    environment.pip("install", "--no-deps", spec_kitty_wheel(version))
    return environment


def test_each_works_as_if_the_other_were_not_there(
    environment: Installed, version: str, wheel: Path
) -> None:
    """No file belongs to both, both import, and uninstalling either leaves the other whole."""
    printed = environment.version()
    theirs = environment.files_of("spec-kitty-cli")
    assert f"spec-kitty-cli version {version}" in printed

    environment.pip("install", "--no-deps", wheel)
    ours = environment.files_of("spec-kitty-telemetry")
    assert ours
    assert not ours.keys() & theirs.keys()
    assert not any("specify_cli" in path.parts for path in ours)
    assert environment.files_of("spec-kitty-cli") == theirs
    assert environment.version() == printed
    owners = environment.run(environment.python, "-c", OWNERS)
    assert owners.strip() == "['spec-kitty-cli'] ['spec-kitty-telemetry']"
    environment.run(environment.python, "-c", THEIRS)
    environment.run(environment.python, "-c", USE)

    environment.pip("uninstall", "--yes", "spec-kitty-telemetry")
    assert not any(path.exists() for path in ours)
    assert environment.files_of("spec-kitty-cli") == theirs
    assert environment.version() == printed

    environment.pip("install", "--no-deps", wheel)
    environment.pip("uninstall", "--yes", "spec-kitty-cli")
    assert environment.files_of("spec-kitty-telemetry") == ours
    environment.run(environment.python, "-c", USE)
    checked = environment.run("spec-kitty-telemetry", "check", "log.jsonl")
    assert checked.startswith("log.jsonl: clean, 1 event")
