"""Where a server is, and what may be said of it: never a password."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Mapping
from itertools import zip_longest

from psycopg import Error
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from .deadline import Deadline

# What libpq calls the parameters that say where a database is. All others may be secret.
_PUBLIC = ("service", "host", "hostaddr", "port", "dbname", "user")


class Address:
    """How to connect to a database.

    Args:
        conninfo: A URL or ``key=value`` pairs, as libpq takes them.
        parameters: More of libpq's parameters.

    Raises:
        TypeError: ``conninfo`` is not a str.
        ValueError: libpq cannot make sense of it.
    """

    def __init__(self, conninfo: str, parameters: Mapping[str, str | int | None]) -> None:
        """Parse, and touch no network."""
        if not isinstance(conninfo, str):
            raise TypeError(f"a conninfo is a str, not a {type(conninfo).__name__}")
        self._parameters = _parsed(conninfo, parameters)
        # Where a password that has an @ of its own is not escaped, its end is taken for a host.
        if "@" in self._text("host"):
            raise ValueError("a host of the conninfo has an @; in a password that is written %40")

    @property
    def conninfo(self) -> str:
        """All of it, the password too."""
        return make_conninfo("", **self._parameters)

    def __str__(self) -> str:
        """Return what may be shown."""
        known = {name: self._parameters[name] for name in _PUBLIC if name in self._parameters}
        return make_conninfo("", **known)

    def without_secrets(self, text: str) -> str:
        """Return a text with asterisks where it shows a password."""
        for name in ("password", "sslpassword"):
            if secret := self._text(name):
                text = text.replace(secret, "***")
        return text

    def attempts(self, deadline: Deadline) -> tuple[list[bytes], list[str]]:
        """Return what to give libpq, for each address of the hosts, and why some have none.

        libpq looks up names without an end in time, and keeps all threads waiting meanwhile.

        Raises:
            TimeoutError: A name was not looked up in time.
        """
        known: dict[str, str | int | None] = {"fallback_application_name": "spec-kitty-telemetry"}
        known |= self._parameters | {"client_encoding": "UTF8"}
        hosts = self._text("host").split(",")
        if "hostaddr" in known or "service" in known or not any(hosts):
            return [make_conninfo("", **known).encode()], []
        found: list[bytes] = []
        reasons: list[str] = []
        ports = self._text("port").split(",")
        for host, port in zip_longest(hosts, ports, fillvalue=ports[-1]):
            try:
                for address in _looked_up(host, deadline):
                    one = known | {"host": host, "port": port or None, "hostaddr": address}
                    found.append(make_conninfo("", **one).encode())
            except socket.gaierror as error:
                reasons.append(f"the host {host!r} was not found: {error}")
        return found, reasons

    def _text(self, name: str) -> str:
        given = self._parameters.get(name)
        return str(given if given is not None else os.environ.get(f"PG{name.upper()}", ""))


def _parsed(
    conninfo: str, parameters: Mapping[str, str | int | None]
) -> dict[str, str | int | None]:
    try:
        return dict(conninfo_to_dict(make_conninfo(conninfo, **parameters)))
    except Error:
        pass
    # libpq's reason shows the conninfo, and the password in it: so it is not even chained.
    raise ValueError(
        "not a conninfo of PostgreSQL: neither postgresql://user@host/database nor key=value pairs"
    )


def _looked_up(host: str, deadline: Deadline) -> list[str | None]:
    """Return the addresses of a host; None stands for a socket in a directory, or the default."""
    if not host or host.startswith("/") or os.path.isabs(host):  # noqa: PTH117  # as libpq does
        return [None]
    found: list[str | None] = []
    failed: list[OSError] = []

    def look_up() -> None:
        try:
            answers = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            found.extend(str(address[4][0]) for address in answers)
        except OSError as error:
            failed.append(error)

    # The system's look-up cannot be stopped, so it is left to itself when time is up.
    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(deadline.left())
    deadline.left()
    for error in failed:
        raise error
    return list(dict.fromkeys(found))
