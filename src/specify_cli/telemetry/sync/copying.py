"""Copying what is new from one log to another."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from .._codec import shown
from ..jsonl import JsonlEventStore
from .file import FileSide
from .side import Line, Side, loaded

if TYPE_CHECKING:
    from ..postgres import PostgresEventStore

_SEPARATOR = "+"
# How many ids are named, of those whose contents differ.
_NAMED = 100


class Copied(NamedTuple):
    """What ``copy_new`` has done.

    Attributes:
        read: How many lines of the source it has read.
        new: How many of them the target lacked, and has now.
        cursor: Where to go on, for the next call.
        skipped: How many lines were not copied, since they are no event.
        differing: Ids that the target has with another content, the first hundred. Neither side
            is changed.

    Example:
        >>> store.save_event(event)
        >>> copy_new(store, SimpleJsonStore("copy.jsonl"))[:2]
        (1, 1)
    """

    read: int
    new: int
    cursor: str
    skipped: int = 0
    differing: tuple[str, ...] = ()


def copy_new(
    source: JsonlEventStore[Any] | PostgresEventStore[Any],
    target: JsonlEventStore[Any] | PostgresEventStore[Any],
    cursor: str | None = None,
    *,
    progress: Callable[[Copied], object] | None = None,
) -> Copied:
    """Append to one log the lines of another whose ids it lacks, byte for byte.

    What is copied is lines, not events: fields that this version of a contract does not know arrive
    too. It is done in batches of about a megabyte, each of which is saved as ``save_events`` saves.
    A call that fails, or a process that dies, has copied some of them; the next one goes on. Lines
    that both sides have are left alone, so a cursor is never needed to be right, only to be fast:
    one that either log does not fit any more counts as none.

    Args:
        source: A store in a file or on a server.
        target: Another one.
        cursor: What an earlier call with the same logs returned; None to look at all lines.
        progress: What is called after each batch with what has been done so far. Its cursor is as
            good as the last one.

    Returns:
        What was done, and the cursor for the next call.

    Raises:
        StorageError: The operating system or the server refused. What was copied before stays.
        TypeError: One of them is no such store.
        ValueError: Its events have no id, so nothing tells which of them are there already.

    Example:
        >>> store.save_event(event)
        >>> copied = copy_new(store, SimpleJsonStore("copy.jsonl"))
        >>> store.save_event(other_event)
        >>> copy_new(store, SimpleJsonStore("copy.jsonl"), copied.cursor).read
        1
    """
    from_side, to_side = _side(source), _side(target)
    if from_side.codec.id_key is None or to_side.codec.id_key is None:
        raise ValueError(
            "events without an id cannot be copied: nothing tells which are there already"
        )
    read_to, mark = _usable(cursor, from_side, to_side)
    done = Copied(0, 0, f"{read_to}{_SEPARATOR}{mark}" if read_to else "")
    mark = mark or to_side.mark(None)
    for batch in from_side.batches(read_to):
        lines, skipped = _loadable(batch.lines, from_side, to_side)
        received = to_side.append(lines) if lines else None
        # Only behind the append: what is marked is what the target surely has.
        mark, read_to = to_side.mark(mark), batch.cursor
        done = Copied(
            done.read + len(batch.lines),
            done.new + (received.new if received else 0),
            f"{read_to}{_SEPARATOR}{mark}",
            done.skipped + skipped,
            (*done.differing, *(received.differing if received else ()))[:_NAMED],
        )
        if progress is not None:
            progress(done)
    return done


def _side(store: object) -> Side:
    if isinstance(store, JsonlEventStore):
        return FileSide(store)
    try:
        # Where psycopg is missing, no store of this kind can be here.
        from ..postgres import PostgresEventStore  # noqa: PLC0415
        from .server import ServerSide  # noqa: PLC0415
    except ImportError:
        pass
    else:
        if isinstance(store, PostgresEventStore):
            return ServerSide(store)
    raise TypeError(f"neither a store in a file nor one on a server: {shown(store)}")


def _usable(cursor: str | None, source: Side, target: Side) -> tuple[str | None, str | None]:
    """Return the two parts of a cursor, or none if either log has been replaced since.

    A target that was put back to an earlier state lacks lines that are before the cursor.
    """
    if cursor is None:
        return None, None
    read_to, _, mark = cursor.partition(_SEPARATOR)
    if source.has(read_to) and target.has(mark):
        return read_to, mark
    return None, None


def _loadable(lines: Any, source: Side, target: Side) -> tuple[list[Line], int]:
    """Return the lines that are events to both sides, and how many there are beside them.

    What the target cannot load it would not know again, and append a second time.
    """
    found = [line for data in lines if (line := loaded(data, source.codec)) is not None]
    if target.codec is not source.codec:
        found = [line for line in found if target.codec.loads_as(line.data) == line.event_id]
    blank = sum(not data.strip() for data in lines)
    return found, len(lines) - len(found) - blank
