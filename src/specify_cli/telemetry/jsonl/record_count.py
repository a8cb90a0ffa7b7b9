"""How many records a log holds, going by what was counted before."""

from __future__ import annotations

from .._codec import MalformedLineError, RecordCodec
from .._log import NO_PREFIX, Snapshot


class RecordCount:
    """Counts the lines of a log that are records; of a log that has grown, only the new ones.

    Args:
        codec: What tells whether a line is a record.
    """

    def __init__(self, codec: RecordCodec) -> None:
        """Start with nothing counted."""
        self._codec = codec
        # Replaced as a whole, so that no exception leaves half of it.
        self._counted = (NO_PREFIX, 0)

    def of(self, log: Snapshot) -> int:
        """Return how many lines of ``log`` are records, the last one without newline too.

        Raises:
            OSError: The log cannot be read.
        """
        prefix, count = self._counted
        if not log.begins_with(prefix):
            prefix, count = log.prefix(0), 0
        end, torn = prefix.end, b""
        for offset, block in log.blocks(prefix.end, log.size):
            whole = block[: block.rfind(b"\n") + 1]
            count += sum(map(self._is_record, whole.split(b"\n")))
            end, torn = offset + len(whole), block[len(whole) :]
        self._counted = (log.prefix(end), count)
        return count + self._is_record(torn)

    def _is_record(self, line: bytes) -> bool:
        try:
            self._codec.decode(line)
        except MalformedLineError:
            return False
        return True
