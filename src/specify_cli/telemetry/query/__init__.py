"""Looking into logs: their last records, those that come, and sums over them."""

from .following import Batch, follow
from .recent import Recent, recent_lines
from .record import Record, parse
from .selection import Selection, time_since, where
from .stats import Group, Stats, gather

__all__ = [
    "Batch",
    "Group",
    "Recent",
    "Record",
    "Selection",
    "Stats",
    "follow",
    "gather",
    "parse",
    "recent_lines",
    "time_since",
    "where",
]
