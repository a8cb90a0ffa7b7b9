"""A repair keeps what loads, recovers what can be, and moves the rest without losing a byte."""

from __future__ import annotations

import dataclasses
import errno
import logging
import os
import stat
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from specify_cli.spec_kitty_events import Event, StorageError
from specify_cli.telemetry import SimpleJsonStore
from specify_cli.telemetry._log.held import HeldLog, held
from specify_cli.telemetry.repair import RepairReport, repair_log
from specify_cli.telemetry.repair import apply as applying

from ..support.events import CODEC, make_event, make_events
from ..support.platforms import posix_only
from ..support.rejected import assert_nothing_is_lost, records_beside, rejected_beside
from ..support.system_calls import LOCK, SystemCalls, failing

Change = Callable[[bytes], bytes]

REAL_LOGS = Path(__file__).parents[5] / "shared" / "data"

TORN = b'{"aggregate_id": "043-telemetry'


def line_of(event: Event) -> bytes:
    """Return the line that a store writes."""
    return CODEC.encode(event)


def applied(log: Path) -> RepairReport:
    """Repair a log, and see that it is the repair that was announced and that no byte is lost."""
    before, records = log.read_bytes(), len(records_beside(log))
    announced = repair_log(log)
    assert not announced.applied
    assert log.read_bytes() == before
    assert len(records_beside(log)) == records
    report = repair_log(log, apply=True)
    assert report == dataclasses.replace(announced, applied=not announced.is_clean)
    new = records_beside(log)[records:]
    assert_nothing_is_lost(before, log.read_bytes(), new)
    assert report.rejected == len(new)
    assert report.rejected_bytes == sum(len(record.data) for record in new)
    names = {path.name for path in log.parent.iterdir()}
    assert names <= {log.name, rejected_beside(log).name}
    return report


def events_in(log: Path, caplog: pytest.LogCaptureFixture) -> list[Event]:
    """Return the events of a log that must hold nothing else."""
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        events = list(SimpleJsonStore(log).iter_events())
    assert caplog.records == []
    return events


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content,
        lambda content: content[:-1],
        lambda content: b"\xef\xbb\xbf" + content,
        lambda content: content.replace(b"\n", b"\r\n"),
        lambda content: content.replace(b"\n", b"\n\n \t\r\n"),
    ],
    ids=["as saved", "no last newline", "byte order mark", "CR LF", "blank lines"],
)
def test_a_clean_log_is_not_touched(change: Change, log: Path, store: SimpleJsonStore) -> None:
    """Not rewritten, not even with the same content; and no file appears beside it."""
    store.save_events(make_events(3))
    log.write_bytes(change(log.read_bytes()))
    before = log.stat()
    report = repair_log(log, apply=True)
    assert (report.is_clean, report.applied) == (True, False)
    assert report.events == len(store.load_all_events())
    after = log.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert list(log.parent.iterdir()) == [log]


def test_a_missing_log_is_an_error(log: Path) -> None:
    """It is not made, nor taken for a clean one."""
    for apply in (False, True):
        with pytest.raises(StorageError, match="cannot repair") as caught:
            repair_log(log, apply=apply)
        assert isinstance(caught.value.__cause__, FileNotFoundError)
    assert list(log.parent.iterdir()) == []


def test_a_log_that_is_clean_by_the_time_it_is_held_is_not_touched(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkout that puts a clean log there between looking and locking is left as it is."""
    clean = line_of(make_event())
    log.write_bytes(clean + TORN)

    def clean_first(path: Path) -> AbstractContextManager[HeldLog]:
        path.write_bytes(clean)
        return held(path)

    monkeypatch.setattr(applying, "held", clean_first)
    report = repair_log(log, apply=True)
    assert (report.is_clean, report.applied) == (True, False)
    assert log.read_bytes() == clean
    assert not rejected_beside(log).exists()


def test_a_line_end_behind_nul_bytes_goes_with_them(log: Path) -> None:
    """Neither it nor white space around them makes a record of its own."""
    first, second = make_events(2)
    log.write_bytes(b" \0 " + line_of(first)[:-1] + b"\0\0\r\n" + line_of(second))
    report = applied(log)
    assert [record.data for record in records_beside(log)] == [b" \0 ", b"\0\0\r\n"]
    assert log.read_bytes() == line_of(first) + line_of(second)
    assert report.recovered == 1


def test_what_is_no_event_is_moved_with_where_it_came_from(
    log: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The kept lines keep their bytes and their order."""
    first, second, third = make_events(3)
    spaced = line_of(second).replace(b": ", b" :  ").replace(b"\n", b"\r\n")
    junk = b'\xff\x00 not "JSON"\r\n'
    head, rest = b"\xef\xbb\xbf" + line_of(first), b"\n" + spaced + line_of(third)
    log.write_bytes(head + junk + rest + TORN)
    report = applied(log)
    assert log.read_bytes() == head + rest
    assert events_in(log, caplog) == [first, second, third]
    assert b"".join(record.data for record in records_beside(log)) == junk + TORN
    assert {record.header["log"] for record in records_beside(log)} == {log.name}
    assert records_beside(log)[-1].header["kind"] == "torn"
    assert (report.events, report.recovered, report.duplicates) == (3, 0, 0)
    assert report.examples[0].line == 2
    assert report.examples[-1].line == 6
    assert report.rejected_path == rejected_beside(log)


def test_whole_events_within_a_line_get_a_line_each(
    log: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Behind a torn one, behind each other, among NUL bytes."""
    events = make_events(6)
    lines = [line_of(event) for event in events]
    log.write_bytes(
        lines[0]
        + TORN
        + lines[1]
        + b"\0\0\0"
        + lines[2]
        + lines[3][:-1]
        + lines[4]
        + lines[5][:-1]
        + b"\0\0"
    )
    report = applied(log)
    assert log.read_bytes() == b"".join(lines)
    assert events_in(log, caplog) == events
    assert (report.events, report.recovered, report.rejected) == (6, 5, 3)


def test_events_that_only_lack_a_line_end_leave_nothing_to_move(log: Path) -> None:
    """Then there is no file beside the log."""
    first, second = make_events(2)
    log.write_bytes(line_of(first)[:-1] + line_of(second))
    report = applied(log)
    assert (report.is_clean, report.applied, report.rejected) == (False, True, 0)
    assert log.read_bytes() == line_of(first) + line_of(second)
    assert not rejected_beside(log).exists()


def test_an_exact_repeat_is_moved(log: Path) -> None:
    """However it ends, and wherever it is; of another line with the same id too."""
    first, second = make_events(2)
    other = line_of(make_event(first.event_id, payload={"other": True}))
    lines = line_of(first) + line_of(second) + other
    again = line_of(first)[:-1] + b" \r\n" + other
    log.write_bytes(lines + again)
    report = applied(log)
    assert log.read_bytes() == lines
    assert (report.events, report.duplicates, report.rejected) == (2, 2, 2)
    assert b"".join(record.data for record in records_beside(log)) == again
    assert {record.header["kind"] for record in records_beside(log)} == {"duplicate"}


def test_another_line_with_a_known_id_stays(log: Path) -> None:
    """It is no repeat: two writers have made one id, or one has corrected an event."""
    event = make_event()
    other = make_event(event.event_id, payload={"other": True})
    log.write_bytes(line_of(event) + line_of(other))
    assert repair_log(log, apply=True).is_clean
    log.write_bytes(line_of(event) + TORN + line_of(other) + line_of(other))
    report = applied(log)
    assert log.read_bytes() == line_of(event) + line_of(other)
    assert (report.events, report.recovered, report.duplicates) == (1, 0, 1)
    assert SimpleJsonStore(log).load_all_events() == [event]


def test_what_loads_counts_more_than_what_is_recovered(log: Path) -> None:
    """An event that was lost in a torn line and saved again stays what loads today."""
    first, second = make_events(2)
    again = make_event(second.event_id, payload={"again": True})
    lines = line_of(first) + line_of(again)
    log.write_bytes(TORN + line_of(second) + lines + TORN + line_of(again))
    loaded = SimpleJsonStore(log).load_all_events()
    report = applied(log)
    assert log.read_bytes() == lines
    assert SimpleJsonStore(log).load_all_events() == loaded
    assert (report.recovered, report.duplicates, report.rejected) == (0, 1, 4)
    assert [record.header["kind"] for record in records_beside(log)] == [
        *("torn", "repeated id", "torn", "duplicate"),
    ]


def test_one_of_two_events_with_the_same_id_is_recovered(log: Path) -> None:
    """The first; the other one has a line behind it, for it is no repeat."""
    event = make_event()
    other = make_event(event.event_id, payload={"other": True})
    log.write_bytes((TORN + line_of(event)) + (TORN + line_of(other)) * 2)
    report = applied(log)
    assert log.read_bytes() == line_of(event) + line_of(other)
    assert (report.events, report.recovered, report.separated, report.duplicates) == (1, 1, 2, 1)


def test_an_event_that_is_recovered_twice_stays_once(log: Path) -> None:
    """The first of them."""
    event = make_event()
    log.write_bytes((TORN + line_of(event)) * 2)
    report = applied(log)
    assert log.read_bytes() == line_of(event)
    assert (report.events, report.recovered, report.duplicates) == (1, 1, 1)


def test_a_second_repair_appends(log: Path) -> None:
    """What was moved before stays, whatever someone wrote behind it."""
    for number in range(3):
        with log.open("ab") as file:
            file.write(line_of(make_event(lamport_clock=number + 1)) + b"junk\n")
        applied(log)
        assert [record.data for record in records_beside(log)] == [b"junk\n"] * (number + 1)
    with rejected_beside(log).open("ab") as file:
        file.write(b"a note")
    note = rejected_beside(log).read_bytes()
    with log.open("ab") as file:
        file.write(b"junk\n")
    repair_log(log, apply=True)
    assert rejected_beside(log).read_bytes().startswith(note + b'\n{"date": ')


def test_a_long_log_is_repaired_piece_by_piece(log: Path) -> None:
    """Blocks end anywhere in it; the report shows the first ten pieces."""
    events = make_events(400, payload={"text": "x" * 500})
    log.write_bytes(b"".join(TORN * (n % 3) + line_of(event) for n, event in enumerate(events)))
    report = applied(log)
    assert log.read_bytes() == b"".join(map(line_of, events))
    assert (report.events, report.recovered) == (400, 266)
    assert len(report.examples) == 10 < report.rejected


@pytest.mark.parametrize("saves", [1, 2, 5])
def test_a_store_goes_on_over_a_repair(
    saves: int, log: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What it knew of the old file makes it neither skip nor repeat an event in the new one."""
    events = make_events(saves, payload={"text": "x" * 300})
    lost = make_event(lamport_clock=50)
    log.write_bytes(b"junk\n" + TORN + line_of(lost))
    store = SimpleJsonStore(log)
    for event in events:
        store.save_event(event)
    for _ in range(2):
        applied(log)
        for event in [*events, lost]:
            store.save_event(event)
        assert events_in(log, caplog) == [lost, *events]
        assert log.read_bytes().count(b"\n") == saves + 1
        store.save_event(new := make_event(lamport_clock=60))
        events.append(new)
        saves += 1
        with log.open("ab") as file:
            file.write(TORN)
        assert store.save_events([*events, lost]) == 0


@posix_only
def test_the_mode_stays_and_goes_to_the_file_beside(log: Path) -> None:
    """Nobody may read, or is kept from reading, what they might or might not before."""
    for mode in (0o640, 0o606):
        log.write_bytes(TORN)
        log.chmod(mode)
        applied(log)
        assert stat.S_IMODE(log.stat().st_mode) == mode
        assert stat.S_IMODE(rejected_beside(log).stat().st_mode) == 0o640


@posix_only
def test_the_owner_stays_where_it_may(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The group and the owner are asked for one by one; a refusal is no obstacle."""
    log.write_bytes(TORN)
    asked: list[tuple[int, int]] = []

    def refuse(fd: int, owner: int, group: int) -> None:
        assert stat.S_IMODE(os.fstat(fd).st_mode) == 0o600
        asked.append((owner, group))
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "fchown", refuse)
    applied(log)
    status = log.stat()
    assert asked == [(-1, status.st_gid), (status.st_uid, -1)] * 2


@posix_only
def test_a_symbolic_link_stays_one(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The file it names is repaired, beside that file."""
    folder = tmp_path / "folder"
    folder.mkdir()
    log, link = folder / "target.jsonl", tmp_path / "link.jsonl"
    link.symlink_to(log)
    event = make_event()
    log.write_bytes(line_of(event) + TORN)
    report = repair_log(link, apply=True)
    assert link.is_symlink()
    assert events_in(log, caplog) == [event]
    assert report.rejected_path == rejected_beside(log)
    assert [record.data for record in records_beside(log)] == [TORN]
    assert list(tmp_path.iterdir()) in ([folder, link], [link, folder])


def test_left_overs_disturb_nothing(log: Path) -> None:
    """What a repair that was killed has left is neither used nor removed."""
    old = log.with_name(f".{log.name}.0123456789abcdef.repair")
    log.write_bytes(TORN)
    old.write_bytes(b"half")
    repair_log(log, apply=True)
    assert log.read_bytes() == b""
    assert old.read_bytes() == b"half"


def test_a_file_system_without_locks_is_refused(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer could not be kept out. Looking is fine."""
    log.write_bytes(TORN)
    faults = SystemCalls(monkeypatch, log)
    faults.at(LOCK, 1, failing(errno.ENOLCK))
    assert repair_log(log).rejected == 1
    assert faults.fired
    # Looking takes the lock and gives it back, twice.
    faults.at(LOCK, 4, failing(errno.ENOLCK))
    with pytest.raises(StorageError, match="the file system has no file locks"):
        repair_log(log, apply=True)
    assert log.read_bytes() == TORN
    assert list(log.parent.iterdir()) == [log]


@pytest.mark.parametrize("apply", [False, True], ids=["dry run", "apply"])
def test_what_is_no_file_is_refused(apply: bool, tmp_path: Path) -> None:  # noqa: FBT001  # pytest
    """A directory, say, or a name that cannot be one."""
    for path in (tmp_path, tmp_path / "\0"):
        with pytest.raises(StorageError, match="cannot repair"):
            repair_log(path, apply=apply)


@posix_only
@pytest.mark.skipif(
    sys.platform != "win32" and os.geteuid() == 0, reason="nothing is refused to the superuser"
)
def test_a_directory_that_cannot_be_written_to_is_refused(log: Path) -> None:
    """The log stays as it was, and can be looked at."""
    log.write_bytes(TORN)
    log.parent.chmod(0o500)
    try:
        with pytest.raises(StorageError, match="cannot repair"):
            repair_log(log, apply=True)
        assert repair_log(log).rejected == 1
        assert list(log.parent.iterdir()) == [log]
    finally:
        log.parent.chmod(0o700)
    assert log.read_bytes() == TORN


@pytest.mark.skipif(not REAL_LOGS.exists(), reason="logs from real use are not here")
def test_logs_from_real_use(log: Path, caplog: pytest.LogCaptureFixture) -> None:
    """They are clean; when a crash has fused some lines, all events behind those come back."""
    for real in (REAL_LOGS / "execution").glob("*.jsonl"):
        log.write_bytes(real.read_bytes())
        assert repair_log(log, apply=True).is_clean
        assert log.read_bytes() == real.read_bytes()
        lines = real.read_bytes().splitlines(keepends=True)
        log.write_bytes(b"".join(lines[0][:30] * (n > 0) + line for n, line in enumerate(lines)))
        events = events_in(real, caplog)
        assert applied(log).recovered == len(events) - 1
        assert events_in(log, caplog) == events
