"""What both fuzzers share: inputs from coverage with atheris, and from chance without it."""

from __future__ import annotations

import contextlib
import importlib
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

try:
    atheris: Any = importlib.import_module("atheris")
except ImportError:
    atheris = None

_MAX_LENGTH = 6000
_KEPT = 2000


def instrumented() -> AbstractContextManager[object]:
    """Return what has to be around the import of the code whose coverage counts."""
    if atheris is None:
        return contextlib.nullcontext()
    found: AbstractContextManager[object] = atheris.instrument_imports(
        include=["specify_cli.telemetry"]
    )
    return found


class Tally:
    """What has been tried, printed now and then: atheris ends the process without a word."""

    def __init__(self, what: Callable[[], str]) -> None:
        """Start the clock.

        Args:
            what: Returns what has been tried, in words.
        """
        self._what = what
        self._began = self._printed = time.monotonic()

    def tick(self) -> None:
        """Print what has been tried, if it is time to."""
        now = time.monotonic()
        if now - self._printed > 5:
            self._printed = now
            print(f"{self._what()} in {now - self._began:.0f} s", flush=True)


def fuzz(
    try_one: Callable[[bytes], None], seeds: Sequence[bytes], seconds: float, corpus: list[str]
) -> None:
    """Try inputs for so many seconds; an exception ends it, and shows the input.

    Args:
        try_one: Raises what it finds.
        seeds: What to begin with.
        seconds: For how long.
        corpus: Folders with more to begin with; atheris adds to the first of them.
    """
    if atheris is None:
        _fuzz_by_chance(try_one, [*seeds, *_files(corpus)], seconds)
        return
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(seeds):
            Path(folder, str(number)).write_bytes(seed)
        folders = [*(corpus or [tempfile.mkdtemp(dir=folder)]), folder]
        options = [f"-max_total_time={seconds:.0f}", f"-max_len={_MAX_LENGTH}", "-timeout=60"]
        atheris.Setup([sys.argv[0], *options, "-verbosity=0", *folders], _showing(try_one))
        atheris.Fuzz()


def _files(corpus: list[str]) -> list[bytes]:
    paths = [path for folder in corpus for path in sorted(Path(folder).iterdir())]
    return [path.read_bytes() for path in paths if path.is_file()]


def _showing(try_one: Callable[[bytes], None]) -> Callable[[bytes], None]:
    def shown(data: bytes) -> None:
        try:
            try_one(data)
        except BaseException:
            print(f"the input: {data.hex()}", flush=True)
            raise

    return shown


def _fuzz_by_chance(try_one: Callable[[bytes], None], seeds: list[bytes], seconds: float) -> None:
    number = time.time_ns() // 10**6
    print(f"without atheris: inputs of chance, from {number} on", flush=True)
    chance = random.Random(number)
    end, tried = time.monotonic() + seconds, _showing(try_one)
    for seed in seeds:
        tried(seed)
    while time.monotonic() < end:
        data = mutated(chance, chance.choice(seeds)) if seeds else b""
        if not data or chance.random() < 0.2:
            data = chance.randbytes(chance.randrange(300))
        tried(data)
        if len(seeds) < _KEPT:
            seeds.append(data)


def mutated(chance: random.Random, data: bytes) -> bytes:
    """Return bytes after a few changes."""
    for _ in range(chance.randrange(1, 6)):
        start = chance.randrange(len(data) + 1)
        end = min(len(data), start + chance.choice((1, 2, 8, 40, 200)))
        filling = chance.choice((chance.randbytes(end - start), b"\n", b"\0", b'"', b"\\", b"{}"))
        data = chance.choice(
            (
                data[:start] + filling + data[end:],
                data[:start] + filling + data[start:],
                data[:start] + data[end:],
                data[:end] + data[start:],
            )
        )
    return data[:_MAX_LENGTH]
