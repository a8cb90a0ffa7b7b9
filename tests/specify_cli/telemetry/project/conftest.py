"""The distributions that are built from the tree."""

from __future__ import annotations

from pathlib import Path

import pytest

from .processes import run_python

ROOT = Path(__file__).parents[4]


HAS_SOURCE = (ROOT / "src").is_dir()


@pytest.fixture(scope="session")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with what is built of the tree, or with the wheel that is being tested."""
    if not HAS_SOURCE:
        return ROOT / "dist"
    pytest.importorskip("hatchling", reason="needs the build backend")
    folder = tmp_path_factory.mktemp("dist")
    run_python(["-m", "hatchling", "build", "-d", folder], ROOT)
    return folder


@pytest.fixture(scope="session")
def wheel(distributions: Path) -> Path:
    """Return the wheel."""
    (wheel,) = distributions.glob("*.whl")
    return wheel


@pytest.fixture(scope="session")
def sdist(distributions: Path) -> Path:
    """Return the source distribution."""
    if not HAS_SOURCE:
        pytest.skip("needs the source tree")
    (sdist,) = distributions.glob("*.tar.gz")
    return sdist
