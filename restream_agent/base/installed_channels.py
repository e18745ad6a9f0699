"""Which channels `apply` has installed on this machine, besides `main`."""

from pathlib import Path

from restream_agent.base import channel_paths
from restream_agent.base.files import locate

_SETTINGS = "agent.json"
"""A directory of a channel that was removed may be left; this file is not."""


def channel_names(root: Path) -> tuple[str, ...]:
    """Return the names of the installed channels but `main`, in alphabetical order."""
    found = locate(root, channel_paths.CHANNELS).glob(f"*/{_SETTINGS}")
    return tuple(sorted(settings.parent.name for settings in found))
