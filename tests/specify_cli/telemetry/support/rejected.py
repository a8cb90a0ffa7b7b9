"""A reader of the file that takes what a repair moves out of a log, written after its format."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Record:
    """Some bytes that were in a log, and where."""

    header: dict[str, Any]
    data: bytes

    @property
    def stop(self) -> int:
        """Where in the log the bytes ended."""
        offset: int = self.header["offset"]
        return offset + len(self.data)


def rejected_beside(log: Path) -> Path:
    """Return where what is moved out of ``log`` goes."""
    return log.with_name(f"{log.name}.rejected")


def records_beside(log: Path) -> list[Record]:
    """Return the records in the file beside ``log``; none if there is no such file."""
    path = rejected_beside(log)
    content = path.read_bytes() if path.exists() else b""
    records = []
    while content:
        line, _, content = content.partition(b"\n")
        header = json.loads(line)
        length = header["length"]
        assert content[length : length + 1] == b"\n"
        records.append(Record(header, content[:length]))
        content = content[length + 1 :]
    return records


def assert_nothing_is_lost(before: bytes, after: bytes, records: list[Record]) -> None:
    """See that a log is what is left of it and the records, but for line ends that were added."""
    kept, start = b"", 0
    for record in records:
        assert before[record.header["offset"] : record.stop] == record.data
        assert before.count(b"\n", 0, record.header["offset"]) + 1 == record.header["line"]
        assert record.header["kind"]
        assert record.header["reason"]
        kept += before[start : record.header["offset"]]
        start = record.stop
    kept += before[start:]
    position = 0
    for byte in after:
        if position < len(kept) and byte == kept[position]:
            position += 1
        else:
            assert byte == ord("\n")
    assert position == len(kept)
