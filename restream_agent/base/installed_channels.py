"""Which channels `apply` has installed on this machine, besides `main`."""

from pathlib import Path

from restream_agent.base.channel_paths import channel_paths


def channel_names(root: Path) -> tuple[str, ...]:
    """Return the names of the installed channels but `main`, in alphabetical order.

    A directory of a channel that was removed may be left; the agent's settings in it are not.
    """
    # As base.files.locate does, which the program does not load: it has to start fast.
    found = root.glob(channel_paths("*").agent_settings.lstrip("/"))
    return tuple(sorted(settings.parent.name for settings in found))
