"""What a log asks of the operating system, the same on every platform."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

# A buffer that malloc serves from memory it has: four times this size, each block would be mapped
# and cleared anew, and the first save of a process to a log of 9 MB would take 4.6 ms, not 2.7.
BLOCK_SIZE = 1 << 16
LIKELY_LINE = 4096

# Without O_NONBLOCK, opening a named pipe to read it would wait for a writer. Files ignore it.
FLAGS = getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)

# What the umask leaves of it is the mode of a file that is created.
MODE = 0o666
_OWNER = 0o600

# Windows has no such flag; there the look before opening has to do.
NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)


def checked_path(path: str | os.PathLike[str]) -> Path:
    """Return where a log is to be, or refuse what a caller cannot have meant.

    Raises:
        TypeError: It is no path, or empty.
        ValueError: It begins with ``~``, which would make a directory of that name.
    """
    if isinstance(path, bytes) or not os.fspath(path):
        raise TypeError(f"a path is a str or a PathLike of it, and not empty: {path!r}")
    checked = Path(path)
    first, separator, _ = checked.as_posix().partition("/")
    if first == "~" or (separator and first.startswith("~")):
        raise ValueError(f'"~" is not expanded: use Path("{checked}").expanduser()')
    return checked


def checked_timeout(timeout: float | None) -> float | None:
    """Return how long to wait for a lock, or refuse what a caller cannot have meant.

    Raises:
        TypeError: It is neither a number nor None.
        ValueError: It is negative, not a number, or an integer that no float holds, so that waiting
            would not end as it says.
    """
    if timeout is None:
        return None
    if isinstance(timeout, bool) or not isinstance(timeout, (int, float)):
        raise TypeError(f"a timeout is a number of seconds or None, not {timeout!r}")
    with contextlib.suppress(OverflowError):  # added to the time that it is, it would be raised
        if float(timeout) >= 0:
            return timeout
    raise ValueError(f"a timeout is from 0 on, not {timeout!r}")


def checked_mode(mode: int) -> int:
    """Return the mode of a file to be created, or refuse what a caller cannot have meant.

    Raises:
        ValueError: Its owner could not append to it again, or it is more than permissions.
    """
    if mode & ~0o777 or mode & _OWNER != _OWNER:
        raise ValueError(f"a mode lets the owner read and write, 0o600 say, not {mode!r}")
    return mode


def open_into(fds: list[int], path: str, flags: int, mode: int = MODE) -> None:
    """Open a file; whatever interrupts this, the descriptor is in ``fds`` if it is open.

    Args:
        fds: Takes the descriptor, without any bytecode between opening and taking.
        path: The file.
        flags: How to open it.
        mode: What the umask leaves of it is the mode of a file that is created.
    """
    try:
        fds.extend(map(os.open, (path,), (flags | FLAGS,), (mode,)))
    except ValueError as error:  # a NUL in the path
        raise OSError(errno.EINVAL, str(error)) from error


def close_from(fds: list[int]) -> None:
    """Close the descriptors of a list; one that is not in it any more has been closed."""
    list(map(os.close, map(fds.pop, [-1] * len(fds))))


def refuse_link(path: str) -> None:
    """Raise OSError if ``path`` is a symbolic link."""
    if os.path.islink(path):  # noqa: PTH114  # a str, as everywhere at this level
        raise OSError(errno.ELOOP, "it is a symbolic link")


def close_quietly(fd: int) -> None:
    """Close a file that holds nothing which closing could still lose."""
    with contextlib.suppress(OSError):
        os.close(fd)


def refusal(action: str, path: str | os.PathLike[str], error: OSError) -> str:
    """Return what was refused, and why, as the message of an error."""
    return f'cannot {action} "{os.fspath(path)}": {error.strerror or error}'


def regular(fd: int) -> os.stat_result:
    """Return the status of an open file, refusing what is not a regular file."""
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode):
        # A device or a pipe would take every line and keep none.
        raise OSError(errno.EINVAL, "not a regular file")
    return status


def names(path: str | os.PathLike[str], identity: tuple[int, int], *, follow: bool = True) -> bool:
    """Return whether ``path`` names the file with this device and inode number.

    Args:
        path: The path.
        identity: Device and inode number.
        follow: Whether it may be a symbolic link to it.
    """
    try:
        # On every save: Path.stat costs more.
        status = os.stat(path) if follow else os.lstat(path)  # noqa: PTH116
    except FileNotFoundError:
        return False
    return (status.st_dev, status.st_ino) == identity


def read_at(fd: int, offset: int, size: int) -> bytes:
    """Return ``size`` bytes of the file from ``offset`` on, fewer only where the file ends."""
    data = _read_some(fd, offset, size)
    if len(data) == size or not data:
        return data
    # No call returns more than 2,147,479,552 bytes, and some file systems return less.
    parts, length = [data], len(data)
    while length < size and (data := _read_some(fd, offset + length, size - length)):
        parts.append(data)
        length += len(data)
    return b"".join(parts)


def read_blocks(fd: int, start: int, stop: int) -> Iterator[tuple[int, bytes]]:
    """Yield the bytes from ``start`` to ``stop`` as offset and block, cut after line ends.

    Only the last block may lack its newline. Memory: ``BLOCK_SIZE``, or twice the longest line.
    """
    size = BLOCK_SIZE
    while start < stop:
        data = read_at(fd, start, min(size, stop - start))
        end = data.rfind(b"\n") + 1
        if not end and len(data) == size:
            size *= 2
            continue
        block = data[:end] or data
        if not block:  # truncated since its size was taken
            return
        yield start, block
        start += len(block)
        size = BLOCK_SIZE


def read_line(fd: int, start: int, stop: int) -> bytes:
    """Return the line that begins at ``start``, its newline included; nothing past ``stop``.

    Where no line begins there, nothing is returned.
    """
    # The byte before is a part of the question: a line whose end was overwritten goes on.
    before = min(start, 1)
    likely = max(0, min(LIKELY_LINE, stop - start))
    data = read_at(fd, start - before, before + likely)
    if before and not data.startswith(b"\n"):
        return b""
    line, newline, _ = data[before:].partition(b"\n")
    if not newline and likely == LIKELY_LINE:
        _, block = next(read_blocks(fd, start, stop), (start, b""))
        line, newline, _ = block.partition(b"\n")
    return line + newline


def write_all(fd: int, data: bytes) -> None:
    """Write all of ``data``, in one call unless the operating system takes it in parts."""
    written = os.write(fd, data)
    while written < len(data):
        part = os.write(fd, memoryview(data)[written:])
        if not part:
            raise OSError(errno.EIO, "nothing could be written")
        written += part


if sys.platform == "win32":  # pragma: windows

    def _read_some(fd: int, offset: int, size: int) -> bytes:
        os.lseek(fd, offset, os.SEEK_SET)
        return os.read(fd, size)

    def sync_directory(directory: str | os.PathLike[str]) -> None:
        """Do nothing: Windows opens no directories, and makes their entries durable itself."""

else:  # pragma: posix

    def _read_some(fd: int, offset: int, size: int) -> bytes:
        # The position of the descriptor stays as it is: a forked child shares it.
        return os.pread(fd, size, offset)

    def sync_directory(directory: str | os.PathLike[str]) -> None:
        """Wait until the entries of ``directory`` are on the device."""
        fds: list[int] = []
        try:
            # No interrupt comes between the two: see in_flight.
            fds.extend(map(os.open, (directory,), (os.O_RDONLY,)))
            os.fsync(fds[0])
        finally:
            for fd in fds:
                os.close(fd)


if sys.platform == "darwin":  # pragma: darwin
    import fcntl

    def sync_file(fd: int) -> None:
        """Wait until the file is on the device."""
        # On macOS fsync leaves the data in the drive's cache; not every filesystem offers better.
        with contextlib.suppress(OSError):
            fcntl.fcntl(fd, fcntl.F_FULLFSYNC)
            return
        os.fsync(fd)

else:  # pragma: not darwin

    def sync_file(fd: int) -> None:
        """Wait until the file is on the device."""
        os.fsync(fd)
