"""A product installed in a container, with the actions of the tests that play broadcasts."""

import time
from dataclasses import dataclass

from tests.demo.install import PROGRAM, PUBLISH_URL
from tests.demo.watcher import Watcher
from tests.lab.container import Container
from tests.lab.obs import Encoder, Obs
from tests.lab.platform import PlatformServer

HOLD_SECONDS = 120
"""Longer than a busy machine needs until OBS is back: a broadcast that ends meanwhile is another one."""

CONVERTED_WITHIN = 200
"""Seconds. A fallback is converted at the lowest priority: a machine that is busy leaves it little time."""


@dataclass(frozen=True)
class MediaBroadcast:
    """A container with the product and its platforms; `watcher` reads what the platforms receive."""

    container: Container
    platforms: tuple[PlatformServer, ...]
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
        """End the broadcast and wait until the platforms' connections have ended."""
        self.product("off-air")
        self.container.wait_until(self._are_closed, 15, "the platforms' connections to end")

    def _are_closed(self) -> bool:
        return all(
            connection.closed for platform in self.platforms for connection in platform.reader.update()
        )

    def wait_matching(self, label: str) -> None:
        """Wait until the fallback of the next hand-off was prepared for a profile."""
        what = f"a fallback that matches {label}"
        self.container.wait_until(lambda: self.matches(label), CONVERTED_WITHIN, what)

    def matches(self, label: str) -> bool:
        """Tell whether the fallback of the next hand-off was prepared for a profile."""
        link = self.container.run(("readlink", "/var/lib/restream-agent/fallback/current.flv"), check=False)
        return link.stdout.strip().endswith(f"-{label}.flv")
