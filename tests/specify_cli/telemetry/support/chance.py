"""Choices made by bytes: whoever gives the bytes, a fuzzer or chance, decides what is made up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

_T = TypeVar("_T")


class Chance:
    """Makes choices, a byte each; when there are no bytes left, always the first one.

    Args:
        data: The bytes.
    """

    def __init__(self, data: bytes) -> None:
        """Start with the first byte."""
        self._data = data
        self._next = 0

    def below(self, count: int) -> int:
        """Return a number from 0 to ``count - 1``."""
        if count < 2 or self._next >= len(self._data):
            return 0
        self._next += 1
        return self._data[self._next - 1] % count

    def one_of(self, choices: Sequence[_T]) -> _T:
        """Return one of some things; the first should be the simplest."""
        return choices[self.below(len(choices))]

    def some_of(self, choices: Sequence[_T], most: int) -> list[_T]:
        """Return a few of some things, in their order."""
        numbers = {self.below(len(choices)) for _ in range(self.below(most + 1))}
        return [choices[number] for number in sorted(numbers)]

    def once_in(self, count: int) -> bool:
        """Return True once in so many times; False when there are no bytes left."""
        return self.below(count) == 1
