"""Whose units a changed unit file is for, and which channels have come and gone. Pure."""

import re
from collections.abc import Iterable

from restream_agent.base.channel_paths import channel_paths
from restream_agent.base.file_tree import Tree
from restream_agent.deploy.changes import Change
from restream_agent.systemd import unit_names
from restream_agent.systemd.channels import MAIN, PER_CHANNEL, Channel

_SETTINGS = re.compile(channel_paths("([^/]+)").agent_settings)
_TEMPLATES = {unit_names.template_of(plain): plain for plain in PER_CHANNEL}


def channels_in(tree: Tree | Iterable[str]) -> frozenset[str]:
    """Return the channels but `main` of which a tree has the settings."""
    return frozenset(found[1] for path in tree if (found := _SETTINGS.fullmatch(path)))


def removed_channels(changes: tuple[Change, ...]) -> frozenset[str]:
    """Return the channels whose settings are deleted."""
    return channels_in(change.path for change in changes if change.kind == "delete")


def changed_units(unit: str, channels: frozenset[str]) -> list[tuple[Channel, str]]:
    """Return the units that a unit file is for: the channel and the plain name of each.

    A template of the channels is for a unit of each of the `channels`; `main` has the plain units.
    """
    if unit in _TEMPLATES:
        return [(Channel(name), _TEMPLATES[unit]) for name in sorted(channels)]
    for channel in (Channel(MAIN, channels), *map(Channel, sorted(channels))):
        try:
            return [(channel, channel.plain(unit))]
        except ValueError:
            continue
    return []
