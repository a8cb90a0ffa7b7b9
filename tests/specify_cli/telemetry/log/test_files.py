"""Reading parts of a file in blocks and lines."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from specify_cli.telemetry import SimpleJsonStore
from specify_cli.telemetry._log import files

from ..support.descriptors import nothing_stays_open
from ..support.events import make_event
from ..support.platforms import posix_only

LONG = b"x" * (3 * files.BLOCK_SIZE) + b"\n"
SHORT = b"y" * 99 + b"\n"
LIKELY = b"z" * (files.LIKELY_LINE - 1) + b"\n"
CONTENT = SHORT * 3000 + LONG + SHORT * 6000 + LIKELY + b"z" + LIKELY + b"torn"


@pytest.fixture
def fd(tmp_path: Path) -> Iterator[int]:
    """Open a file of lines, short and long, the last without newline."""
    path = tmp_path / "lines"
    path.write_bytes(CONTENT)
    fds: list[int] = []
    files.open_into(fds, str(path), os.O_RDONLY)
    (fd,) = fds
    yield fd
    os.close(fd)


@pytest.mark.parametrize("start", [0, 100, 150, 300_000, len(CONTENT) - 4, len(CONTENT)])
@pytest.mark.parametrize("stop", [0, 99, 100, 299_999, 1_000_000, len(CONTENT)])
def test_blocks_are_the_bytes_in_order(start: int, stop: int, fd: int) -> None:
    """From start to stop and no further, each block but the last ending with a newline."""
    blocks = list(files.read_blocks(fd, start, stop))
    assert b"".join(block for _, block in blocks) == CONTENT[start:stop]
    assert all(CONTENT[offset : offset + len(block)] == block for offset, block in blocks)
    assert all(block.endswith(b"\n") for _, block in blocks[:-1])
    assert all(block for _, block in blocks)


def test_blocks_end_where_the_file_does(fd: int) -> None:
    """It may have been truncated since its size was taken."""
    length = 0
    for offset, block in files.read_blocks(fd, 0, 1 << 40):
        assert offset == length
        assert block
        length += len(block)
    assert length == len(CONTENT)


def test_blocks_are_small_but_for_long_lines(fd: int) -> None:
    """A long line makes its own block long, not those after it."""
    blocks = [block for _, block in files.read_blocks(fd, 0, len(CONTENT))]
    assert max(map(len, blocks)) <= 2 * len(LONG)
    longest = max(range(len(blocks)), key=lambda number: len(blocks[number]))
    assert all(len(block) <= files.BLOCK_SIZE for block in blocks[longest + 1 :])
    assert len(blocks) > longest + 1


def test_a_line_is_read_whole(fd: int) -> None:
    """Whatever its length, with its newline if it has one, and nothing past the stop."""
    start, end = 0, len(CONTENT)
    for line in CONTENT.splitlines(keepends=True)[2995:3005]:
        start = CONTENT.index(line, start)
        assert files.read_line(fd, start, end) == line
        start += len(line)
    torn = len(CONTENT) - 4
    likely = torn - 2 * len(LIKELY) - 1
    assert files.read_line(fd, likely, end) == LIKELY
    assert files.read_line(fd, likely + len(LIKELY), end) == b"z" + LIKELY
    assert files.read_line(fd, torn, end) == b"torn"
    assert files.read_line(fd, torn, end - 1) == b"tor"
    assert files.read_line(fd, end, end) == b""
    assert files.read_line(fd, end, 5) == b""
    assert files.read_line(fd, 0, 1 << 62) == SHORT


def test_only_regular_files_are_logs(fd: int) -> None:
    """A pipe is not one."""
    assert files.regular(fd).st_size == len(CONTENT)
    pipe = os.pipe()
    try:
        with pytest.raises(OSError, match="not a regular file"):
            files.regular(pipe[0])
    finally:
        for end in pipe:
            os.close(end)


@posix_only
def test_a_new_file_is_not_executable(log: Path, store: SimpleJsonStore) -> None:
    """Without a umask anyone may read and write it, and no more."""
    umask = os.umask(0)
    try:
        store.save_event(make_event())
    finally:
        os.umask(umask)
    assert log.stat().st_mode & 0o777 == 0o666


def test_a_line_is_cut_where_the_reading_is_to_stop(tmp_path: Path) -> None:
    """Also when its end can be seen."""
    path = tmp_path / "lines"
    path.write_bytes(b"x" * 99 + b"\n" + b"y" * 99 + b"\n")
    fds: list[int] = []
    files.open_into(fds, str(path), os.O_RDONLY)
    (fd,) = fds
    try:
        assert files.read_line(fd, 100, 150) == b"y" * 50
    finally:
        os.close(fd)


def test_a_path_no_system_takes_is_an_error_of_the_system() -> None:
    """A NUL in it is refused like any other bad path."""
    with pytest.raises(OSError, match="null"):
        files.open_into([], "with\0nul", os.O_RDONLY)


def test_the_descriptors_of_a_list_are_closed_and_taken_out_of_it(tmp_path: Path) -> None:
    """All of them, once: a second call closes nothing of another's."""
    with nothing_stays_open():
        fds: list[int] = []
        for name in ("one", "two"):
            files.open_into(fds, str(tmp_path / name), os.O_WRONLY | os.O_CREAT)
        files.close_from(fds)
        assert fds == []
    files.close_from(fds)


@posix_only
def test_a_path_names_a_file_through_a_link_unless_it_is_told_otherwise(tmp_path: Path) -> None:
    """A link that leads nowhere names none."""
    file, link = tmp_path / "file", tmp_path / "link"
    file.touch()
    link.symlink_to(file)
    status = file.stat()
    identity = status.st_dev, status.st_ino
    assert files.names(file, identity, follow=False)
    assert files.names(link, identity)
    assert not files.names(link, identity, follow=False)
    file.unlink()
    assert not files.names(link, identity)
