"""A log in a transaction of one's own."""

from __future__ import annotations

from collections.abc import Sequence

from .deadline import Deadline
from .reading import LogReader, number_of
from .rows import Row, arrays_of
from .session import Rows, Session
from .statements import APPEND, HOLD


class HeldLog(LogReader):
    """A log on one connection.

    Asking for its state locks its row, and so keeps others from appending until the transaction
    ends; what is read after that is all that there is.

    Args:
        name: Which log.
        session: The connection.
        deadline: When to give up.
    """

    state_statement = HOLD

    def __init__(self, name: str, session: Session, deadline: Deadline) -> None:
        """Ask nothing yet."""
        super().__init__(name)
        self._session = session
        self._deadline = deadline

    def append(self, rows: Sequence[Row]) -> int:
        """Append the lines whose ids are not in the log; return how many those are."""
        arrays = arrays_of(rows)
        session, deadline = self._session, self._deadline
        ((count, _),) = session.run(APPEND, (self._name,), deadline, arrays, writes=True)
        return number_of(count)

    def _read(
        self, statement: bytes, parameters: Sequence[bytes], arrays: Sequence[bytes] = ()
    ) -> Rows:
        return self._session.run(statement, parameters, self._deadline, arrays)
