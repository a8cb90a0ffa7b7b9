"""What every log is made with: where it is, and how it is written."""

from __future__ import annotations

import os
from pathlib import Path

from .._log import MODE, TIMEOUT, AppendLog, Logger, checked_mode, checked_path, checked_timeout


class JsonlFile:
    """The file of a store or a log: its path and how it is written, in the repr and in copies."""

    def _bind(  # noqa: PLR0913  # all but the first by name
        self,
        file_path: str | os.PathLike[str],
        error_type: type[Exception],
        *,
        fsync: bool,
        timeout: float | None,
        mode: int,
        follow_symlinks: bool,
    ) -> None:
        """Say where to append, and how; nothing on disk is touched."""
        self._log = AppendLog(
            checked_path(file_path),
            fsync=fsync,
            timeout=checked_timeout(timeout),
            mode=checked_mode(mode),
            follow_symlinks=follow_symlinks,
            # Whoever defines the class decides where its warnings go.
            logger=Logger(type(self).__module__),
            error_type=error_type,
        )

    @property
    def file_path(self) -> Path:
        """Where the log is, as given.

        Example:
            >>> SimpleJsonStore("kitty-specs/043/events.jsonl").file_path.name
            'events.jsonl'
        """
        return self._log.path

    def __repr__(self) -> str:
        """Return how to make another like this one."""
        log = self._log
        given = [repr(str(log.path)), *self._more_of_repr(), f"fsync={log.fsync}"]
        if log.timeout != TIMEOUT:
            given.append(f"timeout={log.timeout}")
        if log.mode != MODE:
            given.append(f"mode=0o{log.mode:o}")
        if not log.follow_symlinks:
            given.append("follow_symlinks=False")
        return f"{type(self).__name__}({', '.join(given)})"

    def _more_of_repr(self) -> list[str]:
        """Return the arguments that this class has beside those of every other."""
        return []

    def __getstate__(self) -> dict[str, object]:
        """Return what a copy starts from; locks and what was learnt of the file stay behind."""
        log = self._log
        return {
            "file_path": log.path,
            "fsync": log.fsync,
            "timeout": log.timeout,
            "mode": log.mode,
            "follow_symlinks": log.follow_symlinks,
        }
