"""Running programs in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path


def run(
    command: Sequence[str | Path], folder: Path, environment: Mapping[str, str] | None = None
) -> str:
    """Run a program in ``folder``, see that it ends well, and return what it printed."""
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONUTF8": "1", **(environment or {})},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def run_python(arguments: Sequence[str | Path], folder: Path, *paths: Path) -> str:
    """Run the Python of the tests in ``folder``, with ``paths`` before all others."""
    path = os.pathsep.join(map(str, paths))
    return run([sys.executable, *arguments], folder, {"PYTHONPATH": path})


class Environment:
    """A virtual environment that a test may do with what it likes.

    Attributes:
        folder: Where it is.
        python: Its interpreter.
        scripts: Where its programs are.
    """

    def __init__(self, folder: Path, *paths: Path) -> None:
        """Make one in ``folder`` that finds what is in ``paths`` too, and without pip."""
        run_python(["-m", "venv", "--without-pip", folder], folder.parent)
        self.folder = folder
        self.scripts = folder / ("Scripts" if os.name == "nt" else "bin")
        self.python = self.scripts / ("python.exe" if os.name == "nt" else "python")
        lines = "".join(f"{path}\n" for path in paths)
        (self.site_packages() / "of_the_test.pth").write_text(lines, encoding="utf-8")

    def site_packages(self) -> Path:
        """Return where it keeps what is installed."""
        code = "import sysconfig; print(sysconfig.get_path('purelib'))"
        return Path(self.run(self.python, "-c", code).strip())

    def pip(self, *arguments: str | Path) -> None:
        """Have the pip of the tests install or uninstall here, without the network."""
        command = [sys.executable, "-m", "pip", "--python", self.python, *arguments]
        run(command, self.folder, {"PIP_NO_INDEX": "1", "PIP_NO_INPUT": "1"})

    def run(self, program: str | Path, *arguments: str | Path) -> str:
        """Run a program with a home of its own, in an empty folder; return what it printed."""
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        homes = ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "XDG_CONFIG_HOME")
        command = [self.scripts / program, *arguments]
        return run(command, home, {"PYTHONPATH": "", **dict.fromkeys(homes, str(home))})
