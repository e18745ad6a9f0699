"""The product installed and applied in a container, once per file and ingest server."""

from collections.abc import Iterator

import pytest

from tests.demo.install import ETC, PROGRAM, _install_wheel, configuration, install
from tests.demo.screen import Screen
from tests.lab.container import Container
from tests.lab.platform import PlatformServer
from tests.lab.servers import SERVERS
from tests.system.installation import TOML, Installation

NAMES = ("alpha", "beta", "gamma")
FIRST_PORT = 21000
CLUB = '\n[platforms.club]\nurl = "rtmp://127.0.0.1:21000/app"\nkey = { credential = "club" }\n'
KEY = "demo-ingest-key"


@pytest.fixture(scope="module", params=SERVERS)
def installation(request: pytest.FixtureRequest) -> Iterator[Installation]:
    """Boot, install the wheel, and apply for alpha and beta; gamma runs and can be added."""
    with Container() as container:
        platforms = {
            name: PlatformServer(container, name, key=f"{name}-key", port=FIRST_PORT + 10 * number)
            for number, name in enumerate(NAMES)
        }
        for platform in platforms.values():
            platform.start()
        first = (platforms["alpha"], platforms["beta"])
        install(container, request.param, first, Screen())
        yield Installation(container, request.param, platforms, toml=configuration(request.param, first))


@pytest.fixture(scope="module")
def applied() -> Iterator[Installation]:
    """Boot, install, and apply for nginx-rtmp and one platform that nobody serves."""
    with Container() as container:
        _install_wheel(container)
        container.run((PROGRAM, "init"))
        installation = Installation(container, "nginx-rtmp", {}, configuration("nginx-rtmp", ()) + CLUB)
        container.write(TOML, installation.toml)
        container.write(f"{ETC}/credentials/club", "club-key-1\n", mode=0o600)
        container.write(f"{ETC}/credentials/ingest", f"{KEY}\n", mode=0o600)
        installation.product("apply")
        yield installation
