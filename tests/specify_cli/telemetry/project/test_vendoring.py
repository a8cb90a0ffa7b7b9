"""The recipe of docs/vendoring.md: two folders copied, nothing rewritten, and all works."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from specify_cli import spec_kitty_events, telemetry

ROOT = Path(__file__).parents[4]
PACKAGES = [Path(package.__path__[0]) for package in (spec_kitty_events, telemetry)]

# What the store does, as its own tests have it. Left out are those of this project's packaging and
# pages, and those that take long.
OWN_TESTS = [
    "test_changed_underneath.py",
    "test_contract.py",
    "test_events.py",
    "test_faults.py",
    "test_file.py",
    "test_format.py",
    "test_known_ids.py",
    "test_payloads.py",
    "test_reading.py",
    "test_store.py",
    "test_torn_tail.py",
]
HELPERS = ["__init__.py", "conftest.py", "events.py", "faults.py"]


def sources(package: Path) -> list[Path]:
    """Return the files of a package."""
    return [path for path in sorted(package.rglob("*")) if path.suffix in {".py", ".typed"}]


def copy_packages(target: Path) -> None:
    """Do what the recipe says: copy both folders as they are into another package."""
    for package in PACKAGES:
        for source in sources(package):
            copy = target / package.name / source.relative_to(package)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(source.read_bytes())


def copy_own_tests(target: Path, package: str) -> None:
    """Copy the store's own tests, with the name of the package they import replaced."""
    target.mkdir(parents=True)
    for name in [*HELPERS, *OWN_TESTS]:
        text = Path(__file__).with_name(name).read_text(encoding="utf-8")
        text = text.replace("specify_cli", package)
        (target / name).write_text(text, encoding="utf-8")


def test_the_stores_own_tests_pass_in_a_package_of_another_name(tmp_path: Path) -> None:
    """Copied unchanged into acme.vendored, the store does there whatever it does here."""
    copy_packages(tmp_path / "src" / "acme" / "vendored")
    copy_own_tests(tmp_path / "tests" / "of_the_store", "acme.vendored")
    # The original is installed too: whoever still imported it would get this.
    (tmp_path / "src" / "specify_cli.py").write_text("raise ImportError(__name__)\n")
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "pythonpath=src"],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout


def test_the_page_names_the_same_tests() -> None:
    """Whoever follows the recipe runs what is run here."""
    page = (ROOT / "docs" / "vendoring.md").read_text(encoding="utf-8")
    for name in [*HELPERS, *OWN_TESTS]:
        assert f" {name} " in page


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_no_source_knows_the_name_of_its_package(package: Path) -> None:
    """Nothing in the copied folders has to be rewritten, a docstring's example included."""
    assert sources(package)
    for source in sources(package):
        assert "specify_cli" not in source.read_text(encoding="utf-8"), source


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_no_source_asks_for_what_only_an_installed_package_has(package: Path) -> None:
    """A copy has no distribution, no metadata and perhaps no files beside its modules."""
    for source in sources(package):
        text = source.read_text(encoding="utf-8")
        for name in ("importlib.metadata", "importlib.resources", "pkg_resources", "__file__"):
            assert name not in text, source
