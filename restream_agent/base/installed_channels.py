"""Which channels `apply` has installed on this machine, besides `main`."""

from pathlib import Path

from restream_agent.base import channel_paths

_SETTINGS = "agent.json"
"""A directory of a channel that was removed may be left; this file is not."""


def channel_names(root: Path) -> tuple[str, ...]:
    """Return the names of the installed channels but `main`, in alphabetical order."""
    # As base.files.locate does, which the program does not load: it has to start fast.
    directory = root / channel_paths.CHANNELS.lstrip("/")
    found = directory.glob(f"*/{_SETTINGS}")
    return tuple(sorted(settings.parent.name for settings in found))
