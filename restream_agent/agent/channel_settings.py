"""The agent's settings for every channel, read at its start."""

from pathlib import Path

from restream_agent.base.channel_paths import paths_of
from restream_agent.base.errors import RestreamError
from restream_agent.base.files import locate
from restream_agent.base.installed_channels import channel_names
from restream_agent.systemd.channels import MAIN, Channel
from restream_agent.wire import records
from restream_agent.wire.settings import AgentSettings


def read_settings(root: Path) -> dict[Channel, AgentSettings]:
    """Return the settings of each installed channel, `main` first; RestreamError if one cannot be read."""
    others = channel_names(root)
    channels = (Channel(MAIN, frozenset(others)), *map(Channel, others))
    return {channel: _read(root, paths_of(channel.name).agent_settings) for channel in channels}


def _read(root: Path, file: str) -> AgentSettings:
    try:
        return records.parse(AgentSettings, locate(root, file).read_text())
    except (OSError, ValueError, TypeError) as error:
        raise RestreamError(f"{file}: {error}", hint="restream-agent apply") from error
