"""Which tests a mutant is for: those that run its lines, the fastest first."""

from __future__ import annotations

import ast
import itertools
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from .child import Test
from .edits import Mutant
from .record import Line, Lines

# The folders of tests for each wing.
FOLDERS = {
    "_log": ("log", "jsonl", "repair"),
    "_codec": ("codec", "jsonl", "check"),
    "jsonl": ("jsonl", "log", "codec"),
    "check": ("check", "cli", "repair"),
    "repair": ("repair", "cli"),
    "query": ("query", "cli"),
    "postgres": ("postgres", "sync"),
    "sync": ("sync",),
    "testing": ("testing",),
    "_cli": ("cli", "sync"),
    "telemetry": ("jsonl", "codec", "check", "repair", "cli"),
}
# Seconds of tests for one mutant, as long as they take when they are measured; and of those for one
# that has passed them.
MOST_IN_MEMORY, MOST_ON_DISK, MOST_IN_THE_END = 30.0, 20.0, 400.0


def wing_of(mutant: Mutant) -> str:
    """Return the wing that a mutant is in."""
    return mutant.path.parent.name


class Choice:
    """Chooses tests by what they have been seen to run."""

    def __init__(self, root: Path, lines: Lines) -> None:
        """Choose for the modules of the project at ``root``."""
        self._root = root
        self._lines = lines
        self._left_out: set[str] = set()
        self._statements: dict[Path, dict[int, ast.stmt | ast.ExceptHandler]] = {}
        modules = {path for path, _ in lines.on_import}
        self._texts = {path: (root / path).read_text("utf-8") for path in modules}

    def leave_out(self, name: str) -> None:
        """Never choose this test again."""
        self._left_out.add(name)

    def of_folder(self, folder: str) -> list[Test]:
        """Return the tests of a folder that run any line in their own process."""
        every = set().union(*self._lines.here.values())
        return self._fit({test for test in every if folder_of(test) == folder}, math.inf)

    def runs_on_import(self, mutant: Mutant) -> bool:
        """Return whether the edit is in what runs when the module is imported."""
        return any(line in self._lines.on_import for line in self._lines_of(mutant))

    def here(self, mutant: Mutant) -> list[Test]:
        """Return the tests that run the edit in their own process."""
        groups = _sets(self._lines.here, self._lines_of(mutant))
        return self._of_wing(mutant, groups, MOST_IN_MEMORY)

    def elsewhere(self, mutant: Mutant) -> list[Test]:
        """Return the tests that run the edit in a process that they start."""
        return self._of_wing(mutant, _sets(self._lines.elsewhere, self._lines_of(mutant)))

    def whole_module(self, mutant: Mutant) -> list[Test]:
        """Return the tests that run anything of the module."""
        lines = {line for line in self._lines.every() if line[0] == mutant.path}
        return self._of_wing(mutant, self._every_set(lines))

    def naming(self, mutant: Mutant) -> list[Test]:
        """Return the tests that run lines with the name of what the edit is assigned to.

        Or with the name of what is made of that, in assignments of the same module.
        """
        statement = self._statement(mutant)
        if not isinstance(statement, ast.Assign | ast.AnnAssign):
            return []
        name = re.compile(rf"\b({'|'.join(map(re.escape, self._names_from(mutant, statement)))})\b")
        lines = set()
        for path, text in self._texts.items():
            numbered = enumerate(text.splitlines(), 1)
            lines |= {(path, number) for number, line in numbered if name.search(line)}
        return self._of_wing(mutant, self._every_set(lines))

    def whole_wing(self, mutant: Mutant) -> list[Test]:
        """Return the tests of the mutant's wing, whether or not they are known to run the edit.

        A function that traces the code is not traced itself, and some tests only look at what there
        is: of neither is it known.
        """
        return self._of_wing(mutant, [self._lines.tests], MOST_IN_THE_END)

    def _names_from(self, mutant: Mutant, statement: ast.Assign | ast.AnnAssign) -> set[str]:
        names = {_target(statement)}
        for other in ast.parse(self._texts[mutant.path]).body:
            if isinstance(other, ast.Assign | ast.AnnAssign):
                used = {node.id for node in ast.walk(other) if isinstance(node, ast.Name)}
                if used & names:
                    names.add(_target(other))
        return names

    def _every_set(self, lines: set[Line]) -> Iterator[set[Test]]:
        for kind in (self._lines.here, self._lines.elsewhere):
            yield from _sets(kind, lines)

    def _of_wing(
        self, mutant: Mutant, groups: Iterable[set[Test]], most: float = MOST_ON_DISK
    ) -> list[Test]:
        folders = FOLDERS[wing_of(mutant)]
        tests = {test for group in groups for test in group if folder_of(test) in folders}
        return self._fit(tests, most)

    def _fit(self, tests: set[Test], most: float) -> list[Test]:
        chosen = sorted(tests, key=lambda test: (test.seconds, test.name))
        chosen = [test for test in chosen if test.name not in self._left_out]
        totals = itertools.accumulate(test.seconds for test in chosen)
        return [test for test, total in zip(chosen, totals, strict=True) if total <= most]

    def _lines_of(self, mutant: Mutant) -> list[Line]:
        """Return the lines of the statement, or of the head of the block, that an edit is in."""
        node = self._statement(mutant)
        if node is None:
            return [(mutant.path, mutant.line)]
        body = getattr(node, "body", None)
        stop = body[0].lineno if body else (node.end_lineno or node.lineno) + 1
        return [(mutant.path, number) for number in range(node.lineno, max(stop, node.lineno + 1))]

    def _statement(self, mutant: Mutant) -> ast.stmt | ast.ExceptHandler | None:
        if mutant.path not in self._statements:
            statements: dict[int, ast.stmt | ast.ExceptHandler] = {}
            for node in ast.walk(ast.parse((self._root / mutant.path).read_bytes())):
                if isinstance(node, ast.stmt | ast.ExceptHandler):  # those inside come later
                    numbers = range(node.lineno, (node.end_lineno or node.lineno) + 1)
                    statements.update(dict.fromkeys(numbers, node))
            self._statements[mutant.path] = statements
        return self._statements[mutant.path].get(mutant.line)


def _target(statement: ast.Assign | ast.AnnAssign) -> str:
    target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
    return ast.unparse(target)


def _sets(kind: Mapping[Line, set[Test]], lines: Iterable[Line]) -> Iterator[set[Test]]:
    return (kind.get(line, set()) for line in lines)


def folder_of(test: Test) -> str:
    """Return the folder that a test is in."""
    return Path(test.name.partition("::")[0]).parent.name
