"""Connections, and processes that fork."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable

import pytest

from specify_cli.telemetry.postgres import SimplePostgresStore

from ..support.events import make_event

Open = Callable[..., SimplePostgresStore]


@pytest.mark.parametrize("closes", [True, False])
def test_a_child_has_connections_of_its_own(store: SimplePostgresStore, *, closes: bool) -> None:
    """What it does, and how it ends, does not disturb its parent's."""
    store.save_event(make_event(lamport_clock=1))
    pid_before = store._log._idle[0]._connection.backend_pid
    child = os.fork()
    if child == 0:
        status = 1
        with contextlib.suppress(BaseException):
            if closes:
                store.close()
            store.save_event(make_event(lamport_clock=2))
            status = 0
        os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    store.save_event(make_event(lamport_clock=3))
    assert [event.lamport_clock for event in store.load_all_events()] == [1, 2, 3]
    assert store._log._idle[0]._connection.backend_pid == pid_before
