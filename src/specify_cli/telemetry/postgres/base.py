"""What a store on a server is beside its events: bound to a log, shown, copied and closed."""

from __future__ import annotations

from types import TracebackType
from typing import ClassVar, Self

from .._codec import EventCodec, EventT, EventTypes, codec_of
from .._contract import StorageError
from .._log import TIMEOUT, Logger
from .address import Address
from .arguments import checked_name, checked_timeout
from .log import ServerLog
from .next_clock import NextClock
from .statements import SCHEMA


class StoreBase(EventTypes[EventT]):
    """The part of ``PostgresEventStore``, which see, that saves and loads nothing."""

    storage_error: ClassVar[type[Exception]] = StorageError

    def __init__(
        self,
        conninfo: str,
        log: str = "events",
        *,
        timeout: float | None = TIMEOUT,
        prepare_threshold: int | None = 5,
        **connect: str | int | None,
    ) -> None:
        """Touch no network."""
        self._codec: EventCodec[EventT] = codec_of(type(self))
        self._logger = Logger(type(self).__module__)
        self._log = ServerLog(
            Address(conninfo, connect),
            checked_name(log),
            timeout=checked_timeout(timeout),
            prepare_threshold=prepare_threshold,
            error_type=self.storage_error,
        )
        self._clocks = NextClock(self._log, self._codec)

    @property
    def place(self) -> str:
        """The name of the log and where it is, without a secret.

        Example:
            >>> SimplePostgresStore("host=db.example.org password=secret", "043").place
            '043 at host=db.example.org'
        """
        return self._log.place

    def __repr__(self) -> str:
        """Return how to make a store like this one, but for its secrets."""
        timeout = "" if self._log.timeout == TIMEOUT else f", timeout={self._log.timeout}"
        address = str(self._log.address)
        return f"{type(self).__name__}({address!r}, log={self._log.name!r}{timeout})"

    def __getstate__(self) -> dict[str, object]:
        """Return what a copy starts from: the password too, but no connection."""
        log = self._log
        return {
            "conninfo": log.address.conninfo,
            "log": log.name,
            "timeout": log.timeout,
            "prepare_threshold": log.prepare_threshold,
        }

    def __setstate__(self, state: dict[str, object]) -> None:
        """Start a copy on the same log."""
        StoreBase.__init__(self, **state)  # type: ignore[arg-type]  # as __getstate__ made it

    def __enter__(self) -> Self:
        """Return the store itself."""
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the connections."""
        self.close()

    @staticmethod
    def schema() -> str:
        """Return the SQL that makes the tables, for whoever may make them.

        A first save runs it where it may. Running it again changes nothing.

        Returns:
            Statements of SQL.

        Example:
            >>> print(PostgresEventStore.schema())
            CREATE TABLE IF NOT EXISTS spec_kitty_logs (...
        """
        return SCHEMA

    def close(self) -> None:
        """Close the connections that no other thread is using just now.

        A store that is used again makes new ones; one that nobody refers to any more closes them.

        Example:
            >>> store.close()
        """
        self._log.close()
