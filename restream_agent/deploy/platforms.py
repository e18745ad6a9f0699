"""The platforms of the TOML as a person asks for them: what each is, and where its key is."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from restream_agent.base.errors import RestreamError
from restream_agent.base.secret_text import MASK, is_like_key
from restream_agent.base.target import TargetMachine
from restream_agent.config import file, platform_edit
from restream_agent.config.channels import channel_configs
from restream_agent.config.keys import dotted
from restream_agent.config.model import Config
from restream_agent.config.platform import Platform, Transcode
from restream_agent.config.presets import presets
from restream_agent.config.relays import address_and_key
from restream_agent.config.table import SecretRef
from restream_agent.config.toml_lines import BYTE_ORDER_MARK, KeyPath
from restream_agent.deploy import credentials
from restream_agent.systemd.channels import MAIN, Channel

if TYPE_CHECKING:  # to list platforms is no change, which knows the renderer
    from restream_agent.deploy.toml_change import TomlChange


@dataclass(frozen=True)
class PlatformRow:
    """What may be shown of a platform.

    `address` is its URL without key and query. `key` is where the key is: "credential", "file" or "plain" for
    one in the TOML, with `key_name` for the first two. `is_stored` is None where that is not known, as for
    users who may not look.
    """

    channel: str
    name: str
    enabled: bool
    preset: str | None
    title: str
    address: str
    backup: bool
    video: Transcode | None
    key: str
    key_name: str
    is_stored: bool | None


def rows(target: TargetMachine, given: Path | None, channel: str | None) -> tuple[PlatformRow, ...]:
    """Return the platforms of a channel, or of every channel for None, in the file's order.

    Raises ConfigError if the TOML cannot be used, RestreamError if there is no such channel.
    """
    config, _ = file.read(file.config_path(target.root, given))
    configs = {each.name: one for each, one in channel_configs(config).items()}
    if channel is not None and channel not in configs:
        raise RestreamError(f"there is no channel {channel}", hint=f"the channels are {', '.join(configs)}")
    stored = _stored(target.root, config)
    return tuple(
        _row(name, platform_name, platform, stored)
        for name, one in configs.items()
        if channel in (None, name)
        for platform_name, platform in one.platforms.items()
    )


def _row(channel: str, name: str, platform: Platform, stored: frozenset[str] | None) -> PlatformRow:
    url, reference = address_and_key(platform)
    preset = platform.known_preset
    kind, place = _place_of(reference)
    is_known = None if stored is None or kind != "credential" else place in stored
    return PlatformRow(
        channel=channel,
        name=name,
        enabled=platform.enabled,
        preset=platform.preset,
        title=preset.title if preset is not None else "",
        address=url.partition("?")[0],
        backup=platform.backup,
        video=platform.video,
        key=kind,
        key_name=MASK if is_known is False and is_like_key(place) else place,
        is_stored=is_known,
    )


def _place_of(reference: SecretRef) -> tuple[str, str]:
    if reference.credential is not None:
        return "credential", reference.credential
    return ("plain", "") if reference.file is None else ("file", str(reference.file))


def _stored(root: Path, config: Config) -> frozenset[str] | None:
    """Return the names of the stored credentials; None for a user who may not look."""
    try:
        entries: Iterable[credentials.Credential] = credentials.list_credentials(root, config)
    except RestreamError:
        return None
    return frozenset(entry.name for entry in entries if entry.age is not None)


def is_stored(root: Path, credential: str) -> bool:
    """Whether a credential is stored; RestreamError if this user may not look."""
    return credential in credentials.names(root)


def new_table(
    name: str,
    credential: str,
    *,
    preset: str | None,
    server: str | None,
    url: str | None,
    backup: bool,
    disabled: bool,
) -> dict[str, Any]:
    """Return the TOML's table of a new platform; a platform with a preset's name has that preset."""
    if preset is None and name in presets():
        preset = name
    if preset is None and url is None:
        raise RestreamError(
            f"{name} is no preset: where does it send to?",
            hint="give --preset (restream-agent platform presets lists them) or --url",
        )
    table: dict[str, Any] = {
        "preset": preset,
        "server": server,
        "url": url,
        "key": {"credential": credential},
    }
    table |= {"enabled": False if disabled else None, "backup": True if backup else None}
    return {key: value for key, value in table.items() if value is not None}


def key_option(path: KeyPath) -> str:
    """Return the dotted key of the TOML for a platform's key."""
    return dotted((*path, "key"))


def key_name(target: TargetMachine, given: Path | None, path: KeyPath) -> str:
    """Return the credential that a platform's key is stored under; if it has none, that of its own name.

    Raises RestreamError if there is no such platform, ConfigError if the TOML cannot be read.
    """
    place = file.config_path(target.root, given)
    text = file.read_text(file.home_of(place, path)).removeprefix(BYTE_ORDER_MARK)
    try:
        table = platform_edit.require(text, path)
    except tomllib.TOMLDecodeError:
        table = {}  # whatever changes the text says what is wrong with it
    reference = table.get("key")
    if isinstance(reference, dict) and isinstance(reference.get("credential"), str):
        return str(reference["credential"])
    return Channel(str(path[1]) if path[0] == "channels" else MAIN).relay(str(path[-1]))


def unused_key(change: "TomlChange", path: KeyPath) -> str:
    """Return the stored credential that nothing uses any more after a change; "" if there is none."""
    table = platform_edit.require(change.before, path)
    reference = table.get("key")
    name = reference.get("credential") if isinstance(reference, dict) else None
    root = change.subject.target.root
    if not isinstance(name, str) or credentials.users(change.subject.config, name):
        return ""
    return name if is_stored(root, name) else ""
