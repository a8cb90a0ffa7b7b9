"""What a mutant is: every small edit of a module that should make a test fail.

An operator or a constant is changed, a condition forced, a statement, an argument or a sign of a
regular expression left out. Annotations, docstrings, type aliases, lists of names, whether a class
is frozen, and code marked as being for other platforms stay as they are.
"""

from __future__ import annotations

import ast
import contextlib
import itertools
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

OTHER_PLATFORM = re.compile(rb"# pragma: (windows|darwin)\b")
MESSAGE = re.compile(r"^logger\.\w+$|Error$")

PAIRS = """< <=,> >=,== !=,is is not,in not in,and or,+ -,* //,| &,<< >>,+= -=,min max,any all,
find rfind,startswith endswith,partition rpartition,removeprefix removesuffix,strip rstrip"""
SWAPS = {old: new for pair in PAIRS.split(",") for old, _, new in [pair.strip().partition(" ")]}
SWAPS |= {new: old for old, new in SWAPS.items()}


class Mutant(NamedTuple):
    """A module with one edit.

    Attributes:
        path: The module, relative to the project.
        line: Where the edit is.
        edit: The scope, and the lines concerned before and after.
        text: The module as the edit leaves it.
        wording: Whether nothing but a message is changed.
    """

    path: Path
    line: int
    edit: str
    text: bytes
    wording: bool


class Module:
    """The source of one module, and the edits to make in it."""

    def __init__(self, root: Path, path: Path) -> None:
        """Read the module at ``path`` in the project at ``root``."""
        self.path = path
        self.text = (root / path).read_bytes()
        self._lines = self.text.splitlines(keepends=True)
        self._starts = [0, *itertools.accumulate(map(len, self._lines))]

    def mutants(self) -> Iterator[Mutant]:
        """Yield every mutant of the module that compiles."""
        return self._mutants(ast.parse(self.text), "/".join(self.path.parts[-2:]), wording=False)

    def _mutants(self, node: ast.AST, scope: str, *, wording: bool) -> Iterator[Mutant]:
        header = self._lines[node.lineno - 1] if isinstance(node, ast.stmt) else b""
        elsewhere, guard = bool(OTHER_PLATFORM.search(header)), b"# pragma:" in header
        if _stays(node) or (elsewhere and not isinstance(node, ast.If)):
            return
        wording |= isinstance(node, ast.Raise)
        wording |= isinstance(node, ast.Call) and bool(MESSAGE.search(ast.unparse(node.func)))
        for start, stop, new in () if guard else self._edits(node):
            text = self.text[:start] + new.encode() + self.text[stop:]
            if text == self.text:
                continue
            with contextlib.suppress(SyntaxError):
                compile(text, self.path, "exec")
                first, last = self.text.rfind(b"\n", 0, start) + 1, self.text.find(b"\n", stop)
                lines = self.text[first:last], text[first : last + len(text) - len(self.text)]
                before, after = (b" ".join(part.split()).decode() for part in lines)
                edit = f"{scope}: {before}  ->  {after}"
                number = self.text.count(b"\n", 0, start) + 1
                yield Mutant(self.path, number, edit, text, wording and _is_text(node))
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            scope += f" {node.name}"
        left_out = {"annotation", "returns", "test" * guard, "body" * elsewhere}
        for name, value in () if isinstance(node, ast.JoinedStr) else ast.iter_fields(node):
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST) and name not in left_out:
                    yield from self._mutants(child, scope, wording=wording)

    def _edits(self, node: ast.AST) -> Iterator[tuple[int, int, str]]:
        edits = (find(node) for kind, find in EDITS if isinstance(node, kind))
        for place, new in itertools.chain.from_iterable(edits):
            yield *self._span(place), new
        if isinstance(node, ast.Compare | ast.BinOp | ast.BoolOp | ast.AugAssign):
            operands = [part for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr)]
            for left, right in itertools.pairwise(operands):
                start, stop = self._span(left)[1], self._span(right)[0]
                sign = self.text[start:stop].strip(b"() \n")
                start += self.text[start:stop].index(sign)
                if sign.decode() in SWAPS:
                    yield start, start + len(sign), SWAPS[sign.decode()]
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "re.compile":
            start, stop = self._span(node.args[0])
            for place in range(start + 1, stop - 1):
                shorter = self.text[start:place] + self.text[place + 1 : stop]
                with contextlib.suppress(re.error, SyntaxError, ValueError):
                    re.compile(ast.literal_eval(shorter.decode()))
                    if not chr(self.text[place]).isalnum():
                        yield place, place + 1, ""

    def _span(self, node: Any) -> tuple[int, int]:
        start = self._starts[node.lineno - 1] + node.col_offset
        return start, self._starts[node.end_lineno - 1] + node.end_col_offset


def _stays(node: ast.AST) -> bool:
    if isinstance(node, ast.keyword):
        return node.arg in {"frozen", "slots"}  # against mistakes of ours that type checkers find
    if isinstance(node, ast.If):
        return ast.unparse(node.test) == "TYPE_CHECKING"
    if isinstance(node, ast.AnnAssign):
        return ast.unparse(node.annotation) == "TypeAlias"
    if isinstance(node, ast.Assign):
        return ast.unparse(node.targets[0]) in {"__all__", "__slots__"}
    return isinstance(node, ast.Expr) and _is_text(node.value)


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or isinstance(getattr(node, "value", None), str)


def _constant(node: ast.Constant) -> list[tuple[Any, str]]:
    value = node.value
    if isinstance(value, str | bytes):
        return [(node, "b" * isinstance(value, bytes) + ('""' if value else '"XX"'))]
    if isinstance(value, int) and not isinstance(value, bool):
        return [(node, str(value + 1))]
    return [] if value is None else [(node, str(not value))]


def _renamed(node: ast.Call) -> list[tuple[Any, str]]:
    owner, dot, name = ast.unparse(node.func).rpartition(".")
    return [(node.func, owner + dot + SWAPS[name])] if name in SWAPS else []


def _given_back(node: Any) -> list[tuple[Any, str]]:
    if node.value is None:
        return [(node, "pass")]
    nothing = isinstance(node.value, ast.Constant) and not node.value.value
    return [] if nothing else [(node.value, "None")]


# For each kind of node: what to put in the place of which part of it.
EDITS: list[tuple[Any, Callable[[Any], list[tuple[Any, str]]]]] = [
    (ast.Assign | ast.AnnAssign | ast.AugAssign, lambda n: [(n, "pass")] if n.col_offset else []),
    (ast.BoolOp, lambda n: [(part, str(isinstance(n.op, ast.And))) for part in n.values]),
    (ast.Break, lambda n: [(n, "continue")]),
    (ast.Call, _renamed),
    (ast.Constant, _constant),
    (ast.Continue, lambda n: [(n, "break"), (n, "pass")]),
    # No test raises this one.
    (ast.ExceptHandler, lambda n: [(e, "BufferError") for e in getattr(n.type, "elts", [n.type])]),
    (ast.Expr, lambda n: [(n, "pass")]),
    (ast.For | ast.comprehension, lambda n: [(n.iter, "()")]),
    (ast.If | ast.IfExp | ast.While, lambda n: [(n.test, "True"), (n.test, "False")]),
    (ast.JoinedStr, lambda n: [(n, '""')]),
    (ast.Raise, lambda n: [(n, "pass"), *([(n.cause, "None")] if n.cause else [])]),
    (ast.Return | ast.Yield, _given_back),
    (ast.Slice, lambda n: [(bound, "") for bound in (n.lower, n.upper) if bound]),
    (ast.UnaryOp, lambda n: [(n, f"({ast.unparse(n.operand)})")]),
    (ast.comprehension, lambda n: [(test, "True") for test in n.ifs]),
    (ast.keyword, lambda n: [] if isinstance(n.value, ast.Constant) else [(n, "")]),
    (ast.withitem, lambda n: [(n.context_expr, '__import__("contextlib").nullcontext()')]),
]
