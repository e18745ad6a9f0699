"""Rules across tables: names of relays on the whole machine, and what a channel takes over. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from restream_agent.base.errors import Problem
from restream_agent.config.channels import channel_configs
from restream_agent.config.document import Document
from restream_agent.config.ingest import KEY_HINT, TOO_LATE
from restream_agent.config.model import Config
from restream_agent.config.relays import BACKUP, channel_path, sender_of
from restream_agent.config.toml_lines import KeyPath
from restream_agent.systemd.channels import Channel
from restream_agent.systemd.time_spans import format_span


def collisions(raw: Mapping[str, Any], document: Document) -> list[Problem]:
    """Report platforms whose relays share a name, or the address that ffmpeg sends its reports from.

    The parsed text is searched, not the model, so that these are reported together with all other problems.
    """
    messages = list[tuple[KeyPath, str]]()
    owners = dict[str, str]()
    for channel, platforms in _platform_tables(raw):
        table = (*channel_path(channel), "platforms")
        backed_up = [name for name, one in platforms.items() if isinstance(one, dict) and one.get("backup")]
        messages += [
            ((*table, name + BACKUP), f"is the name of {name}'s backup relay")
            for name in backed_up
            if name + BACKUP in platforms
        ]
        for name in [*platforms, *(name + BACKUP for name in backed_up)]:
            full_name = channel.relay(name)
            owner = owners.setdefault(sender_of(full_name), full_name)
            if owner != full_name:
                words = f"gets, by chance, the same loopback address for its reports as {owner}"
                messages.append(((*table, name), words))
    return [
        document.problem(path, message, "rename this platform", of_name=True) for path, message in messages
    ]


def _platform_tables(raw: Mapping[str, Any]) -> Iterator[tuple[Channel, dict[str, Any]]]:
    """Yield the tables of platforms, of whichever channel, as far as they are tables."""
    channels = raw.get("channels")
    tables = {Channel(): raw}
    if isinstance(channels, dict):
        tables |= {Channel(name): table for name, table in channels.items() if isinstance(table, dict)}
    for channel, table in tables.items():
        if isinstance(platforms := table.get("platforms"), dict):
            yield channel, platforms


def ingest_problems(config: Config, document: Document) -> list[Problem]:
    """Report what a channel's `ingest` and `key` say that does not go with `[ingest]`."""
    found = list[tuple[KeyPath, str, str]]()
    for channel, each in channel_configs(config).items():
        if channel.is_main:
            continue
        if each.ingest.key_complaint:
            found.append(((*channel_path(channel), "key"), each.ingest.key_complaint, KEY_HINT))
        if each.ingest.timeout <= each.ingest.stall:
            limit = format_span(each.ingest.timeout)
            words = f"must be shorter than timeout in [ingest], which is {limit}"
            found.append(((*channel_path(channel), "ingest", "stall"), words, TOO_LATE))
    return [document.problem(path, message, hint) for path, message, hint in found]
