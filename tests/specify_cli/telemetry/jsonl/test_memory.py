"""Memory follows the answer, not the file (G9)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from specify_cli.telemetry import SimpleJsonStore

from ..support.events import CODEC, make_event, numbered_id

SIZE = 110_000_000

MEASURE = """
import resource, sys
from specify_cli.telemetry import SimpleJsonStore

def peak():
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size if sys.platform == "darwin" else size * 1024

small, big = map(SimpleJsonStore, sys.argv[1:3])
use = {
    "iterate": lambda store: sum(1 for _ in store.iter_events()),
    "load": lambda store: len(store.load_events("small")),
}[sys.argv[3]]
use(small)
before = peak()
count = use(big)
print(count, peak() - before)
"""


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, int]:
    """Make a small log and one of more than 100 MB; return them and how many events it has."""
    folder = tmp_path_factory.mktemp("big")
    small, big = folder / "small.jsonl", folder / "big.jsonl"
    template = CODEC.encode(make_event(numbered_id(0), payload={"text": "x" * 250}))
    few = CODEC.encode(
        make_event(numbered_id(0), aggregate_id="small", payload={"text": "x" * 250})
    )
    count = 0
    with big.open("wb") as file:
        while file.tell() < SIZE:
            line = template if count % 1000 else few
            file.write(line.replace(numbered_id(0).encode(), numbered_id(count).encode()))
            count += 1
    with big.open("rb") as file:
        small.write_bytes(b"".join(file.readline() for _ in range(100)))
    return small, big, count


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the resource module is POSIX only")
@pytest.mark.parametrize(("use", "megabytes"), [("iterate", 16), ("load", 16)])
def test_reading_a_big_log_takes_little_memory(
    use: str, megabytes: int, logs: tuple[Path, Path, int]
) -> None:
    """Iterating over 100 MB, or loading a small aggregate from it, grows the process by few MB."""
    small, big, count = logs
    output = subprocess.run(
        [sys.executable, "-c", MEASURE, small, big, use],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    events, growth = map(int, output.split())
    assert events == (count if use == "iterate" else -(-count // 1000))
    assert growth < megabytes * 1_000_000


def test_ids_are_kept_and_not_events(log: Path) -> None:
    """A store that has saved holds a number or two per id, whatever the size of the events."""
    store = SimpleJsonStore(log)
    store.save_events([make_event(payload={"text": "x" * 100_000}) for _ in range(50)])
    held = store._writer._ids._scanned.starts
    assert len(held) == 50
    assert all(isinstance(item, int) for pair in held.items() for item in pair)
