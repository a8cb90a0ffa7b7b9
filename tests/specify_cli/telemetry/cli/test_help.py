"""What the commands say of themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from specify_cli.telemetry._cli import commands

HELP = Path(__file__).with_name("help")
NAMES = [command.name for command in commands.COMMANDS]


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have no line wrapped: each version of Python has its own way to do that."""
    monkeypatch.setenv("COLUMNS", "1000")
    monkeypatch.setenv("PYTHON_COLORS", "0")


@pytest.mark.parametrize("command", ["", *NAMES])
def test_help_is_as_written(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each option, what it takes and what it is for; what is written, and the exit status."""
    with pytest.raises(SystemExit) as exited:
        commands.main([*command.split(), "--help"], program="spec-kitty-telemetry")
    out, err = capsys.readouterr()
    assert (exited.value.code, err) == (0, "")
    assert out == (HELP / f"{command or 'commands'}.txt").read_text(encoding="utf-8")


def test_every_text_is_of_a_command() -> None:
    """None is left behind by one that is gone."""
    assert {path.stem for path in HELP.iterdir()} == {"commands", *NAMES}
