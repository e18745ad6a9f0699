"""The relays that a configuration asks for: one for each enabled platform, and its backup."""

from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import urlsplit

from restream_agent.config.model import Config
from restream_agent.config.platform import Platform, Transcode
from restream_agent.config.table import SecretRef

BACKUP = "-backup"
"""A backup relay is named after its platform."""


@dataclass(frozen=True)
class Relay:
    """One connection to a platform: where the program goes, with which key, and how encoded.

    `url` never ends in the key: one that the user wrote so is taken apart, so that the key stays
    out of command lines. `transcode` is None for a copy. `sender` is the loopback address that its
    ffmpeg reports its progress from. The URL is not in the repr, as it may hold a password.
    """

    name: str
    platform: str
    url: str
    key: SecretRef
    transcode: Transcode | None
    sender: str

    def __repr__(self) -> str:
        """Show all but the URL."""
        return f"Relay(name={self.name!r}, platform={self.platform!r}, key={self.key!r})"


def relays(config: Config) -> tuple[Relay, ...]:
    """Give the relays of every enabled platform, in the file's order, each followed by its backup."""
    found = list[Relay]()
    for name, platform in config.platforms.items():
        if not platform.enabled:
            continue
        url, key = address_and_key(platform)
        found.append(Relay(name, name, url, key, platform.video, sender_of(name)))
        if platform.backup and platform.known and platform.known.backup_url:
            backup, other = name + BACKUP, platform.known.backup_url
            found.append(Relay(backup, name, other, key, platform.video, sender_of(backup)))
    return tuple(found)


def sender_of(relay: str) -> str:
    """Give the loopback address that a relay's ffmpeg sends its reports from: by its name alone.

    A relay's unit must not change because another platform was added. Of 4 million addresses two of
    20 relays share one once in 20,000 configurations; `collisions` refuses that.
    """
    first, second, third = sha256(relay.encode()).digest()[:3]
    return f"127.{64 + first % 64}.{second}.{1 + third % 254}"


def address_and_key(platform: Platform) -> tuple[str, SecretRef]:
    """Give a platform's URL and its key, which may be the end of the URL."""
    if platform.key is not None:
        return platform.address, platform.key
    parts = urlsplit(platform.address)
    application, _, stream = parts.path.rstrip("/").rpartition("/")
    key = f"{stream}?{parts.query}" if parts.query else stream
    return f"{parts.scheme}://{parts.netloc}{application}", SecretRef.model_validate(key)
