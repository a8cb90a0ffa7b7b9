"""Using a store from several threads or processes that begin at one moment."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import wait
from multiprocessing.synchronize import Barrier
from typing import Any, cast

from .._contract import EventStore


def save(store: EventStore, events: Iterable[Any]) -> None:
    """Save events one by one."""
    for event in events:
        store.save_event(event)


def save_and_die(open_store: Callable[[], EventStore], events: Iterable[Any]) -> None:
    """Open a store, save events one by one, and end the process without any clean-up.

    What a save has acknowledged must not depend on anything that happens at exit.
    """
    save(open_store(), events)
    os._exit(0)


def in_threads(uses: Sequence[Callable[[], None]]) -> None:
    """Call all of ``uses`` at once, in threads that take turns often; raise what one raises."""
    begin = threading.Barrier(len(uses))

    def run(use: Callable[[], None]) -> None:
        begin.wait()
        use()

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(len(uses)) as pool:
            for future in [pool.submit(run, use) for use in uses]:
                future.result()
    finally:
        sys.setswitchinterval(interval)


def in_processes(uses: Sequence[Callable[[], None]]) -> list[int | None]:
    """Call all of ``uses`` at once, in processes; return with which codes these ended."""
    # Not forked: a thread of the test run may hold a lock at this moment.
    context = multiprocessing.get_context("spawn")
    begin = context.Barrier(len(uses))
    processes = [context.Process(target=_run, args=(begin, use), daemon=True) for use in uses]
    for process in processes:
        process.start()
    running = {process.sentinel: process for process in processes}
    while running:
        for sentinel in wait(list(running)):
            process = running.pop(cast("int", sentinel))
            process.join()
            if process.exitcode:
                begin.abort()  # or the others would wait for it
    return [process.exitcode for process in processes]


def _run(begin: Barrier, use: Callable[[], None]) -> None:
    begin.wait()
    use()
