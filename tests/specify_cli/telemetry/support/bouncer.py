"""PgBouncer in front of a server of the tests' own, to use, kill and start again."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest
from psycopg.conninfo import make_conninfo

from .servers import PASSWORD, Server, free_port, identity

_SECONDS_TO_START = 20


# Debian has it where only root's path leads.
PROGRAM = shutil.which("pgbouncer", path=os.pathsep.join([os.environ["PATH"], "/usr/sbin"]))


class Bouncer:
    """One PgBouncer, with a pool of few connections that its clients share.

    Args:
        folder: Where its files are to be.
        server: What is behind it.
        settings: More of its settings than there are here, or others.
    """

    def __init__(self, folder: Path, server: Server, **settings: object) -> None:
        """Write its settings."""
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._settings = folder / f"bouncer-{self.port}.ini"
        users = self._settings.with_suffix(".users")
        users.write_text(f'"postgres" "{PASSWORD}"\n', encoding="ascii")
        given = {
            "listen_addr": "127.0.0.1",
            "listen_port": self.port,
            "unix_socket_dir": "",
            "auth_type": "scram-sha-256",
            "auth_file": users,
            "pool_mode": "transaction",
            "default_pool_size": 2,
            "max_client_conn": 100,
            "server_login_retry": 1,
        } | settings
        lines = [f"{name} = {value}\n" for name, value in given.items()]
        target = make_conninfo("", host="127.0.0.1", port=server.port)
        self._settings.write_text(
            f"[databases]\npostgres = {target}\n[pgbouncer]\n{''.join(lines)}", encoding="ascii"
        )

    @property
    def conninfo(self) -> str:
        """How to connect through it."""
        return Server.conninfo_of(self.port)

    def start(self) -> Self:
        """Start it, and wait until it listens."""
        assert self._process is None
        with self._settings.with_suffix(".log").open("ab") as log:
            self._process = subprocess.Popen(  # type: ignore[call-overload]  # who to run as
                [PROGRAM, self._settings],
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **identity(),
            )
        end = time.monotonic() + _SECONDS_TO_START
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 5).close()
            except OSError as error:
                if time.monotonic() > end or self._process.poll() is not None:
                    text = self._settings.with_suffix(".log").read_text(encoding="utf-8")
                    raise AssertionError(f"pgbouncer did not start: {text[-2000:]}") from error
                time.sleep(0.01)
            else:
                return self

    def kill(self) -> None:
        """Have it end at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextlib.contextmanager
def bouncer(folder: Path, server: Server, **settings: object) -> Iterator[Bouncer]:
    """Yield a PgBouncer that runs, or skip the test where there is none."""
    if PROGRAM is None:
        pytest.skip("there is no pgbouncer here")
    bouncer = Bouncer(folder, server, **settings)
    try:
        yield bouncer.start()
    finally:
        bouncer.kill()
