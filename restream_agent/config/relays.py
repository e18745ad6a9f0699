"""The relays that a configuration asks for: for each enabled platform one, and one for its backup server.

The rules that hold for every relay, the table `[relay]`, are in relay.py.
"""

from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import urlsplit

from restream_agent.config.model import Config
from restream_agent.config.platform import Platform, Transcode
from restream_agent.config.table import SecretRef

BACKUP = "-backup"
"""Follows the platform's name in the name of its backup relay."""


@dataclass(frozen=True)
class Relay:
    """One connection to a platform: where the program goes, with which key, and how encoded.

    `url` never ends in the key, which must stay out of command lines: a URL that the user wrote with its
    key is split. `transcode` is None for a copy. `sender` is the loopback address from which this relay's
    ffmpeg reports its progress. The URL is not in the repr, as it may hold a password.
    """

    name: str
    platform: str
    url: str
    key: SecretRef
    transcode: Transcode | None
    sender: str

    def __repr__(self) -> str:
        """Show everything except the URL."""
        return f"Relay(name={self.name!r}, platform={self.platform!r}, key={self.key!r})"


def relays(config: Config) -> tuple[Relay, ...]:
    """Return the relays of the enabled platforms in the file's order, each followed by its backup relay."""
    relays_in_order = list[Relay]()
    for name, platform in config.platforms.items():
        if not platform.enabled:
            continue
        url, key = address_and_key(platform)
        relays_in_order.append(Relay(name, name, url, key, platform.video, sender_of(name)))
        preset = platform.known_preset
        if platform.backup and preset is not None and preset.backup_url:
            backup = name + BACKUP
            relays_in_order.append(
                Relay(backup, name, preset.backup_url, key, platform.video, sender_of(backup))
            )
    return tuple(relays_in_order)


def sender_of(relay: str) -> str:
    """Return the loopback address from which a relay's ffmpeg sends its reports.

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
