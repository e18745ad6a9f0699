"""The TOML file: from its text to a checked `Config`, and from that to the relays it asks for."""

import tomllib
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from restream_agent.config_models import Config
from restream_agent.config_platform import Platform, Transcode
from restream_agent.config_problems import model_problems, problem, syntax_problem
from restream_agent.config_relay import RelayRules
from restream_agent.config_sources import Fallback, Ingest, Profile
from restream_agent.config_tables import SecretRef
from restream_agent.config_values import COMPLAINT
from restream_agent.config_warnings import warnings
from restream_agent.errors import ConfigError, Problem

__all__ = [
    "BACKUP",
    "Config",
    "Fallback",
    "Ingest",
    "Platform",
    "Profile",
    "Relay",
    "RelayRules",
    "SecretRef",
    "Transcode",
    "load",
    "relays",
    "warnings",
]

BACKUP = "-backup"  # a backup relay is named after its platform
KNOWN_VERSIONS = (1,)


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


def load(text: str, *, source: str) -> Config:
    """Read a TOML text; `source` is the file's name for messages.

    Raises ConfigError with everything that is wrong with it.
    """
    text = text.removeprefix("\ufeff")  # some editors put a byte order mark in front
    raw, problems = parse(text, source)
    if not problems:
        problems = version_problems(raw, text, source)
    if not problems:
        config, problems = validate(raw, text, source)
        problems = sorted([*problems, *collisions(raw, text, source)], key=lambda each: each.line)
        if config is not None and not problems:
            return config
    # Raised here, outside every `except`, so that no traceback leads to an error that holds the input.
    raise ConfigError(tuple(problems))


def parse(text: str, source: str) -> tuple[dict[str, Any], list[Problem]]:
    """Parse the text; a table, empty if that fails, and the problem then."""
    try:
        return tomllib.loads(text), []
    except (ValueError, RecursionError) as error:  # not only TOMLDecodeError: huge numbers, deep nesting
        return {}, [syntax_problem(error, text, source)]


def version_problems(raw: dict[str, Any], text: str, source: str) -> list[Problem]:
    """Refuse another version's file by its version alone: its keys are not ours to judge."""
    version = raw.get("version")
    if type(version) is not int or version in KNOWN_VERSIONS:
        return []
    known = ", ".join(map(str, KNOWN_VERSIONS))
    message = f"{version} is not a version that this program knows\nit knows {known}: update the program"
    return [problem(COMPLAINT, ("version",), message, text, source)]


def validate(raw: dict[str, Any], text: str, source: str) -> tuple[Config | None, list[Problem]]:
    """Check the parsed text against the models."""
    try:
        return Config.model_validate(raw), []
    except ValidationError as error:
        return None, model_problems(error, text, source)


def collisions(raw: dict[str, Any], text: str, source: str) -> list[Problem]:
    """Refuse platforms whose relays cannot be told apart: by their names, or by what they report from.

    Looked for in the parsed text, so that it is reported together with everything else.
    """
    platforms = raw.get("platforms")
    if not isinstance(platforms, dict):
        return []
    backed_up = [name for name, table in platforms.items() if isinstance(table, dict) and table.get("backup")]
    found = [
        (name + BACKUP, f"is the name of {name}'s backup relay")
        for name in backed_up
        if name + BACKUP in platforms
    ]
    owners = dict[str, str]()
    for name in [*platforms, *(one + BACKUP for one in backed_up)]:
        owner = owners.setdefault(sender_of(name), name)
        if owner != name:
            found.append((name, f"has by chance the same address for its reports as {owner}"))
    return [
        problem(COMPLAINT, ("platforms", name), f"{message}\nrename this platform", text, source)
        for name, message in found
    ]


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
