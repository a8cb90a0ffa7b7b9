"""Tables in Markdown, the same on the terminal and in the results, and the numbers as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from . import chart
from .contenders import CONTENDERS
from .environment import describe
from .runner import Results
from .targets import Target, main_targets, scaling_targets

RATIOS_TRAVEL = (
    "Ratios are what travels to other machines; absolute times do not. In brackets: the time over"
    " that of SimpleJsonStore, so more than 1x is slower. Each number is the best of its rounds."
)


@dataclass(frozen=True)
class Comparison:
    """What the main run measured."""

    results: Results
    sizes: list[int]
    imports: dict[str, float]
    rounds: int


@dataclass(frozen=True)
class Scaling:
    """What the scaling run measured."""

    results: Results
    sizes: list[int]
    rounds: list[int]


def write_comparison(run: Comparison, folder: Path) -> None:
    """Print the comparison, and write its tables, numbers and chart."""
    n = run.sizes[-1]
    # The bare `import pydantic` is what the aim names; the other cases are there to explain it.
    counted = next(iter(run.imports.values()))
    columns = {
        f"save@{n}": "save (µs)",
        f"save_many@{n}": "save_events (µs)",
        **{f"first_save@{size}": f"first save at {size:,} (ms)" for size in run.sizes},
        f"load_all@{n}": "load all (µs)",
        f"load_one@{n}": "load one (µs)",
        f"load_again@{n}": "load another (µs)",
        f"known_id@{n}": "known id (µs)",
    }
    store = run.results["store"]
    notes = [
        f"All on {n:,} events of about 470 bytes; times are per event, first saves per save.",
        "The bare limit is no store: it keeps no ids and no order, and saves what is encoded.",
        f"Encoding alone takes this store {store[f'encode@{n}']:.1f} µs per event.",
        "Memory per known id is measured with tracemalloc.",
        *(f"Importing it takes {value:.1f} ms {name}." for name, value in run.imports.items()),
    ]
    if "tinydb" in run.results:
        events = CONTENDERS["tinydb"].max_events
        notes.append(f"\\* TinyDB with {events} events only: a save rewrites the whole file.")
    text = _document(
        "Comparison",
        _comparison_table(run.results, columns),
        _target_table(main_targets(run.results, counted, run.sizes)),
        notes,
    )
    _write(folder, "comparison", text, asdict(run))
    (folder / "comparison.svg").write_text(chart.comparison(run.results, run.sizes), "utf-8")


def write_scaling(run: Scaling, folder: Path) -> None:
    """Print the scaling run, and write its tables, numbers and chart."""
    names = {
        "warm_save": "warm save (µs)",
        "first_save": "first save (ms)",
        "load_all": "load all (µs)",
        "load_one": "load one (µs)",
        "load_again": "load another (µs)",
        "iterate": "iterate (µs)",
        "growth": "grows by (MB)",
        "memory": "bytes per known id",
    }
    rows = []
    for size in run.sizes:
        for contender, values in run.results.items():
            cells = [
                _cell(values.get(f"{metric}@{size}"), run.results["store"].get(f"{metric}@{size}"))
                for metric in names
            ]
            rows.append([f"{size:,}", CONTENDERS[contender].title, *cells])
    rounds = ", ".join(f"{n} at {size:,}" for size, n in zip(run.sizes, run.rounds, strict=True))
    notes = [
        "Loads and iterating: per event in the log. Saves: per save.",
        "Grows by: the peak memory of the process while it iterates, above what it had before.",
        f"Rounds: {rounds}.",
    ]
    text = _document(
        "Scaling",
        _table(["events", "", *names.values()], rows),
        _target_table(scaling_targets(run.results, run.sizes)),
        notes,
    )
    _write(folder, "scaling", text, asdict(run))
    (folder / "scaling.svg").write_text(chart.scaling(run.results, run.sizes), "utf-8")


def _comparison_table(results: Results, columns: dict[str, str]) -> str:
    store = results["store"]
    rows = []
    for name, contender in CONTENDERS.items():
        values = results.get(name)
        if values is None:
            rows.append([contender.title, "not installed", *[""] * (len(columns) - 1)])
            continue
        star = "\\*" if contender.max_events else ""
        cells = [_cell(values.get(key), store[key]) for key in columns]
        rows.append([contender.title + star, *cells])
    return _table(["", *columns.values()], rows)


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
    return _table(["aim", "target", "reached", "met"], rows)


def _cell(value: float | None, reference: float | None) -> str:
    if value is None:
        return "-"
    text = chart.number(value, 3)
    if reference is None or value == reference:
        return text
    return f"{text} ({chart.number(value / reference)}x)"


def _table(header: list[str], rows: list[list[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    lines = [header, ["-" * width for width in widths], *rows]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in lines
    )


def _document(title: str, table: str, targets: str, notes: list[str]) -> str:
    facts = "\n".join(f"- {name}: {value}" for name, value in describe().items())
    body = "\n".join(f"- {note}" for note in notes)
    return f"# {title}\n\n{RATIOS_TRAVEL}\n\n{table}\n\n{body}\n\n## Aims\n\n{targets}\n\n{facts}\n"


def _write(folder: Path, name: str, text: str, numbers: dict[str, object]) -> None:
    print(text)
    (folder / f"{name}.md").write_text(text, "utf-8")
    data = json.dumps({"environment": describe(), **numbers}, indent=2)
    (folder / f"{name}.json").write_text(data + "\n", "utf-8")
