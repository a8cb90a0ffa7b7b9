"""TLS, which libpq does: what the conninfo asks for is what a store insists on."""

from __future__ import annotations

import contextlib
import pickle
import shutil
import subprocess
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg.conninfo import make_conninfo

from specify_cli.spec_kitty_events import StorageError
from specify_cli.telemetry.postgres import SimplePostgresStore

from ..support.bouncer import bouncer
from ..support.events import make_event, make_events
from ..support.servers import PASSWORD, Server, give_to_server

pytestmark = pytest.mark.servers


def certify(folder: Path) -> None:
    """Make an authority, a certificate of this host that it has signed, and another authority."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("there is no openssl here, to make certificates with")
    signed = ["-set_serial", "1", "-out", "host.crt"]
    new = ["req", "-newkey", "rsa:2048", "-nodes", "-keyout"]
    for command in (
        [*new, "ca.key", "-x509", "-subj", "/CN=one", "-out", "ca.crt"],
        [*new, "other.key", "-x509", "-subj", "/CN=other", "-out", "other.crt"],
        [*new, "host.key", "-subj", "/CN=localhost", "-out", "host.csr"],
        ["x509", "-req", "-in", "host.csr", "-CA", "ca.crt", "-CAkey", "ca.key", *signed],
    ):
        subprocess.run([openssl, *command], cwd=folder, check=True, capture_output=True)
    give_to_server(folder / "host.key")


@contextlib.contextmanager
def own_tls(folder: Path, server: Server) -> Iterator[str]:
    """Yield how to connect to a server that takes connections with TLS only."""
    query = "SELECT 1 FROM pg_settings WHERE name = 'ssl_library' AND setting <> ''"
    if not server.execute(query):
        pytest.skip("this PostgreSQL was built without TLS")
    secure = Server(folder / "tls").initialise()
    access = secure.folder / "pg_hba.conf"
    text = access.read_text(encoding="ascii")
    access.write_text(text.replace("host all", "hostssl all"), encoding="ascii")
    secure.set(
        ssl="on", ssl_cert_file=str(folder / "host.crt"), ssl_key_file=str(folder / "host.key")
    )
    try:
        yield secure.start().conninfo
    finally:
        secure.kill()


@contextlib.contextmanager
def bouncers_tls(folder: Path, server: Server) -> Iterator[str]:
    """Yield how to connect to a PgBouncer that takes connections with TLS only."""
    with bouncer(
        folder,
        server,
        client_tls_sslmode="require",
        client_tls_cert_file=folder / "host.crt",
        client_tls_key_file=folder / "host.key",
    ) as secure:
        yield secure.conninfo


@pytest.fixture(scope="module", params=[own_tls, bouncers_tls], ids=["server", "bouncer"])
def conninfo(request: pytest.FixtureRequest, folder: Path, server: Server) -> Iterator[str]:
    """Return how to connect to one that takes connections with TLS only, but for TLS."""
    certify(folder)
    with request.param(folder, server) as conninfo:
        yield conninfo


@pytest.mark.parametrize(
    ("sslmode", "authority"), [("require", ""), ("verify-ca", "ca"), ("verify-full", "ca")]
)
def test_a_store_works_with_tls(
    conninfo: str, folder: Path, log: str, sslmode: str, authority: str
) -> None:
    """As much of it as the conninfo asks for."""
    trusted = f"{folder}/{authority}.crt" if authority else None
    store = SimplePostgresStore(
        conninfo, log, host="localhost", sslmode=sslmode, sslrootcert=trusted
    )
    events = make_events(3)
    store.save_event(events[0])
    assert store.save_events(events) == 2
    assert store.load_all_events() == events
    with pickle.loads(pickle.dumps(store)) as copy:  # noqa: S301  # our own
        assert copy.read_since().events == events


@pytest.mark.parametrize(
    ("host", "authority", "reason"),
    [
        ("db.example.org", "ca", 'server certificate for "localhost" does not match host name'),
        ("localhost", "other", "certificate verify failed"),
        ("localhost", "missing", 'root certificate file ".*" does not exist'),
    ],
)
def test_who_cannot_be_trusted_is_told_nothing(
    conninfo: str, folder: Path, log: str, host: str, authority: str, reason: str
) -> None:
    """Another host's certificate, or one that nobody vouches for; no message has the password."""
    address = make_conninfo(conninfo, host=host, hostaddr="127.0.0.1", sslmode="verify-full")
    store = SimplePostgresStore(address, log, sslrootcert=f"{folder}/{authority}.crt")
    for call in (store.load_all_events, lambda: store.save_event(make_event())):
        with pytest.raises(StorageError, match=reason) as refused:
            call()
        shown = "".join(traceback.format_exception(refused.value))
        assert PASSWORD not in shown


def test_one_that_takes_only_tls_is_not_told_without(conninfo: str, log: str) -> None:
    """It refuses, and the message says why."""
    store = SimplePostgresStore(conninfo, log, sslmode="disable")
    with pytest.raises(StorageError, match=r"no encryption|SSL required"):
        store.save_event(make_event())


def test_a_server_without_tls_is_not_spoken_to_where_it_is_asked_for(
    server: Server, log: str
) -> None:
    """Not even the name of the user is sent."""
    store = SimplePostgresStore(server.conninfo, log, sslmode="require")
    with pytest.raises(StorageError, match="server does not support SSL, but SSL was required"):
        store.save_event(make_event())
