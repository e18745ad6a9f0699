"""Every settings file that is rendered, read as its process reads it."""

from pathlib import Path

import pytest

from restream_agent.base import paths
from restream_agent.base.channel_paths import paths_of
from restream_agent.base.file_tree import File, Tree
from restream_agent.config.channels import channel_configs
from restream_agent.fallback import preparation
from restream_agent.program import settings as program
from restream_agent.render import codecs
from restream_agent.render import settings as rendering
from restream_agent.stream.fanout import Limits
from restream_agent.wire import records
from restream_agent.wire.program_settings import ProgramSettings
from restream_agent.wire.relay_environment import RelayEnvironment
from restream_agent.wire.settings import AgentSettings, NotifierSettings
from tests.golden.rendering import CASES, fixed_facts, read, rendered


def content(tree: Tree, path: str) -> str:
    file = tree[path]
    assert isinstance(file, File)
    return file.content


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_rendered_file_is_read_as_it_was_meant(case: Path, tmp_path: Path) -> None:
    """The reader of each process gets the dataclass that render made from the TOML."""
    config, tree = read(case), rendered(case)
    refused = codecs.obstacles(config.ingest.server, fixed_facts(config).ffmpeg_obstacles)
    source, api = "/etc/restream-agent/restream.toml", "http://127.0.0.1:1985"
    for channel, each in channel_configs(config).items():
        places = paths_of(channel.name)
        file = tmp_path / "program.json"
        file.write_text(content(tree, places.program_settings))
        assert program.read(file) == rendering.program_settings(each, refused)
        agent = records.parse(AgentSettings, content(tree, places.agent_settings))
        assert agent == rendering.agent_settings(each, refused, source=source, api=api, rtmp=agent.rtmp)
        fallback = preparation.parse_settings(content(tree, places.fallback_settings))
        assert fallback == rendering.fallback_settings(each)
    if config.notify.has_destination:
        notifier = records.parse(NotifierSettings, content(tree, paths.NOTIFY_SETTINGS))
        assert notifier == rendering.notifier_settings(config)
    environment = dict(line.split("=", 1) for line in content(tree, paths.RELAY_SETTINGS).splitlines())
    assert RelayEnvironment.read(environment) == rendering.relay_environment(config)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_no_rendered_file_is_without_a_reader(case: Path) -> None:
    """A JSON file that is rendered and that the test above does not read would be tied to nothing."""
    known = {paths.NOTIFY_SETTINGS}
    for channel in channel_configs(read(case)):
        places = paths_of(channel.name)
        known |= {places.program_settings, places.agent_settings, places.fallback_settings}
    assert {path for path in rendered(case) if path.endswith(".json")} <= known
    assert {path for path in rendered(case) if path.endswith(".env")} == {paths.RELAY_SETTINGS}


def test_a_relays_queue_has_one_limit() -> None:
    """The defaults of the file are those of the queue."""
    config = read(CASES[0])
    assert program.queue_limits(rendering.program_settings(config, {})) == Limits()


def test_a_profile_survives_its_file() -> None:
    """The one case that names one: its rate is a fraction."""
    case = next(case for case in CASES if case.name == "no-hold")
    settings = preparation.parse_settings(content(rendered(case), paths.FALLBACK_SETTINGS))
    assert settings.profile is not None
    assert settings.profile.fps == "2997/50"


@pytest.mark.parametrize("text", ["", "{}", '{"fallback": "x"}', '{"operator": 1}'])
def test_program_settings_that_are_none_are_an_error_that_names_a_key(text: str) -> None:
    """The program keeps the settings it has, and logs this."""
    with pytest.raises((TypeError, ValueError)):
        records.parse(ProgramSettings, text)
