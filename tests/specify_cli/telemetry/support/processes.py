"""Processes that use a log, and what they have left in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

from . import writer


def start(
    program: ModuleType, *arguments: object, stdout: int = subprocess.PIPE
) -> subprocess.Popen[str]:
    """Start a program of this folder."""
    command = [sys.executable, program.__file__, *arguments]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen([*map(str, command)], stdout=stdout, text=True, env=environment)


def start_writer(
    log: Path, what: str, number: int, count: int, stdout: int = subprocess.PIPE
) -> subprocess.Popen[str]:
    """Start a process that saves events."""
    return start(writer, log, what, number, count, stdout=stdout)


def ids_in(log: Path) -> Counter[str]:
    """Return the ids in the file, found without the store's own reading."""
    content = log.read_bytes()
    assert content.endswith(b"\n")
    return Counter(json.loads(line)["event_id"] for line in content.split(b"\n")[:-1])
