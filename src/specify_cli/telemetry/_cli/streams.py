"""Standard output and standard error, which may be closed, full, or shown by any console."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import sys
from collections.abc import Iterable
from typing import TextIO

# Whoever read the output, `head` say, has seen enough. Windows has the second word for it.
_CLOSED = {errno.EPIPE, errno.EINVAL}


def prepare() -> None:
    """Make both streams such that everything can be written to them.

    What was closed when the process began leads nowhere, and is nobody else's: the next file that
    is opened, a log say, would get its number, and with it what is written to the stream.
    """
    for fd in range(3):
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    sys.stdout = _usable(sys.stdout)
    sys.stderr = _usable(sys.stderr)


def say(text: str) -> None:
    """Write a line to standard error, after what was written to standard output."""
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    with contextlib.suppress(OSError):
        sys.stderr.write(f"{printable(text)}\n")
        sys.stderr.flush()


def write_lines(lines: Iterable[bytes]) -> None:
    """Write lines of a log to standard output, byte for byte."""
    sys.stdout.flush()
    out = getattr(sys.stdout, "buffer", None)
    for line in lines:
        if out is None:  # a stream of text only, in place of the one of the process
            sys.stdout.write(f"{line.decode('utf-8', 'backslashreplace')}\n")
        else:
            out.write(line + b"\n")


def cannot_write(error: OSError) -> None:
    """Deal with an output that cannot be written: say so, unless nobody reads it any more."""
    with contextlib.suppress(OSError):
        # Python would write what is left once more when it exits.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    if error.errno not in _CLOSED:
        say(f"cannot write the output: {error.strerror}")


def printable(text: str) -> str:
    """Return ``text`` with escapes for what would not be seen, or would move the cursor."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _usable(stream: TextIO | None) -> TextIO:
    if stream is None:
        return open(os.devnull, "w", encoding="utf-8", errors="backslashreplace")  # noqa: PTH123  # until the process ends
    if isinstance(stream, io.TextIOWrapper):
        # A path may hold what the terminal cannot show; Windows consoles show less than others.
        stream.reconfigure(errors="backslashreplace")
    return stream
