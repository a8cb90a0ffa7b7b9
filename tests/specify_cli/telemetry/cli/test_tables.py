"""The columns in which ``show`` and ``follow`` show records, on any terminal."""

from __future__ import annotations

import io
from datetime import datetime

import pytest

from specify_cli.telemetry._cli.show_text import Table

from .test_cli import Terminal
from .test_text import of_width, record

# What is this time wherever the test is run.
WHEN = datetime(2026, 2, 16, 9, 12, 58).astimezone()


EVENT = record(
    timestamp=WHEN.isoformat(),
    lamport_clock=7,
    node_id="cli:WP01",
    aggregate_id="043-telemetry-foundation",
    event_type="ExecutionEvent",
    payload={"agent": "claude", "words": "two of them", "more": [1, {"x": None}]},
)
# Wider than any column, but for the time.
WIDE = record(
    timestamp=WHEN.isoformat(),
    lamport_clock=123456789,
    node_id="n" * 30,
    aggregate_id="日誌" * 20,
    event_type="T" * 30,
    payload={"a": "x"},
)


# How many columns there are; an event alone; and below it a wide one, for which it makes room.
SHOWN = """\
# 200
2026-02-16 09:12:58  7  cli:WP01  043-telemetry-foundation  ExecutionEvent  agent=claude words="two of them" more=[1,{"x":null}]
2026-02-16 09:12:58         7  cli:WP01              043-telemetry-foundation          ExecutionEvent            agent=claude words="two of them" more=[1,{"x":null}]
2026-02-16 09:12:58  1234567…  nnnnnnnnnnnnnnnnnnn…  日誌日誌日誌日誌日誌日誌日誌日…   TTTTTTTTTTTTTTTTTTTTTTT…  a=x
# 120
2026-02-16 09:12:58  7  cli:WP01  043-telemetry-foundation  ExecutionEvent  agent=claude words="two of them" more=[1,{…
2026-02-16 09:12:58         7  cli:WP01              043-telemetry-foun…  ExecutionEvent        agent=claude words="tw…
2026-02-16 09:12:58  1234567…  nnnnnnnnnnnnnnnnnnn…  日誌日誌日誌日誌日…  TTTTTTTTTTTTTTTTTTT…  a=x
# 90
2026-02-16 09:12:58  7  cli:WP01  043-telemetry…  ExecutionEvent  agent=claude words="tw…
2026-02-16 09:12:58         7  cli:WP01    043-tele…  Execution…  agent=claude words="tw…
2026-02-16 09:12:58  1234567…  nnnnnnnnn…  日誌日誌…  TTTTTTTTT…  a=x
# 89
02-16 09:12  7  cli:WP01  043-telemetry-founda…  ExecutionEvent  agent=claude words="tw…
02-16 09:12         7  cli:WP01      043-telemet…  ExecutionEv…  agent=claude words="tw…
02-16 09:12  1234567…  nnnnnnnnnnn…  日誌日誌日…   TTTTTTTTTTT…  a=x
# 73
02-16 09:12  7  cli:WP01  043-tele…  Execution…  agent=claude words="tw…
02-16 09:12         7  cli:WP…  043-t…  Execut…  agent=claude words="tw…
02-16 09:12  1234567…  nnnnnn…  日誌…   TTTTTT…  a=x
# 72
02-16 09:12  7  cli:WP01  043-tele…  Executio…  agent=claude words="tw…
02-16 09:12         7  cli:WP…  043-t…  Execu…  agent=claude words="tw…
02-16 09:12  1234567…  nnnnnn…  日誌…   TTTTT…  a=x
# 71
02-16 09:12  7  cli:WP01  ExecutionEvent  agent=claude words="two of …
02-16 09:12         7  cli:WP01    Execution…  agent=claude words="tw…
02-16 09:12  1234567…  nnnnnnnnn…  TTTTTTTTT…  a=x
# 60
02-16 09:12  7  cli:WP01  Executi…  agent=claude words="tw…
02-16 09:12         7  cli:W…  Execu…  agent=claude words=…
02-16 09:12  1234567…  nnnnn…  TTTTT…  a=x
# 45
02-16 09:12  7  cli:W…  Execu…  agent=claude
02-16 09:12         7  cli:W…  Execu…  agent
02-16 09:12  1234567…  nnnnn…  TTTTT…  a=x
# 40
02-16 09:12  7  cli:W…  Execu…  agent=…
02-16 09:12         7  cli:W…  Execu…
02-16 09:12  1234567…  nnnnn…  TTTTT…
# 30
02-16 09:12  7  cli:W…  Exec…
02-16 09:12         7  cli:W…
02-16 09:12  1234567…  nnnnn…
# 20
02-16 09:12  7  cl…
02-16 09:12       …
02-16 09:12  12345…
# 10
02-16 09…
02-16 09…
02-16 09…
# 3
0…
0…
0…
# 1



"""  # noqa: E501  # as it is shown
CASES = [section.split("\n")[:4] for section in SHOWN.split("# ")[1:]]


@pytest.mark.parametrize(
    ("columns", "alone", "with_wide", "wide"), CASES, ids=[case[0] for case in CASES]
)
def test_a_line_fits(
    columns: str,
    alone: str,
    with_wide: str,
    wide: str,
    terminal: Terminal,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The widest columns are shortened first, and on a narrow terminal some are not shown."""
    monkeypatch.setenv("NO_COLOR", "1")
    of_width(terminal, int(columns), monkeypatch)
    assert Table(terminal).lines([EVENT]) == [alone]
    assert Table(terminal).lines([EVENT, WIDE]) == [with_wide, wide]


DETAILS = 'agent=claude words="two of them" more=[1,{"x":null}]'


def test_a_pipe_gets_all_of_it() -> None:
    """Nothing is cut, and the columns are as wide as on a terminal that has room."""
    assert Table(io.StringIO()).lines([EVENT, WIDE]) == [
        (
            f"2026-02-16 09:12:58         7  {'cli:WP01':20}  {'043-telemetry-foundation':32}"
            f"  {'ExecutionEvent':24}  {DETAILS}"
        ),
        f"2026-02-16 09:12:58  123456789  {'n' * 30}  {'日誌' * 20}  {'T' * 30}  a=x",
    ]


def test_each_column_has_its_colour(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the names of what is in no column."""
    of_width(terminal, 200, monkeypatch)
    shown, empty = Table(terminal).lines([EVENT, record(node_id="n", x="")])
    assert shown.split("  ") == [
        "\x1b[2m2026-02-16 09:12:58\x1b[0m",
        "\x1b[2m7\x1b[0m",
        "\x1b[32mcli:WP01\x1b[0m",
        "\x1b[34m043-telemetry-foundation\x1b[0m",
        "\x1b[1mExecutionEvent\x1b[0m",
        (
            '\x1b[36magent=\x1b[0mclaude \x1b[36mwords=\x1b[0m"two of them"'
            ' \x1b[36mmore=\x1b[0m[1,{"x":null}]'
        ),
    ]
    assert empty == "  ".join(
        [
            f"\x1b[2m{' ' * 19}\x1b[0m",
            "\x1b[2m \x1b[0m",
            "\x1b[32mn       \x1b[0m",
            f"\x1b[34m{' ' * 24}\x1b[0m",
            f"\x1b[1m{' ' * 14}\x1b[0m",
            '\x1b[36mx=\x1b[0m""',
        ]
    )


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("word", "word"),
        ("é/ü:1", "é/ü:1"),
        ("", '""'),
        ("two words", '"two words"'),
        ('a"b', r'"a\"b"'),
        ("a'b", '"a\'b"'),
        ("a=b", '"a=b"'),
        ("a\x1b[2J", r'"a\u001b[2J"'),
        ("\u202e", r'"\u202e"'),
        (1.5, "1.5"),
        (False, "false"),
        ([1, "é", {"a": None, "b": 2}], '[1,"é",{"a":null,"b":2}]'),
    ],
)
def test_a_value_is_shown_so_that_it_can_be_told(value: object, shown: str) -> None:
    """Texts are quoted if they would be taken for something else; nothing moves the cursor."""
    assert Table(io.StringIO()).lines([record(**{"a\n": value})]) == [f"a\\n={shown}"]


@pytest.mark.parametrize(
    ("columns", "shown"),
    [
        (2, "a"),
        (3, "a"),
        (4, "a=1"),
        (5, "a=1"),
        (6, "a=1 …"),
        (8, "a=1 bb"),
        (9, "a=1 bb=2"),
        (10, "a=1 bb=2"),
        (11, "a=1 bb=2 c"),
        (13, "a=1 bb=2 c=…"),
        (14, "a=1 bb=2 c=33"),
    ],
)
def test_what_is_in_no_column_is_cut(
    columns: int, shown: str, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As far as the line goes; a line as long as the terminal is wide might be wrapped."""
    monkeypatch.setenv("NO_COLOR", "1")
    of_width(terminal, columns, monkeypatch)
    assert Table(terminal).lines([record(a=1, bb=2, c=33)]) == [shown]


def test_a_terminal_without_the_mark_gets_another(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that it can show."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(Terminal, "encoding", "ascii")
    of_width(terminal, 9, monkeypatch)
    assert Table(terminal).lines([record(a="x" * 9)]) == ["a=xxxxx~"]


def test_a_column_is_escaped() -> None:
    """Nothing in it moves the cursor."""
    evil = record(node_id="n\x1b", aggregate_id="a\r", event_type="t\u202e")
    assert Table(io.StringIO()).lines([evil]) == [r"n\x1b  a\r  t\u202e"]
