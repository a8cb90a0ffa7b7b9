"""A file of lines that threads and processes append to; it knows nothing of what is in a line."""

from .append import Appended, AppendLog
from .files import checked_path, checked_timeout
from .lock import TIMEOUT
from .locked import LockedLog
from .snapshot import Prefix, Snapshot

__all__ = [
    "TIMEOUT",
    "AppendLog",
    "Appended",
    "LockedLog",
    "Prefix",
    "Snapshot",
    "checked_path",
    "checked_timeout",
]
