"""Connections, and processes that fork."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable

import pytest

from specify_cli.telemetry.postgres import SimplePostgresStore

from ..support.events import make_event
from ..support.platforms import exit_code_of_child

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


def test_a_child_of_a_child_keeps_its_files(store: SimplePostgresStore) -> None:
    """One that has the number which a connection had in the first process, too."""
    store.save_event(make_event())
    session = store._log._idle[0]  # kept, as by a call that is under way
    number = session._connection.socket

    def look() -> None:
        store.close()
        os.fstat(number)
        os._exit(0)

    def fork_again() -> None:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(number)
        read, _ = os.pipe()
        os.dup2(read, number)
        store.close()
        os.fstat(number)
        os._exit(exit_code_of_child(look))

    assert exit_code_of_child(fork_again) == 0


def test_a_child_sends_nothing_to_what_has_the_number_of_a_connection(
    store: SimplePostgresStore,
) -> None:
    """It is some other file of the child's own."""
    store.save_event(make_event())
    number = store._log._idle[0]._connection.socket

    def save() -> None:
        end, other = sorted(socket.socketpair(), key=lambda file: file.fileno() == number)
        os.dup2(other.fileno(), number)
        store.save_event(make_event())
        end.settimeout(0)
        with pytest.raises(BlockingIOError):
            end.recv(1)
        os._exit(0)

    assert exit_code_of_child(save) == 0
    assert len(store.load_all_events()) == 2


def test_a_closed_connection_is_nothing_to_a_child(
    store: SimplePostgresStore, open_store: Open, capfd: pytest.CaptureFixture[str]
) -> None:
    """It has no number any more; nothing is said of it."""
    stores = [store, open_store()]
    for each in stores:
        each.load_all_events()
    kept = [each._log._idle[0] for each in stores]
    store.close()
    assert exit_code_of_child(lambda: os._exit(7)) == 7
    assert capfd.readouterr().err == ""
    assert [session.is_usable for session in kept] == [False, True]
