"""An installation with three channels that are all live, for the tests of several channels."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.chaos.channels import url_of
from tests.demo.install import ETC, INGEST_KEY, install
from tests.demo.screen import Screen
from tests.lab.container import Container
from tests.lab.obs import Encoder
from tests.lab.platform import PlatformServer
from tests.lab.reconnecting import ReconnectingObs
from tests.lab.servers import SERVERS
from tests.system.installation import SETTLED, TOML, Installation

OBS = {
    "main": Encoder(width=640, height=360, bitrate=600_000),
    "es": Encoder(width=426, height=240, fps=25, sample_rate=44100, bitrate=400_000, mark="second"),
    "en": Encoder(width=320, height=180, bitrate=300_000, sound="libmp3lame", sample_rate=44100, channels=1),
}
PLATFORMS = {"main": ("north", "south"), "es": ("alpha", "beta"), "en": ("east", "west")}


@dataclass(frozen=True)
class Channels:
    """An installation with three channels, all of them live."""

    installation: Installation

    def status(self, channel: str) -> dict[str, object]:
        """Return the status of a channel."""
        table = json.loads(self.installation.product("status", "--json"))
        return dict(table if channel == "main" else table["channels"][channel])

    def states(self) -> dict[str, object]:
        """Return the state of each channel."""
        return {channel: self.status(channel)["state"] for channel in OBS}

    def wait(self, **states: str) -> None:
        """Wait until channels are in these states, and the others live."""
        wanted = dict.fromkeys(OBS, "live") | states
        container = self.installation.container
        container.wait_until(lambda: self.states() == wanted, SETTLED, f"the channels to be {wanted}")


def toml(platforms: dict[str, PlatformServer]) -> str:
    """Return the tables of the channels."""
    text = ""
    for channel in ("es", "en"):
        text += f'\n[channels.{channel}]\nkey = {{ credential = "{channel}" }}\n'
        for name in PLATFORMS[channel]:
            text += f'\n[channels.{channel}.platforms.{name}]\nurl = "{platforms[name].url}"\n'
            text += f'key = {{ credential = "{name}" }}\n'
    return text


@pytest.fixture(scope="module", params=SERVERS)
def channels(request: pytest.FixtureRequest) -> Iterator[Channels]:
    """Install for main, add the channels, and have an OBS publish to each."""
    with Container() as container:
        names = [name for each in PLATFORMS.values() for name in each]
        platforms = {
            name: PlatformServer(container, name, key=f"{name}-key", port=21000 + 10 * number)
            for number, name in enumerate(names)
        }
        for platform in platforms.values():
            platform.start()
        install(container, request.param, tuple(platforms[name] for name in PLATFORMS["main"]), Screen())
        for channel in ("es", "en"):
            container.write(f"{ETC}/credentials/{channel}", f"{channel}-{INGEST_KEY}\n", mode=0o600)
            for name in PLATFORMS[channel]:
                container.write(f"{ETC}/credentials/{name}", f"{platforms[name].key}\n", mode=0o600)
        installation = Installation(container, request.param, platforms)
        text = container.read(TOML) + toml(platforms)
        container.write(TOML, text)
        installation.product("apply")
        installation.toml = text
        publishers = [
            ReconnectingObs(container, url_of(channel), encoder) for channel, encoder in OBS.items()
        ]
        for obs in publishers:
            obs.come()
        each = Channels(installation)
        each.wait()
        yield each
        for obs in publishers:
            obs.close()
