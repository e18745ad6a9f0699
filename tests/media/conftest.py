"""A product installed in a container, with two platforms, for the tests that play broadcasts."""

import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.demo.install import PROGRAM, PUBLISH_URL, install
from tests.demo.screen import Screen
from tests.demo.watcher import Watcher
from tests.lab.container import Container
from tests.lab.obs import Encoder, Obs
from tests.lab.platform import Platform

SRS = Path(os.environ.get("SRS") or shutil.which("srs") or "/usr/local/srs/objs/srs")
SERVERS = [
    "nginx-rtmp",
    pytest.param("srs", marks=pytest.mark.skipif(not SRS.exists(), reason="SRS binary not found")),
]
FIRST_PORT = 21000


@dataclass(frozen=True)
class Stage:
    """A container with the product and its platforms; `watcher` looks at what they receive."""

    container: Container
    platforms: tuple[Platform, ...]
    watcher: Watcher

    def product(self, *arguments: str) -> str:
        """Run restream-agent inside and return what it printed; LabError if it fails."""
        return self.container.run((PROGRAM, *arguments), timeout=120).stdout

    def publish(self, encoder: Encoder | None = None) -> Obs:
        """Start an OBS and wait until every platform receives its picture."""
        since = time.monotonic()
        obs = Obs(self.container, PUBLISH_URL, encoder).start()
        self.watcher.wait_for((encoder or Encoder()).mark, since=since, timeout=15)
        return obs

    def drop(self, obs: Obs) -> None:
        """Stop an OBS and wait until every platform receives the fallback."""
        since = time.monotonic()
        obs.stop()
        self.watcher.wait_for("fallback", since=since, timeout=10)

    def end(self) -> None:
        """End the broadcast and wait until the platforms see it end."""
        self.product("off-air")
        self.container.wait_until(self._are_closed, 15, "the platforms' connections to end")

    def _are_closed(self) -> bool:
        return all(one.closed for platform in self.platforms for one in platform.reader.update())

    def matches(self, label: str) -> bool:
        """Whether the fallback that the next hand-off plays was prepared for a profile."""
        link = self.container.run(("readlink", "/var/lib/restream-agent/fallback/current.flv"), check=False)
        return link.stdout.strip().endswith(f"-{label}.flv")


@pytest.fixture(scope="module", params=SERVERS)
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """Boot, install, apply; on each ingest server."""
    with Container() as container:
        platforms = tuple(
            Platform(container, name, key=f"{name}-key", port=FIRST_PORT + 10 * number)
            for number, name in enumerate(("alpha", "beta"))
        )
        for platform in platforms:
            platform.start()
        install(container, request.param, platforms, Screen())
        yield Stage(container, platforms, Watcher(platforms, Screen()))
