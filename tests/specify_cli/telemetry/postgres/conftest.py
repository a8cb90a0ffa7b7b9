"""What the tests of the store on a server start from."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..support.driver import HAS_DRIVER

if HAS_DRIVER:
    from ..support.server_fixtures import *  # noqa: F403  # fixtures
else:
    collect_ignore_glob = ["test_[!d]*.py"]  # all but the one that says so

# Tests of the contract that make a commit between any two steps of a call, or a connection for each
# call: hundreds of them.
_LONG = {
    "test_a_load_may_be_interrupted_by_processes",
    "test_a_load_may_be_interrupted_by_threads",
    "test_a_save_may_be_interrupted_by_processes",
    "test_a_save_may_be_interrupted_by_threads",
    "test_processes_lose_and_repeat_nothing",
    "test_promises_hold_for_a_store_opened_for_each_call",
    "test_threads_may_each_open_a_store",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave what takes long to those who ask for it."""
    for item in items:
        is_here = item.path.parent == Path(__file__).parent
        if is_here and isinstance(item, pytest.Function) and item.originalname in _LONG:
            item.add_marker(pytest.mark.servers)
