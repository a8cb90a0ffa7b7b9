"""What is written for a terminal, without one."""

from __future__ import annotations

import io
import json
import os
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from specify_cli.telemetry._cli.show_text import Table, local_time
from specify_cli.telemetry._cli.terminal import Paint, columns_of, cut, padded, shown_by, width_of
from specify_cli.telemetry.query import Record, parse

from ..support.events import CODEC, make_event
from .test_cli import Terminal, main


def of_width(terminal: Terminal, columns: int, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Give a terminal a width."""
    monkeypatch.setattr(terminal, "fileno", lambda: 1)
    monkeypatch.setattr(os, "get_terminal_size", lambda _: os.terminal_size((columns, 24)))
    return terminal


def record(**fields: object) -> Record:
    """Return the record of a line with these fields."""
    found = parse(json.dumps(fields).encode())
    assert found is not None
    return found


def test_a_text_is_as_wide_as_it_is_shown() -> None:
    """An ideograph takes two columns, an accent none."""
    assert [width_of(text) for text in ("", "abc", "日誌", "e\u0301")] == [0, 3, 4, 1]
    assert padded("日", 4) == "日  "


@pytest.mark.parametrize(
    ("text", "columns", "shown"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "ab…"),
        ("日誌日", 5, "日誌…"),
        ("日誌日", 4, "日…"),
        ("e\u0301" * 5, 5, "e\u0301" * 5),
        ("e\u0301" * 5, 4, "e\u0301" * 3 + "…"),
        ("abc", 1, "…"),
        ("abc", 0, ""),
    ],
)
def test_a_text_is_cut_to_a_width(text: str, columns: int, shown: str) -> None:
    """And a mark says that it goes on."""
    assert cut(text, columns, "…") == shown


def test_a_stream_without_a_terminal_has_no_width(terminal: Terminal) -> None:
    """A terminal that does not tell has the usual one."""
    assert columns_of(io.StringIO()) is None
    assert columns_of(terminal) == 80


def test_what_a_stream_cannot_show_is_replaced() -> None:
    """By what it can."""
    for encoding, shown in (("ascii", "~"), ("utf-8", "…"), ("cp1252", "…")):
        stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
        assert shown_by(stream, "…", "~") == shown


@pytest.mark.parametrize(
    ("environment", "is_on"),
    [
        ({}, sys.platform != "win32"),  # older consoles of Windows show none
        ({"WT_SESSION": "1"}, True),
        ({"TERM": "xterm"}, True),
        ({"TERM": "xterm", "NO_COLOR": ""}, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
    ],
)
def test_colours_are_for_terminals_that_show_them(
    environment: dict[str, str],
    is_on: bool,  # noqa: FBT001  # a case
    terminal: Terminal,
) -> None:
    """And for people who want them."""
    assert Paint(terminal, environment).is_on == is_on
    assert Paint(terminal, environment)("a", "1") == ("\x1b[1ma\x1b[0m" if is_on else "a")
    assert Paint(terminal, environment)("a", "") == "a"
    assert Paint(terminal, environment)("", "1") == ""
    assert not Paint(io.StringIO(), environment).is_on


def test_old_consoles_of_windows_get_no_escapes(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They would print them."""
    monkeypatch.setattr(sys, "platform", "win32")
    assert not Paint(terminal, {}).is_on
    assert Paint(terminal, {"WT_SESSION": "x"}).is_on
    assert Paint(terminal, {"TERM": "xterm"}).is_on


def test_columns_grow_with_what_comes() -> None:
    """Those of before stay as wide; a column comes when it is needed."""
    table = Table(io.StringIO())
    assert table.lines([]) == []
    assert table.lines([record(node_id="node", x=1)]) == ["node  x=1"]
    assert table.lines([record(node_id="n", x=1)]) == ["n     x=1"]
    assert table.lines([record(node_id="n", event_type="T", x="a b")]) == ['n     T  x="a b"']
    assert table.lines([record(x="")]) == ['         x=""']


def test_a_value_nested_as_deep_as_can_be_is_shown_somehow() -> None:
    """No record ends the command."""
    value: list[object] = []
    for _ in range(200_000):
        value = [value]
    try:
        assert Table(io.StringIO()).lines([Record({"x": value})]) == ["x=..."]
    finally:
        while value:  # so that Python does not have to come back up from that depth
            value = value.pop()  # type: ignore[assignment]  # a list, down to the last


def test_a_number_that_python_does_not_spell_is_shown_somehow() -> None:
    """Nor does one that is longer than it allows."""
    assert Table(io.StringIO()).lines([Record({"x": 10**5000})]) == ["x=..."]


def test_the_ends_of_time_are_shown() -> None:
    """Where no zone can be applied, the time stays as it is."""
    assert local_time(None) == ""
    west = timezone(timedelta(hours=-23))
    assert local_time(datetime.max.replace(tzinfo=west)) == "9999-12-31 23:59:59"


def test_lines_go_to_a_stream_of_text_too(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that a program puts in the place of standard output."""
    log.write_bytes(CODEC.encode(make_event()))
    monkeypatch.setattr(sys, "stdout", out := io.StringIO())
    assert main("show", "--json", log) == 0
    assert out.getvalue() == log.read_text(encoding="utf-8")
