"""What the pages in docs/ say is true."""

from __future__ import annotations

import ast
import json
import logging
import re
import sys
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

from specify_cli import spec_kitty_events, telemetry
from specify_cli.telemetry import JsonlLog, SimpleJsonStore
from specify_cli.telemetry._codec import MalformedLineError

from ..support.events import CODEC
from .conftest import HAS_SOURCE, ROOT

DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.glob("*.md"))]
PAGES += [ROOT / "fuzz" / "README.md", ROOT / "benchmarks" / "README.md"]
SOURCES = [
    source
    for package in (spec_kitty_events, telemetry)
    for source in sorted(Path(package.__path__[0]).rglob("*.py"))
]


def blocks(page: str, kind: str) -> list[str]:
    """Return the contents of a page's fenced blocks of one kind."""
    text = (DOCS / page).read_text(encoding="utf-8")
    found = re.findall(rf"^```{kind}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    assert found, f"no {kind} in {page}"
    return [str(block) for block in found]


def lines(page: str, kind: str) -> list[bytes]:
    """Return the lines of those blocks, each with its newline."""
    return "".join(blocks(page, kind)).encode().splitlines(keepends=True)


# The logs of the integration's examples that hold other things than the contract's events.
OF_OTHER_TYPES = {"status.events.jsonl", "01K.jsonl"}


@pytest.mark.parametrize("line", lines("format.md", "jsonl"))
def test_the_lines_of_the_format_encode_to_themselves(line: bytes) -> None:
    """A line shown as written is the one form of its event."""
    assert CODEC.encode(CODEC.decode(line)) == line


@pytest.mark.parametrize("line", lines("format.md", "jsonl read"))
def test_the_spellings_of_the_format_load(line: bytes) -> None:
    """A line shown as readable loads, and is not what the store itself would write."""
    assert CODEC.encode(CODEC.decode(line)) != line


@pytest.mark.parametrize("line", lines("format.md", "jsonl malformed"))
def test_the_malformed_lines_of_the_format_are_malformed(line: bytes) -> None:
    """A line shown as malformed does not load."""
    with pytest.raises(MalformedLineError):
        CODEC.decode(line)


@pytest.mark.parametrize("number", range(len(blocks("integration.md", "python"))))
def test_each_example_of_the_integration_runs_alone(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever copies one piece of the page needs no other."""
    # The published package need not be installed: the vendored contract has the same names.
    monkeypatch.setitem(sys.modules, "spec_kitty_events", spec_kitty_events)
    monkeypatch.chdir(tmp_path)
    logger = logging.getLogger("specify_cli.telemetry")
    handlers, propagate = logger.handlers[:], logger.propagate
    try:
        # The pages have the name of an install; this is a test of the package at hand.
        code = blocks("integration.md", "python")[number]
        code = code.replace("spec_kitty_telemetry", telemetry.__name__)
        # A dataclass looks for the module that it is in.
        module = types.ModuleType("integration")
        monkeypatch.setitem(sys.modules, "integration", module)
        exec(compile(code, "integration.md", "exec"), vars(module))  # noqa: S102  # the project's own
    finally:
        for handler in set(logger.handlers) - set(handlers):
            logger.removeHandler(handler)
            handler.close()
        logger.propagate = propagate
    for log in tmp_path.rglob("*.jsonl"):
        is_of_events = log.name not in OF_OTHER_TYPES
        found = SimpleJsonStore(log).load_all_events() if is_of_events else JsonlLog(log).records()
        assert [*found]


def test_the_examples_of_the_records_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the two lines that are there today to the transaction, one after the other."""
    monkeypatch.chdir(tmp_path)
    code = "\n".join(blocks("records.md", "python"))
    code = code.replace("spec_kitty_telemetry", telemetry.__name__)
    names = {"__name__": "records", "json": json, "record": {"wp": "WP00"}}
    exec(compile(code, "records.md", "exec"), names)  # noqa: S102  # the project's own
    status = telemetry.JsonlLog("status.events.jsonl").records(strict=True)
    assert [record.get("wp") for record in status] == ["WP00", "WP01", "WP02", None, None]
    (first, second) = telemetry.JsonlLog("decisions.events.jsonl").records(strict=True)
    assert (first["answer"], second["seq"]) == ("yes", 2)
    assert len(list(telemetry.JsonlLog("audit.jsonl").records())) == 1


def messages() -> Iterator[tuple[str, ...]]:
    """Yield the text of every warning and error in the source, in parts around what varies."""
    for source in SOURCES:
        if source.parent.name == "testing":  # it explains itself, to those who write stores
            continue
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = ast.unparse(node.func).rpartition(".")[2]
            if name in {"AssertionError", "AttributeError"}:  # of a misspelled name
                continue
            if name in {"refused", "_translated"} and isinstance(node.args[0], ast.Constant):
                yield (f'cannot {ast.literal_eval(node.args[0])} "', '": ')
            elif name in {"warning", "error_type", "storage_error"} or name.endswith("Error"):
                for argument in node.args:
                    parts = parts_of(argument)
                    if any(parts):
                        yield parts


def parts_of(argument: ast.expr) -> tuple[str, ...]:
    """Return the constant parts of a message's template."""
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        return tuple(re.split("%[ds]", argument.value))
    if isinstance(argument, ast.JoinedStr):
        values = (v.value if isinstance(v, ast.Constant) else "\0" for v in argument.values)
        return tuple("".join(map(str, values)).split("\0"))
    return ()


MESSAGES = sorted(set(messages()))


@pytest.mark.parametrize("parts", MESSAGES, ids="...".join)
def test_each_message_is_explained(parts: tuple[str, ...]) -> None:
    """Whoever sees a warning or an error finds it on the page of symptoms."""
    page = (DOCS / "troubleshooting.md").read_text(encoding="utf-8")
    assert re.search(".+".join(map(re.escape, parts)), page), "…".join(parts)


def test_the_messages_are_those_that_users_see() -> None:
    """Warnings, refusals by the operating system and refused events are among them."""
    assert ("Skipped ", ' malformed event lines of "', '"') in MESSAGES
    assert ('cannot append to "', '": ') in MESSAGES
    assert ("two keys become ", "") in MESSAGES
    assert ("not a regular file",) in MESSAGES


def anchors(page: Path) -> set[str]:
    """Return what a link to a heading of the page may end in, as GitHub makes it."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    """Every link to a file of this project, and to a heading in it, finds it."""
    text = page.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if link.startswith("https://"):
            continue
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        if not HAS_SOURCE and target.resolve().is_relative_to(ROOT / "src"):
            continue
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target), link
