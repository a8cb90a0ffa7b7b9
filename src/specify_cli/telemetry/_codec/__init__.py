"""A line to an event and back, and looking for events in bytes; all of it without any I/O."""

from .codec import EventCodec, codec_of, is_blank
from .event import Codec, EventT, StorableEvent
from .json_values import UnstorableError
from .malformed import MalformedLineError
from .search import find_event, lines_of_aggregate, named_ids

__all__ = [
    "Codec",
    "EventCodec",
    "EventT",
    "MalformedLineError",
    "StorableEvent",
    "UnstorableError",
    "codec_of",
    "find_event",
    "is_blank",
    "lines_of_aggregate",
    "named_ids",
]
