"""The command line."""

from __future__ import annotations

import errno
import io
import json
import os
import re
import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from specify_cli.spec_kitty_events import Event, StorageError
from specify_cli.telemetry import SimpleJsonStore, __version__
from specify_cli.telemetry._cli import check_command, commands, progress
from specify_cli.telemetry.check import check_log

from ..support.events import CODEC, make_event, make_events

MODULE = "specify_cli.telemetry"
WHOLE = CODEC.encode(make_event(payload={"name": "café ☕"}))
TORN = WHOLE[:70]


def environment(**variables: str) -> dict[str, str]:
    """Return what a process needs to import the package."""
    return os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)} | variables


def run(*arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[bytes]:
    """Run the module in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", MODULE, *map(str, arguments)],
        env=environment(**variables),
        capture_output=True,
        check=False,
    )


def main(*arguments: str | Path) -> int:
    """Run the command in this process."""
    return commands.main([str(argument) for argument in arguments])


def test_a_clean_log(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line says what it holds."""
    log.write_bytes(WHOLE)
    assert main("check", log) == 0
    out, err = capsys.readouterr()
    assert out == f"{log}: clean, 1 event of 1 aggregate in 1 line, {len(WHOLE)} bytes\n"
    assert not err


def test_a_damaged_log(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Totals first, then each problem with its place."""
    log.write_bytes(WHOLE + TORN + WHOLE + WHOLE + b"\xff\x1b[31m \xe2\x98\x95\n" + TORN)
    assert main("check", log) == 1
    out, err = capsys.readouterr()
    place = 2 * len(WHOLE) + 70
    reason = "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"
    # The columns are as wide as they have to be.
    assert [re.sub("  +", "  ", line) for line in out.splitlines()] == [
        f"{log}: 4 problems",
        f"  1 event of 1 aggregate in 5 lines, {log.stat().st_size:,} bytes",
        "  3 lines without an event that loads",
        "  1 torn tail, 1 fused line, 1 malformed line, 1 duplicate",
        "",
        f"  line 2, byte {len(WHOLE)}  fused  1 whole event beside a torn record",
        "  " + WHOLE[:60].decode(),
        f"  line 3, byte {place}  duplicate  the same as line 1",
        f"  line 4, byte {place + len(WHOLE)}  malformed  {reason}",
        "  \\xff\\x1b[31m ☕",
        f"  line 5, byte {place + len(WHOLE) + 11}  torn tail  the end of the record is missing",
        "  " + TORN[:60].decode(),
    ]
    starts = [re.search("fused  |duplicate  |torn tail  |{", line) for line in out.splitlines()[5:]]
    assert len({match.start() for match in starts if match}) == 2
    assert not err


def test_a_log_with_duplicates_only(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every line of it loads."""
    log.write_bytes(WHOLE * 3)
    assert main("check", log) == 1
    assert [line.strip() for line in capsys.readouterr().out.splitlines()] == [
        f"{log}: 2 problems",
        f"1 event of 1 aggregate in 3 lines, {3 * len(WHOLE)} bytes",
        "2 duplicates",
        "",
        f"line 2, byte {len(WHOLE)}  duplicate        the same as line 1",
        f"line 3, byte {2 * len(WHOLE)}  duplicate        the same as line 1",
    ]


def test_events_that_can_be_recovered_are_told(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """That is the good news."""
    log.write_bytes(TORN + WHOLE + b"\n" * 2 + b"=======\n" * 2000)
    assert main("check", log) == 1
    out = capsys.readouterr().out
    assert "\n  2,001 lines without an event that loads; 1 whole event in them\n" in out
    assert "\n  1 fused line, 2,000 conflict markers\n" in out


def test_what_may_be_there_on_purpose_is_no_damage(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is told, and that a repair leaves it."""
    log.write_bytes(b'{"id": 1}\n' + WHOLE)
    assert main("check", log) == 1
    assert "\n  no damage: repair leaves all of it as it is\n" in capsys.readouterr().out
    log.write_bytes(b'{"id": 1}\n' + WHOLE + TORN)
    assert main("check", log) == 1
    assert "no damage" not in capsys.readouterr().out


@pytest.mark.parametrize(("limit", "shown", "more"), [(0, 0, 30), (7, 7, 23), (30, 30, 0)])
def test_only_the_first_problems_are_shown(
    log: Path, capsys: pytest.CaptureFixture[str], limit: int, shown: int, more: int
) -> None:
    """The rest is counted."""
    log.write_bytes(b"\0\n" * 30)
    assert main("check", log, "--limit", str(limit)) == 1
    lines = capsys.readouterr().out.splitlines()
    assert sum(line.startswith("  line ") for line in lines) == shown
    assert (lines[-1] == f"  and {more} more") == bool(more)


def test_the_status_is_the_worst_of_several_logs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All are checked; what cannot be read is an error message."""
    clean, damaged, missing = (tmp_path / name for name in ("clean", "damaged", "missing"))
    clean.write_bytes(WHOLE)
    damaged.write_bytes(TORN)
    assert main("check", clean, damaged) == 1
    assert main("check", damaged, clean, clean) == 1
    assert main("check", missing) == 2
    capsys.readouterr()
    assert main("check", damaged, missing, clean, clean, damaged) == 2
    out, err = capsys.readouterr()
    assert err == f'cannot read "{missing}": {os.strerror(2)}\n'
    problems = out.split("\n\n")
    assert [part.count(": clean, ") for part in problems] == [0, 0, 2, 0]
    assert problems[0].startswith(f"{damaged}: 1 problem\n")


def test_json_is_for_tools(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One list, with an object for each path in order."""
    log, missing = tmp_path / "lög.jsonl", tmp_path / "missing"
    log.write_bytes(WHOLE + b"\xff\0 caf\xc3\xa9\n" + WHOLE)
    assert main("check", "--json", log, missing, log) == 2
    out, err = capsys.readouterr()
    assert out.isascii()
    assert out == f"{json.dumps(json.loads(out), indent=2)}\n"
    assert not err
    first, error, again = json.loads(out)
    assert first == again
    assert error == {"path": str(missing), "error": f'cannot read "{missing}": {os.strerror(2)}'}
    report = check_log(log)
    assert first == {
        "path": str(log),
        "size": report.size,
        "lines": 3,
        "events": 1,
        "aggregates": 1,
        "malformed_lines": 1,
        "recoverable_events": 0,
        "other_events": 0,
        "counts": {"malformed": 2, "nul run": 1, "duplicate": 1},
        "problems": [
            {
                "line": problem.line,
                "offset": problem.offset,
                "kind": problem.kind,
                "reason": problem.reason,
                "excerpt": problem.excerpt.decode("utf-8", "backslashreplace"),
            }
            for problem in report.problems
        ],
    }
    log.write_bytes(WHOLE)
    assert main("check", "--json", log) == 0
    assert json.loads(capsys.readouterr().out)[0]["problems"] == []


def test_a_process_reports_and_exits(log: Path) -> None:
    """As a module, with the status that scripts go by, and help."""
    log.write_bytes(WHOLE)
    assert run("check", log).returncode == 0
    log.write_bytes(TORN)
    done = run("check", log)
    assert (done.returncode, done.stderr) == (1, b"")
    assert b"1 torn tail" in done.stdout
    assert run("check").returncode == 2
    assert run().returncode == 2
    done = run("check", "--help")
    assert done.returncode == 0
    assert done.stdout.startswith(b"usage: python -m specify_cli.telemetry check ")


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    """By the name that it is installed by."""
    with pytest.raises(SystemExit) as caught:
        commands.main(["--version"])
    assert not caught.value.code
    assert capsys.readouterr().out == f"spec-kitty-telemetry {__version__}\n"
    assert re.match(r"\d+\.\d+\.\d+", __version__)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_any_console_can_show_any_report(tmp_path: Path, encoding: str) -> None:
    """What it has no character for is escaped."""
    log = tmp_path / "журнал ☕.jsonl"
    log.write_bytes("☕ \x1b[2J журнал\n".encode())
    done = run("check", log, tmp_path / "☕", PYTHONIOENCODING=encoding, PYTHONUTF8="1")
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
    assert b"\x1b" not in done.stdout
    assert ("☕".encode() in done.stdout) == (encoding == "utf-8")
    assert (b"\\u2615" in done.stdout) == (encoding != "utf-8")
    assert b"cannot read " in done.stderr


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="needs a name that is no text")
def test_a_name_that_is_no_text_can_be_shown(tmp_path: Path) -> None:
    """File names are bytes here."""
    log = os.fsencode(tmp_path) + b"/\xff\n.jsonl"
    Path(os.fsdecode(log)).write_bytes(WHOLE)
    done = run("check", os.fsdecode(log))
    assert done.stdout.startswith(os.fsencode(tmp_path) + b"/\\udcff\\n.jsonl: clean, ")
    assert run("check", "--json", os.fsdecode(log)).returncode == 0


def test_a_reader_that_has_seen_enough_is_no_error(log: Path) -> None:
    """With its output closed, a process ends quietly."""
    log.write_bytes(b"\0\n" * 1000)
    with subprocess.Popen(
        [sys.executable, "-m", MODULE, "check", "--limit", "1000", str(log), str(log), str(log)],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().endswith(b"1,000 problems" + os.linesep.encode())
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 2


def output_of_check(fd: int, log: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    """Return status and error output of a check whose output goes to ``fd``."""
    with os.fdopen(fd, "w") as out, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", out)
        patch.setattr(sys, "stderr", err := io.StringIO())
        return main("check", log), err.getvalue()


def test_a_closed_pipe_is_no_error(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is said of it, and nothing more is written to it."""
    log.write_bytes(WHOLE)
    reader, writer = os.pipe()
    os.close(reader)
    assert output_of_check(writer, log, monkeypatch) == (2, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full disk")
def test_a_full_disk_is_an_error(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The output is not there, so the status is not that of a clean log."""
    log.write_bytes(WHOLE)
    fd = os.open("/dev/full", os.O_WRONLY)
    message = f"cannot write the output: {os.strerror(errno.ENOSPC)}\n"
    assert output_of_check(fd, log, monkeypatch) == (2, message)


def test_the_module_runs_the_command(
    log: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its status is that of the process."""
    log.write_bytes(TORN)
    monkeypatch.setattr(sys, "argv", [MODULE, "check", str(log)])
    with pytest.raises(SystemExit) as exited:
        runpy.run_module(MODULE, run_name="__main__")
    assert exited.value.code == 1
    assert capsys.readouterr().out.startswith(f"{log}: 1 problem\n")


def test_an_interrupt_ends_it_quietly(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the status of an interrupted command."""

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(check_command, "check_log", interrupted)
    assert main("check", log) == 130


class Terminal(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        """Return that it is one."""
        return True


def test_progress_is_one_line_that_goes_away(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal, for what takes its time only."""
    SimpleJsonStore(log).save_events(make_events(1000))
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    assert main("check", log) == 0
    assert terminal.getvalue() == ""
    monkeypatch.setattr(progress, "_DELAY", 0)
    assert main("check", log) == 0
    shown = terminal.getvalue()
    assert re.fullmatch(rf"(\r[ \d]\d\d? % of {log.name})+\r {{10,}}\r", shown)
    assert "\r100 % of" in shown
    assert shown.count("\r") < 110
    log.write_bytes(log.read_bytes() + TORN)
    monkeypatch.setattr(sys, "stderr", piped := io.StringIO())
    assert main("check", log) == 1
    assert piped.getvalue() == ""


def test_progress_goes_away_before_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message is on a line of its own."""
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    monkeypatch.setattr(progress, "_DELAY", 0)

    def gone(path: str, *, progress: Callable[[int, int], None], event_model: object) -> None:
        assert event_model is Event
        for done in (1000, 1001, 1002):
            progress(done, 2000)
        raise StorageError(f"{path} is gone")

    monkeypatch.setattr(check_command, "check_log", gone)
    assert main("check", "log") == 2
    assert terminal.getvalue() == "\r 50 % of log\r            \rlog is gone\n"


def test_importing_the_store_loads_nothing_of_this() -> None:
    """The command line costs only those who use it."""
    code = (
        f"import sys, {MODULE}; print([name for name in sys.modules if name == 'argparse' or"
        f" name.startswith('{MODULE}.') and name.rpartition('.')[2] in"
        " {'_cli', 'check', 'query', 'repair', 'fragments', 'records', 'scanner'}])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, check=True
    )
    assert done.stdout.strip() == b"[]"
