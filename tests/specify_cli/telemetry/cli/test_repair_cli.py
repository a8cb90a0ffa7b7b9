"""The command that repairs logs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from specify_cli.telemetry.repair import repair_log

from ..repair.test_repair import TORN
from ..support.events import CODEC, make_events
from ..support.platforms import posix_only
from ..support.rejected import rejected_beside
from ..support.terminal import on_terminal
from .test_cli import main, run

FIRST, SECOND = (CODEC.encode(event) for event in make_events(2))


def test_a_dry_run_says_what_it_would_do(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And does nothing; the status tells a script that there is something to do."""
    content = FIRST + TORN + SECOND + FIRST + b"\x1b[2J\n"
    log.write_bytes(content)
    assert main("repair", log) == 1
    out, err = capsys.readouterr()
    size = len(TORN) + len(FIRST) + 5
    twice = f"{len(FIRST)} bytes: the same as another line"
    lines = out.splitlines()
    assert lines[:4] == [
        f"{log}: in need of repair",
        "  would keep 2 events, 1 of them recovered",
        f"  would move 3 pieces, 1 duplicate among them, {size} bytes in all, to {log}.rejected",
        "",
    ]
    assert [line.split()[:5] for line in lines[4:7]] == [
        ["line", "2,", "byte", str(len(FIRST)), "torn"],
        ["line", "3,", "byte", str(len(FIRST + TORN + SECOND)), "duplicate"],
        ["line", "4,", "byte", str(len(content) - 5), "malformed"],
    ]
    assert twice in lines[5]
    assert lines[7:] == ["", "This was a dry run, nothing has been changed. To do it, add --apply."]
    assert not err
    assert log.read_bytes() == content
    assert not rejected_beside(log).exists()


def test_apply_does_it(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Then there is nothing left to do."""
    log.write_bytes(FIRST + TORN)
    assert main("repair", "--apply", log) == 0
    out, _ = capsys.readouterr()
    assert out.splitlines()[:3] == [
        f"{log}: repaired",
        "  kept 1 event",
        f"  moved 1 piece, {len(TORN)} bytes in all, to {log}.rejected",
    ]
    assert "dry run" not in out
    assert log.read_bytes() == FIRST
    for options in ([], ["--apply"]):
        assert main("repair", *options, log) == 0
        assert capsys.readouterr().out == f"{log}: no damage, 1 event\n"


def test_events_without_anything_to_move(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No file is named that will not be made."""
    log.write_bytes(FIRST[:-1] + SECOND)
    assert main("repair", log) == 1
    out, _ = capsys.readouterr()
    assert "  would keep 2 events, 2 of them recovered\n\nThis was a dry run" in out
    assert "rejected" not in out


def test_more_pieces_than_ten_are_counted(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Unless told otherwise."""
    log.write_bytes(FIRST + b"junk\n" * 12)
    assert main("repair", log) == 1
    assert "\n  and 2 more\n" in capsys.readouterr().out


def test_what_is_no_log_is_refused(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the name of an option that may help, if there are ids."""
    for options in ([], ["--apply"]):
        log.write_bytes(b'{"another": "record"}\n' * 12)
        assert main("repair", log, *options) == 2
        refusal = f'cannot repair "{log}": no line of it is an event of Event, or the beginning'
        out, err = capsys.readouterr()
        assert not out
        assert err == f"{refusal} of one\n"
        log.write_bytes(b'{"event_id": "1"}\n' * 12)
        assert main("repair", log, *options) == 2
        assert "; 12 have an event_id: if they are events of another model" in (
            capsys.readouterr().err
        )


def test_what_stays_is_told(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Lines of other kinds, and whole ones of them that stood within another line."""
    log.write_bytes(FIRST + b'{"id": 1}\n')
    assert main("repair", log) == 0
    assert capsys.readouterr().out == f"{log}: no damage, 1 event and 1 line that is no event\n"
    log.write_bytes(FIRST + b'{"event_id": 1}\n{"event_id": 2}{"id": 3}\n')
    assert main("repair", log) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[1:4] == [
        "  would keep 1 event",
        "  would put 2 more records on lines of their own",
        "  would keep 1 line that is no event",
    ]
    assert "--model package.module:Class" in lines[4]
    assert main("repair", log, "--apply") == 0
    assert log.read_bytes() == FIRST + b'{"event_id": 1}\n{"event_id": 2}\n{"id": 3}\n'


def test_what_is_no_damage_is_moved_if_the_user_says_so(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By an option, and nothing else can be said so."""
    log.write_bytes(FIRST + b'{"id": 1}\n')
    assert main("repair", log, "--also", "invalid", "--apply") == 0
    assert "moved 1 piece, 10 bytes" in capsys.readouterr().out
    assert log.read_bytes() == FIRST
    with pytest.raises(SystemExit):
        main("repair", log, "--also", "everything")
    assert "invalid choice: 'everything'" in capsys.readouterr().err


def test_several_logs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each is repaired, whatever becomes of the others; the worst decides on the status."""
    logs = [tmp_path / name for name in ("damaged", "missing", "clean", "more")]
    for log, content in zip(logs, [TORN, None, FIRST, FIRST + TORN], strict=True):
        if content is not None:
            log.write_bytes(content)
    assert main("repair", *logs) == 2
    out, err = capsys.readouterr()
    assert err == f'cannot repair "{logs[1]}": No such file or directory\n'
    assert out.count("dry run") == 1
    assert main("repair", *logs, "--apply") == 2
    out, err = capsys.readouterr()
    assert err == f'cannot repair "{logs[1]}": No such file or directory\n'
    assert out.count(": repaired\n") == 2
    assert all(repair_log(log).is_clean for log in logs[2:])


def test_the_module_repairs(log: Path) -> None:
    """As users call it."""
    log.write_bytes(TORN + FIRST)
    result = run("repair", "--apply", log)
    assert (result.returncode, result.stderr) == (0, b"")
    assert log.read_bytes() == FIRST


def test_json_is_for_tools(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One list, with an object for each path in order, and nothing else."""
    missing = log.with_name("missing")
    log.write_bytes(FIRST + b"junk\n" * 12)
    assert main("repair", "--json", log, missing) == 2
    out, err = capsys.readouterr()
    assert not err
    found, error = json.loads(out)
    assert error["path"] == str(missing)
    assert error["error"].startswith("cannot repair ")
    assert (found["path"], found["rejected_path"]) == (str(log), f"{log}.rejected")
    assert (found["applied"], found["events"], found["rejected"]) == (False, 1, 12)
    assert len(found["examples"]) == 12
    assert found["examples"][0] == {
        "line": 2,
        "offset": len(FIRST),
        "length": 5,
        "kind": "malformed",
        "reason": found["examples"][0]["reason"],
    }
    assert main("repair", "--json", log) == 1
    assert main("repair", "--json", "--apply", log) == 0
    capsys.readouterr()
    assert main("repair", "--json", log) == 0
    assert json.loads(capsys.readouterr().out)[0]["rejected"] == 0


@pytest.mark.parametrize(("limit", "shown"), [(0, 0), (5, 5), (12, 12), (2000, 12)])
def test_only_the_first_pieces_are_shown(
    log: Path, capsys: pytest.CaptureFixture[str], limit: int, shown: int
) -> None:
    """The rest is counted."""
    log.write_bytes(FIRST + b"junk\n" * 12)
    assert main("repair", log, "--limit", str(limit)) == 1
    out = capsys.readouterr().out
    assert out.count("  line ") == shown
    assert (f"\n  and {12 - shown} more\n" in out) == (shown < 12)


def test_no_more_than_a_thousand_pieces_are_shown(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever the limit is, and in JSON."""
    log.write_bytes(FIRST + b"junk\n" * 1001)
    assert main("repair", log, "--limit", "2000") == 1
    out = capsys.readouterr().out
    assert out.count("  line ") == 1000
    assert "\n  and 1 more\n" in out
    assert main("repair", log, "--json") == 1
    assert len(json.loads(capsys.readouterr().out)[0]["examples"]) == 1000


def test_both_readings_are_told(log: Path) -> None:
    """From nothing to all of it, once; of a log without damage there is no second one."""
    log.write_bytes(FIRST * 2000 + TORN)
    told: list[tuple[int, int]] = []
    repair_log(log, progress=lambda *now: told.append(now))
    size = log.stat().st_size
    assert told == sorted(told)
    assert (size, 2 * size) in told
    assert told[-1] == (2 * size, 2 * size)
    told.clear()
    repair_log(log, apply=True, progress=lambda *now: told.append(now))
    assert told == sorted(told)
    assert told[-1] == (2 * size, 2 * size)
    log.write_bytes(FIRST)
    repair_log(log, progress=lambda *now: told.append(now))
    assert told[-1] == (len(FIRST), 2 * len(FIRST))


@posix_only
def test_a_terminal_shows_how_far_it_is(log: Path) -> None:
    """In one line that goes away."""
    log.write_bytes(FIRST + SECOND * 200_000)
    with on_terminal("repair", log) as terminal:
        assert terminal.finish() == 1
    assert f" % of {log.name}" in terminal.text
    assert "This was a dry run" in terminal.text
