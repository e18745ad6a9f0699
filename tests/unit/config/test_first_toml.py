"""The TOML that `init` writes says what was answered, and is in order."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restream_agent.config.first_toml import FirstPlatform, FirstToml, first_toml, parse_platform
from restream_agent.config.load import examine
from restream_agent.config.presets import presets

ALL = FirstToml(
    server="nginx-rtmp",
    platforms=(FirstPlatform("twitch"), FirstPlatform("club", "rtmps://live.example.org/app")),
    video="/srv/streams/fallback.mp4",
    hold="2h",
)
TEXT = """\
#:schema /schema.json
# Every setting is explained in /docs/configuration.md
# and by restream-agent explain KEY; the line above is for editors.
version = 1

[ingest]
server = "nginx-rtmp"                # or "srs"
listen = "0.0.0.0:1935"
key = { credential = "ingest" }      # what OBS must send; init has made a random key

[fallback]
video = "/srv/streams/fallback.mp4"  # what viewers see while OBS is gone
message = "We will be right back"    # shown instead where the video cannot be played
hold = "2h"                          # how long the fallback keeps the broadcast on air

# One table for each platform. Its key is in a file of its own, which git never sees.
[platforms.twitch]
preset = "twitch"
key = { credential = "twitch" }

[platforms.club]
url = "rtmps://live.example.org/app"
key = { credential = "club" }
"""


def test_the_file_says_what_was_answered() -> None:
    """With a comment where a reader asks what a line is for."""
    assert first_toml(ALL, "/docs", "/schema.json") == TEXT


def test_without_platforms_the_file_shows_how_they_are_written() -> None:
    """The file is to be edited then."""
    text = first_toml(FirstToml("srs"), "/docs", "/schema.json")
    assert text.endswith('# [platforms.youtube]\n# preset = "youtube"\n# key = { credential = "youtube" }\n')
    assert '# video = "/srv/streams/fallback.mp4"' in text
    assert examine(text, source="x").problems == ()


@pytest.mark.parametrize("name", presets())
def test_no_preset_gives_a_warning(name: str) -> None:
    """The fallback's keyframes are as often as the platform asks for."""
    url = "rtmps://live.example.org/app" if presets()[name].needs_url else None
    found = examine(
        first_toml(FirstToml("srs", (FirstPlatform(name, url),)), "/docs", "/schema.json"), source="x"
    )
    assert (found.problems, found.warnings) == ((), ())


@given(message=st.text(min_size=1, max_size=200).filter(str.strip).filter(str.isprintable))
def test_every_message_can_be_written(message: str) -> None:
    """With quotes, backslashes and every script."""
    text = first_toml(FirstToml("srs", message=message), "/docs", "/schema.json")
    assert tomllib.loads(text)["fallback"]["message"] == message


@pytest.mark.parametrize(
    ("written", "platform"),
    [
        ("twitch", FirstPlatform("twitch")),
        ("kick=rtmps://a.example/app", FirstPlatform("kick", "rtmps://a.example/app")),
        ("club=rtmp://h/a?x=y", FirstPlatform("club", "rtmp://h/a?x=y")),
    ],
)
def test_a_platform_is_a_preset_or_a_name_with_a_url(written: str, platform: FirstPlatform) -> None:
    """As for `--platform`."""
    assert parse_platform(written) == platform


def test_an_address_as_the_panel_shows_it_is_completed() -> None:
    """Kick leaves port and application out; the file has what is used, so nothing is to be warned of."""
    kick = FirstPlatform("kick", "rtmps://a.global-contribute.live-video.net")
    text = first_toml(FirstToml("srs", (kick,)), "/docs", "/schema.json")
    assert 'url = "rtmps://a.global-contribute.live-video.net:443/app"' in text
    assert examine(text, source="x").warnings == ()
