"""What the commands push, pull and sync make of what has been copied, without a server."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from specify_cli.spec_kitty_events import Event, StorageError
from specify_cli.telemetry import JsonlEventStore
from specify_cli.telemetry._cli import commands, sharing
from specify_cli.telemetry.postgres import PostgresEventStore
from specify_cli.telemetry.sync import Copied
from specify_cli.telemetry.sync.kept import KeptCursor

from ..cli.test_cli import Terminal
from ..cli.test_text import of_width

SERVER = "host=h.invalid dbname=d"
VARIABLE = "SPEC_KITTY_TELEMETRY_SERVER"
NOTHING = Copied(0, 0, "0")

Output = pytest.CaptureFixture[str]
Store = JsonlEventStore[Any] | PostgresEventStore[Any]


class Copy(NamedTuple):
    """A copy that was asked for: the two logs, and where to go on."""

    source: str
    target: str
    cursor: str | None


class Copies:
    """Copies nothing, and says what it is told to say.

    Attributes:
        asked: What was asked for.
        results: What each of the next calls says, or raises.
        stores: The stores of each copy, in turn.
        shown: What is called when a copy has told how far it is.
    """

    def __init__(self) -> None:
        """Say that there is nothing new."""
        self.asked: list[Copy] = []
        self.results: list[Copied | Exception] = []
        self.stores: list[Store] = []
        self.shown: Callable[[], None] = lambda: None

    def __call__(
        self,
        source: Store,
        target: Store,
        cursor: str | None,
        *,
        progress: Callable[[Copied], None],
    ) -> Copied:
        """Note what is asked for."""
        self.asked.append(Copy(_name_of(source), _name_of(target), cursor))
        self.stores += [source, target]
        result = self.results.pop(0) if self.results else NOTHING
        if isinstance(result, Exception):
            raise result
        progress(result)
        self.shown()
        return result


def _name_of(store: Store) -> str:
    return store.place if isinstance(store, PostgresEventStore) else str(store.file_path)


@pytest.fixture(autouse=True)
def copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Copies:
    """Copy nothing, in an empty current directory, with a server that is not there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(VARIABLE, SERVER)
    monkeypatch.setattr(sharing, "copy_new", copies := Copies())
    return copies


def main(line: str) -> int:
    """Run a command."""
    return commands.main(line.split(" "))


def test_each_command_has_its_directions(copies: Copies) -> None:
    """To the server, from it, or both in turn; with the events of the contract."""
    there = f"a at {SERVER}"
    for line, asked in (
        ("push a", [("a", there)]),
        ("pull a", [(there, "a")]),
        (
            "sync a b",
            [("a", there), (there, "a"), ("b", f"b at {SERVER}"), (f"b at {SERVER}", "b")],
        ),
        ("push a --log c", [("a", f"c at {SERVER}")]),
        ("push a --to host=other", [("a", "a at host=other")]),
        ("pull a --from host=other", [("a at host=other", "a")]),
        ("sync a --with host=other", [("a", "a at host=other"), ("a at host=other", "a")]),
    ):
        copies.asked.clear()
        assert main(line) == 0
        assert [copy[:2] for copy in copies.asked] == asked
    assert {store.event_model for store in copies.stores} == {Event}


@pytest.mark.parametrize(
    ("line", "results", "status", "out", "err"),
    [
        ("push a", [Copied(3, 1, "3")], 0, "a: 1 line pushed to a at SERVER\n", ""),
        ("pull a", [Copied(3, 2000, "3")], 0, "a: 2,000 lines pulled from a at SERVER\n", ""),
        (
            "push a",
            [Copied(3, 0, "3", 1)],
            0,
            "",
            "a: 1 line not pushed to a at SERVER, being no event\n",
        ),
        (
            "pull a",
            [Copied(3, 1, "3", 2000)],
            0,
            "a: 1 line pulled from a at SERVER\n",
            "a: 2,000 lines not pulled from a at SERVER, being no event\n",
        ),
        (
            "sync a b",
            [Copied(3, 0, "3", 0, ("X", "Y")), Copied(3, 0, "3", 0, ("X",)), NOTHING],
            1,
            "",
            (
                "a: the server has another event under the id X\n"
                "a: the server has another event under the id Y\n"
            ),
        ),
        (
            "sync a b",
            [StorageError("gone"), Copied(1, 1, "1")],
            2,
            "b: 1 line pushed to b at SERVER\n",
            "gone\n",
        ),
        (
            "push a b",
            [ValueError("no"), Copied(0, 0, "", 0, ("X",))],
            2,
            "",
            "no\nb: the server has another event under the id X\n",
        ),
    ],
)
def test_what_is_said_of_a_copy(
    line: str,
    results: list[Copied | Exception],
    status: int,
    out: str,
    err: str,
    copies: Copies,
    capsys: Output,
) -> None:
    """How many lines were new, what stayed where it is, and what is wrong, once."""
    copies.results = results
    assert main(line) == status
    assert capsys.readouterr() == (out.replace("SERVER", SERVER), err.replace("SERVER", SERVER))


def test_each_direction_goes_on_where_it_was(copies: Copies, tmp_path: Path) -> None:
    """Under whatever name the log is given; another log begins at its start."""
    copies.results = [Copied(1, 1, "to"), Copied(1, 1, "from")]
    here, there = str(tmp_path / "a"), f"a at {SERVER}"
    assert main("sync a") == 0
    assert KeptCursor(here, there).get() == "to"
    assert KeptCursor(there, here).get() == "from"
    copies.asked.clear()
    copies.results = [Copied(1, 1, "to"), Copied(1, 1, "from")]
    assert main(f"sync {here} b") == 0
    assert [copy.cursor for copy in copies.asked] == ["to", "from", None, None]


def test_how_far_it_is_is_shown(copies: Copies, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the terminal, in a line that goes away."""
    terminal = of_width(Terminal(), 80, monkeypatch)
    monkeypatch.setattr(sys, "stderr", terminal)
    shown = []
    copies.results = [Copied(2000, 0, "1")]
    copies.shown = lambda: shown.append(terminal.getvalue())
    assert main("push folder/a") == 0
    assert shown == ["\r2,000 lines of a"]
    assert terminal.getvalue() == f"{shown[0]}\r{' ' * 16}\r"


@pytest.mark.parametrize(
    ("line", "err"),
    [
        ("push a --to nonsense", "not a conninfo of PostgreSQL"),
        ("pull a --log a\x1fb", "a log has a printable name"),
    ],
)
def test_what_is_named_badly_is_refused(
    line: str, err: str, copies: Copies, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    """Before anything is copied, and nothing is waited for: it will never be right."""

    def sleep(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", sleep)
    assert main(f"{line} --watch") == 2
    assert err in capsys.readouterr().err
    assert not copies.asked


@pytest.mark.parametrize("value", [None, ""])
def test_a_server_has_to_be_named(
    value: str | None, copies: Copies, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    """By an option or the environment."""
    if value is None:
        monkeypatch.delenv(VARIABLE)
    else:
        monkeypatch.setenv(VARIABLE, value)
    assert main("push a") == 2
    assert capsys.readouterr() == ("", f"which server? Give its conninfo, or set {VARIABLE}\n")
    assert not copies.asked


def test_a_pattern_stands_for_what_is_there(copies: Copies, capsys: Output) -> None:
    """Each file once, in order; a file that has such a name is meant itself."""
    for name in ("b/y.jsonl", "a/x.jsonl", "d/e/z.jsonl", "[c].jsonl", "c.jsonl"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()
    for pattern, paths in (
        ("*/?.jsonl", ["a/x.jsonl", "b/y.jsonl"]),
        ("b/y.jsonl */?.jsonl", ["b/y.jsonl", "a/x.jsonl"]),
        ("**/z.jsonl", ["d/e/z.jsonl"]),
        ("[c].jsonl", ["[c].jsonl"]),
        ("[a]/x.jsonl", ["a/x.jsonl"]),
        ("none*", []),
        ("none", ["none"]),
    ):
        copies.asked.clear()
        assert main(f"push {pattern}") == 0
        assert [Path(copy.source).as_posix() for copy in copies.asked] == paths
    copies.asked.clear()
    assert main("push */?.jsonl --log one") == 2
    assert capsys.readouterr() == ("", "--log names one log, and there are several\n")
    assert not copies.asked
    assert main("push */x.jsonl --log one") == 0
    assert [copy.target for copy in copies.asked] == [f"one at {SERVER}"]


def test_a_log_is_called_as_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Below the innermost working tree of git, else the current directory; else its name."""
    (tmp_path / "outer" / "inner" / "deep").mkdir(parents=True)
    assert sharing.name_of(Path("outer/inner/a")) == "outer/inner/a"
    for tree in ("outer", "outer/inner"):
        (tmp_path / tree / ".git").touch()
    assert sharing.name_of(Path("outer/inner/deep/a")) == "deep/a"
    assert sharing.name_of(Path("outer/b/a")) == "b/a"
    monkeypatch.chdir(tmp_path / "outer")
    assert sharing.name_of(tmp_path / "elsewhere" / "a") == "a"


@pytest.mark.parametrize(
    ("option", "seconds"), [("", 1.0), ("=0.5", 0.5), ("=86400", 86400.0), ("=1e-3", 0.001)]
)
def test_watching_looks_again(
    option: str, seconds: float, copies: Copies, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every so often, by the same connection; what is wrong is said again once it was right."""
    waits: list[float] = []
    flushed: list[int] = []
    gone = StorageError("gone")
    copies.results = [gone, gone, NOTHING, gone]

    def sleep(wait: float) -> None:
        assert len(flushed) > len(waits)
        waits.append(wait)
        if not copies.results:
            raise KeyboardInterrupt

    monkeypatch.setattr(sys.stdout, "flush", lambda: flushed.append(1))
    monkeypatch.setattr(time, "sleep", sleep)
    assert main(f"push a --watch{option}") == 130
    assert waits == [seconds] * 4
    assert capsys.readouterr() == ("", "gone\ngone\n")
    assert len(copies.asked) == 4
    assert len(set(map(id, copies.stores))) == 2


def test_the_stores_are_of_the_package() -> None:
    """As messages and stores that are told from each other by name have it."""
    shares = sharing.Sharing(SERVER, None, Event)
    for kind, original in (
        (shares._file_store, JsonlEventStore),
        (shares._server_store, PostgresEventStore),
    ):
        assert issubclass(kind, original)
        assert (kind.__name__, kind.__module__) == (original.__name__, original.__module__)
