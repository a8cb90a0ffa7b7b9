"""The driver for PostgreSQL, without which the tests beside this one are left out."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ..project.processes import run_python
from ..support.driver import HAS_DRIVER


def test_there_is_a_driver() -> None:
    """Where there is none, the tests of servers say so, and nothing else needs one."""
    if not HAS_DRIVER:
        pytest.skip("without psycopg the store on a server is not tested")


WITHOUT_A_DRIVER = """
import sys

sys.modules["psycopg"] = None

from specify_cli import telemetry
from specify_cli.telemetry import _cli, sync

try:
    from specify_cli.telemetry import postgres
except ImportError as error:
    assert str(error) == (
        f'{telemetry.__name__}.postgres needs psycopg: pip install "spec-kitty-telemetry[postgres]"'
    ), error
    assert isinstance(error.__cause__, ImportError)
else:
    raise AssertionError("imported")
"""


def test_only_the_store_on_a_server_needs_it(tmp_path: Path) -> None:
    """It says what to install; copying between files, and the commands, do without."""
    run_python(["-c", WITHOUT_A_DRIVER], tmp_path, *map(Path, sys.path))


def test_nothing_else_imports_it(tmp_path: Path) -> None:
    """Recording in a file does not pay for what is there to share."""
    code = (
        "import sys\n"
        "from specify_cli.telemetry import SimpleJsonStore, check_log, repair_log, _cli, sync\n"
        "assert 'psycopg' not in sys.modules\n"
    )
    run_python(["-c", code], tmp_path, *map(Path, sys.path))
