"""Put the code of a changed module into the functions of the one that is loaded."""

from __future__ import annotations

import gc
import inspect
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FunctionType


class Functions:
    """The functions of the loaded modules, by their code."""

    def __init__(self, folder: Path) -> None:
        """Find those whose code is in ``folder``."""
        self._live: defaultdict[CodeType, list[FunctionType]] = defaultdict(list)
        for thing in gc.get_objects():
            if isinstance(thing, FunctionType):
                code = thing.__code__
                if code.co_filename.startswith(str(folder)):
                    self._live[code].append(thing)

    def swap(self, path: Path, text: bytes) -> bool:
        """Change the functions that differ from a module's text.

        Returns:
            Whether that is all of the change; if not, nothing is done.
        """
        old = compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
        pairs = list(_changed(old, compile(text, str(path), "exec", dont_inherit=True)))
        # Of a function that is made when another runs, only the other is there.
        if not all(new and (nested or old in self._live) for old, new, nested in pairs):
            return False
        found = [(f, new) for old, new, _ in pairs if new for f in self._live.get(old, [])]
        if any(function.__code__.co_freevars != new.co_freevars for function, new in found):
            return False
        for function, new in found:
            function.__code__ = new
        return bool(found)


def _changed(
    old: CodeType, new: CodeType, *, nested: bool = False
) -> Iterator[tuple[CodeType, CodeType | None, bool]]:
    """Yield the functions that differ, as they were and are, and whether another makes them.

    In the place of what runs on import comes None.
    """
    is_function = bool(old.co_flags & inspect.CO_OPTIMIZED)
    inner = [code for code in old.co_consts if isinstance(code, CodeType)]
    changed = [code for code in new.co_consts if isinstance(code, CodeType)]
    alike = [code.co_name for code in inner] == [code.co_name for code in changed]
    if is_function and old != new:
        yield old, new, nested
    elif not is_function and (not alike or _own(old) != _own(new)):
        yield old, None, nested
    for before, after in zip(inner, changed, strict=True) if alike else ():
        yield from _changed(before, after, nested=is_function)


def _own(code: CodeType) -> list[object]:
    """Return what a module or class does itself, wherever its lines are."""
    values = [repr(value) for value in code.co_consts if not isinstance(value, CodeType)]
    return [code.co_code, values, code.co_names, code.co_exceptiontable]
