"""A product installed in a container with two platforms, once per file and ingest server."""

from collections.abc import Iterator

import pytest

from tests.demo.install import install
from tests.demo.screen import Screen
from tests.demo.watcher import Watcher
from tests.lab.container import Container
from tests.lab.platform import PlatformServer
from tests.lab.servers import SERVERS
from tests.media.broadcast import HOLD_SECONDS, MediaBroadcast

FIRST_PORT = 21000


@pytest.fixture(scope="module", params=SERVERS)
def broadcast(request: pytest.FixtureRequest) -> Iterator[MediaBroadcast]:
    """Boot, install and apply, on each ingest server."""
    with Container() as container:
        platforms = tuple(
            PlatformServer(container, name, key=f"{name}-key", port=FIRST_PORT + 10 * number)
            for number, name in enumerate(("alpha", "beta"))
        )
        for platform in platforms:
            platform.start()
        install(container, request.param, platforms, Screen(), HOLD_SECONDS)
        yield MediaBroadcast(container, platforms, Watcher(platforms, Screen()))
