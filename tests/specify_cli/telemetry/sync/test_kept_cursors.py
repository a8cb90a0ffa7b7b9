"""Cursors that are kept between runs: in the user's state folder, and never needed."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import pytest

from specify_cli.telemetry.sync.kept import KeptCursor, state_folder

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="paths of another system")


def test_a_cursor_is_kept_for_its_pair_of_logs(home: Path) -> None:
    """Another direction, or another log, has another."""
    there = KeptCursor("a", "b")
    assert there.get() is None
    there.put("1")
    there.put("2")
    assert KeptCursor("a", "b").get() == "2"
    assert KeptCursor("b", "a").get() is None
    assert KeptCursor("a", "bc").get() is None
    (file,) = (path for path in home.rglob("*") if path.is_file())
    pair = hashlib.sha256(b'{"from": "a", "to": "b"}').hexdigest()[:32]
    assert file == state_folder() / "cursors" / f"{pair}.json"
    assert json.loads(file.read_bytes()) == {"from": "a", "to": "b", "cursor": "2"}


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", b"\xff", b'{"cursor": "1"}', b'{"from": "a", "to": "b"}', b"null"],
)
def test_a_damaged_file_is_none(home: Path, content: bytes) -> None:
    """Nor is one of another pair, whatever its name."""
    kept = KeptCursor("a", "b")
    kept.put("1")
    (file,) = (path for path in home.rglob("*") if path.is_file())
    file.write_bytes(content)
    assert kept.get() is None
    kept.put("2")
    assert kept.get() == "2"


def test_what_cannot_be_kept_is_not(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk or a home that may not be written to costs time, and no copy."""
    (home / ".local").write_text("no folder", encoding="utf-8")
    (home / "Library").write_text("no folder", encoding="utf-8")
    (home / "spec-kitty-telemetry").write_text("no folder", encoding="utf-8")
    kept = KeptCursor("a", "b")
    kept.put("1")
    assert kept.get() is None

    def homeless() -> Path:
        raise RuntimeError("no home")

    monkeypatch.setattr(Path, "home", homeless)
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    kept.put("1")
    assert kept.get() is None


def test_a_write_that_fails_leaves_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cursor of before stays."""
    kept = KeptCursor("a", "b")
    kept.put("1")

    def fail(_: Path, __: Path) -> None:
        raise OSError("full")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", fail)
        kept.put("2")
    assert kept.get() == "1"

    def interrupt(_: Path, __: Path) -> None:
        raise KeyboardInterrupt

    replace = Path.replace

    def replace_and_interrupt(path: Path, target: Path) -> None:
        replace(path, target)
        raise KeyboardInterrupt

    for interrupted, left in ((interrupt, "1"), (replace_and_interrupt, "2")):
        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", interrupted)
            with pytest.raises(KeyboardInterrupt):
                kept.put("2")
        assert kept.get() == left
    assert len([path for path in home.rglob("*") if path.is_file()]) == 1


@posix_only
def test_the_folder_is_where_each_system_has_such_things(home: Path) -> None:
    """As the standards say; a relative folder in the environment is none."""
    name = "spec-kitty-telemetry"
    assert state_folder({}, "linux") == home / ".local" / "state" / name
    assert state_folder({"XDG_STATE_HOME": "/state"}, "linux") == Path("/state") / name
    assert state_folder({"XDG_STATE_HOME": "state"}, "linux") == home / ".local" / "state" / name
    assert state_folder({}, "darwin") == home / "Library" / "Application Support" / name
    assert state_folder({"LOCALAPPDATA": "/local"}, "win32") == Path("/local") / name
    assert state_folder({}, "win32") == home / "AppData" / "Local" / name


def test_no_path_of_this_process_matters(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder is the same wherever a command is run."""
    before = state_folder()
    monkeypatch.chdir(home)
    assert state_folder() == before
