"""The platforms' servers, tried on loopback: name, connection, certificate; and what is said of each."""

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from restream_agent.config.load import load
from restream_agent.deploy import reach_look
from restream_agent.deploy.findings import Finding, fault, ok, warning
from restream_agent.deploy.reach_findings import Host, Reach, Step, hosts, judge_reach

NOW = datetime(2026, 11, 26, tzinfo=UTC)
CLUB = Host("live.example.org", 443, True, ("club",))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a certificate of localhost that signs itself, with its key in the same file."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    place = tmp_path_factory.mktemp("tls") / "localhost.pem"
    place.write_text(new_certificate(place.with_suffix(".key")))
    return place


def new_certificate(place: Path) -> str:
    """Return a new certificate of localhost, below its key."""
    argv = (
        "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "9", "-subj", "/CN=localhost",
        "-addext", "subjectAltName=DNS:localhost", "-keyout", str(place), "-out", f"{place}.crt",
    )  # fmt: skip
    subprocess.run(argv, check=True, capture_output=True, timeout=60)
    return place.read_text() + Path(f"{place}.crt").read_text()


class LoopbackServer:
    """Accepts connections on loopback; with a certificate it speaks TLS. It keeps what it received."""

    def __init__(self, certificate: Path | None = None) -> None:
        self.received = b""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._context = None
        if certificate is not None:
            self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            self._context.load_cert_chain(certificate)
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> "LoopbackServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join(10)
        self._listener.close()

    def _serve(self) -> None:
        self._listener.settimeout(10)
        connection, _ = self._listener.accept()
        connection.settimeout(10)
        with closing(connection), suppress(OSError):
            spoken = self._context.wrap_socket(connection, server_side=True) if self._context else connection
            with closing(spoken):
                self.received = spoken.recv(4096)


@pytest.fixture
def plain() -> Iterator[LoopbackServer]:
    """Serve without TLS."""
    with LoopbackServer() as server:
        yield server


@pytest.fixture
def secure(certificate: Path) -> Iterator[LoopbackServer]:
    """Serve with TLS."""
    with LoopbackServer(certificate) as server:
        yield server


def try_one(server: LoopbackServer, authorities: Path | str, *, name: str, has_tls: bool) -> Reach:
    (found,) = reach_look.try_hosts((Host(name, server.port, has_tls, ("club",)),), str(authorities))
    return found


def test_a_server_that_answers_is_reached_and_hears_nothing(plain: LoopbackServer) -> None:
    """No RTMP: the platform is not to see a publisher."""
    found = try_one(plain, "", name="127.0.0.1", has_tls=False)
    plain._thread.join(10)
    assert (found.step, found.valid_until, plain.received) == (Step.ALL, None, b"")


def test_a_valid_certificate_is_read(secure: LoopbackServer, certificate: Path) -> None:
    """Until when it is valid."""
    found = try_one(secure, certificate, name="localhost", has_tls=True)
    assert found.step is Step.ALL
    assert found.valid_until is not None
    assert timedelta(days=8) < found.valid_until - datetime.now(UTC) < timedelta(days=10)
    secure._thread.join(10)
    assert secure.received == b""


def test_a_certificate_of_nobody_we_trust_is_refused(secure: LoopbackServer, tmp_path: Path) -> None:
    """With OpenSSL's reason."""
    other = tmp_path / "other.pem"
    other.write_text(new_certificate(tmp_path / "other"))
    found = try_one(secure, other, name="localhost", has_tls=True)
    assert (found.step, "self-signed" in found.reason) == (Step.CERTIFICATE, True)


def test_a_certificate_of_another_name_is_refused(secure: LoopbackServer, certificate: Path) -> None:
    """The address is no name of the certificate."""
    found = try_one(secure, certificate, name="127.0.0.1", has_tls=True)
    assert (found.step, "IP address mismatch" in found.reason) == (Step.CERTIFICATE, True)


def test_a_server_without_tls_shows_no_certificate(
    plain: LoopbackServer, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It closes the connection, or never answers."""
    monkeypatch.setattr(reach_look, "_TIMEOUT", 0.5)
    assert try_one(plain, certificate, name="localhost", has_tls=True).step is Step.CERTIFICATE


def test_a_port_where_nobody_listens_does_not_answer() -> None:
    """With the kernel's reason."""
    with closing(socket.create_server(("127.0.0.1", 0))) as once:
        port = once.getsockname()[1]
    (found,) = reach_look.try_hosts((Host("127.0.0.1", port, True, ("club",)),), "")
    assert (found.step, found.reason) == (Step.CONNECTION, "Connection refused")


@pytest.mark.parametrize("name", ["", "a..b", "x" * 64 + ".invalid", "no such name"])
def test_a_name_that_does_not_resolve_is_told(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the resolver makes of it; the tests ask no other machine."""

    def unknown(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    (found,) = reach_look.try_hosts((Host(name, 443, True, ("club",)),), "")
    assert (found.step, found.reason) == (Step.NAME, "Name or service not known")


def test_the_hosts_are_those_of_enabled_platforms() -> None:
    """Each once, however many relays send there; the port is that of the scheme."""
    text = (
        'version = 1\n[ingest]\nkey = "any"\nlisten = "127.0.0.1:1935"\n'
        '[platforms.a]\nurl = "rtmps://live.example.org/a"\nkey = { credential = "a" }\n'
        '[platforms.b]\nurl = "rtmps://live.example.org:443/b"\nkey = { credential = "b" }\n'
        '[platforms.c]\nurl = "rtmp://plain.example.org/c"\nkey = { credential = "c" }\n'
        '[platforms.d]\nurl = "rtmp://off.example.org/d"\nkey = { credential = "d" }\nenabled = false\n'
    )
    assert hosts(load(text, source="x")) == (
        Host("live.example.org", 443, True, ("a", "b")),
        Host("plain.example.org", 1935, False, ("c",)),
    )


@pytest.mark.parametrize(
    ("reach", "expected"),
    [
        (
            Reach(CLUB, Step.NAME, "Name or service not known"),
            fault("club", "live.example.org does not resolve: Name or service not known",
                  "check its url in the TOML, and DNS: resolvectl query live.example.org"),
        ),
        (
            Reach(CLUB, Step.CONNECTION, "nothing came within 5 s"),
            fault("club", "live.example.org:443 does not answer: nothing came within 5 s",
                  "check url and firewall: is TCP 443 open to the internet?"),
        ),
        (
            Reach(CLUB, Step.CERTIFICATE, "certificate has expired"),
            fault("club", "live.example.org:443 shows no valid certificate: certificate has expired",
                  "check its url and this machine's clock: apt install --reinstall ca-certificates"),
        ),
        (
            Reach(CLUB, Step.ALL, "", 0.0234, NOW + timedelta(days=1)),
            warning("club", "live.example.org:443 answers; its certificate ends 2026-11-27",
                    "the platform has to renew it"),
        ),
        (
            Reach(CLUB, Step.ALL, "", 0.0234, NOW + timedelta(days=90)),
            ok("club", "live.example.org:443 answers in 23 ms, certificate until 2027-02-24"),
        ),
        (
            Reach(CLUB, Step.ALL, "", 0.0234),
            ok("club", "live.example.org:443 answers in 23 ms"),
        ),
    ],
)  # fmt: skip
def test_what_is_said_of_a_server(reach: Reach, expected: Finding) -> None:
    """With the platforms that it is for, and no part of a URL but host and port."""
    assert list(judge_reach((reach,), NOW)) == [expected]
