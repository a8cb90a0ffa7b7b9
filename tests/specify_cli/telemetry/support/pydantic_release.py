"""What the pydantic that the tests run with cannot do: no store of such types can, either."""

from __future__ import annotations

from collections import deque

import pydantic
import pytest
from pydantic import SecretStr
from pydantic_core import PydanticSerializationError, to_json

_RELEASE = tuple(map(int, pydantic.VERSION.split(".")[:2]))


def _has_json_form(value: object) -> bool:
    try:
        to_json(value)
    except PydanticSerializationError:
        return False
    return True


needs_best_of_union = pytest.mark.skipif(
    _RELEASE < (2, 8), reason="pydantic before 2.8 takes the first of a union that fits"
)
needs_names_of_its_own = pytest.mark.skipif(
    _RELEASE < (2, 10), reason="pydantic before 2.10 looks for names where an adapter is made"
)
needs_alias_of_alias = pytest.mark.skipif(
    _RELEASE < (2, 10), reason="pydantic before 2.10 takes no alias of an alias"
)
needs_deque_in_json = pytest.mark.skipif(
    not _has_json_form(deque()), reason="older pydantic has no JSON form for a deque"
)
needs_secret_in_json = pytest.mark.skipif(
    not _has_json_form(SecretStr("")), reason="older pydantic has no JSON form for a bare secret"
)
