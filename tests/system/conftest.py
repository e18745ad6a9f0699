"""The product installed and applied in a container, once per file and ingest server."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.demo.install import configuration, install
from tests.demo.screen import Screen
from tests.lab.container import Container
from tests.lab.platform import Platform
from tests.system.stage import Stage

SRS = Path(os.environ.get("SRS") or shutil.which("srs") or "/usr/local/srs/objs/srs")
SERVERS = (
    "nginx-rtmp",
    pytest.param("srs", marks=pytest.mark.skipif(not SRS.exists(), reason="SRS binary not found")),
)
NAMES = ("alpha", "beta", "gamma")
FIRST_PORT = 21000


@pytest.fixture(scope="module", params=SERVERS)
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """Boot, install as the README says, and apply for alpha and beta; gamma is there to be added."""
    with Container() as container:
        platforms = {
            name: Platform(container, name, key=f"{name}-key", port=FIRST_PORT + 10 * number)
            for number, name in enumerate(NAMES)
        }
        for platform in platforms.values():
            platform.start()
        first = (platforms["alpha"], platforms["beta"])
        install(container, request.param, first, Screen())
        yield Stage(container, request.param, platforms, toml=configuration(request.param, first))
