"""One exclusive lock on an open file, between processes and between threads.

The lock belongs to the descriptor, so two descriptors of one process exclude each other as two
processes do. It is on the data file itself: there is no side file to leave behind, and it goes away
with its descriptor, however the process ends.
"""

from __future__ import annotations

import errno
import os
import sys

_UNSUPPORTED = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}

if sys.platform == "win32":  # pragma: windows
    import msvcrt
    import time

    # Locks on Windows are mandatory: a locked byte cannot be read through another descriptor. This
    # one lies beyond the data of any log, at 1 TiB, where there is nothing to read.
    _OFFSET = 1 << 40
    # The C library says EACCES; Wine's says nothing.
    _CONTENDED = {errno.EACCES, 0}
    _UNSUPPORTED.add(errno.EINVAL)

    def _lock(fd: int) -> None:
        # The waiting mode of `locking` gives up after ten seconds, and looks only once a second.
        delay = 0.0005
        while True:
            os.lseek(fd, _OFFSET, os.SEEK_SET)
            try:
                return msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
            except OSError as error:
                if error.errno not in _CONTENDED:
                    raise
            time.sleep(delay)
            delay = min(delay * 2, 0.02)

    def _unlock(fd: int) -> None:
        os.lseek(fd, _OFFSET, os.SEEK_SET)
        msvcrt.locking(fd, msvcrt.LK_UNLCK, 1)

else:  # pragma: posix
    import fcntl

    def _lock(fd: int) -> None:
        fcntl.flock(fd, fcntl.LOCK_EX)

    def _unlock(fd: int) -> None:
        fcntl.flock(fd, fcntl.LOCK_UN)


def acquire(fd: int) -> bool:
    """Wait for the exclusive lock on ``fd``.

    Returns:
        Whether the lock is held: False where the filesystem has no locks.

    Raises:
        OSError: The lock was refused for another reason.
    """
    try:
        _lock(fd)
    except OSError as error:
        if error.errno in _UNSUPPORTED:
            return False
        raise
    return True


def release(fd: int) -> None:
    """Give the lock on ``fd`` back.

    Closing does it too, unless a forked child still holds a copy of the descriptor. An error is
    therefore left to that: what was written under the lock stands.
    """
    try:  # noqa: SIM105  # on every save: contextlib.suppress takes longer than unlocking does
        _unlock(fd)
    except OSError:
        pass
