"""What is installed, and how the packages live beside others."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import textwrap
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

import specify_cli
from specify_cli import spec_kitty_events, telemetry

from .releases.install import VERSIONS, folder_of

ROOT = Path(__file__).parents[4]
SOURCES = {
    "specify_cli/spec_kitty_events": {"__init__.py", "models.py", "py.typed", "storage.py"},
    "specify_cli/telemetry": {
        "__init__.py",
        "__main__.py",
        "_aggregate.py",
        "_appendlog.py",
        "_cleanprefix.py",
        "_cli.py",
        "_codec.py",
        "_concurrently.py",
        "_difference.py",
        "_distinct.py",
        "_event.py",
        "_file.py",
        "_following.py",
        "_heldlog.py",
        "_idempotent.py",
        "_knownids.py",
        "_lock.py",
        "_lockedlog.py",
        "_mend.py",
        "_nextversion.py",
        "_openlog.py",
        "_order.py",
        "_payload.py",
        "_problems.py",
        "_progress.py",
        "_reading.py",
        "_recent.py",
        "_rejected.py",
        "_rewrite.py",
        "_salvage.py",
        "_scan.py",
        "_schema.py",
        "_show.py",
        "_showrepair.py",
        "_sieve.py",
        "_tally.py",
        "check.py",
        "jsonl.py",
        "py.typed",
        "repair.py",
        "store.py",
        "testing.py",
    },
}

# Another project's contract: the same names, more fields.
OTHER_CONTRACT = '''
"""Another contract."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class StorageError(Exception):
    """Refused."""


class Event(BaseModel):
    """A wider event."""

    model_config = ConfigDict(frozen=True)

    event_id: str = Field(min_length=26, max_length=26)
    event_type: str
    aggregate_id: str
    payload: dict[str, Any] = Field(default_factory=dict)
    timestamp: datetime
    build_id: str
    node_id: str
    lamport_clock: int
    causation_id: str | None = None
    project_uuid: UUID | None = None
    schema_version: str = "3.0.0"

    def to_dict(self) -> dict[str, Any]:
        """Return the fields."""
        return self.model_dump()


class EventStore(ABC):
    """Keeps events."""

    @abstractmethod
    def save_event(self, event: Event) -> None:
        """Keep one."""

    @abstractmethod
    def load_events(self, aggregate_id: str) -> list[Event]:
        """Return some."""

    @abstractmethod
    def load_all_events(self) -> list[Event]:
        """Return all."""
'''

VENDORED_USE = """
import os
import sys
import uuid

sys.path.insert(0, os.getcwd())  # some builds of Python heed neither PYTHONPATH nor the script

from datetime import UTC, datetime
from agenttool.spec_kitty_events import Event, EventStore
from agenttool.telemetry import SimpleJsonStore

store: EventStore = SimpleJsonStore("log.jsonl")
event = Event(
    event_id="E" * 26, event_type="T", aggregate_id="a", timestamp=datetime.now(UTC),
    build_id="b", node_id="n", lamport_clock=1, project_uuid=uuid.uuid4(), payload={"n": (1, 2)},
)
store.save_event(event)
store.save_event(event)
(loaded,) = store.load_events("a")
assert loaded == event.model_copy(update={"payload": {"n": [1, 2]}}), loaded
assert store.load_all_events() == [loaded]
"""

RELEASE_USE = """
import os
import sys
import uuid

sys.path.insert(0, os.getcwd())  # some builds of Python heed neither PYTHONPATH nor the script

from datetime import UTC, datetime
from agenttool.spec_kitty_events import Event, EventStore
from agenttool.telemetry import SimpleJsonStore

store = SimpleJsonStore("log.jsonl")
event = Event(
    event_id="01khjvjwdm0hgagygxjykd1jqg", event_type="T", aggregate_id="a", build_id="b",
    timestamp=datetime.now(UTC), node_id="n", project_uuid=uuid.uuid4(), correlation_id="E" * 26,
)
for _ in range(3):
    store.save_event(event)
(loaded,) = store.load_events("a")
assert loaded == event and type(loaded) is Event, loaded
assert isinstance(store, EventStore)
assert "spec_kitty_events" not in sys.modules
"""


def run(arguments: Sequence[str | Path], folder: Path, *paths: Path) -> str:
    """Run Python in ``folder`` with ``paths`` before all others; return what it printed."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, paths))}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def vendor(folder: Path) -> None:
    """Copy the telemetry package beside another contract."""
    contract = folder / "agenttool" / "spec_kitty_events"
    contract.mkdir(parents=True)
    (contract / "__init__.py").write_text(OTHER_CONTRACT, encoding="utf-8")
    (contract / "py.typed").touch()
    copy_telemetry(folder)


def copy_telemetry(folder: Path) -> None:
    """Copy the telemetry package, and nothing else, into another project."""
    (folder / "agenttool" / "__init__.py").touch()
    copy = folder / "agenttool" / "telemetry"
    copy.mkdir()
    for source in Path(telemetry.__path__[0]).iterdir():
        if source.is_file():
            (copy / source.name).write_bytes(source.read_bytes())


def test_the_tests_use_the_code_and_not_themselves() -> None:
    """Nothing named specify_cli comes from the tests, although their folder has that name."""
    tests = ROOT / "tests"
    assert telemetry.__file__ is not None
    for package in (specify_cli, spec_kitty_events, telemetry):
        paths = [Path(path).resolve() for path in package.__path__]
        assert paths
        assert not any(path.is_relative_to(tests) for path in paths)
    assert __name__.endswith("specify_cli.telemetry.test_packaging")
    assert __name__ != "specify_cli.telemetry.test_packaging"
    assert not hasattr(telemetry, "test_packaging")


def test_public_names_are_sorted() -> None:
    """The public names are few and in order."""
    assert telemetry.__all__ == ["JsonlEventStore", "NewEvents", "SimpleJsonStore"]
    assert telemetry.SimpleJsonStore.__module__ == "specify_cli.telemetry.store"


def test_vendored_beside_another_contract_it_works(tmp_path: Path) -> None:
    """The folder, copied unchanged, uses the contract it finds beside it, with its wider events."""
    vendor(tmp_path)
    (tmp_path / "use.py").write_text(VENDORED_USE, encoding="utf-8")
    run(["use.py"], tmp_path, tmp_path)
    line = (tmp_path / "log.jsonl").read_bytes()
    assert line.count(b"\n") == 1
    assert b'"build_id": "b"' in line


def test_vendored_beside_another_contract_it_is_typed(tmp_path: Path) -> None:
    """The copied folder is clean under mypy --strict."""
    pytest.importorskip("mypy", reason="needs the type checker")
    vendor(tmp_path)
    (tmp_path / "use.py").write_text(VENDORED_USE, encoding="utf-8")
    output = run(["-m", "mypy", "--strict", "agenttool", "use.py"], tmp_path, tmp_path)
    assert output.startswith("Success")


def test_vendored_beside_a_real_release_it_works(tmp_path: Path) -> None:
    """The sibling may be the published package itself, as whoever vendors that would rename it."""
    release = folder_of(VERSIONS[-1]) / "spec_kitty_events"
    if not release.is_dir():
        pytest.skip(f"spec-kitty-events {VERSIONS[-1]} is not installed")
    for source in release.rglob("*.py"):
        copy = tmp_path / "agenttool" / source.relative_to(release.parent)
        copy.parent.mkdir(parents=True, exist_ok=True)
        text = source.read_text(encoding="utf-8")
        renamed = re.sub(r"\b(?<=from )spec_kitty_events\b", "agenttool.spec_kitty_events", text)
        copy.write_text(renamed, encoding="utf-8")
    copy_telemetry(tmp_path)
    (tmp_path / "use.py").write_text(RELEASE_USE, encoding="utf-8")
    run(["use.py"], tmp_path, tmp_path)
    (line,) = (tmp_path / "log.jsonl").read_bytes().splitlines()
    assert b'"event_id": "01KHJVJWDM0HGAGYGXJYKD1JQG"' in line
    assert b'"lamport_clock": null' in line


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel and the source distribution."""
    pytest.importorskip("hatchling", reason="needs the build backend")
    folder = tmp_path_factory.mktemp("dist")
    run(["-m", "hatchling", "build", "-d", str(folder)], ROOT)
    return folder


def test_the_wheel_holds_both_packages_and_nothing_else(built: Path) -> None:
    """No specify_cli/__init__.py: that package belongs to spec-kitty."""
    (wheel,) = built.glob("*.whl")
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert names == {f"{folder}/{name}" for folder, files in SOURCES.items() for name in files}
    metadata = zipfile.ZipFile(wheel).read("spec_kitty_telemetry-0.1.0.dist-info/METADATA")
    required = {line for line in metadata.decode().splitlines() if line.startswith("Requires-")}
    assert required == {
        "Requires-Python: >=3.11",
        "Requires-Dist: pydantic>=2.7",
        "Requires-Dist: python-ulid>=2.0.1",
    }


def test_the_source_distribution_can_be_tested(built: Path) -> None:
    """It holds the packages, their markers and the tests."""
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for folder, files in SOURCES.items():
        assert {f"src/{folder}/{name}" for name in files} <= names
    assert "src/specify_cli/__init__.py" not in names
    assert {"LICENSE", "Makefile", "README.md", "pyproject.toml", "examples/quickstart.py"} <= names
    assert "tests/specify_cli/telemetry/test_packaging.py" in names


def test_the_wheel_leaves_a_real_specify_cli_working(built: Path, tmp_path: Path) -> None:
    """Installed beside spec-kitty's own package, both import."""
    (wheel,) = built.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path)  # noqa: S202  # built a moment ago
    (tmp_path / "specify_cli" / "__init__.py").write_text("NAME = 'spec-kitty'\n", encoding="utf-8")
    (tmp_path / "specify_cli" / "cli.py").write_text("def main(): return 0\n", encoding="utf-8")
    use = """
        import specify_cli, specify_cli.cli
        from specify_cli.telemetry import SimpleJsonStore
        from specify_cli.telemetry.store import SimpleJsonStore as same
        from specify_cli import spec_kitty_events, telemetry
        assert specify_cli.NAME == "spec-kitty" and specify_cli.cli.main() == 0
        assert same is SimpleJsonStore
        print(telemetry.__file__, spec_kitty_events.__file__, sep="\\n")
    """
    output = run(["-c", textwrap.dedent(use)], tmp_path, tmp_path)
    assert all(Path(line).is_relative_to(tmp_path) for line in output.splitlines())
