"""The store with real releases of spec-kitty-events, from its first form to its latest."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from specify_cli import telemetry

from . import releases
from .releases.install import VERSIONS, folder_of

HERE = Path(releases.__path__[0])
ROOT = HERE.parents[4]
SOURCES = Path(telemetry.__path__[0]).parents[1]

of_every_release = pytest.mark.parametrize(
    "version",
    [
        pytest.param(
            version,
            marks=pytest.mark.skipif(
                not folder_of(version).is_dir(),
                reason=f"spec-kitty-events {version} is not installed; "
                "python tests/specify_cli/telemetry/project/releases/install.py installs it",
            ),
        )
        for version in VERSIONS
    ],
)


def run(*arguments: str | Path, **variables: str) -> str:
    """Run a module of Python in the project's root; return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | {"PYTHONUTF8": "1"} | variables,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@of_every_release
def test_a_store_for_the_release_keeps_the_contract(version: str) -> None:
    """The suite passes in a process in which that release is the one to be imported."""
    folder = str(folder_of(version))
    # What waits for a lock takes long, and knows no release.
    waits = "interrupted" if version == VERSIONS[-1] else "processes or threads"
    output = run(
        *("pytest", "-p", "no:cacheprovider", "-o", "pythonpath=", HERE / "suite.py"),
        *("-k", f"not ({waits})"),
        PYTHONPATH=os.pathsep.join([folder, *sys.path, str(ROOT)]),
        SPEC_KITTY_EVENTS_FOLDER=folder,
        SPEC_KITTY_EVENTS_VERSION=version,
    )
    passed = re.search(r"(\d+) passed", output.splitlines()[-1])
    assert passed is not None
    assert int(passed[1]) > 30


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a cache for the type checker; what the releases have in common is checked once."""
    return tmp_path_factory.mktemp("mypy")


@of_every_release
def test_a_store_for_the_release_is_typed(version: str, cache: Path) -> None:
    """The store and its use are clean under mypy --strict, and misuse is found."""
    pytest.importorskip("mypy", reason="needs the type checker")
    output = run(
        *("mypy", "--strict", "--config-file=", "--cache-dir", cache),
        *("--explicit-package-bases", "--follow-imports=silent"),
        *(HERE / "kitty_store.py", HERE / "suite.py"),
        MYPYPATH=os.pathsep.join([str(SOURCES), str(folder_of(version))]),
    )
    assert output.startswith("Success: no issues found in 2 source files")
