"""The contract suite on the store in a database: everything that the store in a file promises."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from specify_cli.telemetry.postgres import SimplePostgresStore
from specify_cli.telemetry.testing import (
    EventStoreContract,
    ProcessSafeEventStoreContract,
    ThreadSafeEventStoreContract,
)


class TestSimplePostgresStore(ThreadSafeEventStoreContract, ProcessSafeEventStoreContract):
    """The store on a server promises everything."""

    deadline = 300.0


class TestPreparedAtOnce(EventStoreContract):
    """It makes no difference when statements are prepared."""

    @pytest.fixture
    def store(self, open_store: Callable[..., SimplePostgresStore]) -> SimplePostgresStore:
        """Return a store that never runs a statement unprepared."""
        return open_store(prepare_threshold=0)
