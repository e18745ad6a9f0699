"""The relays that a configuration asks for: for each enabled platform one, and one for its backup server.

The rules that hold for every relay, the table `[relay]`, are in relay.py.
"""

from dataclasses import dataclass, replace
from hashlib import sha256
from urllib.parse import urlsplit

from restream_agent.config.channels import channel_configs
from restream_agent.config.model import Config
from restream_agent.config.platform import Platform, Transcode
from restream_agent.config.table import SecretRef
from restream_agent.config.toml_lines import KeyPath
from restream_agent.systemd.channels import Channel

BACKUP = "-backup"
"""Follows the platform's name in the name of its backup relay."""


@dataclass(frozen=True)
class Relay:
    """One connection to a platform: where the program goes, with which key, and how encoded.

    `url` never ends in the key, which must stay out of command lines: a URL that the user wrote with its
    key is split. `transcode` is None for a copy. `name` is unique in its channel,
    `full_name` on the whole machine ("es.twitch").
    The URL is not in the repr, as it may hold a password.
    """

    name: str
    channel: Channel
    platform: str
    url: str
    key: SecretRef
    transcode: Transcode | None

    @property
    def full_name(self) -> str:
        """The name on the whole machine: "twitch", or "es.twitch" for a channel."""
        return self.channel.relay(self.name)

    @property
    def sender(self) -> str:
        """The loopback address from which this relay's ffmpeg reports its progress."""
        return sender_of(self.full_name)

    @property
    def table(self) -> KeyPath:
        """Where the TOML has this relay's platform."""
        return (*channel_path(self.channel), "platforms", self.platform)

    def __repr__(self) -> str:
        """Show everything except the URL."""
        return f"Relay(name={self.full_name!r}, platform={self.platform!r}, key={self.key!r})"


def relays(config: Config) -> tuple[Relay, ...]:
    """Return a channel's relays: the enabled platforms in the file's order, each before its backup relay."""
    relays_in_order = list[Relay]()
    for name, platform in config.platforms.items():
        if not platform.enabled:
            continue
        url, key = address_and_key(platform)
        relays_in_order.append(Relay(name, config.channel, name, url, key, platform.video))
        preset = platform.known_preset
        if platform.backup and preset is not None and preset.backup_url:
            relays_in_order.append(replace(relays_in_order[-1], name=name + BACKUP, url=preset.backup_url))
    return tuple(relays_in_order)


def all_relays(config: Config) -> tuple[Relay, ...]:
    """Return the relays of every channel, those of `main` first."""
    return tuple(relay for each in channel_configs(config).values() for relay in relays(each))


def channel_path(channel: Channel) -> KeyPath:
    """Return where the TOML has the tables of a channel."""
    return () if channel.is_main else ("channels", channel.name)


def sender_of(relay: str) -> str:
    """Return the loopback address from which a relay's ffmpeg sends its reports, by the relay's full name.

    It depends on the relay's name alone: a relay's unit must not change when another platform is added.
    There are 4 million addresses; two of 20 relays share one in one of 20,000 configurations, which
    `collisions` refuses.
    """
    first, second, third = sha256(relay.encode()).digest()[:3]
    return f"127.{64 + first % 64}.{second}.{1 + third % 254}"


def address_and_key(platform: Platform) -> tuple[str, SecretRef]:
    """Return a platform's URL and its key, which the user may have written at the end of the URL."""
    if platform.key is not None:
        return platform.address, platform.key
    parts = urlsplit(platform.address)
    application, _, stream = parts.path.rstrip("/").rpartition("/")
    key = f"{stream}?{parts.query}" if parts.query else stream
    return f"{parts.scheme}://{parts.netloc}{application}", SecretRef.model_validate(key)
