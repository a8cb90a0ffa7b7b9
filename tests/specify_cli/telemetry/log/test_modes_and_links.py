"""Who may read a log that is created, and whether it may be a link."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from specify_cli.spec_kitty_events import StorageError
from specify_cli.telemetry import JsonlLog, SimpleJsonStore
from specify_cli.telemetry._log import AppendLog, Logger, files

from ..support.events import make_event
from ..support.platforms import posix_only
from ..support.system_calls import LOCK, SystemCalls


@pytest.fixture
def umask() -> Iterator[None]:
    """Let a new file be read by everyone, unless it is told otherwise."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode_of(path: Path) -> int:
    """Return the permissions of a file."""
    return stat.S_IMODE(path.stat().st_mode)


@posix_only
@pytest.mark.usefixtures("umask")
@pytest.mark.parametrize(("mode", "expected"), [(0o600, 0o600), (0o666, 0o644), (0o660, 0o640)])
def test_a_new_log_has_the_mode_that_the_umask_leaves(mode: int, expected: int, log: Path) -> None:
    """From its first moment on, whichever call creates it."""
    SimpleJsonStore(log, mode=mode).save_event(make_event())
    assert mode_of(log) == expected
    other = log.with_name("other")
    with JsonlLog(other, mode=mode).locked():
        assert mode_of(other) == expected


@posix_only
@pytest.mark.usefixtures("umask")
def test_a_log_that_is_there_keeps_its_mode(log: Path) -> None:
    """It is its owner's to change."""
    SimpleJsonStore(log).save_event(make_event())
    SimpleJsonStore(log, mode=0o600).save_event(make_event())
    assert mode_of(log) == 0o644


@pytest.mark.parametrize("mode", [0, 0o400, 0o200, 0o1600, 0o077, -1])
def test_a_mode_that_nobody_can_mean_is_refused(mode: int, log: Path) -> None:
    """The second append could not open the log, or the bits are no permissions."""
    with pytest.raises(ValueError, match="a mode lets the owner read and write"):
        SimpleJsonStore(log, mode=mode)
    with pytest.raises(ValueError, match="a mode lets the owner read and write"):
        JsonlLog(log, mode=mode)


@pytest.fixture
def link(log: Path) -> Path:
    """Return a symbolic link to a log with one event."""
    SimpleJsonStore(log).save_event(make_event())
    made = log.with_name("link")
    try:
        made.symlink_to(log)
    except OSError:
        pytest.skip("links are not made here")
    if not made.is_symlink():
        pytest.skip("links are not made here")
    return made


@pytest.mark.parametrize(
    "use",
    [
        lambda store: store.save_event(make_event()),
        lambda store: store.load_all_events(),
        lambda store: list(store.iter_events()),
        lambda store: store.read_since(),
    ],
)
def test_a_link_is_refused_if_it_is_to_be(
    use: Callable[[SimpleJsonStore], object], link: Path, log: Path
) -> None:
    """By whatever reads or writes; by default it is followed."""
    before = log.read_bytes()
    with pytest.raises(StorageError, match=r"cannot .* it is a symbolic link"):
        use(SimpleJsonStore(link, follow_symlinks=False))
    assert log.read_bytes() == before
    use(SimpleJsonStore(link))
    with pytest.raises(StorageError, match="it is a symbolic link"):
        JsonlLog(link, follow_symlinks=False).append({})
    with (
        pytest.raises(StorageError, match="it is a symbolic link"),
        JsonlLog(link, follow_symlinks=False).locked(),
    ):
        raise AssertionError
    assert repr(SimpleJsonStore(link, mode=0o600, follow_symlinks=False)).endswith(
        "fsync=False, mode=0o600, follow_symlinks=False)"
    )


def test_a_log_may_be_a_link_unless_it_is_told_otherwise(link: Path, log: Path) -> None:
    """Whatever opens it: not only a store, which says so each time."""
    reading = AppendLog(link, fsync=False, logger=Logger(""), error_type=StorageError)
    assert b"".join(reading.blocks()) == log.read_bytes()


def test_a_link_to_nothing_makes_no_file(link: Path, log: Path) -> None:
    """Following it, an append creates the file that it names."""
    log.unlink()
    with pytest.raises(StorageError, match="it is a symbolic link"):
        JsonlLog(link, follow_symlinks=False).append({})
    assert not log.exists()
    JsonlLog(link).append({})
    assert log.exists()


def test_a_link_into_a_folder_that_is_missing_is_refused(link: Path, log: Path) -> None:
    """The folders that are made are those of the path as it is given."""
    link.unlink()
    link.symlink_to(log.parent / "missing" / "log")
    with pytest.raises(StorageError, match="cannot append to") as caught:
        JsonlLog(link).append({})
    assert isinstance(caught.value.__cause__, FileNotFoundError)
    assert not (log.parent / "missing").exists()


@posix_only
def test_a_link_that_was_not_seen_is_not_opened(
    link: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look before opening gives the reason; the call that opens the file decides."""
    monkeypatch.setattr(files, "refuse_link", lambda _: None)
    before = log.read_bytes()
    with pytest.raises(StorageError, match="cannot append to"):
        JsonlLog(link, follow_symlinks=False).append({})
    assert log.read_bytes() == before
    with pytest.raises(StorageError, match="cannot read"):
        list(JsonlLog(link, follow_symlinks=False).records())


@posix_only
def test_a_known_event_is_not_looked_up_through_a_link(link: Path, log: Path) -> None:
    """A store that has saved it before refuses the link, by the error of a save."""
    path = log.with_name("known.jsonl")
    store = SimpleJsonStore(path, follow_symlinks=False)
    store.save_event(event := make_event())
    path.replace(log)
    link.replace(path)
    with pytest.raises(StorageError, match="it is a symbolic link"):
        store.save_event(event)


@pytest.fixture
def replaced_by_link(log: Path) -> Callable[[], None]:
    """Return what puts a link to a log in its place."""

    def replace() -> None:
        moved = log.with_name("moved")
        log.rename(moved)
        log.symlink_to(moved)

    return replace


def test_a_link_put_there_meanwhile_is_not_what_was_written_to(
    log: Path, replaced_by_link: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even one that leads to the very file: the write is undone, and the next look refuses it."""
    records = JsonlLog(log, follow_symlinks=False)
    records.append({"n": 1})
    before = log.read_bytes()
    calls = SystemCalls(monkeypatch, log)
    calls.at("write", 1, replaced_by_link, after=True)
    with pytest.raises(StorageError, match="it is a symbolic link"):
        records.append({"n": 2})
    assert log.with_name("moved").read_bytes() == before


@posix_only
def test_a_link_put_there_while_the_lock_was_waited_for_is_not_held(
    log: Path, replaced_by_link: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The block does not begin."""
    records = JsonlLog(log, follow_symlinks=False)
    records.append({"n": 1})
    calls = SystemCalls(monkeypatch, log)
    calls.at(LOCK, 1, replaced_by_link)
    with pytest.raises(StorageError, match="it is a symbolic link"), records.locked():
        raise AssertionError
