"""The example that the README begins with."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from specify_cli import telemetry
from specify_cli.telemetry import SimpleJsonStore
from specify_cli.telemetry._cli import main

from .releases.install import VERSIONS, folder_of

QUICKSTART = Path(__file__).parents[4] / "examples" / "quickstart.py"
REAL_LOGS = Path(__file__).parents[5] / "shared" / "data"

real_logs = pytest.mark.skipif(not REAL_LOGS.is_dir(), reason="logs from real use are not here")


def of_this_package(code: str) -> str:
    """Return code that uses the package at hand, and not one that is installed."""
    assert "spec_kitty_telemetry" in code
    return code.replace("spec_kitty_telemetry", telemetry.__name__)


def quickstart() -> subprocess.CompletedProcess[str]:
    """Run the example."""
    code = of_this_package(QUICKSTART.read_text(encoding="utf-8"))
    return subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def test_it_shows_a_torn_line_and_what_loads() -> None:
    """Six events are recorded, one is torn, five load and are shown, and one warning says so."""
    done = quickstart()
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("WARNING: Skipping malformed event line 5 of") == 1
    *_, shown = done.stdout.split("$ spec-kitty-telemetry show execution.events.jsonl\n")
    assert "\n5 events load\n" in done.stdout
    assert [line.split()[2] for line in shown.splitlines()] == ["0", "1", "2", "3", "5"]
    assert done.stderr.startswith("passed 1 line without a JSON object in ")


def test_the_readme_shows_code_that_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first example of the README runs as it stands, and stores one event."""
    readme = (QUICKSTART.parents[1] / "README.md").read_text(encoding="utf-8")
    code = of_this_package(readme.split("```python\n")[1].split("```")[0])
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "README.md", "exec"), {})  # noqa: S102  # the project's own
    (log,) = tmp_path.rglob("*.jsonl")
    assert len(SimpleJsonStore(log).load_all_events()) == 1


def test_the_readme_binds_the_published_contract(tmp_path: Path) -> None:
    """Its other example runs as it stands, with the release it names last."""
    release = folder_of(VERSIONS[-1])
    if not release.is_dir():
        pytest.skip(f"spec-kitty-events {VERSIONS[-1]} is not installed")
    readme = (QUICKSTART.parents[1] / "README.md").read_text(encoding="utf-8")
    code = of_this_package(readme.split("```python\n")[2].split("```")[0])
    path = os.pathsep.join([str(release), *sys.path])
    subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {path.split(os.pathsep)!r}\n{code}"],
        cwd=tmp_path,
        check=True,
    )
    (line,) = (tmp_path / "kitty.events.jsonl").read_bytes().splitlines()
    assert b'"correlation_id": "01' in line


@real_logs
@pytest.mark.parametrize(
    ("pattern", "events", "warnings"),
    [("execution/*.jsonl", 39, 0), ("replay/*.jsonl", 77, 11), ("status.events.jsonl", 0, 11)],
)
def test_real_logs_load(
    pattern: str, events: int, warnings: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Logs this store did not write give the events they are known to hold."""
    stores = map(SimpleJsonStore, sorted(REAL_LOGS.glob(pattern)))
    assert sum(len(store.load_all_events()) for store in stores) == events
    assert len(caplog.messages) == warnings


@real_logs
def test_real_logs_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """Events and records of many other kinds: a line for each line of them."""
    for log in sorted(REAL_LOGS.rglob("*.jsonl")):
        assert main(["show", "--all", str(log)]) == 0
        out, err = capsys.readouterr()
        lines = [line for line in log.read_bytes().split(b"\n") if line.strip()]
        assert len(out.splitlines()) == len(lines), log
        assert not err


@real_logs
def test_real_logs_are_the_same_when_saved_again(tmp_path: Path) -> None:
    """Re-saving into a copy changes nothing; saving into a new file gives the same lines."""
    for source in sorted(REAL_LOGS.glob("execution/*.jsonl")):
        copy = tmp_path / "copy" / source.name
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes(source.read_bytes())
        events = list(SimpleJsonStore(source).iter_events())
        for event in events:
            SimpleJsonStore(copy).save_event(event)
        assert SimpleJsonStore(copy).save_events(events) == 0
        assert copy.read_bytes() == source.read_bytes()
        new = SimpleJsonStore(tmp_path / "new" / source.name)
        assert new.save_events(events) == len(events)
        assert new.file_path.read_bytes().splitlines() == source.read_bytes().splitlines()
