"""What is asked of the server, in SQL that databases like PostgreSQL have too.

A log is a row of ``spec_kitty_logs`` and its events are rows of ``spec_kitty_events``. A save takes
positions from the log's row, which stays locked until it is committed: so whoever has read up to a
position has missed none before it. A sequence would not do: a lower number may be committed after
a higher one. What a position is not is a count: an event that was known has used one up.

The line is kept as text, since JSONB would drop and reorder. Keys are ASCII, whatever ids hold.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Sequence

SCHEMA = """\
CREATE TABLE IF NOT EXISTS spec_kitty_logs (
    name text COLLATE "C" PRIMARY KEY,
    position bigint NOT NULL
);
CREATE TABLE IF NOT EXISTS spec_kitty_events (
    log text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    event_id text COLLATE "C",
    aggregate_id text COLLATE "C" NOT NULL,
    line text NOT NULL,
    PRIMARY KEY (log, position),
    UNIQUE (log, event_id)
);
CREATE INDEX IF NOT EXISTS spec_kitty_events_of_aggregate
    ON spec_kitty_events (log, aggregate_id, position);
"""

# Where the role or database has turned it off, the server would acknowledge what a crash of it
# loses. The setting that is made here ends with the transaction.
_LASTS = b"""\
CASE WHEN current_setting('synchronous_commit', true) = 'off'
    THEN set_config('synchronous_commit', 'on', true) END"""

# One statement, so one round trip, and no transaction stays open while the client thinks. The
# second insert reads the row of the first, so it runs when the lock is held; and it is the unique
# index, not what this statement saw when it began, that tells whether an id is known. The log's
# row is written even if all ids are: only a commit that has written waits for a standby.
APPEND = (
    b"""\
WITH head AS (
    INSERT INTO spec_kitty_logs AS logs (name, position) VALUES ($1, cardinality($2::text[]))
    ON CONFLICT (name) DO UPDATE SET position = logs.position + EXCLUDED.position
    RETURNING position - cardinality($2::text[]) AS before
), saved AS (
    INSERT INTO spec_kitty_events (log, position, event_id, aggregate_id, line)
    SELECT $1, head.before + number, new.event_id, new.aggregate_id, new.line
    FROM head, unnest($2::text[], $3::text[], $4::text[])
        WITH ORDINALITY AS new (event_id, aggregate_id, line, number)
    ORDER BY number
    ON CONFLICT (log, event_id) DO NOTHING
    RETURNING position
)
SELECT count(*), """
    + _LASTS
    + b" FROM saved"
)

# The last position that was taken, and the key at an earlier one, to see that it is still there.
STATE = b"""\
SELECT position, (
    SELECT coalesce(event_id, '') FROM spec_kitty_events
    WHERE log = $1 AND position = $2::bigint
)
FROM spec_kitty_logs WHERE name = $1"""

# The same, with the log's row locked until the transaction ends. The key is of a position that was
# committed long ago; whatever is to be seen of later ones, the next statement sees.
HOLD = (
    b"""\
WITH head AS (
    INSERT INTO spec_kitty_logs AS logs (name, position) VALUES ($1, 0)
    ON CONFLICT (name) DO UPDATE SET position = logs.position
    RETURNING position
)
SELECT position, (
    SELECT coalesce(event_id, '') FROM spec_kitty_events
    WHERE log = $1 AND position = $2::bigint
), """
    + _LASTS
    + b" FROM head"
)

LAST = b"""\
SELECT position, coalesce(event_id, '') FROM spec_kitty_events
WHERE log = $1 ORDER BY position DESC LIMIT 1"""

LINES = b"""\
SELECT event_id, line FROM spec_kitty_events
WHERE log = $1 AND event_id = ANY($2::text[])"""

# A page ends after so many rows, or with the row that makes it so many bytes.
_PAGE = b"""\
SELECT position, event_id, line
FROM (
    SELECT position, event_id, line, sum(octet_length(line)) OVER (ORDER BY position) AS bytes
    FROM (
        SELECT position, event_id, line FROM spec_kitty_events
        WHERE log = $1 AND position > $2::bigint AND position <= $3::bigint%b
        ORDER BY position LIMIT $4::bigint
    ) AS candidates
) AS page
WHERE bytes - octet_length(line) < $5::bigint
ORDER BY position"""
PAGE = _PAGE % b""
PAGE_OF_AGGREGATE = _PAGE % b" AND aggregate_id = $6"

BEGIN = b"BEGIN ISOLATION LEVEL READ COMMITTED"
COMMIT = b"COMMIT"

_TEXT = 25  # the number of the type, in every database that speaks the protocol
_NULL = struct.pack("!i", -1)
_MAX_KEY = 200


def key_of(value: object) -> bytes:
    """Return what stands for an id in the tables: ASCII, short enough to be indexed.

    It is the id as JSON writes it, so without NUL and surrogates; of a long one the beginning and a
    digest, with a quote between, which no other key has as it is.
    """
    escaped = json.dumps(str(value))[1:-1].encode("ascii")
    if len(escaped) <= _MAX_KEY:
        return escaped
    return b'%b"%b' % (escaped[:100], hashlib.sha256(escaped).hexdigest().encode())


def text_array(items: Sequence[bytes | None]) -> bytes:
    """Return an array of text as the protocol has it in binary: nothing needs an escape."""
    parts = [struct.pack("!iiIii", 1, int(None in items), _TEXT, len(items), 1)]
    for item in items:
        parts += [_NULL] if item is None else [struct.pack("!i", len(item)), item]
    return b"".join(parts)
