"""The check of the benchmark against a kept commit, on a few events."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import HAS_SOURCE, ROOT

GIT = shutil.which("git")
pytestmark = [
    pytest.mark.skipif(not HAS_SOURCE, reason="the benchmark is in the source tree"),
    pytest.mark.skipif(GIT is None, reason="needs git"),
]

CODEC = "src/specify_cli/telemetry/_codec/record_codec.py"
RECORDER = "src/specify_cli/telemetry/_recorder.py"
NEEDED = ("src", "benchmarks", "tests/specify_cli/telemetry/project/releases")
LINE = 'line = value, dump_known_plain(value).encode("ascii")'
SLOW_LINE = f'{LINE}\n                __import__("time").sleep(0.002)'


class Tree:
    """A copy of what the benchmark needs, in a repository of its own."""

    def __init__(self, folder: Path) -> None:
        """Copy it."""
        self.folder = folder
        variables = {name: text for name, text in os.environ.items() if name[:4] != "GIT_"}
        self._environment = variables | {
            "GIT_CEILING_DIRECTORIES": str(folder.parent),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "PYTHONPATH": str(folder / "src"),
            "PYTHONUTF8": "1",
            "TMPDIR": str(folder.parent),
        }
        for name in NEEDED:
            leave_out = shutil.ignore_patterns("__pycache__", "results")
            shutil.copytree(ROOT / name, folder / name, ignore=leave_out)

    def git(self, *arguments: str) -> str:
        """Run git; return what it printed."""
        who = ("-c", "user.name=An Agent", "-c", "user.email=agent@example.org")
        command = [str(GIT), *who, *arguments]
        done = subprocess.run(
            command, cwd=self.folder, env=self._environment, check=True, capture_output=True
        )
        return done.stdout.decode().strip()

    def commit(self) -> str:
        """Commit everything; return the commit."""
        if not (self.folder / ".git").exists():
            self.git("init", "--quiet")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "A state")
        return self.git("rev-parse", "HEAD")

    def change(self, name: str, old: str, new: str) -> None:
        """Change a file in the one place where it has ``old``."""
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1
        path.write_text(text.replace(old, new), encoding="utf-8")

    def check(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the check."""
        return subprocess.run(
            [sys.executable, "-m", "benchmarks.check", "--quick", *arguments],
            cwd=self.folder,
            env=self._environment,
            check=False,
            capture_output=True,
            encoding="utf-8",
        )


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """Return a tree that has no repository yet."""
    return Tree(tmp_path / "tree")


def row(output: str, title: str) -> list[str]:
    """Return the cells of a row of the table."""
    (found,) = (line for line in output.splitlines() if line.startswith(f"| {title}"))
    return [cell.strip() for cell in found[1:-1].split("|")]


def test_what_got_slower_fails_and_is_named(tree: Tree) -> None:
    """A record that takes two milliseconds more to encode is slower to append."""
    kept = tree.commit()
    tree.change(CODEC, LINE, SLOW_LINE)
    done = tree.check("--since", kept, "--only", "append")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == f"slower than {kept[:12]}: append to a JsonlLog"
    title, median, _, _, verdict = row(done.stdout, "append")
    assert (title, verdict) == ("append to a JsonlLog", "slower")
    assert float(median) > 2
    assert_nothing_is_left(tree)


def test_what_got_faster_or_is_new_passes(tree: Tree) -> None:
    """The commit is the one that is named in the file, and what it could not do yet is no row."""
    tree.change(CODEC, LINE, SLOW_LINE)
    tree.change(RECORDER, "    def record(  #", "    def record_later(  #")
    kept = tree.commit()
    tree.change(CODEC, SLOW_LINE, LINE)
    tree.change(RECORDER, "    def record_later(  #", "    def record(  #")
    (tree.folder / "benchmarks" / "KEPT").write_text(f"{kept}\n", encoding="utf-8")
    done = tree.check("--only", "append", "record")
    assert done.returncode == 0, done.stderr
    assert row(done.stdout, "append")[-1] == "faster"
    assert row(done.stdout, "record") == ["record", "-", "-", "-", "not in the kept commit"]
    assert_nothing_is_left(tree)


def test_a_commit_that_the_clone_lacks_is_named(tree: Tree) -> None:
    """A shallow clone has no old commits; the message says what to do."""
    tree.commit()
    missing = "0123456789" * 4
    done = tree.check("--since", missing)
    assert done.returncode == 1
    assert done.stderr.startswith(f"commit {missing} is not in this clone: fetch it")
    assert_nothing_is_left(tree)


def test_without_a_repository_there_is_nothing_to_compare_with(tree: Tree) -> None:
    """A source distribution has no commits."""
    done = tree.check()
    assert done.returncode == 1
    assert (
        done.stderr == "bench-check needs git, and a repository with the commit to compare with\n"
    )


def test_the_kept_commit_is_one_of_this_project() -> None:
    """It is written out in full: a prefix may come to mean two commits."""
    kept = (ROOT / "benchmarks" / "KEPT").read_text(encoding="utf-8")
    assert len(kept) == 41
    assert int(kept, 16)


def assert_nothing_is_left(tree: Tree) -> None:
    """See that no work tree, folder or file of the check is there any more."""
    assert len(tree.git("worktree", "list").splitlines()) == 1
    assert list(tree.folder.parent.iterdir()) == [tree.folder]
