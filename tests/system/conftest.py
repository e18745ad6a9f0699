"""The product installed and applied in a container, once per file and ingest server."""

from collections.abc import Iterator

import pytest

from tests.demo.install import configuration, install
from tests.demo.screen import Screen
from tests.lab.container import Container
from tests.lab.platform import PlatformServer
from tests.lab.servers import SERVERS
from tests.system.installation import Installation

NAMES = ("alpha", "beta", "gamma")
FIRST_PORT = 21000


@pytest.fixture(scope="module", params=SERVERS)
def installation(request: pytest.FixtureRequest) -> Iterator[Installation]:
    """Boot, install as the README says, and apply for alpha and beta; gamma runs and can be added."""
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
