"""The descriptors that hold a lock, or are about to: none outlives the call that opened it.

Three things can part a descriptor from the code that is to close it:

* An interrupt. Python runs signal handlers after every call, so also between the return of
  ``os.open`` and the assignment of its result. A number that goes into a list without any bytecode
  in between is there when the ``finally`` looks.
* A fork. The child's copy of a descriptor keeps the lock for as long as the child lives, though the
  thread that would release it does not exist there. The child closes them first thing.
* A signal handler that forks, and goes on with the interrupted call in the child. Writing there
  would be writing into the parent's append, so the call gets a descriptor that refuses everything.

A list of descriptors in flight also tells a call that waits whether it waits for its own thread.
"""

from __future__ import annotations

import contextlib
import errno
import os
import threading
from functools import partial
from operator import methodcaller
from types import SimpleNamespace

from . import files

# The thread of each descriptor. A number is here from before it is locked until it is unlocked.
threads: dict[int, int] = {}

# Which of them are locked. Numbers that are no longer above may linger.
locked: set[int] = set()

# Held while a file is opened: no child has a descriptor that is open and not in `threads` yet.
_no_fork = threading.RLock()
_methods = SimpleNamespace(acquire=_no_fork.acquire, release=_no_fork.release)
_forks = 0

# For how many seconds an append waits to keep forks away from the copy that it makes.
_PATIENCE = 0.1


def open_into(fds: list[int], path: str, flags: int, mode: int) -> int:
    """Open a file to lock it; whatever interrupts this, the descriptor is in ``fds`` if it is open.

    The caller closes it, in a ``finally`` of its own: a function called there could be interrupted
    before it has done anything.
    """
    with _no_fork:
        forks = _forks
        files.open_into(fds, path, flags, mode)
        fd = fds[-1]
        locked.discard(fd)
        threads[fd] = threading.get_ident()
        if forks != _forks:  # pragma: posix
            raise OSError(errno.EINTR, "a signal handler has forked")
    return fd


def close_copy(fd: int) -> None:
    """Copy a descriptor and close the copy: no interrupt leaves it open, and no child inherits it.

    A child would keep the lock with it, if its parent is killed before it unlocks. So nobody may
    fork meanwhile; but for ``_no_fork`` this waits a moment only: a signal handler may wait for the
    log's lock, which is held here, while the call that it has interrupted holds that.

    Raises:
        OSError: What the operating system reports when a file is closed.
    """
    no_fork = _no_fork  # in a child that a signal handler forks, the name is another lock's
    held: list[bool] = []
    try:
        held.extend(filter(None, map(no_fork.acquire, (True,), (_PATIENCE,))))
        list(map(os.close, map(os.dup, (fd,))))
    finally:
        for _ in held:
            no_fork.release()


def is_locked_by_this_thread(path: str) -> bool:
    """Return whether this thread holds the lock of the file that a path names."""
    own = [fd for fd in _of_this_thread() if fd in locked]
    with contextlib.suppress(OSError, ValueError):  # a NUL in the path
        statuses = map(os.fstat, own)
        return any(files.names(path, (status.st_dev, status.st_ino)) for status in statuses)
    return False


def is_this_threads(fd: int) -> bool:
    """Return whether this thread has the same file in flight by another descriptor."""
    for other in _of_this_thread():
        if other == fd:
            continue
        try:
            is_same = os.path.sameopenfile(fd, other)
        except OSError as error:
            # What cannot be told counts: the caller would wait for itself.
            is_same = error.errno != errno.EBADF
        if is_same:
            return True
    return False


def _of_this_thread() -> list[int]:
    thread = threading.get_ident()
    # The numbers alone: for `items` Python 3.11 makes tuples, so it may collect garbage midway,
    # and what that runs lets other threads open and close files.
    return [fd for fd in list(threads) if threads.get(fd) == thread]


def _after_fork_in_child() -> None:  # pragma: posix
    global _forks, _no_fork  # noqa: PLW0603  # the lock is the parent's, held by one of its threads
    _forks += 1
    _no_fork = free = threading.RLock()
    vars(_methods).update(acquire=free.acquire, release=free.release)
    thread = threading.get_ident()
    for fd in list(threads):
        if threads[fd] == thread:
            _refuse_everything(fd)
        else:
            files.close_quietly(fd)
        del threads[fd]


def _refuse_everything(fd: int) -> None:  # pragma: posix
    # A directory: what reads it, writes to it or truncates it gets an error.
    directory = os.open(os.sep, os.O_RDONLY)
    os.dup2(directory, fd, inheritable=False)
    os.close(directory)


if hasattr(os, "register_at_fork"):  # pragma: no branch, pragma: posix
    # Each of them twice: an interrupt may end the first, and Python goes on all the same.
    for _ in range(2):
        os.register_at_fork(
            # No function of this module: an interrupt could come before the lock is given back, and
            # every other thread would wait for ever.
            before=partial(methodcaller("acquire"), _methods),
            after_in_parent=partial(methodcaller("release"), _methods),
            after_in_child=_after_fork_in_child,
        )
