"""The settings for OBS suit every platform that the channel sends to."""

import pytest

from restream_agent.config.load import load
from restream_agent.config.obs_settings import ObsSettings, obs_settings
from restream_agent.config.presets import Preset, presets

TOP = 'version = 1\n[ingest]\nkey = "a-key-of-obs"\n'


def settings(*platforms: str) -> ObsSettings:
    """Return the settings for platforms, each a preset's name, or that and more lines of its table."""
    tables = []
    for each in platforms:
        name, _, more = each.partition("\n")
        tables.append(f'[platforms.{name}]\nkey = "k"\n{more or f"preset = {name!r}"}\n')
    return obs_settings(load(TOP + "".join(tables), source="x.toml"))


@pytest.mark.parametrize(
    ("platforms", "size", "fps", "video", "audio"),
    [
        (("twitch",), "1920x1080", 60, 6000, 160),
        (("twitch", "youtube"), "1920x1080", 60, 6000, 160),
        (("youtube",), "1920x1080", 60, 6000, 160),  # it takes 51 Mb/s, which few lines carry
        (("twitch", "facebook"), "1920x1080", 60, 6000, 128),
        (("mux",), "1920x1080", 60, 5000, 160),
        (("picarto",), "1920x1080", 30, 3500, 160),
        (("mixcloud",), "1280x720", 30, 3000, 160),  # 720p and 30 frames are its most
        (("loola",), "1280x720", 30, 2500, 160),
        (("soop", "picarto"), "1920x1080", 30, 3500, 160),
        ((), "1920x1080", 60, 6000, 160),
    ],
)
def test_the_lowest_limit_counts(
    platforms: tuple[str, ...], size: str, fps: int, video: int, audio: int
) -> None:
    """The largest picture for which the bitrate is enough; bitrates in kbit/s."""
    found = settings(*platforms)
    assert (found.size, found.fps, found.video_kbps.value, found.audio_kbps.value) == (
        size,
        fps,
        video,
        audio,
    )


def test_a_limit_names_who_has_it() -> None:
    """So that somebody knows what it costs to send more."""
    found = settings("twitch", "youtube", "facebook")
    assert (found.video_kbps.most, found.video_kbps.platforms) == (6000, ("twitch",))
    assert (found.audio_kbps.most, found.audio_kbps.platforms) == (128, ("facebook",))
    assert (found.keyframe_s.most, found.keyframe_s.platforms) == (2, ("twitch", "facebook"))


def test_keyframes_are_never_rarer_than_two_seconds() -> None:
    """OBS comes back at a keyframe: YouTube takes 4 s, which would be 4 s more of the fallback."""
    assert settings("youtube").keyframe_s.value == 2
    assert settings("youtube", "chzzk").keyframe_s.value == 1


def test_b_frames_are_those_that_each_platform_takes() -> None:
    """SOOP shows none."""
    assert settings("twitch").b_frames.value == 2
    assert (settings("twitch", "soop").b_frames.value, settings("soop").b_frames.platforms) == (0, ("soop",))


def test_limits_of_a_size_count_at_that_size() -> None:
    """Facebook takes 9000 at 1080p60; `max_video_kbps` alone would say so of any size."""
    assert settings("facebook").video_kbps.most == 9000
    assert settings("facebook", "mixcloud").video_kbps.most == 4000  # 720p30


def test_a_platform_with_an_encoding_of_its_own_bounds_the_sound_alone() -> None:
    """Its picture is made on this machine; the sound is OBS's."""
    found = settings('loola\npreset = "loola"\nvideo = { bitrate = "2000k" }', "twitch")
    assert (found.video_kbps.value, found.keyframe_s.platforms) == (6000, ("twitch",))
    assert found.encoded == ("loola",)
    low = settings('facebook\npreset = "facebook"\nvideo = { bitrate = "2000k" }')
    assert (low.audio_kbps.value, low.video_kbps.most) == (128, None)


def test_a_disabled_platform_has_no_say() -> None:
    """Nothing is sent to it."""
    assert settings('loola\npreset = "loola"\nenabled = false', "twitch").video_kbps.value == 6000


def test_platforms_without_known_limits_are_named() -> None:
    """What suits them is in their panels."""
    kick = 'kick\npreset = "kick"\nurl = "rtmps://a.global-contribute.live-video.net"'
    found = settings(kick, 'club\nurl = "rtmps://live.example.org/app"', "twitch")
    assert found.unknown == ("kick", "club")


@pytest.mark.parametrize("preset", presets().values(), ids=lambda preset: preset.name)
def test_what_is_said_fits_each_preset(preset: Preset) -> None:
    """Nothing exceeds a limit that is known."""
    address = '\nurl = "rtmps://live.example.org/app"' if preset.needs_url else ""
    found = settings(f'x\npreset = "{preset.name}"{address}')
    assert found.video_kbps.value <= (preset.max_video_kbps or 10**6)
    assert found.audio_kbps.value <= (preset.max_audio_kbps or 10**6)
    assert found.fps <= (preset.max_fps or 60)
    assert found.keyframe_s.value <= (preset.keyframe_max_s or 2)
    assert found.size in (preset.resolutions or (found.size,))
    exact = [each for each in preset.bitrate_limits if (each.size, each.fps) == (found.size, found.fps)]
    assert all(found.video_kbps.value <= each.kbps for each in exact)


def test_where_no_size_suits_all_the_smallest_is_named() -> None:
    """Nobody has such platforms; there is an answer all the same."""
    found = settings('x\npreset = "chzzk"', "mixcloud")
    assert (found.size, found.fps) == ("640x360", 30)
