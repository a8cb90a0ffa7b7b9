"""A process that numbers records: it looks for the last number, and appends the next one.

Usage: sequencer.py LOG NUMBER COUNT. It appends COUNT records under ``locked()``, each with a
number one higher than there are records, and prints the number once the record is in the file.
"""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    # What is relative below is so in whatever folder the tests have been copied to.
    sys.path.insert(0, str(Path(__file__).parents[2]))
    __package__ = ".".join(Path(__file__).parts[-3:-1])

from specify_cli.telemetry import JsonlLog


def main(path: str, number: str, count: str) -> None:
    """Append one by one, and tell of each append."""
    log = JsonlLog(path, key="id", timeout=120)
    for n in range(int(count)):
        with log.locked() as held:
            seq = held.count + 1
            held.append({"id": f"{number}-{n}", "seq": seq, "text": "x" * (n % 50)})
        sys.stdout.write(f"{seq}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
