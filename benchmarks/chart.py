"""The chart of the comparison: bars on a page with light and dark."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from math import floor, log10

_ROW = 24
_HEAD = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 860 {height}"
  width="860" height="{height}" role="img" aria-label="Comparison of event stores">
<style>
  text {{ font: 13px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; }}
  .page {{ fill: #ffffff; }} .text {{ fill: #1f2328; }} .soft {{ fill: #59636e; }}
  .title {{ font-weight: 600; font-size: 15px; }} .strong {{ font-weight: 600; }}
  .store {{ fill: #0969da; }} .other {{ fill: #afb8c1; }} .limit {{ fill: #dfe4e9; }}
  @media (prefers-color-scheme: dark) {{
    .page {{ fill: #0d1117; }} .text {{ fill: #f0f6fc; }} .soft {{ fill: #9198a1; }}
    .store {{ fill: #4493f8; }} .other {{ fill: #656c76; }} .limit {{ fill: #3d444d; }}
  }}
</style>
<rect width="860" height="{height}" rx="6" class="page"/>
"""


def comparison(
    title: str, panels: Mapping[str, Callable[[str], float | None]], names: list[str]
) -> str:
    """Return panels of bars, two in a row, each with what it shows of those it has a value for."""
    height = 44 + _ROW * len(names)
    parts = [_text(24, 30, title, "text title")]
    for index, (caption, value_of) in enumerate(panels.items()):
        values = {name: value for name in names if (value := value_of(name)) is not None}
        parts += _bars(24 + index % 2 * 420, 60 + index // 2 * height, caption, values)
    head = _HEAD.format(height=60 + -(-len(panels) // 2) * height)
    return head + "\n".join(parts) + "\n</svg>\n"


def number(value: float, digits: int = 2) -> str:
    """Return ``value`` with so many digits that mean something, and never as a power of ten."""
    decimals = max(0, digits - 1 - floor(log10(value))) if value else 0
    return f"{value:,.{decimals}f}"


def _bars(x: int, y: int, caption: str, values: dict[str, float]) -> list[str]:
    """Return one panel: a bar for each value, from zero, the ratio to the first beside it."""
    parts = [_text(x, y + 6, caption, "text strong")]
    first, *_ = values
    # A few that take a hundred times as long would leave no bars to the others: they are cut.
    longest = min(max(values.values()), 12 * values[first])
    for top, (name, value) in enumerate(values.items()):
        place = y + 18 + top * _ROW
        kind = {first: "store", "bare limit": "limit"}.get(name, "other")
        length = max(2, round(180 * min(1, value / longest)))
        words = "text strong" if name == first else "soft"
        label = number(value) + (f" ({number(value / values[first])}x)" if name != first else "")
        box = f'<rect x="{x + 130}" y="{place}" width="{length}" height="17" class="{kind}"/>'
        parts += [_text(x + 122, place + 13, name, words, "end"), box]
        cut = "… " if value > longest else ""
        parts.append(_text(x + 136 + length, place + 13, cut + label, words))
    return parts


def _text(x: int, y: int, content: str, kind: str, anchor: str = "start") -> str:
    return f'<text x="{x}" y="{y}" class="{kind}" text-anchor="{anchor}">{escape(content)}</text>'
