"""The settings of every installed channel."""

from dataclasses import replace
from pathlib import Path

import pytest

from restream_agent.agent.channel_settings import read_settings
from restream_agent.base.channel_paths import paths_of
from restream_agent.base.errors import RestreamError
from restream_agent.base.files import locate
from restream_agent.systemd.channels import Channel
from restream_agent.wire import records
from tests.unit.agent.test_agent import SETTINGS


def install(root: Path, channel: str, hold: float) -> None:
    """Write the settings of a channel."""
    file = locate(root, paths_of(channel).agent_settings)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(records.to_file(replace(SETTINGS, hold=hold)))


def test_a_machine_without_channels_has_main(tmp_path: Path) -> None:
    """It has no siblings."""
    install(tmp_path, "main", 1.0)
    assert read_settings(tmp_path) == {Channel(): replace(SETTINGS, hold=1.0)}


def test_every_directory_with_settings_is_a_channel(tmp_path: Path) -> None:
    """Main is first and knows the others; what is left of a removed channel is none."""
    for number, name in enumerate(("main", "es", "en")):
        install(tmp_path, name, float(number))
    (locate(tmp_path, paths_of("gone").settings)).mkdir()
    found = read_settings(tmp_path)
    assert list(found) == [Channel("main", frozenset({"es", "en"})), Channel("en"), Channel("es")]
    assert [settings.hold for settings in found.values()] == [0.0, 2.0, 1.0]


@pytest.mark.parametrize("name", ["main", "es"])
def test_settings_that_cannot_be_read_are_an_error_that_names_them(tmp_path: Path, name: str) -> None:
    """With what to do."""
    install(tmp_path, "main", 1.0)
    install(tmp_path, "es", 1.0)
    file = paths_of(name).agent_settings
    locate(tmp_path, file).write_text("{}")
    with pytest.raises(RestreamError, match=file) as caught:
        read_settings(tmp_path)
    assert caught.value.hint == "restream-agent apply"
