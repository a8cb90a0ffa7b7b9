"""A process that makes itself a daemon while a thread of it is in the middle of an append.

Usage: daemon.py LOG CALL. The append stands still at a call to the operating system; the child,
whose number is printed, lives on for a minute.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

if __name__ == "__main__":
    # What is relative below is so in whatever folder the tests have been copied to.
    sys.path.insert(0, str(Path(__file__).parents[2]))
    __package__ = ".".join(Path(__file__).parts[-3:-1])

from specify_cli.telemetry import SimpleJsonStore

from .events import make_event


def main(log: str, name: str) -> None:
    """Save in a thread, and fork and exit meanwhile."""
    reached = threading.Event()
    real = getattr(os, name)

    def stand_still(*arguments: object) -> object:
        if threading.current_thread() is not threading.main_thread():
            reached.set()
            time.sleep(60)
        return real(*arguments)

    setattr(os, name, stand_still)
    save = SimpleJsonStore(log).save_event
    threading.Thread(target=save, args=[make_event()], daemon=True).start()
    reached.wait()
    if child := os.fork():
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        os._exit(0)
    os.close(1)
    time.sleep(60)


if __name__ == "__main__":
    main(*sys.argv[1:])
