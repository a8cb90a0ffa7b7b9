"""A program in a real pseudo-terminal."""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

MODULE = "specify_cli.telemetry"
_COLOUR = re.compile(r"\x1b\[\d+m")


def environment(**variables: str) -> dict[str, str]:
    """Return what a process on a terminal that shows colours needs to import the package."""
    path = os.pathsep.join(sys.path)
    return os.environ | {"PYTHONPATH": path, "TZ": "UTC", "PYTHONUTF8": "1"} | variables


def heed_interrupts() -> None:
    """Take Ctrl-C as usual: what a shell runs in the background is told to ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class TerminalProcess:
    """A command of the package that runs in a pseudo-terminal.

    Attributes:
        text: What it has shown so far.
        process: The process.
    """

    def __init__(self, process: subprocess.Popen[bytes], fd: int) -> None:
        """Take over both."""
        self.process = process
        self.text = ""
        self._fd = fd
        self._data = b""

    @property
    def plain(self) -> str:
        """What it has shown so far, without colours."""
        return _COLOUR.sub("", self.text)

    def wait_for(self, text: str, seconds: float = 30) -> None:
        """Read until a text is shown."""
        end = time.monotonic() + seconds
        while text not in self.plain:
            assert time.monotonic() < end, f"{text!r} is not in {self.plain!r}"
            if not self._read(0.1) and self.process.poll() is not None:
                assert text in self.plain, f"{text!r} is not in {self.plain!r}"

    def type(self, data: bytes) -> None:
        """Type some keys."""
        os.write(self._fd, data)

    def finish(self) -> int:
        """Read to the end; return the exit status."""
        while self._read(30):
            pass
        return self.process.wait(30)

    def _read(self, seconds: float) -> bool:
        if not select.select([self._fd], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self._fd, 65536)
        except OSError:  # the other end is closed
            return False
        self._data += data
        self.text = self._data.decode("utf-8", "replace").replace("\r\n", "\n")
        return bool(data)


@contextlib.contextmanager
def on_terminal(
    *arguments: str | Path, columns: int = 80, no_color: str = "", term: str = "xterm"
) -> Iterator[TerminalProcess]:
    """Run a command in a pseudo-terminal; it is ended when the context is left."""
    # Neither is there on Windows, where no test of a terminal runs.
    import fcntl  # noqa: PLC0415
    import pty  # noqa: PLC0415
    import struct  # noqa: PLC0415
    import termios  # noqa: PLC0415

    def prepare() -> None:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        heed_interrupts()

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", MODULE, *map(str, arguments)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment(TERM=term, NO_COLOR=no_color),
        # So that what is typed, Ctrl-C say, goes to it as from any terminal.
        start_new_session=True,
        preexec_fn=prepare,  # noqa: PLW1509  # no thread yet
    )
    os.close(theirs)
    try:
        yield TerminalProcess(process, ours)
    finally:
        process.kill()
        process.wait()
        os.close(ours)
