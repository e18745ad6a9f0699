"""Three channels on one server: faults strike one of them, and the other two must not notice."""

from dataclasses import replace

from restream_agent.systemd.channels import Channel
from tests.chaos.broadcast import HOLD_SECONDS, LIGHT, NAMES, TOML, ChaosBroadcast
from tests.demo.install import ETC, INGEST_KEY, PUBLISH_URL, install
from tests.demo.screen import Screen
from tests.lab.clip import encode
from tests.lab.container import Container
from tests.lab.obs import Encoder
from tests.lab.platform import PlatformServer
from tests.lab.reconnecting import ReconnectingObs

STRUCK = Channel("es")
BYSTANDERS = {"main": ("north", "south"), "en": ("east", "west")}
SENT = {
    "main": Encoder(width=1280, height=720, fps=60, bitrate=1_500_000),
    "en": Encoder(width=640, height=360, fps=60, bitrate=600_000, sound="libmp3lame", channels=1),
}
CLIP_SECONDS = 60
FIRST_PORT = 21100
_BY_CHANNEL = ("on-air", "off-air", "status", "fallback")
"""The commands that take a channel."""


def url_of(channel: str, key: str = INGEST_KEY) -> str:
    """Return where OBS publishes to a channel; each has a key of its own."""
    own = key if channel == "main" or key != INGEST_KEY else f"{channel}-{key}"
    return PUBLISH_URL.replace(f"/main?key={INGEST_KEY}", f"/{channel}?key={own}")


class ThreeChannels(ChaosBroadcast):
    """The channel `es` is struck; `main` and `en` are live beside it, in other sizes and with other sound."""

    channel = STRUCK
    publish_url = url_of(STRUCK.name)

    def __init__(self, container: Container, server: str, screen: Screen) -> None:
        super().__init__(container, server, screen)
        names = [name for each in BYSTANDERS.values() for name in each]
        self.bystanders = {
            name: self._platform(name, FIRST_PORT + 10 * number) for number, name in enumerate(names)
        }
        self._others = [
            ReconnectingObs(container, url_of(name), encode(container, f"{name}.flv", encoder, CLIP_SECONDS))
            for name, encoder in SENT.items()
        ]

    def another_obs(self, mark: str, *, key: str = INGEST_KEY) -> ReconnectingObs:
        """Return another OBS of the channel that is struck."""
        return ReconnectingObs(self.container, url_of(STRUCK.name, key), replace(LIGHT, mark=mark))

    def install(self) -> None:
        """Install for `main`, add the channels to the TOML as a user would, and apply."""
        main = tuple(self.bystanders[name] for name in BYSTANDERS["main"])
        install(self.container, self.server, main, self.screen)
        text = self.container.read(TOML).replace('hold = "12s"', f'hold = "{HOLD_SECONDS}s"')
        for channel, platforms in self._channels().items():
            text += f'\n[channels.{channel}]\nkey = {{ credential = "{channel}" }}\n'
            self._store(channel, f"{channel}-{INGEST_KEY}")
            for name, platform in platforms.items():
                text += f'\n[channels.{channel}.platforms.{name}]\nurl = "{platform.url}"\n'
                text += f'key = {{ credential = "{name}" }}\n'
                self._store(name, platform.key)
        self.container.write(TOML, text)
        self.product("apply")
        for obs in self._others:
            obs.come()

    def product(self, *arguments: str, check: bool = True) -> str:
        """Run restream-agent inside, for the channel that is struck."""
        channel = (STRUCK.name,) if arguments[0] in _BY_CHANNEL else ()
        return super().product(*arguments, *channel, check=check)

    def close(self) -> None:
        """End every OBS."""
        for obs in self._others:
            obs.close()
        super().close()

    def _channels(self) -> dict[str, dict[str, PlatformServer]]:
        struck = {name: self.platforms[name] for name in NAMES}
        return {STRUCK.name: struck, "en": {name: self.bystanders[name] for name in BYSTANDERS["en"]}}

    def _store(self, credential: str, key: str) -> None:
        self.container.write(f"{ETC}/credentials/{credential}", f"{key}\n", mode=0o600)
