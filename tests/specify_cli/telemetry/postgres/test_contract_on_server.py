"""The contract suite on the store in a database: everything that the store in a file promises."""

from __future__ import annotations

from specify_cli.telemetry.testing import (
    ProcessSafeEventStoreContract,
    ThreadSafeEventStoreContract,
)


class TestSimplePostgresStore(ThreadSafeEventStoreContract, ProcessSafeEventStoreContract):
    """The store on a server promises everything."""

    # Each of many small steps is a commit, on a machine that has other things to do.
    deadline = 300.0
