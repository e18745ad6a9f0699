"""The file that holds what OBS's last stream was like, for `check` to compare with the platforms' limits."""

from pathlib import Path

from restream_agent.base import rights
from restream_agent.base.channel_paths import ChannelPaths
from restream_agent.base.file_tree import File
from restream_agent.base.files import locate, write
from restream_agent.fallback import links
from restream_agent.wire import records
from restream_agent.wire.last_live import LastLive

_LARGEST = 4096
"""Bytes. `check` reads the file as root, and its directory belongs to the preparation's user."""


def keep(measured: LastLive, root: Path, places: ChannelPaths) -> None:
    """Keep the measures of a channel's stream, in place of those of the stream before."""
    links.make_directory(root, places)
    write(root, places.last_live, File(records.to_file(measured)))


def read(root: Path, places: ChannelPaths) -> LastLive | None:
    """Return the measures of a channel's last stream; None before the first, or if they cannot be read."""
    try:
        return records.parse(LastLive, rights.read_regular(locate(root, places.last_live), _LARGEST))
    except (OSError, ValueError, TypeError):
        return None
