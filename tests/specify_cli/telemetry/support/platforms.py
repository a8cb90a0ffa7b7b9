"""What tests need of a platform, and what they do with processes there."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial

import pytest

posix_only = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows does not replace a file that is open"
)
has_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
directories_are_synced = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no directories to sync"
)


def exit_code_of_child(body: Callable[[], None]) -> int:
    """Fork a child that calls ``body``; return the code it ended with."""
    child = os.fork()
    if not child:
        try:
            body()
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def exiting(code: int) -> Callable[[], None]:
    """Return an action that ends the process at once."""
    return partial(os._exit, code)
