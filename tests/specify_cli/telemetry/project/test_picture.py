"""The picture of a terminal in the README."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ..support.platforms import posix_only
from .conftest import HAS_SOURCE, ROOT


@posix_only
@pytest.mark.skipif(not HAS_SOURCE, reason="needs the source tree")
def test_the_picture_shows_what_the_commands_print_today() -> None:
    """If this fails: python tools/terminal_svg.py draws it anew."""
    path = str(ROOT / "src")
    done = subprocess.run(
        [sys.executable, "-c", CODE, path, str(ROOT / "tools" / "terminal_svg.py")], check=False
    )
    assert done.returncode == 0


# Some builds of Python do not heed PYTHONPATH.
CODE = """
import runpy, sys

path, script = sys.argv[1:]
sys.path.insert(0, path)
sys.argv = [script, "--check"]
runpy.run_path(script, run_name="__main__")
"""
