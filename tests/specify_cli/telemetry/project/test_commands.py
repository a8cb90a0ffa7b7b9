"""The commands that the pages show."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from specify_cli.telemetry._cli import main
from specify_cli.telemetry._cli.commands import COMMANDS
from specify_cli.telemetry.repair import repair_log

from ..support.events import CODEC, make_events
from ..support.platforms import posix_only
from .conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
SHARED = {"push", "pull", "sync"}  # in one row, and tried by their own tests
NAMES = {command.name for command in COMMANDS}
SHOWN = [
    line
    for line in re.findall(r"^\| `([^`]+)` \|", README, re.MULTILINE)
    if line.split()[0] in NAMES - SHARED
]


def test_the_readme_names_every_command() -> None:
    """Whoever reads the first page knows what there is."""
    assert {line.split()[0].strip("`,") for line in SHOWN} | SHARED == NAMES


@pytest.mark.parametrize("line", [line for line in SHOWN if not line.startswith("follow ")])
def test_a_command_of_the_readme_runs(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a log as it names it."""
    monkeypatch.chdir(tmp_path)
    Path("execution.events.jsonl").write_bytes(b"".join(map(CODEC.encode, make_events(3))))
    with contextlib.redirect_stdout(io.StringIO()) as out:
        assert main(shlex.split(line)) == 0
    assert out.getvalue()


def test_the_readme_says_how_to_share() -> None:
    """The row names all that there is."""
    assert f"| {', '.join(f'`{name}`' for name in ('push', 'pull', 'sync'))} |" in README


def test_the_readme_is_short() -> None:
    """Some 600 words, code and links left out."""
    prose = re.sub(r"```.*?```", "", README, flags=re.DOTALL)
    assert len(re.sub(r"\]\([^)]*\)", "]", prose).split()) < 700


CONSOLE = re.findall(
    r"^\$ spec-kitty-telemetry (.+)$",
    (ROOT / "docs" / "commands.md").read_text(encoding="utf-8"),
    re.MULTILINE,
)


@pytest.mark.parametrize("line", CONSOLE)
def test_a_command_of_the_page_runs(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it pipes into is left out."""
    monkeypatch.chdir(tmp_path)
    Path("execution.events.jsonl").write_bytes(b"".join(map(CODEC.encode, make_events(3))))
    with contextlib.redirect_stdout(io.StringIO()):
        assert main(shlex.split(line.partition("|")[0])) == 0


@posix_only
def test_moved_bytes_come_back_as_the_page_says(tmp_path: Path) -> None:
    """Three commands: what was moved, one piece of it, and that appended to the log."""
    page = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    section = page.split("### Get moved bytes back\n")[1]
    commands = re.findall(r"^\$ (.+)$", section.split("```")[1], re.MULTILINE)
    assert len(commands) == 3
    log = tmp_path / "LOG"
    first, second = map(CODEC.encode, make_events(2))
    pieces = [b"\xff one\n", b'{"date": "my own"\n', b"<<<<<<< three\n"]
    log.write_bytes(first + pieces[0] + second + pieces[1] + pieces[2])
    assert repair_log(log, apply=True).rejected == 3
    printed = [
        subprocess.run(
            ["/bin/sh", "-c", command.replace("python3", shlex.quote(sys.executable))],
            cwd=tmp_path,
            env=os.environ | {"LC_ALL": "C"},
            capture_output=True,
            check=True,
        ).stdout
        for command in commands
    ]
    assert printed[0].count(b'"length": ') == 3
    assert (tmp_path / "piece").read_bytes().rstrip(b"\n") == pieces[1].rstrip(b"\n")
    assert log.read_bytes().startswith(first + second + pieces[1].rstrip(b"\n"))
