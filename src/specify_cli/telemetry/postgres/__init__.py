"""The event store in a PostgreSQL database, for programs on several machines.

This package needs psycopg; of the rest only what brings lines to a server and back does.
"""

from __future__ import annotations

try:
    import psycopg  # noqa: F401  # before the modules that use it, to say what they need
except ImportError as error:
    raise ImportError(
        f'{__name__} needs psycopg: pip install "spec-kitty-telemetry[postgres]"'
    ) from error

from .simple import SimplePostgresStore
from .store import PostgresEventStore

__all__ = ["PostgresEventStore", "SimplePostgresStore"]
