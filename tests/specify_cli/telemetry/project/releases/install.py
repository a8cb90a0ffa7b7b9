"""Installs what the tests need beside the package: releases of two others, each in its own folder.

No environment can hold several versions of one distribution. Run it with the Python that runs the
tests.
"""

from __future__ import annotations

import email
import subprocess
import sys
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

VERSIONS = ("0.4.1", "6.1.0", "11.0.0")
SPEC_KITTY_VERSIONS = ("3.1.10", "3.2.7")


def folder_of(version: str) -> Path:
    """Return where a release of spec-kitty-events is installed."""
    return Path(sys.prefix) / "spec-kitty-events" / version


def spec_kitty_wheel(version: str) -> Path:
    """Return the wheel of a release of spec-kitty-cli."""
    return _spec_kitty(version) / f"spec_kitty_cli-{version}-py3-none-any.whl"


def spec_kitty_dependencies(version: str) -> Path:
    """Return where all that spec-kitty-cli imports is installed, without itself."""
    return _spec_kitty(version) / "dependencies"


def _spec_kitty(version: str) -> Path:
    return Path(sys.prefix) / "spec-kitty-cli" / version


def _pip(*arguments: str | Path) -> None:
    subprocess.run([sys.executable, "-m", "pip", "--quiet", *map(str, arguments)], check=True)


def _install_events(version: str) -> None:
    target = folder_of(version)
    if not target.exists():
        _pip("install", "--no-deps", "--target", target, f"spec-kitty-events=={version}")


def _install_spec_kitty(version: str) -> None:
    wheel, dependencies = spec_kitty_wheel(version), spec_kitty_dependencies(version)
    if not wheel.exists():
        _pip("download", "--no-deps", "--dest", wheel.parent, f"spec-kitty-cli=={version}")
    if not dependencies.exists():
        with zipfile.ZipFile(wheel) as archive:
            (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
            metadata = email.message_from_bytes(archive.read(name))
        # pip leaves out what is required only for an extra.
        _pip("install", "--target", dependencies, *metadata.get_all("Requires-Dist", []))


def _install(install: Callable[[str], None], version: str) -> bool:
    try:
        install(version)
    except subprocess.CalledProcessError:
        return False
    return True


def main() -> None:
    """Install the releases that are not there, two at a time.

    spec-kitty-cli has dependencies that not every platform has; its tests are skipped there.
    """
    with ThreadPoolExecutor(2) as pool:
        cli = pool.map(partial(_install, _install_spec_kitty), SPEC_KITTY_VERSIONS)
        events = pool.map(partial(_install, _install_events), VERSIONS)
    if not all(cli):
        sys.stderr.write("not every release of spec-kitty-cli could be installed\n")
    if not all(events):
        sys.exit("not every release of spec-kitty-events could be installed")


if __name__ == "__main__":
    main()
