"""What stands for ids and lines in what is sent to the server."""

from __future__ import annotations

from psycopg.adapt import PyFormat, Transformer

from specify_cli.telemetry.postgres.statements import key_of, text_array


def test_no_two_texts_have_the_same_key() -> None:
    """The key of a long text is none that a short one may have."""
    long = "a" * 5_000
    assert key_of(long) != key_of(long + "a")
    assert key_of(key_of(long).decode()) != key_of(long)
    assert len(key_of(long)) <= 200
    assert key_of(long).startswith(b"a" * 100 + b'"')
    assert [len(key_of("a" * length)) for length in (200, 201)] == [200, 165]
    assert key_of("\ud800") == rb"\ud800" != key_of(r"\ud800")


def test_an_array_is_as_the_driver_makes_it() -> None:
    """In binary, with or without nulls in it."""
    for items in (["a", None, "", "é"], ["a" * 300]):
        dumped = Transformer().get_dumper(items, PyFormat.BINARY).dump(items)
        assert text_array([None if item is None else item.encode() for item in items]) == dumped
