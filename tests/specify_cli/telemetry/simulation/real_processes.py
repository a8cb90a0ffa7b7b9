"""Real processes that play programs of system calls, forked from each other and killed."""

from __future__ import annotations

import os
import pickle
import signal
import socket
import sys
from typing import Any

from .comparison import Player, real_call
from .made_up_calls import Step

_MOST = 3


class RealMachine:
    """Processes that play on the real operating system.

    Args:
        folder: Where.
    """

    def __init__(self, folder: str) -> None:
        """Start the first of them."""
        self._pairs = [socket.socketpair() for _ in range(_MOST)]
        assert sys.platform != "win32"
        self._ids = [os.fork()]
        if not self._ids[0]:
            _serve(Player(real_call, folder), self._pairs, 0)

    def fork(self) -> None:
        """Fork the first process."""
        self._ids.append(self._ask(0, ("fork", (len(self._ids),))))

    def kill(self, number: int) -> None:
        """End a process with SIGKILL, and wait until it is gone."""
        assert sys.platform != "win32"
        os.kill(self._ids[number], signal.SIGKILL)
        ours = self._pairs[number][1]
        ours.close()
        # Whoever has inherited the other end keeps it open, so its parent says when it is gone.
        if number:
            self._ask(0, ("wait", (self._ids[number],)))
        else:
            os.waitpid(self._ids[0], 0)

    def play(self, step: Step) -> Any:
        """Play a step; return what it returned."""
        return self._ask(step.process, (step.call, step.arguments))

    def close(self) -> None:
        """End all that is left."""
        for number in range(len(self._ids) - 1, -1, -1):
            if self._pairs[number][1].fileno() != -1:
                self.kill(number)
        for theirs, _ in self._pairs:
            theirs.close()

    def _ask(self, number: int, what: tuple[str, tuple[Any, ...]]) -> Any:
        ours = self._pairs[number][1]
        ours.sendall(pickle.dumps(what))
        return pickle.loads(ours.recv(1 << 16))  # noqa: S301  # our own process


def _serve(player: Player, pairs: list[tuple[socket.socket, socket.socket]], number: int) -> None:
    """Play what one is told to, until one is killed."""
    assert sys.platform != "win32"
    while data := pairs[number][0].recv(1 << 16):
        call, arguments = pickle.loads(data)  # noqa: S301
        if call == "fork":
            child = os.fork()
            if not child:
                number = arguments[0]
                continue
            result: Any = child
        elif call == "wait":
            result = os.waitpid(arguments[0], 0)[0]
        else:
            result = player.play(call, arguments)
        pairs[number][0].sendall(pickle.dumps(result))
    os._exit(0)
