"""Reading a log from its end, in blocks of whole lines."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from specify_cli.telemetry import SimpleJsonStore
from specify_cli.telemetry._log import files
from specify_cli.telemetry._log.backwards import blocks_backwards, lines_in

SIZE = 16


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a block be a few bytes long."""
    monkeypatch.setattr(files, "BLOCK_SIZE", SIZE)


@pytest.mark.usefixtures("small_blocks")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(lengths=st.lists(st.integers(0, 3 * SIZE), max_size=12), torn=st.integers(0, 3 * SIZE))
@example(lengths=[0], torn=0)
@example(lengths=[], torn=1)
@example(lengths=[0, 5 * SIZE, *[3] * 20], torn=0)
@example(lengths=[*[3] * 20, 5 * SIZE], torn=5 * SIZE)
def test_blocks_are_the_whole_lines_from_the_end_on(
    lengths: list[int], torn: int, log: Path
) -> None:
    """Each begins where a line does, and is short unless its last line is long."""
    content = b"".join(b"x" * length + b"\n" for length in lengths) + b"x" * torn
    log.write_bytes(content)
    end = len(content)
    with SimpleJsonStore(log)._log.opened() as file:
        assert file is not None
        for offset, block in blocks_backwards(file):
            assert block
            assert block == content[offset:end]
            assert offset == 0 or content[:offset].endswith(b"\n")
            *_, last = block.splitlines(keepends=True)
            assert len(block) <= max(SIZE, 2 * len(last))
            end = offset
    assert end == 0


def test_the_lines_of_a_block_are_without_newlines() -> None:
    """Blank ones too, and the last one with or without its own."""
    assert lines_in(b"a\n\nb\n") == lines_in(b"a\n\nb") == [b"a", b"", b"b"]
    assert lines_in(b"\na\n") == [b"", b"a"]
