"""One lock on an open file, between processes and between threads.

The lock belongs to the descriptor, so two descriptors of one process exclude each other as two
processes do. It is on the data file itself: there is no side file to leave behind, and it goes away
with its descriptor, however the process ends.

Nobody waits for itself: a signal handler that needs the lock which the interrupted call of the same
thread holds gets an error at once. Waiting has an end, and asks again and again: a call that sleeps
in the kernel could not be ended on every platform.
"""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Generator
from typing import Literal, TypeAlias

from . import files, in_flight
from .errors import held_too_long

Kind: TypeAlias = Literal["exclusive", "shared", "no"]

# How many seconds to wait for a lock, unless a caller says otherwise.
TIMEOUT = 30.0

_UNSUPPORTED = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}

# What is raised when a thread would wait for itself.
OWN_APPEND = (errno.EDEADLK, "an append of this very thread is under way")

# An append takes some ten microseconds: most locks are free again within as many tries, and the
# shortest sleep takes longer. Two processes save 1.7 times as fast as with a lock that the kernel
# waits for, and 99.9 % of their saves take half the time.
_TRIES = 50
_FIRST_DELAY = 0.0002
_LONGEST_DELAY = 0.01

if sys.platform == "win32":  # pragma: windows
    import msvcrt

    # Locks on Windows are mandatory: a locked byte cannot be read through another descriptor. This
    # one lies beyond the data of any log, at 1 TiB, where there is nothing to read.
    _OFFSET = 1 << 40
    # The C library says EACCES; Wine's says nothing.
    _CONTENDED = {errno.EACCES, 0}
    _UNSUPPORTED.add(errno.EINVAL)

    def _try_to_lock(fd: int, kind: Kind) -> bool:  # noqa: ARG001  # there is one kind here
        os.lseek(fd, _OFFSET, os.SEEK_SET)
        try:
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            if error.errno not in _CONTENDED:
                raise
            return False
        return True

    def _unlock(fd: int) -> None:
        os.lseek(fd, _OFFSET, os.SEEK_SET)
        msvcrt.locking(fd, msvcrt.LK_UNLCK, 1)

    def _let_others_run() -> None:
        time.sleep(0)

else:  # pragma: posix
    import fcntl

    _OPERATIONS = {
        "exclusive": fcntl.LOCK_EX | fcntl.LOCK_NB,
        "shared": fcntl.LOCK_SH | fcntl.LOCK_NB,
    }

    def _try_to_lock(fd: int, kind: Kind) -> bool:
        try:
            fcntl.flock(fd, _OPERATIONS[kind])
        except BlockingIOError:
            return False
        return True

    def _unlock(fd: int) -> None:
        fcntl.flock(fd, fcntl.LOCK_UN)

    _let_others_run = os.sched_yield


def hold(  # noqa: PLR0913  # all but the first three by name
    path: str,
    flags: int,
    kind: Kind,
    *,
    timeout: float | None = None,
    since: float | None = None,
    mode: int = files.MODE,
    follow: bool = True,
) -> Generator[tuple[int, bool]]:
    """Open a file, lock it, and yield its descriptor and whether it is locked.

    The generator has to be closed: that releases the lock and closes the file. Calling its methods
    leaves an interrupt no moment to come between; a ``with`` statement does, and costs more.

    Args:
        path: The file.
        flags: How to open it.
        kind: Which lock is asked for; "no" lock for whoever only reads what is settled.
        timeout: See ``acquire``.
        since: The same.
        mode: What the umask leaves of it is the mode of a file that is created.
        follow: Whether the path may be a symbolic link.

    Raises:
        OSError: The operating system refused, or see ``acquire``.
    """
    fds: list[int] = []
    try:
        if not follow:
            files.refuse_link(path)
            flags |= files.NO_FOLLOW
        fd = in_flight.open_into(fds, path, flags, mode)
        if kind == "no":
            in_flight.threads.pop(fd, None)
            yield fd, False
        else:
            yield fd, acquire(fd, kind, timeout, since)
    finally:
        for fd in fds:
            try:
                release(fd)
            finally:
                try:
                    in_flight.threads.pop(fd, None)
                finally:
                    os.close(fd)


def acquire(
    fd: int,
    kind: Kind = "exclusive",
    timeout: float | None = None,
    since: float | None = None,
) -> bool:
    """Wait for the lock on ``fd``.

    Args:
        fd: An open file.
        kind: "exclusive" to append; others may hold a "shared" one too, and it is enough to look.
        timeout: How many seconds to wait; None waits without end.
        since: From which ``time.monotonic`` on; by default from now on.

    Returns:
        Whether the lock is held: False where the filesystem has no locks.

    Raises:
        OSError: This thread holds it by another descriptor, it was not to be had in time, or it was
            refused for another reason.
    """
    try:
        if not _try_to_lock(fd, kind):
            _refuse_to_wait_for_oneself(fd)
            _wait(fd, kind, timeout, since)
        in_flight.locked.add(fd)
    except OSError as error:
        if error.errno in _UNSUPPORTED:
            _refuse_to_wait_for_oneself(fd)
            return False
        raise
    return True


def _refuse_to_wait_for_oneself(fd: int) -> None:
    if in_flight.is_this_threads(fd):
        raise OSError(*OWN_APPEND)


def _wait(fd: int, kind: Kind, timeout: float | None, since: float | None) -> None:
    begun = time.monotonic() if since is None else since
    delay = 0.0
    tries = 0
    while not _try_to_lock(fd, kind):
        tries += 1
        if tries <= _TRIES:
            _let_others_run()
            continue
        delay = min(max(delay * 1.5, _FIRST_DELAY), _LONGEST_DELAY)
        if timeout is not None:
            left = begun + timeout - time.monotonic()
            if left <= 0:
                raise held_too_long(timeout)
            delay = min(delay, left)
        time.sleep(delay)


def release(fd: int) -> None:
    """Give the lock on ``fd`` back.

    Closing does it too, unless a forked child still holds a copy of the descriptor. An error is
    therefore left to that: what was written under the lock stands.
    """
    try:  # noqa: SIM105  # on every save: contextlib.suppress takes longer than unlocking does
        _unlock(fd)
    except OSError:
        pass
