"""The chart of the comparison: bars on a page with light and dark."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from math import floor, log10

_WIDTH, _ROW = 860, 24
_STYLE = """
  text { font: 13px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; }
  .page { fill: #ffffff; } .text { fill: #1f2328; } .soft { fill: #59636e; }
  .title { font-weight: 600; font-size: 15px; } .strong { font-weight: 600; }
  .fill-store { fill: #0969da; } .fill-other { fill: #afb8c1; } .fill-limit { fill: #dfe4e9; }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117; } .text { fill: #f0f6fc; } .soft { fill: #9198a1; }
    .fill-store { fill: #4493f8; } .fill-other { fill: #656c76; } .fill-limit { fill: #3d444d; }
  }
"""


def comparison(n: int, titles: dict[str, str], value_of: Callable[[str, str], float | None]) -> str:
    """Return six panels of bars, one per metric; shorter is better.

    Args:
        n: The events in the log.
        titles: The contenders to show.
        value_of: Returns a contender's value of a metric, if it has one.
    """
    panels = [
        ("save@1 processes", "Save one event, median", "µs"),
        (f"first_save@{n}", f"First save of a process, log of {n:,}", "ms"),
        (f"load_all@{n}", "Load all, per event", "µs"),
        (f"load_one@{n}", "Load one aggregate of 20, per event in the log", "µs"),
        (f"load_again@{n}", "Load another in the same process, per event in the log", "µs"),
        (f"known_id@{n}", "Save a known event", "µs"),
    ]
    parts = [_text(24, 30, f"{n:,} events of 470 bytes: shorter is better", "text title")]
    y = top = 60
    for index, (key, title, unit) in enumerate(panels):
        found = {name: value for name in titles if (value := value_of(name, key)) is not None}
        x = 24 + index % 2 * 420
        parts += _bars(x, y, f"{title} ({unit})", {titles[name]: found[name] for name in found})
        top = max(top, y + 44 + _ROW * len(found))
        y = top if index % 2 else y
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {top}"\n  width="{_WIDTH}"'
        f' height="{top}" role="img" aria-label="Comparison of event stores">\n<style>{_STYLE}'
        f'</style>\n<rect width="{_WIDTH}" height="{top}" rx="6" class="page"/>'
    )
    return "\n".join([head, *parts, "</svg>\n"])


def number(value: float, digits: int = 2) -> str:
    """Return ``value`` with so many digits that mean something, and never as a power of ten."""
    decimals = max(0, digits - 1 - floor(log10(value))) if value else 0
    return f"{value:,.{decimals}f}"


def _bars(x: float, y: float, title: str, values: dict[str, float]) -> list[str]:
    """Return one panel: a bar per contender, from zero; those too long for the scale are cut."""
    parts = [_text(x, y + 6, title, "text strong")]
    first, *_ = values
    # A few contenders that take a hundred times as long would leave no bars to the others.
    longest = min(max(values.values()), 12 * values[first])
    for row, (name, value) in enumerate(values.items()):
        top = y + 18 + row * _ROW
        kind = {first: "store", "bare limit": "limit"}.get(name, "other")
        length = max(1.5, 180 * min(1, value / longest))
        words = "text strong" if name == first else "soft"
        label = (
            number(value)
            if name == first
            else f"{number(value)} ({number(value / values[first])}x)"
        )
        if value > longest:
            label = f"… {label}"
        parts += [
            _text(x + 122, top + 13, name, words, "end"),
            f'<rect x="{x + 130}" y="{top}" width="{length:.1f}" height="17" class="fill-{kind}"/>',
            _text(x + 136 + length, top + 13, label, words),
        ]
    return parts


def _text(x: float, y: float, content: str, kind: str, anchor: str = "start") -> str:
    """Return text whose baseline is at ``y``; ``anchor`` is start, middle or end."""
    place = f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">'
    return f"{place}{escape(content)}</text>"
