"""How long importing the store takes, in fresh processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from statistics import median

# What the process has done already, by what the result is called.
CASES = {
    "after `import pydantic`, which loads next to nothing itself": "import pydantic",
    "after pydantic has made its first model": (
        "import pydantic\nclass First(pydantic.BaseModel):\n    name: str"
    ),
    "after the contract (`Event` and so on)": "import specify_cli.spec_kitty_events",
}

_SCRIPT = """
{before}
from time import perf_counter
start = perf_counter()
import specify_cli.telemetry
print(perf_counter() - start)
"""


def import_times(rounds: int, folder: Path) -> dict[str, float]:
    """Return the median time of importing ``specify_cli.telemetry`` in milliseconds, by case.

    Args:
        rounds: How often to time each case.
        folder: Where to keep bytecode. Compiling is no part of an import but the first, and some
            environments keep no bytecode themselves.
    """
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    times: dict[str, list[float]] = {name: [] for name in CASES}
    for _ in range(rounds + 1):
        for name, before in CASES.items():
            command = [sys.executable, "-c", _SCRIPT.format(before=before)]
            done = subprocess.run(  # noqa: S603  # ours
                command, check=True, env=environment, stdout=subprocess.PIPE
            )
            times[name].append(float(done.stdout) * 1000)
    return {name: median(values[1:]) for name, values in times.items()}
