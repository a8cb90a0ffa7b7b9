"""The next version of a file: in place as a whole, or gone without a trace."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from specify_cli.telemetry._log import files, next_version
from specify_cli.telemetry._log.next_version import NextVersion

from ..support.descriptors import nothing_stays_open
from ..support.platforms import posix_only
from ..support.system_calls import SystemCalls, failing


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a file in a folder of its own."""
    path = tmp_path / "folder" / "file"
    path.parent.mkdir()
    path.write_bytes(b"before")
    return path


@pytest.fixture
def umask() -> Iterator[None]:
    """Let a new file have whatever mode is asked for."""
    before = os.umask(0)
    yield
    os.umask(before)


def written(version: NextVersion) -> None:
    """Write something."""
    version.write(b"x" * files.BLOCK_SIZE)


def finished(version: NextVersion) -> None:
    """Write all of it."""
    written(version)
    version.finish()


def give_up(stage: Callable[[NextVersion], None], version: NextVersion) -> None:
    """Come so far, and no further."""
    stage(version)
    raise ValueError("mine")


@pytest.mark.parametrize("stage", [lambda _: None, written, finished])
@pytest.mark.parametrize("unlink", ["works", "is refused"])
def test_a_version_that_is_given_up_leaves_nothing(
    unlink: str,
    stage: Callable[[NextVersion], None],
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However far it has come; the first error counts, and nothing is open while it is seen."""

    def refuse(_: str) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    if unlink == "is refused":
        monkeypatch.setattr(os, "unlink", refuse)
    with (
        nothing_stays_open(),
        pytest.raises(ValueError, match="mine") as caught,
        next_version.next_version(file, file.stat()) as version,
    ):
        give_up(stage, version)
    assert caught.tb is not None
    assert file.read_bytes() == b"before"
    assert len(list(file.parent.iterdir())) == (1 if unlink == "works" else 2)


def test_a_file_that_has_its_name_already_is_anothers(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is neither written to nor removed."""
    monkeypatch.setattr(secrets, "token_hex", lambda _: "0")
    other = file.with_name(".file.0.repair")
    other.write_bytes(b"another's")
    with (
        pytest.raises(FileExistsError),
        next_version.next_version(file, file.stat()),
    ):
        raise AssertionError
    assert other.read_bytes() == b"another's"


def test_an_error_of_closing_is_not_the_first_one(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is being given up cannot be lost by it, and is removed."""
    calls = SystemCalls(monkeypatch, file.parent)

    def written_to_be_closed(version: NextVersion) -> None:
        written(version)
        calls.at("close", 1, failing(errno.EIO))

    with (
        pytest.raises(ValueError, match="mine"),
        next_version.next_version(file, file.stat()) as version,
    ):
        give_up(written_to_be_closed, version)
    assert calls.fired
    assert list(file.parent.iterdir()) == [file]


def test_an_interrupt_as_it_is_given_up_leaves_nothing_open(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything has been done about it."""

    def be_interrupted(_: NextVersion) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(NextVersion, "discard", be_interrupted)
    with (
        nothing_stays_open(),
        pytest.raises(KeyboardInterrupt),
        next_version.next_version(file, file.stat()) as version,
    ):
        written(version)


def test_what_is_in_place_is_not_removed(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is what somebody else puts where it was before."""
    monkeypatch.setattr(os, "unlink", pytest.fail)
    with next_version.next_version(file, file.stat()) as version:
        name = Path(version.name)
        finished(version)
        version.put()
        name.write_bytes(b"another's")
    assert file.read_bytes() == b"x" * files.BLOCK_SIZE
    assert name.read_bytes() == b"another's"


def test_it_is_written_in_blocks(file: Path) -> None:
    """Not piece by piece, and not all of it at the end."""
    with next_version.next_version(file, file.stat()) as version:
        name = Path(version.name)
        sizes = []
        for _ in range(8):
            version.write(b"x" * (files.BLOCK_SIZE // 3))
            sizes.append(name.stat().st_size)
        version.finish()
        assert version.fds == []  # Windows puts no file in place that is open
        sizes.append(name.stat().st_size)
    step = files.BLOCK_SIZE // 3
    assert sizes == [n * step for n in (0, 0, 0, 4, 4, 4, 4, 8, 8)]


@posix_only
@pytest.mark.usefixtures("umask")
def test_nobody_else_can_read_it_before_it_has_its_mode(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is in it may be no business of theirs."""
    modes: list[int] = []
    fchmod = os.fchmod

    def look(fd: int, mode: int) -> None:
        modes.append(stat.S_IMODE(os.fstat(fd).st_mode))
        fchmod(fd, mode)

    monkeypatch.setattr(os, "fchmod", look)
    file.chmod(0o640)
    with next_version.next_version(file, file.stat()) as version:
        assert modes == [0o600]
        assert stat.S_IMODE(Path(version.name).stat().st_mode) == 0o640
        assert version.differences == []


@posix_only
def test_what_could_not_be_taken_over_is_told(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Owner, group and mode, each by its name, as it was and as it is."""
    monkeypatch.setattr(next_version, "_take_after", lambda *_: None)
    status = file.stat()
    parts = list(status)
    parts[stat.ST_MODE], parts[stat.ST_UID], parts[stat.ST_GID] = 0o100640, 12345, 23456
    with next_version.next_version(file, os.stat_result(parts)) as version:
        assert version.differences == [
            f"{file}: owner 12345 is now {status.st_uid}",
            f"{file}: group 23456 is now {status.st_gid}",
            f"{file}: mode 640 is now 600",
        ]
