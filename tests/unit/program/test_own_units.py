"""Which units belong to the program's channel."""

from pathlib import Path

import pytest

from restream_agent.base.channel_paths import channel_paths
from restream_agent.base.files import locate
from restream_agent.program.own_units import OwnUnits


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a root where the channel "es" is installed."""
    settings = locate(tmp_path, channel_paths("es").agent_settings)
    settings.parent.mkdir(parents=True)
    settings.touch()
    return tmp_path


def test_a_channel_has_its_relays_and_one_stream(root: Path) -> None:
    """The relay's name comes without the channel."""
    units = OwnUnits("es", root)
    assert units.relay_of("ffmpeg-relay@es.twitch.service") == "twitch"
    assert units.stream_of("live@es.service") == "es"
    for unit in ("ffmpeg-relay@twitch.service", "ffmpeg-relay@en.twitch.service"):
        with pytest.raises(ValueError, match="not a unit of the channel es"):
            units.relay_of(unit)
    with pytest.raises(ValueError, match="not a unit of the channel es"):
        units.stream_of("live@main.service")


def test_main_has_every_other_stream(root: Path) -> None:
    """A channel that is added while the program runs is not main's either."""
    units = OwnUnits(root=root)
    assert units.relay_of("ffmpeg-relay@twitch.service") == "twitch"
    assert [units.stream_of(f"live@{name}.service") for name in ("main", "en")] == ["main", "en"]
    added = locate(root, channel_paths("en").agent_settings)
    added.parent.mkdir()
    added.touch()
    for unit in ("live@es.service", "live@en.service"):
        with pytest.raises(ValueError, match="not a unit of the channel main"):
            units.stream_of(unit)
    with pytest.raises(ValueError, match="not a unit of the channel main"):
        units.relay_of("ffmpeg-relay@es.twitch.service")
