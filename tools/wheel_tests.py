"""Run the tests with the wheel that users install, in an environment of its own.

The wheel is built from the tree, or is the one given. The tests are copied, with the name of the
source tree's package replaced by that of the install, to a folder where there is no source tree.

Usage: ``python tools/wheel_tests.py [--wheel WHEEL] [--coverage] [PYTEST_ARGUMENT ...]``
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
INSTALLED = "spec_kitty_telemetry"
SUBMODULES = {"specify_cli.telemetry": INSTALLED}
SUBMODULES["specify_cli.spec_kitty_events"] = f"{INSTALLED}.spec_kitty_events"

# What a working copy has and a checkout does not, and the source that must not be found.
LEFT_OUT = ("/src", "/build", "/dist", "/.venv", "/.git")
CACHES = shutil.ignore_patterns("__pycache__", ".*_cache", ".hypothesis", ".coverage*")

_FROM_THE_PARENT = re.compile(r"^( *)from specify_cli import (\w+(?:, \w+)*)$", re.MULTILINE)


def renamed(text: str) -> str:
    """Return code of a test or a setting with the names of the install."""

    def imports(match: re.Match[str]) -> str:
        indent, names = match.groups()
        lines = []
        for name in names.split(", "):
            parent, _, child = SUBMODULES[f"specify_cli.{name}"].rpartition(".")
            lines.append(f"from {parent} import {child}" if parent else f"import {child} as {name}")
        return "\n".join(indent + line for line in lines)

    text = _FROM_THE_PARENT.sub(imports, text)
    for name, installed in SUBMODULES.items():
        text = text.replace(name, installed)
    return text


def copy_tests(target: Path) -> None:
    """Copy the project without its source, and rename what the tests import."""

    def left_out(folder: str, names: list[str]) -> set[str]:
        path = "" if Path(folder) == ROOT else folder
        return CACHES(folder, names) | {name for name in names if f"{path}/{name}" in LEFT_OUT}

    shutil.copytree(ROOT, target, ignore=left_out)
    for path in [target / "pyproject.toml", *(target / "tests").rglob("*.py")]:
        path.write_text(renamed(path.read_text(encoding="utf-8")), encoding="utf-8")


def run(*command: str | Path, **variables: str) -> None:
    """Run a program, in this folder or in ``cwd``; end with its exit status if it fails."""
    folder = variables.pop("cwd", str(ROOT))
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    status = subprocess.run(command, cwd=folder, env=environment | variables, check=False)
    if status.returncode:
        sys.exit(status.returncode)


def main() -> None:
    """Build or take the wheel, install it, and run the tests."""
    parser = argparse.ArgumentParser(description="Run the tests with the wheel, installed.")
    parser.add_argument("--wheel", type=Path, help="a wheel that is built already")
    parser.add_argument("--coverage", action="store_true", help="measure the coverage too")
    options, arguments = parser.parse_known_args()
    with tempfile.TemporaryDirectory(prefix="wheel-tests-") as name:
        folder = Path(name).resolve()
        wheel = options.wheel
        if wheel is None:
            pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
            run(*pip, "--wheel-dir", folder / "dist", ROOT)
            (wheel,) = (folder / "dist").glob("*.whl")
        run(sys.executable, "-m", "venv", folder / "venv")
        scripts = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
        python = scripts / ("python.exe" if os.name == "nt" else "python")
        run(python, "-m", "pip", "install", "--quiet", "--upgrade", "pip>=25.1")
        groups = ["--group", "tests", "--group", "servers"]
        run(python, "-m", "pip", "install", "--quiet", wheel.resolve(), *groups)
        run(python, "tests/specify_cli/telemetry/project/releases/install.py")
        copy_tests(folder / "project")
        (folder / "project" / "dist").mkdir()
        shutil.copy(wheel, folder / "project" / "dist")
        suite = ["-m", "pytest", "-o", "pythonpath=", *arguments]
        if not options.coverage:
            run(python, *suite, cwd=str(folder / "project"))
            return
        for step in (["run", *suite], ["combine", "--quiet"], ["report"]):
            run(python, "-m", "coverage", *step, cwd=str(folder / "project"))


if __name__ == "__main__":
    main()
