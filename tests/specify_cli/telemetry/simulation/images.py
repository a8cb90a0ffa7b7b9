"""Copies of the code under test, each with an operating system of its own to call.

A simulated process runs a copy of ``_log``, ``jsonl``, ``store`` and ``repair``: the modules of the
package, loaded once more under another name, in which ``import os`` and the like give what is
handed in here. Everything that touches no file is shared: the contract, and the codec.
"""

from __future__ import annotations

import ast
import builtins
import importlib
import importlib.abc
import importlib.util
import logging
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, ModuleType, SimpleNamespace, UnionType
from typing import Any, NamedTuple, Protocol, TypeVar
from weakref import WeakSet

from specify_cli import telemetry

SOURCES = Path(telemetry.__path__[0])
PURE = ("_contract", "_codec")
# What no function can change, other than by giving the name another value, as it does an integer.
_CONSTANT = (
    *(ModuleType, str, bytes, tuple, frozenset, re.Pattern, logging.Logger, float),
    *(type(annotations), TypeVar, UnionType),
)
_NAME = telemetry.__name__


class Defect(NamedTuple):
    """A change of the code that takes a protection out.

    Attributes:
        name: What protects.
        module: Where it is, below the package.
        old: The code that does it.
        new: The code without it.
    """

    name: str
    module: str
    old: str
    new: str


class Image:
    """One copy of the code.

    Attributes:
        name: Under which its modules are in ``sys.modules``.
        computer: What it runs on; see ``modules``.
    """

    computer: Any

    def __init__(self, name: str, modules: Mapping[str, ModuleType], *defects: Defect) -> None:
        """Load it.

        Args:
            name: A name that nothing else has.
            modules: What its imports give, by name.
            defects: What to change in it.
        """
        self.name = name
        self._modules = modules
        self._defects = defects
        root = ModuleType(name)
        root.__path__ = [str(SOURCES)]
        sys.modules[name] = root
        impure = {defect.module.split("/")[0] for defect in defects}
        for part in PURE:
            if part not in impure:
                self._share(part)
        sys.meta_path.insert(0, _Finder(self))
        try:
            for part in ("store", "repair"):
                importlib.import_module(f"{name}.{part}")
        finally:
            del sys.meta_path[0]
        self._loaded = [
            (vars(module), key, value, _content(value))
            for part, module in sys.modules.items()
            if part.startswith(f"{name}.") and module.__name__.startswith(f"{name}.")
            for key, value in vars(module).items()
            if not (key.startswith("__") or callable(value) or isinstance(value, _CONSTANT))
        ]

    def module(self, part: str) -> Any:
        """Return a module of it."""
        return sys.modules[f"{self.name}.{part}"]

    def reset(self) -> None:
        """Let its modules know nothing but what they knew when they were loaded."""
        for names, key, value, content in self._loaded:
            names[key] = value
            if content is not None:
                held = _contents_of(value)
                held.clear()
                held.update(content)

    def _share(self, part: str) -> None:
        importlib.import_module(f"{_NAME}.{part}")
        for key, module in list(sys.modules.items()):
            if key == f"{_NAME}.{part}" or key.startswith(f"{_NAME}.{part}."):
                sys.modules[self.name + key.removeprefix(_NAME)] = module

    def source_of(self, module: str) -> bytes:
        """Return the source of a module, its defects included."""
        text = (SOURCES / module).read_text(encoding="utf-8")
        for defect in self._defects:
            if defect.module == module:
                if defect.old not in text:
                    raise LookupError(f"{module} has no {defect.old!r}")
                text = text.replace(defect.old, defect.new)
        return text.encode()

    def imported(self) -> Callable[..., Any]:
        """Return an ``__import__`` that gives simulated modules for real ones."""
        given, real = self._modules, builtins.__import__

        def simulated(name: str, *arguments: Any) -> Any:
            level = arguments[3] if len(arguments) > 3 else 0
            return given[name] if not level and name in given else real(name, *arguments)

        return simulated


def _content(value: Any) -> Any:
    held = _contents_of(value)
    return None if held is None else held.copy()


def _contents_of(value: Any) -> Any:
    """Return what holds the contents of a value that may change in place, if it is such a value."""
    if isinstance(value, SimpleNamespace):
        return vars(value)
    return value if isinstance(value, dict | set | WeakSet) else None


class Copies(Protocol):
    """Copies of the code, one for each process."""

    def __getitem__(self, number: int) -> Image:
        """Return one of them."""


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, image: Image) -> None:
        self._image = image

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        del path, target
        if not fullname.startswith(f"{self._image.name}."):
            return None
        relative = fullname.removeprefix(f"{self._image.name}.").replace(".", "/")
        is_package = (SOURCES / relative).is_dir()
        module = f"{relative}/__init__.py" if is_package else f"{relative}.py"
        loader = _Loader(self._image, module)
        return importlib.util.spec_from_file_location(
            fullname,
            f"{self._image.name}/{module}",
            loader=loader,
            submodule_search_locations=[str(SOURCES / relative)] if is_package else None,
        )


class _Loader(importlib.abc.InspectLoader):
    def __init__(self, image: Image, module: str) -> None:
        self._image = image
        self._module = module

    def get_source(self, fullname: str) -> str:
        del fullname
        return self._image.source_of(self._module).decode()

    def get_code(self, fullname: str) -> CodeType:
        tree = ast.parse(self.get_source(fullname))
        return compile(tree, f"{self._image.name}/{self._module}", "exec", dont_inherit=True)

    def exec_module(self, module: ModuleType) -> None:
        names = vars(builtins) | {"__import__": self._image.imported()}
        vars(module)["__builtins__"] = names
        exec(self.get_code(module.__name__), vars(module))  # noqa: S102  # it is the code under test
