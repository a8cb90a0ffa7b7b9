"""A file of lines that threads and processes append to; it knows nothing of what is in a line."""

from .append import AppendLog
from .errors import LockTimeoutError, held_too_long
from .files import MODE, checked_mode, checked_path, checked_timeout
from .lock import TIMEOUT
from .locked import Appended, LockedLog
from .logger import Logger
from .snapshot import NO_PREFIX, Prefix, Snapshot

__all__ = [
    "MODE",
    "NO_PREFIX",
    "TIMEOUT",
    "AppendLog",
    "Appended",
    "LockTimeoutError",
    "LockedLog",
    "Logger",
    "Prefix",
    "Snapshot",
    "checked_mode",
    "checked_path",
    "checked_timeout",
    "held_too_long",
]
