"""Tables in Markdown, the same on the terminal and in the results, and the numbers as JSON."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import distributions
from pathlib import Path
from statistics import median

from . import chart
from .contenders import CONTENDERS, RELEASES
from .runner import Results, best

_HEAD = (
    "Ratios are what travels to other machines; absolute times do not. In brackets: the time over"
    " that of SimpleJsonStore, so more than 1x is slower. Each number is the best of its rounds,"
    " unless it says otherwise."
)
_LIBRARIES = ["diskcache", "duckdb", "jsonlines", "lmdb", "plyvel", "psycopg"]
_LIBRARIES += ["pydantic", "pydantic_core", "rocksdict", "structlog"]
# What is aimed at: a metric, who is measured by it and beside whom, and the most the ratio may be.
_AIMS = [
    ("load_all@{n}", "store", "limit", 1.05),
    ("load_one@{n}", "store", "sqlite", 1.5),
    ("save_many@0", "store", "sqlite", 1.0),
]
for _metric, _limit in (("first_save@{n}", 4.0), ("encode@0", 1.5), ("save_many@0", 1.5)):
    _AIMS += [(_metric, release, "store", _limit) for release in RELEASES]
_DOES = ["", "knows ids", "safe among", "a save survives", "half an event left behind"]
Aim = tuple[str, float, float | None, str]


def write_comparison(
    results: Results, sizes: list[int], imports: dict[str, list[float]], folder: Path
) -> None:
    """Print the comparison, and write its tables, numbers and chart."""
    small, n = sizes
    metrics = {
        "save@1 processes": "save, median (µs)",
        "save_many@0": "batch (µs)",
        f"first_save@{small}": f"first save at {small:,} (ms)",
        f"first_save@{n}": f"first save at {n:,} (ms)",
        f"load_all@{n}": "load all (µs)",
        f"load_one@{n}": "load one (µs)",
        f"load_again@{n}": "load another (µs)",
        f"known_id@{n}": "known id (µs)",
    }
    encode = {"encode@0": "encode (µs)"}
    titles = {name: contender.title for name, contender in CONTENDERS.items()}
    releases = {"store": "vendored"} | {name: each.title for name, each in RELEASES.items()}
    aims: list[Aim] = []
    names = titles | {name: each.title for name, each in RELEASES.items()}
    for template, one, other, limit in _AIMS:
        key = template.format(n=n)
        ours, theirs = best(results, one, key), best(results, other, key)
        ratio = None if ours is None or theirs is None else ours / theirs
        what = (metrics | encode)[key].rpartition(" (")[0]
        aims.append((f"{what}: {names[one]} over {names[other]}", limit, ratio, "x"))
    batch, encoding = best(results, "store", "save_many@0"), best(results, "store", "encode@0")
    aims.append(("a batch: over encoding alone", 1.6, (batch or 0) / (encoding or 1), "x"))
    aims.append(
        ("import, after the contract: milliseconds", 8, median([*imports.values()][-1]), " ms")
    )
    tables = {
        "Comparison": _metrics(results, titles, metrics),
        "What each does": table(_DOES, [[each.title, *each.does] for each in CONTENDERS.values()]),
        "Single saves": _single_saves(results),
        "Releases of the contract": _metrics(results, releases, encode | metrics),
        "Aims": _aim_table(aims),
    }
    about = (
        f"Logs of {n:,} events of about 470 bytes, batches of 1,000. Times are per event; those of"
        " loading one aggregate of 20, per event in the log; those of first saves, per save."
    )
    notes = [
        about,
        "Where an event is slow to save, fewer are: single saves end after half a second.",
        *(f"Importing takes {median(took):.1f} ms {name}." for name, took in imports.items()),
    ]
    numbers = {"results": results, "sizes": sizes, "imports": imports}
    _write(folder, "comparison", tables, notes, numbers)
    by_title = {title: name for name, title in titles.items()}
    panels = {
        metrics[key]: partial(lambda key, title: best(results, by_title[title], key), key)
        for key in ("save@1 processes", f"first_save@{n}", f"load_all@{n}", f"load_one@{n}")
    }
    picture = chart.comparison(f"{n:,} events: shorter is better", panels, list(by_title))
    (folder / "comparison.svg").write_text(picture, "utf-8")


def write_scaling(runs: dict[int, Results], folder: Path) -> None:
    """Print the scaling run, by number of events, and write its tables and numbers."""
    metrics = {"save": "save, median (µs)", "p99.9": "p99.9 (µs)", "first_save": "first save (ms)"}
    metrics |= {"load_all": "load all (µs)", "load_one": "load one (µs)"}
    metrics |= {"load_again": "load another (µs)", "iterate": "iterate (µs)"}
    *_, small, _, large = runs
    warm, cold = (best(runs[size], "store", f"save@{size}") or 0 for size in (large, small))
    aims: list[Aim] = [
        (f"a save to {large:,} events: over that to {small:,}", 1.3, warm / cold, "x"),
    ]
    tables = {"Scaling": ""}
    for size, results in runs.items():
        titles = {name: CONTENDERS[name].title for name in results}
        columns = {f"{metric}@{size}": title for metric, title in metrics.items()}
        tables[f"{size:,} events"] = _metrics(results, titles, columns)
    tables["Aims"] = _aim_table(aims)
    notes = ["Loads and iterating: per event in the log. Saves: per save."]
    _write(folder, "scaling", tables, notes, {"results": runs})


def describe() -> dict[str, str]:
    """Return what matters of machine and software, by name."""
    details = Path("/proc/cpuinfo")  # platform does not know the model on Linux
    rows = details.read_text().splitlines() if details.exists() else []
    models = [row.partition(":")[2].strip() for row in rows if row.startswith("model name")]
    model = [*models, platform.processor() or platform.machine()][0]
    found = {item.name.lower(): item.version for item in distributions()}
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{model}, {os.cpu_count()} CPUs",
        "system": f"{platform.system()} {platform.machine()}",
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "SQLite": sqlite3.sqlite_version,
    } | {name: found.get(name, "not installed") for name in _LIBRARIES}


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown, with its columns aligned."""
    lines = [header, *rows]
    widths = [max(3, *map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * width for width in widths])
    cells = ([cell.ljust(w) for cell, w in zip(line, widths, strict=True)] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)


def _metrics(results: Results, titles: dict[str, str], columns: dict[str, str]) -> str:
    """Return a row for each contender and a column for each metric, the best of the rounds."""
    rows = []
    for name, title in titles.items():
        row = [title]
        for key in columns:
            value, reference = best(results, name, key), best(results, "store", key)
            text = "-" if value is None else chart.number(value, 3)
            if value is not None and reference is not None and name != "store":
                text += f" ({chart.number(value / reference)}x)"
            row.append(text)
        rows.append(row if name in results else [title, "not installed", *row[2:]])
    return table(["", *columns.values()], rows)


def _single_saves(results: Results) -> str:
    """Return a row for each contender and number of processes: the median of rounds, and all."""
    metrics = {"rate": "saves a second, together", "fairness": "slowest process over fastest"}
    metrics |= {"save": "median (µs)", "p99.9": "p99.9 (µs)"}
    rows = []
    for place in sorted(key.partition("@")[2] for key in results["store"] if "rate@" in key):
        for name, values in results.items():
            if f"rate@{place}" not in values or name not in CONTENDERS:
                continue
            cells = []
            for metric in metrics:
                rounds = values[f"{metric}@{place}"]
                middle, least, most = (chart.number(f(rounds), 3) for f in (median, min, max))
                cells.append(middle if least == most else f"{middle} ({least} to {most})")
            rows.append([place.removesuffix(" processes"), CONTENDERS[name].title, *cells])
    return table(["processes", "", *metrics.values()], rows)


def _aim_table(aims: Iterable[Aim]) -> str:
    rows = []
    for text, limit, reached, unit in aims:
        got = "-" if reached is None else f"{reached:.3g}{unit}"
        met = "not measured" if reached is None else "yes" if reached <= limit else "**no**"
        rows.append([text, f"at most {limit:.3g}{unit}", got, met])
    return table(["aim", "target", "reached", "met"], rows)


def _write(
    folder: Path, name: str, tables: dict[str, str], notes: list[str], numbers: Mapping[str, object]
) -> None:
    first, *others = tables
    facts = [f"{key}: {value}" for key, value in describe().items()]
    lists = ["\n".join(f"- {item}" for item in items) for items in (notes, facts)]
    rest = [f"## {title}\n\n{tables[title]}" for title in others]
    parts = [f"# {first}", _HEAD, tables[first], lists[0], *rest, lists[1]]
    text = "\n\n".join(filter(None, parts)) + "\n"
    print(text)
    (folder / f"{name}.md").write_text(text, "utf-8")
    data = json.dumps({"environment": describe(), **numbers}, indent=1)
    (folder / f"{name}.json").write_text(data + "\n", "utf-8")
