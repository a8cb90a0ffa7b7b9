"""The tool that changes the code puts a change into the functions that are loaded, or refuses."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from .conftest import HAS_SOURCE, ROOT

pytestmark = pytest.mark.skipif(not HAS_SOURCE, reason="the tools are in the source tree")

MODULE = """
import functools

LIMIT = 3

@functools.cache
def kept():
    return 1

class Box:
    size = 2

    @property
    def content(self):
        return [self.size + item for item in range(LIMIT)]

def outer(step=1):
    def inner():
        return step + 1
    return inner
"""


@pytest.fixture
def swap(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the module of the tool that does it."""
    monkeypatch.syspath_prepend(ROOT)
    return importlib.import_module("tools.mutants.swap")


@pytest.fixture
def loaded(tmp_path: Path) -> Iterator[ModuleType]:
    """Return the module above, imported."""
    path = tmp_path / "changed_in_memory.py"
    path.write_text(MODULE)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[path.stem]


def changed(swap: ModuleType, loaded: ModuleType, old: str, new: str) -> bool:
    """Put one change into the loaded module."""
    assert MODULE.count(old) == 1
    path = Path(str(loaded.__file__))
    text = MODULE.replace(old, new).encode()
    return bool(swap.Functions(path.parent).swap(path, text))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("return 1", "return 5", (5, [2, 3, 4], 2)),
        ("self.size + item", "self.size - item", (1, [2, 1, 0], 2)),
        ("step + 1", "step - 1", (1, [2, 3, 4], 0)),
        # Another number of lines before the others.
        ("return 1", "pass\n\n\n", (None, [2, 3, 4], 2)),
    ],
)
def test_functions_are_changed_wherever_they_are(
    swap: ModuleType, loaded: ModuleType, old: str, new: str, expected: object
) -> None:
    """Decorated, in a class, or made by another; who has imported them has the change too."""
    kept, box, outer = loaded.kept, loaded.Box(), loaded.outer
    assert changed(swap, loaded, old, new)
    assert (kept(), box.content, outer()()) == expected


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("LIMIT = 3", "LIMIT = 4"),
        ("size = 2", "size = 3"),
        ("step=1", "step=2"),
        ("@functools.cache\n", ""),
    ],
)
def test_what_ran_on_import_is_refused(
    swap: ModuleType, loaded: ModuleType, old: str, new: str
) -> None:
    """A constant, a default, a decorator; and nothing is changed."""
    assert not changed(swap, loaded, old, new)
    assert (loaded.kept(), loaded.Box().content, loaded.outer()()) == (1, [2, 3, 4], 2)
