"""The presets are a table that can be relied on."""

import json
from dataclasses import fields
from importlib.resources import files
from urllib.parse import urlsplit

import pytest

from restream_agent.config.presets import Preset, completed_url, find_server, preset_from, presets


@pytest.mark.parametrize("preset", presets().values(), ids=lambda preset: preset.name)
def test_every_url_is_complete(preset: Preset) -> None:
    """Each address has a scheme that RTMP knows, a host and an application."""
    urls = [preset.url, preset.backup_url, *(server.url for server in preset.servers)]
    for parts in (urlsplit(url) for url in urls if url is not None):
        assert parts.scheme in {"rtmp", "rtmps"}
        assert parts.hostname
        assert parts.path.strip("/")


UNUSED = {"video_codecs"}


def test_every_key_of_the_table_is_known() -> None:
    """A misspelled limit would go unnoticed: every other key may be left out."""
    rows = json.loads((files("restream_agent.config") / "presets.json").read_text(encoding="utf-8"))
    known = {field.name for field in fields(Preset)} | UNUSED
    assert {key for row in rows["platforms"].values() for key in row} <= known


@pytest.mark.parametrize("preset", presets().values(), ids=lambda preset: preset.name)
def test_every_label_finds_its_server(preset: Preset) -> None:
    """Labels are unique, so that each can be written."""
    assert list(preset.servers) == [find_server(preset, server.label) for server in preset.servers]


def test_account_platforms_need_a_url() -> None:
    """Where the address differs by account the preset has none."""
    needing = {name for name, preset in presets().items() if preset.needs_url}
    assert needing == {"instagram", "ivs", "kick", "linkedin", "rumble", "telegram", "tiktok"}


def test_youtube_has_a_backup() -> None:
    """The backup's address carries its parameter."""
    assert presets()["youtube"].backup_url == "rtmps://b.rtmps.youtube.com:443/live2?backup=1"


@pytest.mark.parametrize(
    "label", ["EU: Frankfurt, DE", "eu: frankfurt, de", "EU: Fra", "frankfurt", " Frankfurt "]
)
def test_a_part_of_a_label_is_enough(label: str) -> None:
    """A label, its beginning or any unique part of it names the server, in any case."""
    assert find_server(presets()["twitch"], label).url == "rtmp://live-fra.twitch.tv/app"


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ("us west", 'fits several servers: "US West: Los Angeles, CA", .* and 2 more'),
        ("EU: Frankfort, DE", 'fits no server of Twitch, whose servers include "EU: Frankfurt, DE"'),
        ("zzz", "fits no server of Twitch, whose servers include .* and 42 more"),
    ],
)
def test_an_unclear_label_names_those_meant(label: str, message: str) -> None:
    """A label that fits several servers or none is refused with the nearest."""
    with pytest.raises(LookupError, match=message):
        find_server(presets()["twitch"], label)


def test_a_platform_with_one_server_takes_no_label() -> None:
    """Where there is nothing to choose the error says so."""
    with pytest.raises(
        LookupError, match="the preset of Facebook Live has no list of servers; leave server out"
    ):
        find_server(presets()["facebook"], "Default")


KICK = "fa723fc1b171.global-contribute.live-video.net"


@pytest.mark.parametrize(
    ("url", "completed"),
    [
        (f"rtmps://{KICK}", f"rtmps://{KICK}:443/app"),
        (f"rtmps://{KICK}/", f"rtmps://{KICK}:443/app"),
        (f"rtmps://{KICK}:443", f"rtmps://{KICK}:443/app"),
        (f"rtmps://{KICK}:443/app", f"rtmps://{KICK}:443/app"),
        (f"rtmps://{KICK}/app", f"rtmps://{KICK}/app"),
        ("rtmp://example.org", "rtmp://example.org"),
    ],
)
def test_completes_an_account_address(url: str, completed: str) -> None:
    """What Kick's panel shows gets its port and application; nothing else is touched."""
    assert completed == completed_url(url)


def test_480_lines_have_more_than_one_width_and_pictures_may_stand_upright() -> None:
    """Platforms name 854x480; encoders send 848, 852 or 854 pixels, and phones turn them."""
    preset = preset_from(
        "small",
        {
            "title": "Small",
            "resolutions": ["854x480"],
            "bitrate_limits": [["854x480", 30, 1200], ["854x480", 60, 2000]],
            "max_video_kbps": 900,
        },
    )
    assert [
        size for size in ("848x480", "852x480", "480x854", "640x480", "854x360") if preset.takes_size(size)
    ] == [
        "848x480",
        "852x480",
        "480x854",
    ]
    assert preset.most_video_kbps("480x852", 30.1) == 1200
    assert preset.most_video_kbps("854x480", 50) == 2000
    assert preset.most_video_kbps("854x480", 70) == 900
    assert preset.most_video_kbps("1280x720", 30) == 900
