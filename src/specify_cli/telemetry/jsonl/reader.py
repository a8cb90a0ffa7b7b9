"""Reading the events of a log, past whatever else it holds."""

from __future__ import annotations

import contextlib
import gc
import logging
from collections.abc import Iterable, Iterator
from pathlib import Path

from .._codec.codec import Codec, MalformedLineError, is_blank
from .._codec.event import EventT
from .._log.append import AppendLog

_MAX_WARNINGS = 10


def read_events(log: AppendLog, codec: Codec[EventT], logger: logging.Logger) -> Iterator[EventT]:
    """Yield the events of the lines that load, in file order.

    Each malformed line is reported, at most ten of them, and then their total number.

    Args:
        log: Where to read.
        codec: What tells whether a line loads.
        logger: Where to report.

    Raises:
        StorageError: The operating system refused.
    """
    yield from decoded(log.blocks(), codec, logger, log.path)


def decoded(
    blocks: Iterable[bytes],
    codec: Codec[EventT],
    logger: logging.Logger,
    path: Path,
    first_line: int = 1,
) -> Iterator[EventT]:
    """Yield the events of the lines in ``blocks`` that load, reporting the others.

    Args:
        blocks: Whole lines; the last may lack its newline.
        codec: What tells whether a line loads.
        logger: Where to report.
        path: The file they are from.
        first_line: The number of the first of them.
    """
    number, malformed = first_line - 1, 0
    for block in blocks:
        for line in block.removesuffix(b"\n").split(b"\n"):
            number += 1
            try:
                event = codec.decode(line)
            except MalformedLineError as reason:
                if is_blank(line):
                    continue
                malformed += 1
                if malformed <= _MAX_WARNINGS:
                    logger.warning(
                        'Skipping malformed event line %d of "%s": %s', number, path, reason
                    )
            else:
                yield event
    if malformed > _MAX_WARNINGS:
        logger.warning('Skipped %d malformed event lines of "%s"', malformed, path)


@contextlib.contextmanager
def without_collector() -> Iterator[None]:
    """Keep the cyclic garbage collector from running.

    While a list of events grows, the collector goes through all of them again and again and finds
    nothing: events hold no cycles. Loading 20,000 events takes 30 % less time without it, a million
    70 % less.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
