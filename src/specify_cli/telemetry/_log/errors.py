"""What a call raises that has waited too long for a lock."""

from __future__ import annotations

import errno
import functools
from collections.abc import Hashable
from typing import cast

from .._contract import StorageError


class HeldTooLongError(TimeoutError):
    """The lock was not to be had in time."""


class LockTimeoutError(StorageError):
    """Another process has held the lock of a log for longer than the caller was willing to wait.

    The file is as it was. Of a store whose ``storage_error`` is another class, the error is one of
    that class too.

    Example:
        >>> try:
        ...     store.save_event(event)
        ... except LockTimeoutError:  # the command goes on without
        ...     pass
    """

    def __reduce__(self) -> tuple[object, ...]:
        """Return what a copy is made of; a class made below has no name to find it by."""
        return _copy, (_other_base(type(self)), self.args)


def held_too_long(timeout: float) -> HeldTooLongError:
    """Return what is raised when a lock has been waited for so many seconds."""
    fact = f"another call has held its lock for {timeout:g} seconds"
    return HeldTooLongError(errno.ETIMEDOUT, fact)


def lock_timeout(error_type: type[Exception]) -> type[Exception]:
    """Return the class of LockTimeoutErrors that are errors of ``error_type`` too."""
    return _lock_timeout(cast("Hashable", error_type))


@functools.cache
def _lock_timeout(error_type: type[Exception]) -> type[Exception]:
    if issubclass(LockTimeoutError, error_type):
        return LockTimeoutError
    return type(LockTimeoutError.__name__, (LockTimeoutError, error_type), {})


def _other_base(error: type[Exception]) -> type[Exception]:
    return StorageError if error is LockTimeoutError else error.__bases__[1]


def _copy(error_type: type[Exception], arguments: tuple[object, ...]) -> Exception:
    return lock_timeout(error_type)(*arguments)
