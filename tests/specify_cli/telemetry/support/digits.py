"""How long the integers are that Python reads and writes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def digits_at_most(count: int) -> Iterator[None]:
    """Have Python refuse integers of more digits for a while; 0 lets it take any."""
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(count)
    try:
        yield
    finally:
        sys.set_int_max_str_digits(limit)
