"""The lines of blocks, and where in a file the contents of a key are."""

from __future__ import annotations

import pytest

from specify_cli.telemetry._log.lines import Contents, Line, content_of, lines_of

FILE = b'{"a": 1}\n{"a": 2}\n{"b": 1}\n'
ONE, TWO, THREE = FILE.splitlines()


def test_lines_have_numbers_and_places() -> None:
    """Over all blocks; only the last line may lack its newline."""
    assert list(lines_of([(0, b"a\n\nbc\n"), (6, b"d\n"), (10, b"e")])) == [
        Line(1, 0, b"a\n"),
        Line(2, 2, b"\n"),
        Line(3, 3, b"bc\n"),
        Line(4, 6, b"d\n"),
        Line(5, 10, b"e"),
    ]


@pytest.mark.parametrize(
    ("data", "content", "start"),
    [
        (b"{}\n", b"{}", 0),
        (b" \t{} \r\n", b"{}", 2),
        (b"\xef\xbb\xbf{}\n", b"{}", 3),
        (b"{}\xef\xbb\xbf\n", b"{}\xef\xbb\xbf", 0),
        (b" \n", b"", 0),
    ],
)
def test_the_content_of_a_line_is_without_white_space(
    data: bytes, content: bytes, start: int
) -> None:
    """Nor has it the mark that some editors put at the beginning of a file."""
    assert content_of(Line(7, 100, data)) == (content, 100 + start)


def test_a_content_is_found_where_it_begins() -> None:
    """The first of a key, or another one; before a line, if only those count."""
    contents = Contents(lambda start, size: FILE[start : start + size])
    assert contents.first("a") is None
    for content in (ONE, TWO):
        assert contents.find("a", content) is None
        contents.add("a", content, FILE.index(content))
    contents.add("b", THREE, FILE.index(THREE))
    assert len(contents) == 2
    assert (contents.first("a"), contents.first("b")) == (0, 18)
    assert [contents.find("a", content) for content in (ONE, TWO)] == [0, 9]
    assert contents.find("b", THREE) == 18
    assert contents.find("a", ONE, before=0) is None
    assert contents.find("a", TWO, before=9) is None
    assert contents.find("a", ONE, before=1) == 0
    assert contents.find("a", TWO, before=10) == 9
    assert contents.find("a", b'{"a": 3}') is None
