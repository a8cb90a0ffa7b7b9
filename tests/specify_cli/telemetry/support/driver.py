"""Whether there is a driver for PostgreSQL, which only some users of the package need."""

from __future__ import annotations

import importlib.util

HAS_DRIVER = importlib.util.find_spec("psycopg") is not None
