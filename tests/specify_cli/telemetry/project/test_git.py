"""What becomes of a log in git, with the attributes that the page recommends and without."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from specify_cli import telemetry
from specify_cli.spec_kitty_events import Event
from specify_cli.telemetry import SimpleJsonStore

from ..support.events import CODEC, make_event, make_events

PAGE = (Path(__file__).parents[4] / "docs" / "git.md").read_text(encoding="utf-8")
(ATTRIBUTES,) = re.findall(r"```gitattributes\n(.*?)```", PAGE, re.DOTALL)
(MERGE_BY_SAVING,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
LOG = "kitty-specs/043/execution.events.jsonl"
TORN = b'{"agent'

GIT = shutil.which("git")
pytestmark = pytest.mark.skipif(GIT is None, reason="needs git")


class Repository:
    """A git repository that knows nothing of the settings of whoever runs the tests."""

    def __init__(self, folder: Path, home: Path) -> None:
        """Remember where it is."""
        self.folder = folder
        self.log = folder / LOG
        self.store = SimpleJsonStore(self.log)
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith("GIT_")
        } | {
            "GIT_CEILING_DIRECTORIES": str(folder.parent),
            "GIT_CONFIG_GLOBAL": str(home / "gitconfig"),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_EDITOR": "true",
            "GIT_TERMINAL_PROMPT": "0",
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home),
            "LC_ALL": "C",
        }
        for role in ("AUTHOR", "COMMITTER"):
            self.environment[f"GIT_{role}_NAME"] = "An Agent"
            self.environment[f"GIT_{role}_EMAIL"] = "agent@example.org"

    def run(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        """Run git, whether it succeeds or not."""
        assert GIT is not None
        return subprocess.run(
            [GIT, *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            check=False,
        )

    def git(self, *arguments: str) -> bytes:
        """Run git, which succeeds; return what it printed."""
        done = self.run(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def commit(self) -> None:
        """Commit everything."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "work")

    def record(self, *events: Event) -> None:
        """Save each event and commit it."""
        for event in events:
            self.store.save_event(event)
            self.commit()

    def on(self, branch: str, *events: Event) -> None:
        """Record events on a branch made from main, and come back."""
        self.git("checkout", "--quiet", "-b", branch, "main")
        self.record(*events)
        self.git("checkout", "--quiet", "main")

    def lines(self) -> list[bytes]:
        """Return the lines of the log."""
        return self.log.read_bytes().splitlines()


def make_repository(folder: Path, attributes: str, base: Sequence[Event]) -> Repository:
    """Return a repository with these attributes, on main, with a log of the base events."""
    (folder / "home").mkdir()
    (folder / "home" / "gitconfig").touch()
    (folder / "work").mkdir()
    repository = Repository(folder / "work", folder / "home")
    repository.git("init", "--quiet")
    repository.git("symbolic-ref", "HEAD", "refs/heads/main")
    (repository.folder / ".gitattributes").write_text(attributes, encoding="utf-8", newline="")
    repository.store.save_events(base)
    repository.commit()
    return repository


@pytest.fixture
def base() -> list[Event]:
    """Return the events before the branches part."""
    return make_events(3, node_id="cli:base")


@pytest.fixture
def repository(tmp_path: Path, base: list[Event]) -> Repository:
    """Return a repository with the recommended attributes."""
    return make_repository(tmp_path, ATTRIBUTES, base)


@pytest.fixture
def plain(tmp_path: Path, base: list[Event]) -> Repository:
    """Return a repository without attributes."""
    return make_repository(tmp_path, "", base)


@pytest.fixture
def ours() -> list[Event]:
    """Return what main records after the branches parted."""
    return [make_event(node_id="cli:ours", lamport_clock=clock) for clock in (4, 6, 8)]


@pytest.fixture
def theirs() -> list[Event]:
    """Return what the other branch records meanwhile."""
    return [make_event(node_id="cli:theirs", lamport_clock=clock) for clock in (4, 5, 9)]


def causal(*parts: Sequence[Event]) -> list[Event]:
    """Return the events of all parts in causal order."""
    events = [event for part in parts for event in part]
    return sorted(events, key=lambda event: (event.lamport_clock, event.node_id))


def holds(repository: Repository, *parts: Sequence[Event]) -> bool:
    """Tell whether the log holds these events, each in one line, and nothing else."""
    loaded = repository.store.load_all_events()
    return loaded == causal(*parts) and len(repository.lines()) == len(loaded)


def test_union_merges_what_both_branches_appended(
    repository: Repository, base: list[Event], ours: list[Event], theirs: list[Event]
) -> None:
    """A merge keeps every event of both branches, each in one line, byte for byte."""
    repository.on("theirs", *theirs)
    repository.record(*ours)
    repository.git("merge", "--quiet", "theirs")
    assert holds(repository, base, ours, theirs)
    assert sorted(repository.lines()) == sorted(
        CODEC.encode(event).rstrip() for event in [*base, *ours, *theirs]
    )


def test_rebasing_keeps_every_event(
    repository: Repository, base: list[Event], ours: list[Event], theirs: list[Event]
) -> None:
    """Commits of events are replayed on top of others one by one."""
    repository.on("theirs", *theirs)
    repository.record(*ours)
    repository.git("rebase", "--quiet", "main", "theirs")
    assert holds(repository, base, ours, theirs)


def test_two_branches_may_begin_the_log(
    tmp_path: Path, ours: list[Event], theirs: list[Event]
) -> None:
    """Where there was no log before, that of both is the union too."""
    repository = make_repository(tmp_path, ATTRIBUTES, [])
    repository.on("theirs", *theirs)
    repository.record(*ours)
    repository.git("merge", "--quiet", "theirs")
    assert holds(repository, ours, theirs)


def test_what_is_not_committed_yet_is_kept_by_a_stash(
    repository: Repository, base: list[Event], ours: list[Event], theirs: list[Event]
) -> None:
    """Events put aside for a merge come back beside those merged."""
    repository.on("theirs", *theirs)
    repository.store.save_events(ours)
    repository.git("stash", "--quiet")
    repository.git("merge", "--quiet", "theirs")
    repository.git("stash", "pop", "--quiet")
    assert holds(repository, base, ours, theirs)


def test_worktrees_write_logs_of_their_own(
    repository: Repository, base: list[Event], ours: list[Event], theirs: list[Event]
) -> None:
    """Each worktree appends to its copy of the log, and merging them gives all events."""
    other = Repository(repository.folder.parent / "other", repository.folder.parent / "home")
    repository.git("worktree", "add", "--quiet", "-b", "theirs", str(other.folder))
    for our, their in zip(ours, theirs, strict=True):
        repository.record(our)
        other.record(their)
    repository.git("merge", "--quiet", "theirs")
    other.git("merge", "--quiet", "main")
    assert holds(repository, base, ours, theirs)
    assert holds(other, base, ours, theirs)


def test_several_branches_are_merged_one_by_one(
    repository: Repository, base: list[Event], ours: list[Event], theirs: list[Event]
) -> None:
    """One merge of several branches at once does not go by the attribute; one by one they do."""
    repository.on("one", *ours)
    repository.on("two", *theirs)
    before = repository.lines()
    assert repository.run("merge", "--quiet", "one", "two").returncode
    repository.git("reset", "--quiet", "--hard")
    assert repository.lines() == before
    repository.git("merge", "--quiet", "one")
    repository.git("merge", "--quiet", "two")
    assert holds(repository, base, ours, theirs)


def test_an_event_on_both_branches_loads_once(
    repository: Repository, base: list[Event], ours: list[Event], theirs: list[Event]
) -> None:
    """The same lines in another order stand twice in the file, and saving them adds no third."""
    repository.on("theirs", *reversed(ours), *theirs)
    repository.record(*ours)
    repository.git("merge", "--quiet", "theirs")
    assert repository.store.load_all_events() == causal(base, ours, theirs)
    assert len(repository.lines()) > len([*base, *ours, *theirs])
    before = repository.lines()
    assert repository.store.save_events([*base, *ours, *theirs]) == 0
    assert repository.lines() == before


def test_cherry_picking_may_bring_earlier_events_along(
    repository: Repository, base: list[Event], ours: list[Event], theirs: list[Event]
) -> None:
    """A picked event comes with those before it; merging that branch later loads each once."""
    repository.on("theirs", *theirs)
    repository.record(*ours)
    repository.git("cherry-pick", "theirs~1")
    assert holds(repository, base, ours, theirs[:2])
    repository.git("merge", "--quiet", "theirs")
    assert repository.store.load_all_events() == causal(base, ours, theirs)


def test_merging_after_a_squash_loads_each_event_once(
    repository: Repository, base: list[Event], ours: list[Event], theirs: list[Event]
) -> None:
    """A branch that was merged as one commit and went on can be merged again."""
    repository.record(ours[0])
    repository.on("theirs", *theirs[:2])
    repository.record(ours[1])
    repository.git("merge", "--quiet", "--squash", "theirs")
    repository.commit()
    repository.record(ours[2])
    repository.git("checkout", "--quiet", "theirs")
    repository.record(theirs[2])
    repository.git("checkout", "--quiet", "main")
    repository.git("merge", "--quiet", "theirs")
    assert repository.store.load_all_events() == causal(base, ours, theirs)


def test_reverting_removes_an_event_only_from_the_end(
    repository: Repository, base: list[Event], ours: list[Event]
) -> None:
    """What a commit appended is taken back if nothing follows it, and else stays."""
    repository.record(*ours)
    repository.run("revert", "--no-edit", "HEAD~1")  # finds nothing to commit
    assert holds(repository, base, ours)
    repository.git("reset", "--quiet", "--hard")
    repository.git("revert", "--no-edit", "HEAD")
    assert holds(repository, base, ours[:-1])


def test_lines_removed_on_one_branch_are_gone_unless_beside_new_ones(
    repository: Repository, base: list[Event], ours: list[Event]
) -> None:
    """A merge removes what one branch removed, but not what stands next to what was appended."""
    repository.on("theirs", *ours)
    repository.log.write_bytes(CODEC.encode(base[1]))  # the first is removed, and the last
    repository.commit()
    repository.git("merge", "--quiet", "theirs")
    assert holds(repository, base[1:], ours)


@pytest.mark.parametrize("sealed", [False, True], ids=["torn", "sealed"])
@pytest.mark.parametrize("sides", [("main",), ("theirs",), ("main", "theirs")], ids="+".join)
def test_torn_lines_do_not_fuse_in_a_merge(
    sides: Sequence[str],
    sealed: bool,  # noqa: FBT001  # given by name
    repository: Repository,
    base: list[Event],
    ours: list[Event],
    theirs: list[Event],
) -> None:
    """Whichever side lacks its last newline, all events load, and the next save is whole."""
    repository.on("theirs", *theirs)
    repository.record(*ours)
    for side in sides:
        repository.git("checkout", "--quiet", side)
        with repository.log.open("ab") as file:
            file.write(TORN + side.encode() + b"\n" * sealed)
        repository.commit()
    repository.git("checkout", "--quiet", "main")
    repository.git("merge", "--quiet", "theirs")
    late = make_event(lamport_clock=20)
    repository.store.save_event(late)
    assert repository.store.load_all_events() == causal(base, ours, theirs, [late])
    torn = [line for line in repository.lines() if line.startswith(TORN)]
    assert sorted(torn) == sorted(TORN + side.encode() for side in sides)


@pytest.mark.parametrize("cut", [1, 40], ids=["newline", "half a line"])
def test_a_log_committed_without_its_last_newline_can_be_merged(
    cut: int, repository: Repository, base: list[Event], ours: list[Event], theirs: list[Event]
) -> None:
    """Both branches seal the same torn line, by saving, and none of their events fuses with it."""
    repository.log.write_bytes(repository.log.read_bytes()[:-cut])
    repository.commit()
    intact = base[:2] if cut > 1 else base
    repository.on("theirs", *theirs)
    repository.record(*ours)
    repository.git("merge", "--quiet", "theirs")
    assert repository.store.load_all_events() == causal(intact, ours, theirs)
    assert len(repository.lines()) == len([*base, *ours, *theirs])


def test_an_event_torn_here_and_whole_there_loads(
    repository: Repository, base: list[Event], theirs: list[Event]
) -> None:
    """Half of a line beside the whole of it does not hide it."""
    repository.on("theirs", *theirs)
    with repository.log.open("ab") as file:
        file.write(CODEC.encode(theirs[0])[:50])
    repository.commit()
    repository.git("merge", "--quiet", "theirs")
    assert repository.store.load_all_events() == causal(base, theirs)


def test_a_live_store_goes_by_what_git_put_there(
    repository: Repository, base: list[Event], ours: list[Event], theirs: list[Event]
) -> None:
    """One store, used across checkouts and merges, neither skips an event nor repeats one."""
    store = repository.store
    repository.git("branch", "theirs")
    repository.record(*ours[:2])
    repository.git("checkout", "--quiet", "theirs")
    assert store.load_all_events() == base
    # An event of main is not on this branch: it is new here, and comes twice into the merge.
    repository.record(ours[0], *theirs)
    repository.git("checkout", "--quiet", "main")
    assert store.load_all_events() == causal(base, ours[:2])
    repository.git("merge", "--quiet", "theirs")
    merged = repository.lines()
    assert store.save_events([*base, *ours[:2], *theirs]) == 0
    assert repository.lines() == merged
    assert store.save_events(ours) == 1
    assert store.load_all_events() == causal(base, ours, theirs)
    assert repository.lines() == [*merged, CODEC.encode(ours[2]).rstrip()]
    repository.git("checkout", "--quiet", "--", LOG)
    assert store.save_events(ours) == 1


@pytest.mark.parametrize(("style", "markers"), [("merge", 3), ("diff3", 4)])
def test_without_attributes_conflict_markers_hide_no_event(
    style: str,
    markers: int,
    plain: Repository,
    base: list[Event],
    ours: list[Event],
    theirs: list[Event],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """All events load and can be saved on; each marker is a warning until it is removed."""
    plain.on("theirs", *theirs)
    plain.record(*ours)
    assert plain.run("-c", f"merge.conflictStyle={style}", "merge", "theirs").returncode
    late = make_event(lamport_clock=20)
    assert plain.store.save_events([*base, *ours, *theirs, late]) == 1
    caplog.clear()
    assert plain.store.load_all_events() == causal(base, ours, theirs, [late])
    assert len(caplog.records) == markers
    events = [line for line in plain.lines() if line.startswith(b"{")]
    plain.log.write_bytes(b"".join(line + b"\n" for line in events))
    caplog.clear()
    assert holds(plain, base, ours, theirs, [late])
    assert caplog.records == []
    plain.commit()
    assert plain.git("status", "--porcelain") == b""


def test_the_attribute_counts_where_the_merge_is_made(
    plain: Repository, base: list[Event], ours: list[Event], theirs: list[Event]
) -> None:
    """A branch without it cannot take main in by a merge, but by a rebase."""
    plain.on("theirs", *theirs)
    (plain.folder / ".gitattributes").write_text(ATTRIBUTES, encoding="utf-8", newline="")
    plain.record(*ours)
    plain.git("checkout", "--quiet", "theirs")
    assert plain.run("merge", "main").returncode
    plain.git("merge", "--abort")
    plain.git("rebase", "--quiet", "main")
    assert holds(plain, base, ours, theirs)


def test_a_clone_may_have_the_attribute_for_itself(
    plain: Repository, base: list[Event], ours: list[Event], theirs: list[Event]
) -> None:
    """Nothing need be committed to merge by union."""
    information = plain.folder / ".git" / "info"
    information.mkdir(exist_ok=True)
    (information / "attributes").write_text(ATTRIBUTES, encoding="utf-8", newline="")
    plain.on("theirs", *theirs)
    plain.record(*ours)
    plain.git("merge", "--quiet", "theirs")
    assert holds(plain, base, ours, theirs)


def check_out_again(repository: Repository) -> None:
    """Have git write the log as it does on Windows with the settings recommended there."""
    repository.git("config", "core.autocrlf", "true")
    repository.git("config", "core.safecrlf", "false")
    repository.log.unlink()
    repository.git("checkout", "--quiet", "--", LOG)


def test_with_the_attribute_a_checkout_changes_no_byte(repository: Repository) -> None:
    """Line endings stay as they were written, whatever git is told to do with text."""
    intact = repository.log.read_bytes()
    check_out_again(repository)
    assert repository.log.read_bytes() == intact
    damaged = intact + b'{"torn": "\r\n'  # git does not take this for a line ending of its own
    repository.log.write_bytes(damaged)
    repository.commit()
    assert repository.git("show", f"HEAD:{LOG}") == damaged
    check_out_again(repository)
    assert repository.log.read_bytes() == damaged


def test_without_the_attribute_a_checkout_changes_line_endings(
    plain: Repository, base: list[Event], ours: list[Event]
) -> None:
    """Such a log loads and takes events all the same, and nothing is saved twice."""
    check_out_again(plain)
    assert plain.log.read_bytes().count(b"\r\n") == len(base)
    assert plain.store.save_events([*base, *ours]) == len(ours)
    plain.commit()
    assert holds(plain, base, ours)
    check_out_again(plain)
    assert plain.log.read_bytes().count(b"\r\n") == len([*base, *ours])
    assert holds(plain, base, ours)


def test_a_log_rewritten_with_other_line_endings_merges(
    repository: Repository, base: list[Event], ours: list[Event], theirs: list[Event]
) -> None:
    """To git all of its lines are new; they load once."""
    repository.on("theirs", *theirs)
    repository.record(*ours)
    repository.log.write_bytes(repository.log.read_bytes().replace(b"\n", b"\r\n"))
    repository.commit()
    repository.git("merge", "--quiet", "theirs")
    assert repository.store.load_all_events() == causal(base, ours, theirs)


def test_what_git_cannot_merge_is_merged_by_saving(
    repository: Repository,
    base: list[Event],
    ours: list[Event],
    theirs: list[Event],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A log with NUL bytes is binary to git, which keeps our side; the page's code saves theirs."""
    repository.on("theirs", *theirs)
    repository.record(*ours)
    with repository.log.open("ab") as file:
        file.write(b"\0" * 16 + b"\n")  # what a loss of power may leave
    repository.commit()
    assert repository.run("merge", "theirs").returncode
    assert repository.store.load_all_events() == causal(base, ours)
    monkeypatch.chdir(repository.folder)
    for name, value in repository.environment.items():
        monkeypatch.setenv(name, value)
    # The page has the name of an install; this is a test of the package at hand.
    code = MERGE_BY_SAVING.replace("spec_kitty_telemetry", telemetry.__name__)
    for _ in range(2):
        exec(compile(code, "git.md", "exec"), {})  # noqa: S102  # the project's own
        assert repository.store.load_all_events() == causal(base, ours, theirs)
        assert len(repository.lines()) == len([*base, *ours, *theirs]) + 1
    repository.commit()
    assert repository.git("status", "--porcelain") == b""


@pytest.mark.parametrize("attributes", ["merge=union binary", "merge=union -diff -merge -text"])
def test_binary_undoes_union(
    attributes: str, tmp_path: Path, base: list[Event], ours: list[Event], theirs: list[Event]
) -> None:
    """The attribute that looks right for keeping bytes turns merging off."""
    repository = make_repository(tmp_path, f"*.events.jsonl {attributes}\n", base)
    repository.on("theirs", *theirs)
    repository.record(*ours)
    assert repository.run("merge", "theirs").returncode
    assert holds(repository, base, ours)
