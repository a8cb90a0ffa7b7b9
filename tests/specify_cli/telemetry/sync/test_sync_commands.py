"""The commands push, pull and sync."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from specify_cli.telemetry import SimpleJsonStore
from specify_cli.telemetry._cli import commands
from specify_cli.telemetry.postgres import SimplePostgresStore

from ..project.processes import run_python
from ..project.releases.install import VERSIONS, folder_of
from ..support.events import make_event, make_events
from ..support.servers import PASSWORD, Server

MODULE = "specify_cli.telemetry"
VARIABLE = "SPEC_KITTY_TELEMETRY_SERVER"
STORE = f"{MODULE}:SimpleJsonStore"

Output = pytest.CaptureFixture[str]


def main(*arguments: str | Path) -> int:
    """Run the command in this process."""
    return commands.main([str(argument) for argument in arguments])


@pytest.fixture(autouse=True)
def _conninfo(server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(VARIABLE, server.conninfo)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def shared(server: Server, log: str) -> SimplePostgresStore:
    """Return a store on the server."""
    return SimplePostgresStore(server.conninfo, log)


def test_push_and_pull(
    tmp_path: Path, log: str, shared: SimplePostgresStore, capsys: Output
) -> None:
    """What one file has, the other gets; what is there already is not said."""
    here, there = SimpleJsonStore(tmp_path / "here"), SimpleJsonStore(tmp_path / "there")
    here.save_events(make_events(3))
    assert main("push", here.file_path, "--log", log) == 0
    assert capsys.readouterr().out == f"{here.file_path}: 3 lines pushed to {shared.place}\n"
    assert main("push", here.file_path, "--log", log) == 0
    assert main("pull", here.file_path, "--log", log) == 0
    assert capsys.readouterr() == ("", "")
    assert main("pull", there.file_path, "--log", log) == 0
    assert capsys.readouterr().out == f"{there.file_path}: 3 lines pulled from {shared.place}\n"
    assert there.file_path.read_bytes() == here.file_path.read_bytes()


def test_sync_does_both(
    tmp_path: Path, log: str, shared: SimplePostgresStore, capsys: Output
) -> None:
    """Each side has then what either had."""
    mine, others = make_events(2)
    file = SimpleJsonStore(tmp_path / "here")
    file.save_event(mine)
    shared.save_event(others)
    assert main("sync", "here", "--log", log) == 0
    assert capsys.readouterr().out == (
        f"here: 1 line pushed to {shared.place}\nhere: 1 line pulled from {shared.place}\n"
    )
    assert file.load_all_events() == shared.load_all_events() == [mine, others]


def test_a_log_has_the_name_of_its_path(
    tmp_path: Path, server: Server, log: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Below the top of the git working tree, wherever that is and the command is run."""
    for machine in ("one", "two"):
        folder = tmp_path / machine / log
        folder.mkdir(parents=True)
        (tmp_path / machine / ".git").write_text("gitdir: elsewhere", encoding="utf-8")
        monkeypatch.chdir(folder)
        SimpleJsonStore("events.jsonl").save_event(make_event())
        assert main("sync", "events.jsonl") == 0
    store = SimplePostgresStore(server.conninfo, f"{log}/events.jsonl")
    assert len(store.load_all_events()) == 2
    assert len(SimpleJsonStore("events.jsonl").load_all_events()) == 2


def test_several_logs_by_a_pattern(
    tmp_path: Path, server: Server, log: str, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shells that do not look for files, and quotes, leave that to the command."""
    folder = tmp_path / log
    for name in ("a", "b"):
        SimpleJsonStore(folder / name / "events.jsonl").save_event(make_event())
    odd = folder / "[x].jsonl"
    SimpleJsonStore(odd).save_event(make_event())
    monkeypatch.chdir(tmp_path)
    assert main("push", f"{log}/*/events.jsonl", f"{log}/**/*.jsonl", f"{log}/[x].jsonl") == 0
    out = capsys.readouterr().out
    assert out.count("1 line pushed to") == 3
    assert len(SimplePostgresStore(server.conninfo, f"{log}/b/events.jsonl").load_all_events()) == 1
    assert main("push", f"{log}/*/events.jsonl", "--log", "one") == 2
    assert capsys.readouterr().err == "--log names one log, and there are several\n"


def test_another_event_under_an_id_is_reported(
    tmp_path: Path, log: str, shared: SimplePostgresStore, capsys: Output
) -> None:
    """Nothing is changed, and the status tells."""
    event = make_event()
    file = SimpleJsonStore(tmp_path / "here")
    file.save_event(event)
    shared.save_event(event.model_copy(update={"payload": {"other": True}}))
    assert main("sync", "here", "--log", log) == 1
    assert capsys.readouterr().err == (
        f"here: the server has another event under the id {event.event_id}\n"
    )
    assert file.load_all_events() == [event]


def test_lines_that_are_no_events_are_reported(
    tmp_path: Path, log: str, capsys: Output, shared: SimplePostgresStore
) -> None:
    """They stay where they are."""
    (tmp_path / "here").write_bytes(b"nonsense\n")
    assert main("push", "here", "--log", log) == 0
    (tmp_path / "here").write_bytes(b"nonsense\n[]\n{}\n")
    assert main("push", "here", "--log", log) == 0
    assert capsys.readouterr().err == (
        f"here: 1 line not pushed to {shared.place}, being no event\n"
        f"here: 2 lines not pushed to {shared.place}, being no event\n"
    )


def test_losing_the_cursors_costs_time_only(
    tmp_path: Path, log: str, home: Path, shared: SimplePostgresStore, capsys: Output
) -> None:
    """They are in the user's folder, not beside the log, and hold no password."""
    SimpleJsonStore(tmp_path / "logs" / "here").save_events(make_events(2))
    assert main("sync", "logs/here", "--log", log) == 0
    assert [path.name for path in (tmp_path / "logs").iterdir()] == ["here"]
    cursors = [path for path in home.rglob("*") if path.is_file()]
    assert len(cursors) == 2
    assert not any(PASSWORD in path.read_text(encoding="utf-8") for path in cursors)
    for path in cursors:
        path.unlink()
    capsys.readouterr()
    assert main("sync", "logs/here", "--log", log) == 0
    assert capsys.readouterr().out == ""
    assert len(shared.load_all_events()) == 2


def test_a_server_that_is_not_there(tmp_path: Path, capsys: Output) -> None:
    """It is said why, and the status tells; the log is as it was."""
    SimpleJsonStore(tmp_path / "here").save_event(make_event())
    conninfo = "host=127.0.0.1 port=1 password=SECRET"
    for command, option in (("push", "--to"), ("pull", "--from"), ("sync", "--with")):
        assert main(command, "here", option, conninfo) == 2
        err = capsys.readouterr().err
        assert "Connection refused" in err or "refused" in err
        assert "SECRET" not in err


def test_which_server(capsys: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    """One has to be named, and named well."""
    assert main("push", "here", "--to", "nonsense") == 2
    assert "not a conninfo of PostgreSQL" in capsys.readouterr().err
    assert main("push", "here", "--log", "a\nb") == 2
    assert "a log has a printable name" in capsys.readouterr().err
    monkeypatch.delenv(VARIABLE)
    assert main("push", "here") == 2
    assert capsys.readouterr().err == f"which server? Give its conninfo, or set {VARIABLE}\n"


def test_without_the_driver_the_command_says_what_to_install(
    capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No other command needs it."""
    for name in [n for n in sys.modules if n.startswith((f"{MODULE}.postgres", f"{MODULE}.sync"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, f"{MODULE}._cli.sharing")
    monkeypatch.setitem(sys.modules, "psycopg", None)
    assert main("push", "here") == 2
    assert 'pip install "spec-kitty-telemetry[postgres]"' in capsys.readouterr().err


def test_watching_goes_on(
    tmp_path: Path,
    shared: SimplePostgresStore,
    capsys: Output,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is wrong is said once, and again only if it was right meanwhile."""
    rounds: list[float] = []
    file = SimpleJsonStore(tmp_path / "here")
    broken = tmp_path / "broken"
    broken.mkdir()

    def sleep(seconds: float) -> None:
        rounds.append(seconds)
        if len(rounds) == 1:
            file.save_event(make_event())
        if len(rounds) == 3:
            broken.rmdir()
        if len(rounds) == 4:
            broken.mkdir()
        if len(rounds) == 6:
            raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", sleep)
    assert main("sync", "here", "broken", "--watch", "0.5") == 130
    assert rounds == [0.5] * 6
    out, err = capsys.readouterr()
    assert out.count("1 line pushed to") == 1
    assert err.count('cannot read "broken"') == 2
    assert len(shared.load_all_events()) == 0  # of another name than this log's


def test_one_round_of_a_process(tmp_path: Path, log: str, server: Server) -> None:
    """The same as a program, which goes on until it is interrupted."""
    file = SimpleJsonStore(tmp_path / "here")
    file.save_event(make_event())
    command = [sys.executable, "-m", MODULE, "sync", "here", "--watch", "0.1", "--log", log]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert b"1 line pushed to" in process.stdout.readline()
        store = SimplePostgresStore(server.conninfo, log)
        event = make_event(lamport_clock=2)
        store.save_event(event)
        end = time.monotonic() + 30
        while event not in file.load_all_events():
            assert time.monotonic() < end
            time.sleep(0.02)
        process.terminate()
    assert process.returncode != 0


MODULE_TEXT = """
from uuid import UUID

from pydantic import BaseModel

from specify_cli.spec_kitty_events import Event
from specify_cli.telemetry import JsonlEventStore

class Wider(Event):
    build_id: str

class Status(BaseModel):
    ref: UUID
    mission: str
    at: int

class StatusStore(JsonlEventStore[Status]):
    event_model = Status
    id_field = "ref"
    aggregate_field = "mission"
    order_by = ("at", "ref")

class Remark(BaseModel):
    text: str

class RemarkStore(JsonlEventStore[Status | Remark]):
    event_model = Status | Remark
    id_field = "ref"
    aggregate_field = None
    order_by = ()

class OnlyRemarks(RemarkStore):
    event_model = Remark
    id_field = None
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a module of the current directory, with types of events and stores for them."""
    name = f"module_{tmp_path.name}"
    (tmp_path / f"{name}.py").write_text(MODULE_TEXT, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    return importlib.import_module(name)


def status_lines(count: int) -> list[str]:
    """Return lines of statuses, in an order of their own."""
    return [f'{{"at": {9 - n}, "mission": "043", "ref": "{UUID(int=n)}"}}\n' for n in range(count)]


def test_another_model(
    tmp_path: Path, log: str, shared: SimplePostgresStore, module: Any, capsys: Output
) -> None:
    """The option names it, as with the other commands."""
    SimpleJsonStore(tmp_path / "here").save_event(make_event())
    assert main("push", "here", "--log", log, "--model", f"{module.__name__}:Wider") == 0
    assert "1 line not pushed to" in capsys.readouterr().err
    assert shared.load_all_events() == []


@pytest.mark.parametrize("option", [None, "specify_cli.spec_kitty_events:Event", STORE])
def test_the_contract_is_a_model_like_any_other(tmp_path: Path, log: str, option: str) -> None:
    """It is the one that is meant if none is named; and so is its store."""
    events = make_events(3)
    SimpleJsonStore(tmp_path / "here").save_events(events)
    model = ["--model", option] if option else []
    assert main("push", "here", "--log", log, *model) == 0
    assert main("pull", "there", "--log", log, *model) == 0
    assert SimpleJsonStore(tmp_path / "there").load_all_events() == events


def test_a_class_of_stores_is_a_model(
    tmp_path: Path, log: str, home: Path, module: Any, capsys: Output
) -> None:
    """It says which field is what: ids of another type, under another name, are known again."""
    model = ["--log", log, "--model", f"{module.__name__}:StatusStore"]
    here, there = module.StatusStore(tmp_path / "here"), module.StatusStore(tmp_path / "there")
    here.file_path.write_text("".join(status_lines(3)) + "{}\n", encoding="utf-8")
    assert main("push", "here", *model) == 0
    assert "1 line not pushed to" in capsys.readouterr().err
    assert main("pull", "there", *model) == 0
    assert there.file_path.read_text(encoding="utf-8") == "".join(status_lines(3))
    assert [event.at for event in there.load_events("043")] == [7, 8, 9]
    there.save_event(module.Status(ref=UUID(int=7), mission="044", at=1))
    shutil.rmtree(home)  # the cursors
    for _ in range(2):
        for name in ("there", "here"):
            assert main("sync", name, *model) == 0
    assert here.load_all_events() == there.load_all_events()
    assert len(there.load_all_events()) == 4
    other = {"ref": UUID(int=7), "mission": "045", "at": 1}
    module.StatusStore(tmp_path / "other").save_event(module.Status(**other))
    capsys.readouterr()
    assert main("push", "other", *model) == 1
    assert f"another event under the id {UUID(int=7)}" in capsys.readouterr().err


def test_what_has_no_id_stays_where_it_is(
    tmp_path: Path, log: str, module: Any, capsys: Output
) -> None:
    """It would come back with each pull, and be there twice as often."""
    here = tmp_path / "here"
    here.write_text('{"text": "a"}\n' + status_lines(1)[0], encoding="utf-8")
    before = here.read_bytes()
    for _ in range(2):
        assert main("sync", "here", "--log", log, "--model", f"{module.__name__}:RemarkStore") == 0
    assert here.read_bytes() == before
    out, err = capsys.readouterr()
    assert out.count("1 line pushed to") == 1
    assert err.count("1 line not pushed to") == 1
    assert main("sync", "here", "--log", log, "--model", f"{module.__name__}:OnlyRemarks") == 2
    assert capsys.readouterr().err == (
        "events without an id cannot be copied: nothing tells which are there already\n"
    )
    assert here.read_bytes() == before


PUBLISHED = """
import sys
from pathlib import Path

import spec_kitty_events
from specify_cli.telemetry import JsonlEventStore
from specify_cli.telemetry._cli import commands

class Store(JsonlEventStore[spec_kitty_events.Event]):
    event_model = spec_kitty_events.Event

more = {"build_id": "main", "project_uuid": "6f1f0f1e-5a5b-4c3d-9e8f-0123456789ab"}
more["correlation_id"] = "01KHJVJWDM0HGAGYGXJYKD1JQG"
Store("here").save_events(
    spec_kitty_events.Event(
        event_id=f"{number:026}", event_type="Shared", aggregate_id="043", node_id="n",
        lamport_clock=number, timestamp="2026-01-02T03:04:05Z",
        **{name: more[name] for name in more if name in spec_kitty_events.Event.model_fields},
    )
    for number in range(3)
)
model = ["--log", sys.argv[1], "--model", "spec_kitty_events:Event"]
for command, name, status in (("push", "here", 0), ("pull", "there", 0), ("sync", "here", 0)):
    assert commands.main([command, name, *model]) == status, command
assert Path("here").read_bytes() == Path("there").read_bytes()
assert len(Store("there").load_all_events()) == 3
"""


def test_the_published_contract_is_a_model(tmp_path: Path, log: str) -> None:
    """The events of its latest release, with all that they have more than those here."""
    release = folder_of(VERSIONS[-1])
    if not release.is_dir():
        pytest.skip(f"spec-kitty-events {VERSIONS[-1]} is not installed")
    run_python(["-c", PUBLISHED, log], tmp_path, release, *map(Path, sys.path))
