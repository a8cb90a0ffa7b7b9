"""The recipes of docs/vendoring.md: folders copied, nothing rewritten, and all works."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import pytest

from specify_cli import spec_kitty_events, telemetry

from . import other_contract
from .conftest import HAS_SOURCE, ROOT
from .processes import run, run_python
from .releases.install import VERSIONS, folder_of

TESTS = Path(__file__).parents[1]
PACKAGES = [Path(package.__path__[0]) for package in (spec_kitty_events, telemetry)]
SOURCES = [source for package in PACKAGES for source in sorted(package.rglob("*.py"))]

# What the recipe copies of the tests: those of the store, and what they share.
FOLDERS = ["support", "log", "jsonl"]

BESIDE_ANOTHER = """
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

# Only the contract that comes with the package is known to have one more store.
ITS_NAMES = """
import os
import sys

sys.path.insert(0, os.getcwd())

from agenttool import spec_kitty_events, telemetry

assert telemetry.Event is spec_kitty_events.Event
assert telemetry.check_log and telemetry.repair_log
assert not hasattr(telemetry, "InMemoryEventStore")
"""

BESIDE_A_RELEASE = """
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

BESIDE_MODULES = """
import os
import sys

sys.path.insert(0, os.getcwd())

from agenttool import spec_kitty_events, telemetry
from agenttool.telemetry import JsonlLog, SimpleJsonStore, emit

assert emit.NAME == "theirs"
assert issubclass(SimpleJsonStore, spec_kitty_events.EventStore)
assert telemetry.event_log.Event is spec_kitty_events.Event
assert JsonlLog("log.jsonl").append({"n": 1})
"""

pytestmark = pytest.mark.skipif(
    not HAS_SOURCE, reason="needs the source tree, which is what is vendored"
)


def copy(folder: Path, target: Path) -> None:
    """Do what the recipe says: copy a folder as it is into another one."""
    shutil.copytree(folder, target / folder.name, ignore=shutil.ignore_patterns("__pycache__"))


def test_the_stores_own_tests_pass_in_a_package_of_another_name(tmp_path: Path) -> None:
    """Copied unchanged into acme.vendored, the store does there whatever it does here."""
    for package in PACKAGES:
        copy(package, tmp_path / "src" / "acme" / "vendored")
    tests = tmp_path / "tests" / "vendored"
    for folder in FOLDERS:
        copy(TESTS / folder, tests)
    for source in TESTS.glob("*.py"):
        shutil.copy(source, tests)
    for test in tests.rglob("*.py"):
        text = test.read_text(encoding="utf-8")
        test.write_text(text.replace("specify_cli", "acme.vendored"), encoding="utf-8")
    # The original is installed too: whoever still imported it would get this.
    for name in ("specify_cli", "spec_kitty_telemetry"):
        source = tmp_path / "src" / f"{name}.py"
        source.write_text("raise ImportError(__name__)\n", encoding="utf-8")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    pytest_ = [sys.executable, "-m", "pytest", "-q", "-m", "not slow", "-p", "no:cacheprovider"]
    without_path = {"PYTHONPATH": "", "HYPOTHESIS_STORAGE_DIRECTORY": str(tmp_path / "examples")}
    # Some of them, for the time they take: `make test-wheel` runs all under another name.
    some = [tests / "jsonl" / f"test_{name}.py" for name in ("store", "log", "following", "models")]
    output = run([*pytest_, "-o", "pythonpath=src", *some], tmp_path, without_path)
    assert " passed" in output.splitlines()[-1]


def test_the_page_names_the_same_tests() -> None:
    """Whoever follows the recipe runs what is run here."""
    page = (ROOT / "docs" / "vendoring.md").read_text(encoding="utf-8")
    assert f"cp -r *.py {' '.join(FOLDERS)} " in page


@pytest.fixture
def beside_another(tmp_path: Path) -> Path:
    """Return a folder with a package that has telemetry/ beside another contract."""
    contract = tmp_path / "agenttool" / "spec_kitty_events"
    contract.mkdir(parents=True)
    shutil.copy(str(other_contract.__file__), contract / "__init__.py")
    (contract / "py.typed").touch()
    copy_telemetry(tmp_path)
    return tmp_path


def copy_telemetry(folder: Path) -> None:
    """Copy the telemetry package, and nothing else, into another project."""
    (folder / "agenttool" / "__init__.py").touch()
    copy(Path(telemetry.__path__[0]), folder / "agenttool")


def test_vendored_beside_another_contract_it_works(beside_another: Path) -> None:
    """The folder, copied unchanged, uses the contract it finds beside it, with its wider events."""
    (beside_another / "use.py").write_text(BESIDE_ANOTHER, encoding="utf-8")
    run_python(["use.py"], beside_another, beside_another)
    line = (beside_another / "log.jsonl").read_bytes()
    assert line.count(b"\n") == 1
    assert b'"build_id": "b"' in line


def test_vendored_beside_another_contract_it_exports_what_that_has(beside_another: Path) -> None:
    """The names of the contract are its own; one that it lacks is missing, and nothing else is."""
    (beside_another / "use.py").write_text(ITS_NAMES, encoding="utf-8")
    run_python(["use.py"], beside_another, beside_another)


WITHOUT_SERVERS = """
import os
import sys

sys.path.insert(0, os.getcwd())

from agenttool.telemetry import SimpleJsonStore, check_log, sync
from agenttool.telemetry._cli import main

assert sync.copy_new(SimpleJsonStore("a.jsonl"), SimpleJsonStore("b.jsonl"))[:2] == (0, 0)
assert main(["check", "a.jsonl"]) == 0
assert main(["push", "a.jsonl", "--to", "host=h"]) == 2
"""


def test_vendored_without_the_store_on_a_server_the_rest_works(beside_another: Path) -> None:
    """Whoever does not share leaves out what needs a driver."""
    shutil.rmtree(beside_another / "agenttool" / "telemetry" / "postgres")
    (beside_another / "a.jsonl").touch()
    (beside_another / "use.py").write_text(WITHOUT_SERVERS, encoding="utf-8")
    output = run_python(["use.py"], beside_another, beside_another)
    assert "clean" in output


def test_vendored_beside_another_contract_it_is_typed(beside_another: Path) -> None:
    """The copied folder is clean under mypy --strict."""
    pytest.importorskip("mypy", reason="needs the type checker")
    (beside_another / "use.py").write_text(BESIDE_ANOTHER, encoding="utf-8")
    mypy = ["-m", "mypy", "--strict", "agenttool", "use.py"]
    output = run_python(mypy, beside_another, beside_another)
    assert output.startswith("Success")


def test_vendored_beside_a_real_release_it_works(tmp_path: Path) -> None:
    """The sibling may be the published package itself, as whoever vendors that would rename it."""
    release = folder_of(VERSIONS[-1]) / "spec_kitty_events"
    if not release.is_dir():
        pytest.skip(f"spec-kitty-events {VERSIONS[-1]} is not installed")
    copy(release, tmp_path / "agenttool")
    for source in (tmp_path / "agenttool").rglob("*.py"):
        text = source.read_text(encoding="utf-8")
        renamed = re.sub(r"\b(?<=from )spec_kitty_events\b", "agenttool.spec_kitty_events", text)
        source.write_text(renamed, encoding="utf-8")
    copy_telemetry(tmp_path)
    (tmp_path / "use.py").write_text(BESIDE_A_RELEASE, encoding="utf-8")
    run_python(["use.py"], tmp_path, tmp_path)
    (line,) = (tmp_path / "log.jsonl").read_bytes().splitlines()
    assert b'"event_id": "01KHJVJWDM0HGAGYGXJYKD1JQG"' in line
    assert b'"lamport_clock": null' in line


def test_vendored_beside_other_modules_of_a_telemetry_folder(tmp_path: Path) -> None:
    """The recipe for a tree that has a telemetry/ of its own: nothing of that is touched."""
    page = (ROOT / "docs" / "vendoring.md").read_text(encoding="utf-8")
    own_init, leads_there = re.findall(
        r"```python\n(# specify_cli/telemetry/__init__\.py.*?)```.*?```python\n(.*?)```",
        page,
        re.DOTALL,
    )[0]
    copy(Path(spec_kitty_events.__path__[0]), tmp_path / "agenttool")
    own = tmp_path / "agenttool" / "telemetry"
    own.mkdir()
    (tmp_path / "agenttool" / "__init__.py").touch()
    (own / "__init__.py").write_text(own_init, encoding="utf-8")
    (own / "emit.py").write_text('NAME = "theirs"\n', encoding="utf-8")
    (own / "spec_kitty_events.py").write_text(leads_there, encoding="utf-8")
    copied = Path(telemetry.__path__[0])
    shutil.copytree(copied, own / "event_log", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "use.py").write_text(BESIDE_MODULES, encoding="utf-8")
    run_python(["use.py"], tmp_path, tmp_path)
    assert (tmp_path / "log.jsonl").read_bytes() == b'{"n": 1}\n'


@pytest.mark.parametrize("name", ["specify_cli", "spec_kitty_telemetry"])
def test_no_source_knows_the_name_of_its_package(name: str) -> None:
    """Nothing in the copied folders has to be rewritten, a docstring's example included."""
    assert SOURCES
    for source in SOURCES:
        assert name not in source.read_text(encoding="utf-8"), source


def test_no_source_asks_for_what_only_an_installed_package_has() -> None:
    """A copy has no distribution, no metadata and perhaps no files beside its modules."""
    for source in SOURCES:
        text = source.read_text(encoding="utf-8")
        for name in ("importlib.metadata", "importlib.resources", "pkg_resources", "__file__"):
            assert name not in text, source
