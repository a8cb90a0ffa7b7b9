"""The option that names the model of the events."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ..support.events import CODEC, make_event
from .test_cli import MODULE, environment, main

WHOLE = CODEC.encode(make_event())
NOTE = b'{"event_id": "1", "aggregate_id": "a", "text": "b"}\n'
MODULE_TEXT = """
from pydantic import BaseModel

class Note(BaseModel):
    event_id: str
    aggregate_id: str
    lamport_clock: int | None = None
    node_id: str = "here"
    text: str

class Outer:
    Note = Note

class Short(BaseModel):
    event_id: str

text = "a text"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a current directory with a package that nobody has imported."""
    package = tmp_path / "notes"
    package.mkdir()
    (package / "model.py").write_text(MODULE_TEXT)
    (tmp_path / "broken.py").write_text("raise RuntimeError('no way\\n in')")
    (tmp_path / "silent.py").write_text("raise RuntimeError")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path])
    monkeypatch.setattr(sys, "modules", sys.modules.copy())
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    return tmp_path


@pytest.mark.parametrize("name", ["notes.model:Note", "notes.model:Outer.Note"])
@pytest.mark.parametrize("command", ["check", "repair"])
def test_a_model_is_found_in_the_current_directory(
    command: str, name: str, log: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As python -m finds a module; its events are then the events."""
    log.write_bytes(NOTE)
    assert main(command, log, "--model", name) == 0
    assert "1 event" in capsys.readouterr().out
    assert main(command, log, "--model", name) == 0
    assert [place for place, path in enumerate(sys.path) if Path(path) == folder] == [0]


@pytest.mark.usefixtures("folder")
def test_the_current_directory_is_looked_in_once(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where Python looks in it anyway, nothing is added."""
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    before = [*sys.path]
    log.write_bytes(NOTE)
    assert main("check", log, "--model", "notes.model:Note") == 0
    assert sys.path == before


def test_a_process_finds_it_too(log: Path, folder: Path) -> None:
    """Whatever the current directory is."""
    log.write_bytes(NOTE)
    done = subprocess.run(
        [sys.executable, "-m", MODULE, "check", log.name, "--model", "notes.model:Note"],
        env=environment(PYTHONDONTWRITEBYTECODE="1"),
        cwd=folder,
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"clean, 1 event" in done.stdout


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("notes.model", "'notes.model' is not of the form package.module:Class"),
        (":Note", "':Note' is not of the form package.module:Class"),
        ("notes.model:", "'notes.model:' is not of the form package.module:Class"),
        ("missing:Note", "cannot import 'missing': ModuleNotFoundError: No module named 'missing'"),
        ("broken:Note", "cannot import 'broken': RuntimeError: no way in"),
        ("silent:Note", "cannot import 'silent': RuntimeError: no reason given\n"),
        (".model:Note", "cannot import '.model': TypeError: the 'package' argument is required"),
        ("notes.model:Nothing", "module 'notes.model' has no attribute 'Nothing'"),
        ("notes.model:Note:x", "module 'notes.model' has no attribute 'Note:x'\n"),
        ("notes.model:text", "'notes.model:text': not a type of events, which"),
        ("notes.model:Outer", "'notes.model:Outer': not a type that pydantic validates: Outer: "),
        (
            "notes.model:Short",
            "'notes.model:Short': Short has no aggregate_id: aggregate_field names",
        ),
    ],
)
@pytest.mark.usefixtures("folder")
def test_a_model_that_cannot_be_used_is_an_error(
    name: str, reason: str, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message says what is wrong with it; no log is looked at."""
    with pytest.raises(SystemExit) as exited:
        main("check", log, "--model", name)
    assert exited.value.code == 2
    assert f"error: argument --model: {reason}" in capsys.readouterr().err


@pytest.mark.usefixtures("folder")
def test_the_option_is_named_where_it_may_help(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where lines have an id and fail only the contract; not when it was used."""
    log.write_bytes(WHOLE + NOTE)
    hint = "  1 line has an event_id and is no event of this model; for another: --model package"
    options = "module:Class, for any record: --records"
    assert main("check", log) == 1
    assert f"\n{hint}.{options}\n" in capsys.readouterr().out
    log.write_bytes(WHOLE + NOTE * 2)
    assert main("check", log) == 1
    assert "\n  2 lines have an event_id and are no events of" in capsys.readouterr().out
    assert main("repair", log) == 0
    assert "\n  2 lines have an event_id and are no events of" in capsys.readouterr().out
    assert main("check", log, "--model", "notes.model:Note") == 1
    assert "--model" not in capsys.readouterr().out
    log.write_bytes(WHOLE + b'{"id": 1}\n')
    assert main("check", log) == 1
    assert "--model" not in capsys.readouterr().out
