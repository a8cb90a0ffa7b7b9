"""What the tests of the log and its stores start from."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module")
def quiet() -> Iterator[None]:
    """Leave the warnings out, where very many logs are read; other tests look at them."""
    logger = logging.getLogger("specify_cli.telemetry")
    logger.setLevel(logging.CRITICAL)
    yield
    logger.setLevel(logging.NOTSET)
