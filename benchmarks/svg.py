"""The little of SVG that the charts need: text, boxes and lines on a page with light and dark."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

_STYLE = """
  text { font: 13px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; }
  .page { fill: #ffffff; } .text { fill: #1f2328; } .soft { fill: #59636e; }
  .title { font-weight: 600; font-size: 15px; } .strong { font-weight: 600; }
  .grid { stroke: #d1d9e0; stroke-width: 1; }
  .line { fill: none; stroke-width: 2.5; stroke-linejoin: round; }
  .fill-store { fill: #0969da; } .fill-other { fill: #afb8c1; } .fill-limit { fill: #dfe4e9; }
  .store { stroke: #0969da; } .plain { stroke: #bc4c00; } .sqlite { stroke: #57606a; }
  .dot-store { fill: #0969da; } .dot-plain { fill: #bc4c00; } .dot-sqlite { fill: #57606a; }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117; } .text { fill: #f0f6fc; } .soft { fill: #9198a1; }
    .grid { stroke: #3d444d; }
    .fill-store { fill: #4493f8; } .fill-other { fill: #656c76; } .fill-limit { fill: #3d444d; }
    .store { stroke: #4493f8; } .plain { stroke: #f0883e; } .sqlite { stroke: #b1bac4; }
    .dot-store { fill: #4493f8; } .dot-plain { fill: #f0883e; } .dot-sqlite { fill: #b1bac4; }
  }
"""


def text(x: float, y: float, content: str, kind: str = "text", anchor: str = "start") -> str:
    """Return text whose baseline is at ``y``; ``anchor`` is start, middle or end."""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">'
        f"{escape(content)}</text>"
    )


def box(x: float, y: float, width: float, height: float, kind: str) -> str:
    """Return a filled rectangle with slightly rounded corners."""
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="2" '
        f'class="{kind}"/>'
    )


def line(points: Iterable[tuple[float, float]], kind: str) -> str:
    """Return a line through ``points``."""
    places = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{places}" class="{kind}"/>'


def dot(x: float, y: float, kind: str) -> str:
    """Return a filled circle."""
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" class="{kind}"/>'


def page(width: int, height: int, title: str, parts: Iterable[str]) -> str:
    """Return the whole file."""
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"',
            f'  width="{width}" height="{height}" role="img" aria-label="{escape(title)}">',
            f"<style>{_STYLE}</style>",
            f'<rect width="{width}" height="{height}" rx="6" class="page"/>',
            *parts,
            "</svg>\n",
        ]
    )
