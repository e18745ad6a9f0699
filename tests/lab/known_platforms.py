"""Stand-ins for known platforms: their host names, with certificates that the container trusts.

The container has a network of its own without a way out: nothing reaches the platforms themselves.
"""

import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from restream_agent.config.presets import presets
from restream_agent.render.ffmpeg import AUTHORITIES
from tests.lab import tls_front
from tests.lab.container import SHARED, Container
from tests.lab.platform import PlatformServer

_PORT = 443
_REQUEST = ("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def stand_in(container: Container, preset: str, *, key: str, port: int, number: int) -> PlatformServer:
    """Start a server that answers as the preset's host, on an address of its own, 127.0.0.`number`.

    `port` is the first of four ports to use inside; `key` is the only stream key that is accepted.
    """
    address = urlsplit(presets()[preset].url or "")
    host, application = str(address.hostname), address.path.strip("/")
    server = PlatformServer(container, preset, key=key, port=port, application=application)
    server.start()
    certificate = _trusted(container, server.directory, host)
    script = shutil.copy(str(tls_front.__file__), server.directory)
    inside = SHARED / preset
    own = f"127.0.0.{number}"
    container.write("/etc/hosts", f"{container.read('/etc/hosts')}\n{own} {host}\n")
    arguments = (own, str(_PORT), f"{inside}/{certificate.name}", str(port))
    container.popen(("nice", "-n", "-15", "/usr/bin/python3", f"{inside}/{Path(script).name}", *arguments))
    container.wait_until(lambda: _answers(container, own), 10, f"the TLS front of {preset}")
    return server


def _answers(container: Container, address: str) -> bool:
    return container.run(("bash", "-c", f"</dev/tcp/{address}/{_PORT}"), check=False).returncode == 0


def _trusted(container: Container, directory: Path, host: str) -> Path:
    """Make a certificate with its private key in one file, and have the container trust it."""
    certificate = directory / "certificate.pem"
    names = ("-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host}", "-days", "2")
    files = ("-keyout", str(certificate), "-out", str(directory / "public.pem"))
    subprocess.run((*_REQUEST, *names, *files), check=True, capture_output=True)
    public = (directory / "public.pem").read_text()
    with certificate.open("a") as file:
        file.write(public)
    trusted = container.run(("cat", AUTHORITIES), check=False).stdout
    container.write(AUTHORITIES, f"{trusted}{public}")
    return certificate
