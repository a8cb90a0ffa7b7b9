"""A line to an event and back, and looking for events in bytes; all of it without any I/O."""

from .codec import EventCodec, is_blank
from .event import Codec, EventId, EventT, StorableEvent
from .event_types import EventTypes, codec_of
from .json_values import UnstorableError
from .malformed import MalformedLineError
from .record_codec import Record, RecordCodec
from .search import find_event, lines_of_aggregate, named_ids

__all__ = [
    "Codec",
    "EventCodec",
    "EventId",
    "EventT",
    "EventTypes",
    "MalformedLineError",
    "Record",
    "RecordCodec",
    "StorableEvent",
    "UnstorableError",
    "codec_of",
    "find_event",
    "is_blank",
    "lines_of_aggregate",
    "named_ids",
]
