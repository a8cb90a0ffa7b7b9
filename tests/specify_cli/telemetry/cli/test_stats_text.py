"""What ``stats`` says, on any terminal and in a pipe, to the letter."""

from __future__ import annotations

import io
from collections import Counter
from datetime import timedelta

import pytest

from specify_cli.telemetry._cli.stats_text import stats_as_json, stats_as_text, write_csv
from specify_cli.telemetry.query import Stats

from .test_cli import Terminal
from .test_tables import WHEN
from .test_text import of_width, record

RECORDS = (
    {"agent": "claude", "k": "日誌", "c": 4, "t": 1},
    {"agent": "claude", "k": "日誌", "c": 3.5, "t": None},
    {"agent": "copilot\x1b", "k": "x" * 50, "c": -2, "t": 1000000},
    {"agent": None, "k": "b", "c": 1 / 3, "t": True},
    {"agent": "claude", "k": ["é"], "c": None, "t": None},
)


def counted(by: list[str], fields: list[str]) -> Stats:
    """Return the numbers of the records above."""
    stats = Stats(by, fields, logs=2, size=1500)
    for fields_of_one in RECORDS:
        stats.add(record(**fields_of_one))
    return stats


HEAD = """\
events      5 in 2 logs, 1.5 kB
nodes       2: claude 3, copilot\\x1b 1
"""
IN_PIPE = r"""
agent        k                                         events       c    mean          t       mean
claude       日誌                                           2     7.5    3.75          1          1
-            b                                              1  0.3333  0.3333          -          -
claude       ["é"]                                          1       -       -          -          -
copilot\x1b  xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…       1      -2      -2  1,000,000  1,000,000
"""
ON_81 = r"""
agent        k                                         events       c    mean
claude       日誌                                           2     7.5    3.75
-            b                                              1  0.3333  0.3333
claude       ["é"]                                          1       -       -
copilot\x1b  xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…       1      -2      -2
"""
ON_84 = ON_81.replace("3.75", "3.75  ████")
ON_120 = ON_81.replace("3.75", f"3.75  {'█' * 20}").replace("0.3333\n", "0.3333  █\n")
ON_50 = r"""
agent        k                                  …
claude       日誌                               …
-            b                                  …
claude       ["é"]                              …
copilot\x1b  xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
"""
EVENTS_ON_40 = r"""
agent        events
claude            3  ██████████████████
copilot\x1b       1  ██████
-                 1  ██████
"""
SUMS = """
events       c    mean          t       mean
     5  5.8333  1.4583  1,000,001  500,000.5
"""


@pytest.mark.parametrize(
    ("columns", "by", "fields", "rows"),
    [
        (None, [], [], ""),
        (100, [], [], ""),
        (None, ["agent", "k"], ["c", "t"], IN_PIPE),
        (50, ["agent", "k"], ["c"], ON_50),
        (83, ["agent", "k"], ["c"], ON_81),
        (84, ["agent", "k"], ["c"], ON_84),
        (120, ["agent", "k"], ["c"], ON_120),
        (40, ["agent"], [], EVENTS_ON_40),
        (None, [], ["c", "t"], SUMS),
        (45, [], ["c", "t"], SUMS),
        (60, [], ["c", "t"], SUMS.replace("000.5", f"000.5  {'█' * 13}")),
    ],
)
def test_a_row_for_each_group(  # a case
    columns: int | None,
    by: list[str],
    fields: list[str],
    rows: str,
    terminal: Terminal,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A terminal shows bars if there is room for them, and no line that would be wrapped."""
    monkeypatch.setenv("NO_COLOR", "1")
    stream = io.StringIO() if columns is None else of_width(terminal, columns, monkeypatch)
    assert f"{stats_as_text(counted(by, fields), stream)}\n" == HEAD + rows


def test_all_that_logs_hold(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """The most frequent names, and what did not count; on a terminal as much as fits."""
    names = Counter({"a\n": 3000, "b": 5, "c": 4, "d": 3, "e": 2})
    stats = Stats(
        logs=1,
        size=999,
        records=1000,
        repeats=1,
        other_lines=2000,
        first=WHEN,
        last=WHEN + timedelta(hours=1),
        aggregates=names + Counter(f=1),
        types=names,
    )
    lines = [
        "events      1,000 in 1 log, 999 bytes",
        "time        2026-02-16 09:12:58 to 2026-02-16 10:12:58",
        "aggregates  6: a\\n 3,000, b 5, c 4, d 3, e 2, ...",
        "types       5: a\\n 3,000, b 5, c 4, d 3, e 2",
        "repeats     1 line with a known id, left out",
        "others      2,000 lines without a record: see check",
    ]
    assert stats_as_text(stats, io.StringIO()).split("\n") == lines
    assert stats_as_text(stats, of_width(terminal, 34, monkeypatch)).split("\n") == [
        "\x1b[2mevents    \x1b[0m  1,000 in 1 log, 999 …",
        "\x1b[2mtime      \x1b[0m  2026-02-16 09:12:58 …",
        "\x1b[2maggregates\x1b[0m  6: a\\n 3,000, b 5, c…",
        "\x1b[2mtypes     \x1b[0m  5: a\\n 3,000, b 5, c…",
        "\x1b[2mrepeats   \x1b[0m  1 line with a known …",
        "\x1b[2mothers    \x1b[0m  2,000 lines without …",
    ]
    monkeypatch.setattr(Terminal, "encoding", "ascii")
    assert "1,000 in 1 log, 999 ~" in stats_as_text(stats, terminal)
    assert stats_as_text(stats, of_width(terminal, 14, monkeypatch)).count("~") == 6
    for columns in (13, 1):
        assert stats_as_text(stats, of_width(terminal, columns, monkeypatch)) == ""


def test_rows_are_in_colour(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """The names bold, and the bars; in the signs that the terminal has."""
    of_width(terminal, 40, monkeypatch)
    rows = [
        "\x1b[1magent        events\x1b[0m",
        f"claude            3  \x1b[36m{'█' * 18}\x1b[0m",
        f"copilot\\x1b       1  \x1b[36m{'█' * 6}\x1b[0m",
        f"-                 1  \x1b[36m{'█' * 6}\x1b[0m",
    ]
    assert stats_as_text(counted(["agent"], []), terminal).split("\n")[-4:] == rows
    monkeypatch.setattr(Terminal, "encoding", "ascii")
    assert stats_as_text(counted(["agent"], []), terminal).split("\n")[-4:] == [
        row.replace("█", "#") for row in rows
    ]
    of_width(terminal, 18, monkeypatch)
    lines = stats_as_text(counted(["agent"], []), terminal).split("\n")[-4:]
    assert lines == [
        "\x1b[1magent        eve~\x1b[0m",
        "claude          ~",
        "copilot\\x1b     ~",
        "-               ~",
    ]


@pytest.mark.parametrize(
    ("sums", "bars"),
    [
        ((4, 1, -1), [20, 5, 0]),
        ((0.5, 0.25, 0), [20, 10, 0]),
        ((0, 0, 0), [0, 0, 0]),
        ((-1, -2, -3), [0, 0, 0]),
    ],
)
def test_the_greatest_row_has_the_longest_bar(
    sums: tuple[float, ...],
    bars: list[int],
    terminal: Terminal,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However great it is; what is not above zero has none."""
    stats = Stats(["agent"], ["cost"])
    for agent, cost in enumerate(sums):
        stats.add(record(agent=agent, cost=cost))
    lines = stats_as_text(stats, of_width(terminal, 80, monkeypatch)).split("\n")
    assert [line.count("█") for line in lines[-3:]] == bars


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (999_900, "999.9 kB"),
        (1_000_000, "1.0 MB"),
        (1_540_000, "1.5 MB"),
        (1_000_000_000, "1.0 GB"),
        (4_321_000_000_000, "4,321.0 GB"),
    ],
)
def test_a_size_is_in_the_unit_that_fits(size: int, shown: str) -> None:
    """A thousand of one are one of the next."""
    stats = Stats(size=size)
    assert stats_as_text(stats, io.StringIO()) == f"events      0 in 0 logs, {shown}"


def test_json_and_csv_have_the_whole_numbers() -> None:
    """And the whole names; what is no text is JSON in a row."""
    stats = counted(["agent", "k"], ["c", "t"])
    out = io.StringIO()
    write_csv(stats, out)
    assert out.getvalue() == (
        "agent,k,events,sum_c,mean_c,sum_t,mean_t\n"
        "claude,日誌,2,7.5,3.75,1,1\n"
        ",b,1,0.3333333333333333,0.3333333333333333,,\n"
        'claude,"[""é""]",1,,,,\n'
        f"copilot\x1b,{'x' * 50},1,-2,-2,1000000,1000000\n"
    )
    rows = [
        ("claude", "日誌", 2, (7.5, 1), (3.75, 1)),
        (None, "b", 1, (1 / 3, None), (1 / 3, None)),
        ("claude", ["é"], 1, (None, None), (None, None)),
        ("copilot\x1b", "x" * 50, 1, (-2, 1000000), (-2, 1000000)),
    ]
    assert stats_as_json(stats) == {
        "logs": 2,
        "size": 1500,
        "events": 5,
        "repeats": 0,
        "other_lines": 0,
        "first": None,
        "last": None,
        "aggregates": {},
        "types": {},
        "nodes": {"claude": 3, "copilot\x1b": 1},
        "groups": [
            {
                "by": {"agent": agent, "k": k},
                "events": events,
                "sum": dict(zip("ct", sums, strict=True)),
                "mean": dict(zip("ct", means, strict=True)),
            }
            for agent, k, events, sums, means in rows
        ],
    }


@pytest.mark.parametrize(
    ("value", "json", "text"),
    [
        (0, 0, "0"),
        (10, 10, "10"),
        (100.0, 100, "100"),
        (0.12346, 0.12346, "0.1235"),
        (1234.5, 1234.5, "1,234.5"),
        (0.00001, 0.00001, "0"),
        (10**639, 10**639, f"1{',000' * 213}"),
        (10**640, f"1.{'0' * 27}E+640", f"10{',000' * 213}"),
    ],
)
def test_a_number_is_as_exact_as_can_be(value: float, json: object, text: str) -> None:
    """In JSON all of it, as a text if Python may refuse to spell it; for people four decimals."""
    stats = Stats([], ["n"])
    stats.add(record(n=value))
    groups = stats_as_json(stats)["groups"]
    assert isinstance(groups, list)
    (group,) = groups
    assert (group["sum"], type(group["sum"]["n"])) == ({"n": json}, type(json))
    assert stats_as_text(stats, io.StringIO()).split()[-2:] == [text, text]
