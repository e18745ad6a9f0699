"""Which channels are installed."""

from pathlib import Path

from restream_agent.base import channel_paths
from restream_agent.base.files import locate
from restream_agent.base.installed_channels import channel_names


def test_without_channels_there_are_none(tmp_path: Path) -> None:
    """The directory does not even exist."""
    assert channel_names(tmp_path) == ()


def test_a_directory_without_settings_is_no_channel(tmp_path: Path) -> None:
    """An apply that removes a channel leaves its directory."""
    for name in ("es", "en"):
        settings = locate(tmp_path, channel_paths.channel_paths(name).agent_settings)
        settings.parent.mkdir(parents=True)
        settings.touch()
    locate(tmp_path, channel_paths.channel_paths("gone").settings).mkdir()
    assert channel_names(tmp_path) == ("en", "es")
