"""Draws what the commands print on a terminal, as docs/terminal.svg.

The commands are run in a pseudo-terminal, on a log that is made for the picture: it shows what they
print today. ``--check`` tells whether it does, and writes nothing.
"""

from __future__ import annotations

import os
import pty
import re
import select
import struct
import subprocess
import sys
import tempfile
import termios
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from fcntl import ioctl
from html import escape
from pathlib import Path

from specify_cli.spec_kitty_events import Event
from specify_cli.telemetry import SimpleJsonStore

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "terminal.svg"
PROGRAM = "spec-kitty-telemetry"
LOG = "execution.events.jsonl"
COLUMNS = 100

COMMANDS = [
    ["show", LOG, "-n", "5"],
    ["stats", LOG, "--by", "agent", "--sum", "cost_usd,input_tokens"],
    ["check", LOG],
]

_WIDTH, _HEIGHT, _MARGIN = 8.0, 18, 16
_COLOURS = {
    "1": 'fill="#f0f6fc" font-weight="bold"',
    "2": 'fill="#8b949e"',
    "32": 'fill="#7ee787"',
    "34": 'fill="#79c0ff"',
    "36": 'fill="#56d4dd"',
}
_STYLED = re.compile(r"\x1b\[(\d+)m(.*?)\x1b\[0m|([^\x1b]+)")

_STEPS = [
    ("planner", "claude", "claude-opus-4-6", 0.42, 90_014),
    ("implementer", "copilot", "claude-sonnet-4.5", 15.6, 30_532_200),
    ("reviewer", "claude", "claude-opus-4-6", 1.9, 240_310),
    ("implementer", "codex", "gpt-5.4", 7.8, 15_266_100),
]


def make_log(path: Path) -> None:
    """Record some steps of agents; the last one is torn."""
    start = datetime(2026, 2, 16, 9, 12, 58, tzinfo=UTC)
    store = SimpleJsonStore(path)
    for number in range(12):
        role, agent, model, cost, tokens = _STEPS[number % len(_STEPS)]
        payload = {"role": role, "agent": agent, "model": model, "success": True}
        store.save_event(
            Event(
                event_id=f"01KHJVJWDM0H{number:014}",
                event_type="ExecutionEvent",
                aggregate_id="043-telemetry",
                node_id=f"cli:WP{number // len(_STEPS) + 1:02}",
                lamport_clock=number + 1,
                timestamp=start + timedelta(minutes=17 * number),
                payload=payload | {"cost_usd": cost, "input_tokens": tokens},
            )
        )
    with path.open("ab") as file:
        file.write(b'{"aggregate_id": "043-telemetry", "causation_id": null, "event_id": "01KHJ')


def printed(arguments: list[str], folder: Path) -> str:
    """Return what a command prints on a terminal."""
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, COLUMNS, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "specify_cli.telemetry", *arguments],
        cwd=folder,
        env=os.environ
        | {"PYTHONPATH": str(ROOT / "src"), "TZ": "UTC", "TERM": "xterm", "NO_COLOR": ""}
        | {"PYTHONUTF8": "1"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    data = b""
    while select.select([ours], [], [], 30)[0]:
        try:
            part = os.read(ours, 65536)
        except OSError:  # the end, on Linux
            break
        if not part:  # the end, elsewhere
            break
        data += part
    process.wait()
    os.close(ours)
    return data.decode().replace("\r\n", "\n")


def lines() -> Iterator[str]:
    """Yield the lines of the picture, with their colours."""
    with tempfile.TemporaryDirectory() as folder:
        make_log(Path(folder, LOG))
        for arguments in COMMANDS:
            yield f"\x1b[2m$\x1b[0m {PROGRAM} {' '.join(arguments)}"
            yield from printed(arguments, Path(folder)).splitlines()
            yield ""


def drawing() -> str:
    """Return the picture."""
    shown = [*lines()][:-1]
    width, height = COLUMNS * _WIDTH + 2 * _MARGIN, len(shown) * _HEIGHT + 2 * _MARGIN
    texts = []
    for row, line in enumerate(shown):
        column = 0
        for match in _STYLED.finditer(line):
            text = match[3] or match[2]
            if text.strip():
                x, y = _MARGIN + column * _WIDTH, _MARGIN + row * _HEIGHT + 13
                style = _COLOURS.get(match[1] or "", 'fill="#c9d1d9"')
                length = f'textLength="{len(text) * _WIDTH:g}"'
                texts.append(f'<text x="{x:g}" y="{y}" {length} {style}>{escape(text)}</text>')
            column += len(text)
    described = "What show, stats and check print for a log with a torn last line"
    font = 'font-family="ui-monospace, Menlo, Consolas, monospace" font-size="13"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height}" {font}',
            'xml:space="preserve" role="img">',
            f"<title>{described}</title>",
            f'<rect width="{width:g}" height="{height}" rx="8" fill="#0d1117"/>',
            *texts,
            "</svg>\n",
        ]
    )


def main() -> int:
    """Draw, or see whether it is drawn."""
    picture = drawing()
    if "--check" in sys.argv[1:]:
        return int(PICTURE.read_text(encoding="utf-8") != picture)
    PICTURE.write_text(picture, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
