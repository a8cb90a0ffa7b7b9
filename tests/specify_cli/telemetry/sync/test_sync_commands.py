"""The commands push, pull and sync."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from specify_cli.spec_kitty_events import Event
from specify_cli.telemetry import SimpleJsonStore
from specify_cli.telemetry._cli import commands, sharing
from specify_cli.telemetry.postgres import SimplePostgresStore

from ..support.events import make_event, make_events
from ..support.servers import PASSWORD, Server

MODULE = "specify_cli.telemetry"
VARIABLE = "SPEC_KITTY_TELEMETRY_SERVER"

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


def test_the_name_where_there_is_no_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the path below the current directory, or the name alone."""
    monkeypatch.chdir(tmp_path)
    assert sharing.name_of(Path("a/b.jsonl")) == "a/b.jsonl"
    (tmp_path / "deep").mkdir()
    monkeypatch.chdir(tmp_path / "deep")
    assert sharing.name_of(tmp_path / "a" / "b.jsonl") == "b.jsonl"


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


def test_the_time_to_watch_is_checked(capsys: Output) -> None:
    """It is a number of seconds."""
    for text in ("0", "-1", "x", "nan", "inf"):
        with pytest.raises(SystemExit):
            main("push", "here", f"--watch={text}")
        assert "is no number of seconds" in capsys.readouterr().err


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


def test_another_model(tmp_path: Path, log: str, shared: SimplePostgresStore) -> None:
    """The option names it, as with the other commands."""
    SimpleJsonStore(tmp_path / "here").save_event(make_event())
    (tmp_path / "wider.py").write_text(
        f"from {Event.__module__} import Event\nclass Wider(Event):\n    build_id: str\n",
        encoding="utf-8",
    )
    assert main("push", "here", "--log", log, "--model", "wider:Wider") == 0
    assert shared.load_all_events() == []
