"""The two charts: bars for the comparison, lines for the scaling run."""

from __future__ import annotations

from math import ceil, floor, log10

from . import svg
from .contenders import CONTENDERS
from .runner import Results

_WIDTH = 860
_BAR = 17
_ROW = 24
_LINES = ("store", "plain", "sqlite")


def comparison(results: Results, sizes: list[int]) -> str:
    """Return six panels of bars, one per metric; shorter is better."""
    n = sizes[-1]
    panels = [
        (f"save@{n}", "Save one event", "µs"),
        (f"first_save@{n}", f"First save of a process, log of {n:,}", "ms"),
        (f"load_all@{n}", "Load all, per event", "µs"),
        (f"load_one@{n}", "Load one aggregate of 20, per event in the log", "µs"),
        (f"load_again@{n}", "Load another in the same process, per event in the log", "µs"),
        (f"known_id@{n}", "Save a known event", "µs"),
    ]
    # TinyDB is measured on fewer events, and memory is no file: neither belongs on one scale here.
    shown = [name for name in results if name not in {"tinydb", "memory"}]
    height = 44 + _ROW * len(shown)
    parts = [svg.text(24, 30, f"{n:,} events of 470 bytes: shorter is better", "text title")]
    for index, (key, title, unit) in enumerate(panels):
        x, y = 24 + index % 2 * 420, 60 + index // 2 * height
        values = {name: results[name][key] for name in shown if key in results[name]}
        parts += _bars(x, y, title, unit, values)
    return svg.page(_WIDTH, 60 + 3 * height, "Comparison of event stores", parts)


def scaling(results: Results, sizes: list[int]) -> str:
    """Return three panels of lines over the number of events, both axes logarithmic."""
    panels = [
        ("warm_save", "Save, after the first few", "µs"),
        ("first_save", "First save of a process", "ms"),
        ("load_again", "Load one of 20 again, per event", "µs"),
    ]
    parts = [svg.text(24, 30, "As the log grows: lower is better", "text title")]
    for index, name in enumerate(_LINES):
        x = 440 + 145 * index
        parts += [
            svg.line([(x, 25), (x + 22, 25)], f"line {name}"),
            svg.text(x + 28, 30, CONTENDERS[name].title),
        ]
    for index, (metric, title, unit) in enumerate(panels):
        series = {
            name: [(size, results[name][f"{metric}@{size}"]) for size in sizes] for name in _LINES
        }
        parts += _lines(60 + 276 * index, 80, f"{title} ({unit})", series)
    return svg.page(_WIDTH, 330, "Event stores as the log grows", parts)


def _bars(x: float, y: float, title: str, unit: str, values: dict[str, float]) -> list[str]:
    """Return one panel: a bar per contender, on a linear scale from zero."""
    parts = [svg.text(x, y + 6, title, "text strong")]
    longest = max(values.values())
    for row, (name, value) in enumerate(values.items()):
        top = y + 18 + row * _ROW
        kind = {"store": "fill-store", "limit": "fill-limit"}.get(name, "fill-other")
        length = max(1.5, 190 * value / longest)
        words = "text strong" if name == "store" else "soft"
        label = f"{number(value)} {unit}"
        if name != "store":
            label += f"  ({number(value / values['store'])}x)"
        parts += [
            svg.text(x + 122, top + 13, CONTENDERS[name].title, words, "end"),
            svg.box(x + 130, top, length, _BAR, kind),
            svg.text(x + 136 + length, top + 13, label, words),
        ]
    return parts


def _lines(x: float, y: float, title: str, series: dict[str, list[tuple[int, float]]]) -> list[str]:
    """Return one panel: a line per contender, both axes logarithmic, whole decades."""
    width, height = 205.0, 190.0
    sizes = [log10(size) for size, _ in series["store"]]
    values = [log10(value) for points in series.values() for _, value in points]
    low, high = floor(min(values)), max(ceil(max(values)), floor(min(values)) + 1)

    def place(size: float, value: float) -> tuple[float, float]:
        right = (size - sizes[0]) / (sizes[-1] - sizes[0])
        return x + width * right, y + height * (high - value) / (high - low)

    parts = [svg.text(x - 36, y - 18, title, "text strong")]
    for decade in range(low, high + 1):
        left, level = place(sizes[0], decade)
        parts.append(svg.line([(left, level), (left + width, level)], "grid"))
        parts.append(svg.text(left - 6, level + 4, f"{10**decade:,g}", "soft", "end"))
    for size, (count, _) in zip(sizes, series["store"], strict=True):
        name = f"{count // 1000}k".replace("000k", "M")
        parts.append(svg.text(place(size, low)[0], y + height + 20, name, "soft", "middle"))
    # The store of this project is drawn last, above the others.
    for name, points in reversed(series.items()):
        places = [place(log10(size), log10(value)) for size, value in points]
        parts.append(svg.line(places, f"line {name}"))
        parts += [svg.dot(*point, f"dot-{name}") for point in places]
    return parts


def number(value: float, digits: int = 2) -> str:
    """Return ``value`` with so many digits that mean something, and never as a power of ten."""
    decimals = max(0, digits - 1 - floor(log10(value)))
    return f"{value:,.{decimals}f}"
