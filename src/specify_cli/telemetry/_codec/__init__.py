"""A line to an event and back, and looking for events in bytes; all of it without any I/O."""

from .clocks import check_clock, clock_in, highest_clock
from .codec import EventCodec, is_blank
from .event import Codec, EventId, EventT, StorableEvent, event_name, shown
from .event_types import EventTypes, bound_as, codec_of
from .json_values import UnstorableError
from .malformed import MalformedLineError
from .record_codec import RECORDS, Record, RecordCodec
from .search import lines_naming, lines_of_aggregate, named_ids

__all__ = [
    "RECORDS",
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
    "bound_as",
    "check_clock",
    "clock_in",
    "codec_of",
    "event_name",
    "highest_clock",
    "is_blank",
    "lines_naming",
    "lines_of_aggregate",
    "named_ids",
    "shown",
]
