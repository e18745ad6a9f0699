"""One file becomes one complete configuration for each of its channels."""

import pytest

from restream_agent.config.channels import channel_configs
from restream_agent.config.load import load
from restream_agent.config.model import Config
from restream_agent.config.relays import all_relays, relays, sender_of
from restream_agent.config.secret_uses import named_secrets, secret_uses
from restream_agent.systemd.channels import Channel

TOP = """
version = 1
[ingest]
key = { credential = "ingest" }
stall = "2s"
timeout = "20s"
[fallback]
message = "Back soon"
hold = "1h"
[platforms.twitch]
preset = "twitch"
key = { credential = "twitch" }
[notify]
command = ["/usr/local/bin/tell"]
"""
CHANNELS = """
[channels.es]
key = { credential = "ingest-es" }
fallback = { message = "Ya volvemos" }
ingest = { settle = "3s" }
[channels.es.platforms.twitch]
preset = "twitch"
key = { credential = "twitch-es" }
[channels.es.platforms.youtube]
preset = "youtube"
key = "fake-youtube-es"
enabled = false
[channels.en]
key = { file = "/run/secrets/en" }
"""
MAIN, ES, EN = Channel(others=frozenset({"es", "en"})), Channel("es"), Channel("en")


@pytest.fixture(name="config")
def fixture_config() -> Config:
    return load(TOP + CHANNELS, source="t")


def test_a_file_without_channels_is_the_channel_main() -> None:
    """It is its own configuration."""
    config = load(TOP, source="t")
    assert channel_configs(config) == {Channel(): config}


def test_each_channel_has_a_configuration_in_the_file_s_order(config: Config) -> None:
    """Main comes first, knows the others, and no channel has channels itself."""
    configs = channel_configs(config)
    assert list(configs) == [MAIN, ES, EN]
    assert [each.channel for each in configs.values()] == [MAIN, ES, EN]
    assert [each.channels for each in configs.values()] == [{}, {}, {}]
    assert configs[MAIN].platforms == config.platforms


def test_a_channel_has_what_it_says_and_the_top_s_values_for_the_rest(config: Config) -> None:
    """Keys are its own, and so are all platforms."""
    configs = channel_configs(config)
    es, en = configs[ES], configs[EN]
    assert (es.fallback.message, es.fallback.hold) == ("Ya volvemos", 3600)
    assert (es.ingest.settle, es.ingest.stall, es.ingest.timeout) == (3, 2, 20)
    assert es.ingest.key is not None
    assert es.ingest.key.credential == "ingest-es"
    assert (list(es.platforms), list(en.platforms)) == (["twitch", "youtube"], [])
    assert en.fallback == config.fallback
    assert en.notify == config.notify


def test_a_channel_s_configuration_is_its_own(config: Config) -> None:
    """Taking it apart again changes nothing."""
    es = channel_configs(config)[ES]
    assert channel_configs(es) == {ES: es}


def test_relays_of_one_name_differ_by_their_channel(config: Config) -> None:
    """Each reports from an address of its own, which follows from its full name."""
    first, second = all_relays(config)
    assert (first.name, second.name) == ("twitch", "twitch")
    assert (first.full_name, second.full_name) == ("twitch", "es.twitch")
    assert (first.sender, second.sender) == (sender_of("twitch"), sender_of("es.twitch"))
    assert [relay.full_name for relay in relays(config)] == ["twitch"]


def test_secrets_are_told_apart_by_their_channel(config: Config) -> None:
    """A user of a channel's secret begins with the channel; the option is the key's place in the TOML."""
    assert [(use.user, use.option) for use in secret_uses(config)] == [
        ("ingest", "ingest.key"),
        ("es.ingest", "channels.es.key"),
        ("en.ingest", "channels.en.key"),
        ("twitch", "platforms.twitch.key"),
        ("es.twitch", "channels.es.platforms.twitch.key"),
    ]
    assert "es.youtube" in {use.user for use in named_secrets(config)}
    assert [use.user for use in secret_uses(config) if use.is_obs_key] == ["ingest", "es.ingest", "en.ingest"]
