"""Installs releases of spec-kitty-events for the tests, each in a folder of its own.

No environment can hold several versions of one package. Run it with the Python that runs the tests.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

VERSIONS = ("0.4.1", "6.1.0", "11.0.0")


def folder_of(version: str) -> Path:
    """Return where a release is installed."""
    return Path(sys.prefix) / "spec-kitty-events" / version


def main() -> None:
    """Install the releases that are not there, all at once."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile"]
    running = [
        subprocess.Popen(
            [*pip, "--target", str(folder_of(version)), f"spec-kitty-events=={version}"]
        )
        for version in VERSIONS
        if not folder_of(version).exists()
    ]
    codes = [process.wait() for process in running]
    if any(codes):
        sys.exit("not every release of spec-kitty-events could be installed")


if __name__ == "__main__":
    main()
