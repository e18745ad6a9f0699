"""Warnings about OBS's last stream: each limit of a platform, and nothing within the limits."""

from dataclasses import replace
from typing import Any

import pytest

from restream_agent.config.channels import channel_configs
from restream_agent.config.live_remarks import live_remarks, preset_remarks
from restream_agent.config.load import load
from restream_agent.config.presets import BitrateLimit, presets
from restream_agent.wire.last_live import LastLive

TOP = 'version = 1\n[ingest]\nkey = "any"\nlisten = "127.0.0.1:1935"\n'
TWITCH = '[platforms.twitch]\npreset = "twitch"\nkey = { credential = "twitch" }\n'
USUAL = LastLive(width=1920, height=1080, frame_rate=60.0, bitrate=6_160_000, keyframe=2.002)
LIMITED = replace(
    presets()["twitch"],
    title="Club",
    max_video_kbps=6000,
    max_audio_kbps=160,
    max_fps=60,
    keyframe_max_s=4,
    resolutions=("1920x1080", "852x480"),
    bitrate_limits=(BitrateLimit("852x480", 30, 1500), BitrateLimit("852x480", 60, 2500)),
)


def told(**changes: Any) -> list[str]:
    return [message for message, _ in preset_remarks(LIMITED, replace(USUAL, **changes))]


def test_a_stream_within_the_limits_is_no_warning() -> None:
    """Measures may be a little off; an upright picture is as large as one that lies."""
    assert told() == []
    assert told(bitrate=6_400_000, frame_rate=60.2, keyframe=4.1) == []
    assert told(width=1080, height=1920) == []


def test_what_is_not_known_is_no_warning() -> None:
    """0 stands for that; and a platform without limits takes anything."""
    assert told(bitrate=0, frame_rate=0.0, keyframe=0.0) == []
    anything = replace(
        LIMITED, max_video_kbps=None, max_fps=None, keyframe_max_s=None, resolutions=(), bitrate_limits=()
    )
    assert list(preset_remarks(anything, LastLive(320, 180, 144.0, 10**8, 20.0))) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"bitrate": 8_200_000}, "OBS last sent 8.2 Mb/s, and Club accepts at most 6000k of video"),
        ({"frame_rate": 120.0}, "OBS last sent 120 frames a second, and Club accepts at most 60"),
        ({"keyframe": 8.33},
         "OBS last sent a keyframe every 8.3 s, and Club asks for a keyframe every 4s or more often"),
        ({"width": 1600, "height": 900}, "OBS last sent 1600x900, and Club takes 1920x1080, 852x480"),
    ],
)  # fmt: skip
def test_each_limit_has_its_warning(changes: dict[str, Any], message: str) -> None:
    """With what to set in OBS."""
    assert told(**changes) == [message]
    ((_, hint),) = preset_remarks(LIMITED, replace(USUAL, **changes))
    assert hint.startswith("set OBS's ")


@pytest.mark.parametrize(
    ("frame_rate", "bitrate", "is_told"),
    [(30.0, 1_600_000, False), (30.0, 2_500_000, True), (60.0, 2_500_000, False), (60.0, 3_000_000, True)],
)
def test_a_limit_of_a_size_counts_instead_of_the_general_one(
    frame_rate: float, bitrate: int, is_told: bool
) -> None:
    """480 lines may be 854 pixels wide."""
    assert bool(told(width=854, height=480, frame_rate=frame_rate, bitrate=bitrate)) is is_told


def test_only_a_platform_that_gets_the_stream_as_it_is_is_told_of() -> None:
    """Not one that is off, has no preset, or has an encoding of its own."""
    late = replace(USUAL, keyframe=9.0)
    ((path, message, _),) = live_remarks(load(TOP + TWITCH, source="x"), late)
    assert (path, message.startswith("OBS last sent a keyframe every 9.0 s")) == (
        ("platforms", "twitch"),
        True,
    )
    for other in (
        TWITCH + "enabled = false\n",
        TWITCH + 'video = { bitrate = "3000k" }\n',
        TWITCH.replace('preset = "twitch"', 'url = "rtmps://live.example.org/app"'),
    ):
        assert list(live_remarks(load(TOP + other, source="x"), late)) == []


def test_a_channel_s_platform_is_told_with_its_place() -> None:
    """Each channel has a stream of its own."""
    text = TOP + '[channels.es]\nkey = "a-key-of-es-0123"\n' + TWITCH.replace("[", "[channels.es.", 1)
    _, spanish = channel_configs(load(text, source="x")).values()
    ((path, _, _),) = live_remarks(spanish, replace(USUAL, keyframe=9.0))
    assert path == ("channels", "es", "platforms", "twitch")
