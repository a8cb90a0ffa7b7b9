"""Writers and a follower, for a server that is to lose nothing under them."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

from specify_cli.spec_kitty_events import StorageError
from specify_cli.telemetry.postgres import SimplePostgresStore

from . import server_writer
from .processes import start

Open = Callable[..., SimplePostgresStore]


class Follower:
    """Reads a log with a cursor, from the start and all the time, as somebody who watches does."""

    def __init__(self, store: SimplePostgresStore) -> None:
        """Begin."""
        self.seen: list[str] = []
        self.restarts = 0
        self._store = store
        self._stop = threading.Event()
        self._cursor: str | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.is_set():
            with contextlib.suppress(StorageError):
                self._read()
            time.sleep(0.002)

    def _read(self) -> None:
        events, self._cursor = new = self._store.read_since(self._cursor)
        self.restarts += new.restarted
        self.seen += [event.event_id for event in events]

    def end(self) -> list[str]:
        """Read what is left, and return the ids of all that was seen, in that order."""
        self._stop.set()
        self._thread.join(30)
        assert not self._thread.is_alive()
        self._read()
        return self.seen


@contextlib.contextmanager
def writers(
    conninfo: str, log: str, count: int, timeout: float = 5
) -> Iterator[Callable[[], list[str]]]:
    """Have four processes save, and yield what waits for them and returns what they were told."""
    processes = [start(server_writer, conninfo, log, number, count, timeout) for number in range(4)]
    try:

        def acknowledged() -> list[str]:
            outputs = [process.communicate(timeout=120)[0] for process in processes]
            assert [process.returncode for process in processes] == [0] * 4
            return "".join(outputs).split()

        yield acknowledged
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def until_saved(store: SimplePostgresStore, count: int) -> None:
    """Wait until a log has so many lines."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with contextlib.suppress(StorageError):
            if store._log.state().end >= count:
                return
        time.sleep(0.005)
    raise AssertionError(f"no {count} lines in time")
