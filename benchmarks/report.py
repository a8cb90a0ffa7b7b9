"""Tables in Markdown, the same on the terminal and in the results, and the numbers as JSON."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import distributions
from pathlib import Path
from statistics import median

from . import chart
from .contenders import CONTENDERS, RELEASES
from .runner import Results, best
from .targets import Target, main_targets, scaling_targets

RATIOS_TRAVEL = (
    "Ratios are what travels to other machines; absolute times do not. In brackets: the time over"
    " that of the first row, so more than 1x is slower. Each number is the best of its rounds,"
    " unless it says otherwise."
)
_LIBRARIES = (
    *("diskcache", "duckdb", "eventsourcing", "jsonlines", "lmdb", "plyvel", "pydantic"),
    *("pydantic_core", "rocksdict", "spec-kitty-telemetry", "structlog"),
)


@dataclass(frozen=True)
class Comparison:
    """What the main run measured."""

    results: Results
    sizes: list[int]
    imports: dict[str, list[float]]


@dataclass(frozen=True)
class Scaling:
    """What the scaling run measured, by number of events."""

    results: dict[int, Results]


def write_comparison(run: Comparison, folder: Path) -> None:
    """Print the comparison, and write its tables, numbers and chart."""
    n = run.sizes[-1]
    loads = {
        f"load_all@{n}": "load all (µs)",
        f"load_one@{n}": "load one (µs)",
        f"load_again@{n}": "load another (µs)",
        f"known_id@{n}": "known id (µs)",
    }
    saves = {"save@1 processes": "save, median (µs)", "save_many@0": "batch (µs)"}
    firsts = {f"first_save@{size}": f"first save at {size:,} (ms)" for size in run.sizes}
    releases = {"store": "the vendored contract"} | {
        name: RELEASES[name].title for name in RELEASES
    }
    titles = {name: CONTENDERS[name].title for name in CONTENDERS}
    notes = [
        f"Logs of {n:,} events of about 470 bytes. Times are per event; loading one aggregate of"
        " 20 is divided by all events in the log, a first save by nothing.",
        "A batch is 1,000 events. Memory per known id is measured with tracemalloc.",
        *(f"Importing takes {median(took):.1f} ms {name}." for name, took in run.imports.items()),
    ]
    text = _document(
        {
            "Comparison": _metrics(run.results, titles, saves | firsts | loads),
            "What each does": table(
                ["", "knows ids", "safe among", "a save survives", "half an event left behind"],
                [[each.title, *each.does] for each in CONTENDERS.values()],
            ),
            "Single saves": _single_saves(run.results),
            "Releases of the contract": _metrics(
                run.results, releases, saves | {"encode@0": "encode (µs)"} | firsts | loads
            ),
            "Aims": _target_table(
                main_targets(run.results, next(iter(run.imports.values())), run.sizes)
            ),
        },
        notes,
    )
    _write(folder, "comparison", text, asdict(run))
    # Memory is no file: it does not belong on one scale with the others.
    shown = {name: title for name, title in titles.items() if name != "memory"}
    picture = chart.comparison(n, shown, lambda name, key: best(run.results, name, key))
    (folder / "comparison.svg").write_text(picture, "utf-8")


def write_scaling(run: Scaling, folder: Path) -> None:
    """Print the scaling run, and write its tables and numbers."""
    names = {
        "save": "save, median (µs)",
        "p99.9": "save, p99.9 (µs)",
        "first_save": "first save (ms)",
        "load_all": "load all (µs)",
        "load_one": "load one (µs)",
        "load_again": "load another (µs)",
        "iterate": "iterate (µs)",
        "growth": "grows by (MB)",
        "memory": "bytes per known id",
    }
    rows = [
        [
            f"{size:,}",
            CONTENDERS[name].title,
            *_cells(results, name, [f"{m}@{size}" for m in names]),
        ]
        for size, results in run.results.items()
        for name in results
    ]
    notes = [
        "Loads and iterating: per event in the log. Saves: per save.",
        "Grows by: the peak memory of the process while it iterates, above what it had before.",
    ]
    tables = {
        "Scaling": table(["events", "", *names.values()], rows),
        "Aims": _target_table(scaling_targets(run.results)),
    }
    _write(folder, "scaling", _document(tables, notes), asdict(run))


def describe() -> dict[str, str]:
    """Return what matters of machine and software, by name."""
    details = Path("/proc/cpuinfo")  # platform does not know the model on Linux
    rows = details.read_text().splitlines() if details.exists() else []
    models = [row.partition(":")[2].strip() for row in rows if row.startswith("model name")]
    found = {item.name.lower(): item.version for item in distributions()}
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{[*models, platform.processor() or platform.machine()][0]}, {os.cpu_count()} CPUs",
        "system": f"{platform.system()} {platform.machine()}",
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "SQLite": sqlite3.sqlite_version,
    } | {name: found.get(name, "not installed") for name in _LIBRARIES}


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table."""
    lines = [header, *rows]
    widths = [max(3, *map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in lines
    )


def _metrics(results: Results, titles: dict[str, str], columns: dict[str, str]) -> str:
    """Return a row for each contender and a column for each metric, the best of the rounds."""
    rows = []
    for name, title in titles.items():
        missing = ["not installed", *[""] * (len(columns) - 1)]
        rows.append([title, *(_cells(results, name, columns) if name in results else missing)])
    return table(["", *columns.values()], rows)


def _cells(results: Results, name: str, keys: Iterable[str]) -> Iterable[str]:
    for key in keys:
        value, reference = best(results, name, key), best(results, "store", key)
        text = "-" if value is None else chart.number(value, 3)
        if value is not None and reference is not None and name != "store":
            text += f" ({chart.number(value / reference)}x)"
        yield text


def _single_saves(results: Results) -> str:
    """Return a row for each contender and number of processes: middle, least and most of rounds."""
    names = {"rate": "saves a second, together", "fairness": "slowest over fastest process"}
    names |= {"save": "median (µs)", "p99.9": "p99.9 (µs)"}
    places = sorted({key.partition("@")[2] for key in results["store"] if key.startswith("rate@")})
    rows = [
        [place, CONTENDERS[name].title, *(_spread(values[f"{metric}@{place}"]) for metric in names)]
        for place in places
        for name, values in results.items()
        if f"rate@{place}" in values and name in CONTENDERS
    ]
    return table(["", "", *names.values()], rows)


def _spread(values: list[float]) -> str:
    middle, least, most = (chart.number(f(values), 3) for f in (median, min, max))
    return middle if least == most else f"{middle} ({least} to {most})"


def _target_table(targets: Iterable[Target]) -> str:
    words = {True: "yes", False: "**no**", None: "not measured"}
    rows = [
        [
            target.text,
            f"{'at least' if target.at_least else 'at most'} {target.limit:g}{target.unit}",
            "-" if target.reached is None else f"{target.reached:.3g}{target.unit}",
            words[target.met],
        ]
        for target in targets
    ]
    return table(["aim", "target", "reached", "met"], rows)


def _document(tables: dict[str, str], notes: list[str]) -> str:
    title, *others = tables
    facts = "\n".join(f"- {name}: {value}" for name, value in describe().items())
    body = "\n".join(f"- {note}" for note in notes)
    rest = "\n\n".join(f"## {name}\n\n{tables[name]}" for name in others)
    return f"# {title}\n\n{RATIOS_TRAVEL}\n\n{tables[title]}\n\n{body}\n\n{rest}\n\n{facts}\n"


def _write(folder: Path, name: str, text: str, numbers: dict[str, object]) -> None:
    print(text)
    (folder / f"{name}.md").write_text(text, "utf-8")
    data = json.dumps({"environment": describe(), **numbers}, indent=1)
    (folder / f"{name}.json").write_text(data + "\n", "utf-8")
