"""The rules of docs/architecture.md: which wing may know which, and what each may do."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

from specify_cli import telemetry

PACKAGE = Path(telemetry.__path__[0])
PAGE = Path(__file__).parents[4] / "docs" / "architecture.md"

# Each part of the package, and the parts that it may import from. What lies deeper comes first.
MAY_KNOW: dict[str, set[str]] = {
    "_version": set(),
    "_contract": set(),
    "_recorder": {"_contract"},
    "_codec": set(),
    "_log": {"_contract"},
    "jsonl": {"_codec", "_log", "_contract"},
    "store": {"jsonl", "_recorder", "_contract"},
    "postgres": {"jsonl", "_codec", "_log", "_recorder", "_contract"},
    "sync": {"postgres", "jsonl", "_codec"},
    "check": {"jsonl", "_codec", "_log", "_contract"},
    "repair": {"jsonl", "_codec", "_log", "_contract"},
    "query": {"jsonl", "_log", "_contract"},
    "testing": {"jsonl", "_codec", "_contract"},
    "_cli": {
        "check",
        "repair",
        "query",
        "sync",
        "postgres",
        "jsonl",
        "_codec",
        "_contract",
        "_version",
    },
    "__init__": {"_version", "store", "jsonl", "check", "repair", "_contract"},
    "__main__": {"_cli"},
}
OTHER_PACKAGES = {"psycopg", "pydantic", "pydantic_core", "pytest", "ulid"}
MAX_LINES = 250

# What may be asked of `os` without touching a file.
PURE_OS = {"PathLike", "fsdecode", "fspath"}
DOES_IO = {
    *("asyncio", "fcntl", "fileinput", "io", "logging", "mmap", "msvcrt", "pathlib", "shutil"),
    *("socket", "subprocess", "tempfile", "threading"),
}


class Import(NamedTuple):
    """One name that a module imports.

    Attributes:
        levels: The number of dots, 0 for an absolute import.
        source: Where from, as a path of names, below the package if that is where it is.
        name: The name, empty where a whole module is imported absolutely.
    """

    levels: int
    source: tuple[str, ...]
    name: str


class Module:
    """A module of the package."""

    def __init__(self, path: Path) -> None:
        """Parse it."""
        self.path = path
        self.name = path.relative_to(PACKAGE).as_posix()
        self.text = path.read_text(encoding="utf-8")
        self.tree = ast.parse(self.text)
        self.folders = path.relative_to(PACKAGE).parts[:-1]
        self.part = self.folders[0] if self.folders else path.stem

    def imports(self) -> Iterator[Import]:
        """Yield all that it imports, wherever in the module that is."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (Import(0, tuple(alias.name.split(".")), "") for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                below = tuple((node.module or "").split(".")) if node.module else ()
                folders = self.folders[: len(self.folders) + 1 - node.level] if node.level else ()
                for alias in node.names:
                    yield Import(node.level, (*folders, *below), alias.name)

    def leaves_the_package(self, imported: Import) -> bool:
        """Return whether a relative import is of something above the package."""
        return imported.levels > len(self.folders) + 1

    def known_parts(self) -> set[str]:
        """Return the other parts of the package that it imports from."""
        parts = set()
        for imported in self.imports():
            if imported.levels and not self.leaves_the_package(imported):
                parts.add((*imported.source, imported.name)[0])
        return parts - {self.part, "spec_kitty_events"}


# In an install the contract is inside; it has no part in this.
MODULES = [
    Module(path)
    for path in sorted(PACKAGE.rglob("*.py"))
    if "spec_kitty_events" not in path.relative_to(PACKAGE).parts
]
each_module = pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)


def modules_of(part: str) -> list[Module]:
    """Return the modules of a part."""
    found = [module for module in MODULES if module.part == part]
    assert found, part
    return found


def test_the_rules_name_every_part_of_the_package() -> None:
    """A new wing gets a rule, and a place in the page."""
    assert {module.part for module in MODULES} == set(MAY_KNOW)
    page = PAGE.read_text(encoding="utf-8")
    for part in MAY_KNOW:
        assert f"{part}/" in page or f"{part}.py" in page, part


def test_the_rules_let_no_arrow_run_upwards() -> None:
    """Each part knows only what stands before it, so there is no way back."""
    above = list(MAY_KNOW)
    for part, known in MAY_KNOW.items():
        assert all(above.index(other) < above.index(part) for other in known), part


@each_module
def test_a_module_knows_only_what_its_wing_may_know(module: Module) -> None:
    """Arrows run one way: from the commands to check and repair, to the store, to the log."""
    assert module.known_parts() <= MAY_KNOW[module.part]


def test_no_module_imports_itself_by_a_detour() -> None:
    """There is no circle of modules within a wing either."""
    names = {module.name for module in MODULES}
    graph = {module.name: set[str]() for module in MODULES}
    for module in MODULES:
        for imported in module.imports():
            if imported.levels and not module.leaves_the_package(imported):
                source = "/".join(imported.source)
                candidates = (f"{source}/{imported.name}.py".lstrip("/"), f"{source}.py")
                graph[module.name] |= {name for name in candidates if name in names}
    assert len(list(TopologicalSorter(graph).static_order())) == len(MODULES)


@each_module
def test_imports_are_relative_or_of_other_packages(module: Module) -> None:
    """A copy under another name imports itself, and nothing that would have to be installed."""
    for imported in module.imports():
        if imported.levels == 0:
            assert imported.source[0] in sys.stdlib_module_names | OTHER_PACKAGES, imported


@each_module
def test_only_the_store_on_a_server_imports_its_driver(module: Module) -> None:
    """Whoever does not use it needs none."""
    if any(imported.source[:1] == ("psycopg",) for imported in module.imports()):
        assert module.part == "postgres"


@each_module
def test_only_one_module_imports_the_contract(module: Module) -> None:
    """Where the contract is, `_contract` alone knows."""
    for imported in module.imports():
        is_contract = "spec_kitty_events" in (*imported.source, imported.name)
        if module.leaves_the_package(imported) or is_contract:
            assert module.part == "_contract", imported


@pytest.mark.parametrize("module", modules_of("_codec"), ids=lambda module: module.name)
def test_the_codec_does_no_io(module: Module) -> None:
    """A line and an event are values; whoever has a file brings the bytes."""
    assert not {imported.source[0] for imported in module.imports() if imported.source} & DOES_IO
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "os":
            assert node.attr in PURE_OS
        if isinstance(node, ast.Name):
            assert node.id not in {"open", "print", "input"}
    from_os = {imported.name for imported in module.imports() if imported.source == ("os",)}
    assert from_os <= {*PURE_OS, ""}


@pytest.mark.parametrize("module", modules_of("_log"), ids=lambda module: module.name)
def test_the_log_knows_no_events(module: Module) -> None:
    """It keeps lines; of the contract it may have the error, and of JSON nothing."""
    for imported in module.imports():
        assert imported.source[:1] not in {("json",), ("pydantic",), ("pydantic_core",)}
        if "_contract" in imported.source:
            assert imported.name == "StorageError"


@each_module
def test_a_module_is_short(module: Module) -> None:
    """Whoever opens one sees the whole of it before long."""
    lines = module.text.count("\n")
    assert lines <= MAX_LINES
