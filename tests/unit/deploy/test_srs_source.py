"""The file of SRS: a path or an https URL, and nothing without the right checksum."""

import hashlib
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from restream_agent.base.errors import RestreamError
from restream_agent.deploy import srs_source
from restream_agent.deploy.srs_source import parse_source, verified

CONTENT = b"an archive " * 100_000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
OTHER = "0" * 64


class PublisherOfSrs(BaseHTTPRequestHandler):
    """Answers as a publisher does, and as one should not."""

    def do_GET(self) -> None:
        host, port = self.headers["Host"].split(":")
        assert host == "localhost"
        if self.path.startswith("/moved"):
            self._answer(302, b"", location=f"https://localhost:{port}/srs.zip")
        elif self.path == "/open":
            self._answer(302, b"", location=f"http://localhost:{port}/srs.zip")
        elif self.path == "/broken":
            self._answer(200, CONTENT[:1000], length=len(CONTENT))
        elif self.path.startswith("/srs.zip"):
            self._answer(200, CONTENT)
        else:
            self._answer(404, b"no")

    def _answer(self, code: int, body: bytes, *, location: str = "", length: int | None = None) -> None:
        self.send_response(code)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a certificate for localhost, with its key."""
    place = tmp_path_factory.mktemp("tls") / "localhost.pem"
    request = (
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
    )
    name = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")
    subprocess.run(
        (*request, *name, "-keyout", str(place), "-out", f"{place}.crt"),
        check=True,
        capture_output=True,
        timeout=60,
    )
    place.write_text(place.read_text() + Path(f"{place}.crt").read_text())
    return place


@pytest.fixture
def publisher(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Serve over https with a certificate that this machine trusts; yield the URL of its top."""
    with ThreadingHTTPServer(("127.0.0.1", 0), PublisherOfSrs) as server:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.delenv(name, raising=False)
        yield f"https://localhost:{server.server_port}"
        server.shutdown()


def fetched(place: str, sha256: str = SHA256) -> bytes:
    """Return what the source has."""
    with verified(parse_source(place, sha256)) as file:
        return file.read()


def refusal(place: str, sha256: str = SHA256) -> RestreamError:
    """Return the error that a source leads to."""
    with pytest.raises(RestreamError) as caught:
        fetched(place, sha256)
    return caught.value


def test_a_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also by a relative path, and by a checksum in capitals."""
    (tmp_path / "srs.zip").write_bytes(CONTENT)
    monkeypatch.chdir(tmp_path)
    assert fetched("srs.zip", SHA256.upper()) == CONTENT


@pytest.mark.parametrize("path", ["/srs.zip", "/moved", "/srs.zip?token=x"])
def test_a_url_is_downloaded(publisher: str, path: str) -> None:
    """Redirected as by GitHub, which has its files elsewhere."""
    assert fetched(publisher + path) == CONTENT


def test_another_checksum_is_refused(tmp_path: Path, publisher: str) -> None:
    """With both, so that they can be compared."""
    (tmp_path / "srs.zip").write_bytes(CONTENT)
    for place in (str(tmp_path / "srs.zip"), f"{publisher}/srs.zip"):
        assert refusal(place, OTHER).message == (
            f"{place} has the SHA-256 {SHA256}, and not {OTHER}; it was not unpacked"
        )


def test_a_download_that_breaks_off_is_told(publisher: str) -> None:
    """Without the URL's query, which may have a token."""
    error = refusal(f"{publisher}/broken")
    assert error.message == f"{publisher}/broken: the download broke off (RemoteProtocolError)"
    assert error.hint == "nothing was installed; try again"


def test_a_file_that_is_not_there_is_told(publisher: str, tmp_path: Path) -> None:
    """The server's answer, or the system's."""
    assert refusal(f"{publisher}/none?token=secret").message == f"{publisher}/none: the server answers 404"
    assert refusal(str(tmp_path / "none")).message == f"{tmp_path / 'none'}: No such file or directory"
    assert refusal(str(tmp_path)).message == f"{tmp_path} is not a file"


def test_a_way_out_of_https_is_not_taken(publisher: str) -> None:
    """Neither at first nor by a redirect."""
    assert refusal(f"{publisher}/open").message == f"{publisher}/open leads to localhost without https"
    assert refusal("http://localhost/srs.zip").message == "http:// is not supported as the place of SRS"


def test_no_network_is_told(publisher: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A port that nobody listens on, and a certificate that nobody trusts."""
    assert "https://localhost:1/x cannot be reached: " in refusal("https://localhost:1/x").message
    monkeypatch.setenv("SSL_CERT_FILE", "/dev/null")
    assert "certificate verify failed" in refusal(f"{publisher}/srs.zip").message


def test_a_file_too_large_is_no_archive_of_srs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not copied to its end."""
    monkeypatch.setattr(srs_source, "LARGEST", 1000)
    (tmp_path / "srs.zip").write_bytes(CONTENT)
    assert "and so is no archive of SRS" in refusal(str(tmp_path / "srs.zip")).message


@pytest.mark.parametrize("sha256", ["", "abc", "g" * 64, SHA256 + "0", f"md5:{SHA256}"])
def test_what_is_no_sha256_is_told(sha256: str) -> None:
    """The project's page has MD5 sums."""
    with pytest.raises(RestreamError, match="a SHA-256 has 64 hexadecimal digits"):
        parse_source("/srs.zip", sha256)
