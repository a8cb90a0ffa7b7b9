"""What becomes of a call when the server refuses: another attempt, or an error."""

from __future__ import annotations

import random
import time

from psycopg import Error, errors

from .deadline import Deadline
from .session import NotReplicatedError

# Two transactions were in each other's way, and one was undone: the same again, a moment later.
# The last is of databases that cannot tell whether they have committed; once more does no harm.
_IN_THE_WAY = {"40001", "40P01", "40003"}
# The connection was lost, the server told to stop, or it warned: what it was asked may be done.
_UNKNOWN = ("01", "08", "40003", "57")
# Another one was making the tables at the same time.
_MADE_BY_ANOTHER = {"23505", "42P07", "42710", "XX000"}
# What was prepared is elsewhere: a pooler gives each transaction the connection that is free.
_NOT_PREPARED_HERE = {"26000", "42P05"}
# What a server says while it starts, or has no room for a connection; libpq has no code for it. The
# last two are PgBouncer's.
_PASSING = (
    "the database system is",
    "too many clients",
    "too many connections for",
    "connection slots are reserved",
    "no more connections allowed",
    "server_login_retry",
)

_FIRST_PAUSE, _LONGEST_PAUSE = 0.01, 1.0


class Attempts:
    """The attempts of one call.

    Attributes:
        lacks_tables: Whether the tables have to be made first.
        cannot_prepare: Whether a pooler is between, so that no statement is to be prepared.
        outcome_is_unknown: Whether the server may have done what it did not say it has done.
    """

    def __init__(self, deadline: Deadline) -> None:
        """Begin."""
        self.lacks_tables = False
        self.cannot_prepare = False
        self.outcome_is_unknown = False
        self._deadline = deadline
        self._pause = _FIRST_PAUSE

    def after(self, error: Exception, *, is_connected: bool, is_stale: bool) -> bool:
        """Return whether to try again, after waiting for a moment if that may help.

        Args:
            error: What came of it.
            is_connected: Whether the server was asked anything.
            is_stale: Whether the connection is lost, and was not made for this attempt. It may have
                been dead for long: the server was restarted, say.
        """
        state = error.sqlstate if isinstance(error, Error) else None
        if state is None and _is_passing(error):
            # A pooler connects only when it is asked something, so it may refuse as late as that.
            return self._wait()
        if is_connected and (state is None or state.startswith(_UNKNOWN)):
            self.outcome_is_unknown = True
        if isinstance(error, TimeoutError | NotReplicatedError):
            return False
        if isinstance(error, errors.UndefinedTable) and not self.lacks_tables:
            self.lacks_tables = True
            return True
        if state in _NOT_PREPARED_HERE and not self.cannot_prepare:
            self.cannot_prepare = True
            return True
        if state in _IN_THE_WAY or (self.lacks_tables and state in _MADE_BY_ANOTHER):
            return self._wait()
        return is_stale

    def _wait(self) -> bool:
        # By chance, so that two that were in each other's way do not meet again.
        pause = random.uniform(0, self._pause)  # noqa: S311  # no secret
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)
        if not self._deadline.allows(pause):
            return False
        time.sleep(pause)
        return True


def _is_passing(error: Exception) -> bool:
    return any(text in str(error) for text in _PASSING)
