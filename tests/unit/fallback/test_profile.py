"""The format of a stream: learned from the program's report, stored, named."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from restream_agent.base.errors import RestreamError
from restream_agent.fallback.profile import DEFAULT, Profile, from_json, from_live, video_stream
from restream_agent.wire.status_report import LiveStatus

VIDEO = {"codec_type": "video", "codec_name": "h264"}
LIVE = LiveStatus(
    connected=True, size=0, frames=0, bitrate=0, frame_rate=0.0, keyframe_interval=0.0, width=1280,
    height=720, stalls=0, video_codec="h264", audio_codec="aac", profile="main", sample_rate=44100,
    channels=1, stated_rate=60.0,
)  # fmt: skip


def read(previous: Profile = DEFAULT, **changes: Any) -> Profile:
    """Read a stream that differs from LIVE in the given fields."""
    return from_live(replace(LIVE, **changes), previous)


def test_every_parameter_is_that_of_the_stream() -> None:
    """Size, rate, H.264 profile and sound, whatever was before."""
    assert read() == Profile(1280, 720, Fraction(60), "yuv420p", "main", 44100, 1)
    assert read(full_range=True).pixel_format == "yuvj420p"


@pytest.mark.parametrize(
    ("stated", "rate"),
    [
        (30.0, Fraction(30)),
        (29.97, Fraction(30000, 1001)),
        (29.968, Fraction(30000, 1001)),
        (59.94, Fraction(60000, 1001)),
        (15.0, Fraction(15)),
        (12.5, Fraction(25, 2)),
        (23.976, Fraction(24000, 1001)),
        (27.3, Fraction(55, 2)),
    ],
)
def test_a_rate_becomes_the_usual_rate_nearby(stated: float, rate: Fraction) -> None:
    """A rate that was measured in whole milliseconds is taken for the usual one that it stands for."""
    assert read(stated_rate=stated).fps == rate
    assert read(stated_rate=0.0, measured_rate=stated).fps == rate


def test_a_rate_that_nobody_knows_is_that_of_before() -> None:
    """Of a stream that is the same in all else, or else the default's."""
    unknown = {"stated_rate": 0.0}
    assert read(read(), **unknown).fps == 60
    assert read(read(width=640), **unknown).fps == DEFAULT.fps


@pytest.mark.parametrize("is_stated", [False, True])
def test_a_rate_that_wanders_makes_one_conversion_in_ten_reconnects(is_stated: bool) -> None:
    """A phone sends fewer pictures in the dark. The name of the prepared file depends on the profile."""
    key = "stated_rate" if is_stated else "measured_rate"
    profile, profiles = DEFAULT, []
    for rate in (26.1, 29.2, 27.4, 28.8, 25.7, 29.4, 28.13, 26.9, 24.8, 29.6):
        profile = read(profile, **{"stated_rate": 0.0, key: rate})
        profiles.append(profile)
    assert len(set(profiles)) == 1


def test_a_stated_usual_rate_counts_however_near_it_is() -> None:
    """OBS goes from 30 to 29.97, or from 25 to 24."""
    assert read(read(stated_rate=30.0), stated_rate=29.97).fps == Fraction(30000, 1001)
    assert read(read(stated_rate=25.0), stated_rate=24.0).fps == 24


def test_codecs_are_those_of_the_stream() -> None:
    """H.264's profile says nothing of another codec, and full range is H.264's alone."""
    hevc = read(video_codec="hevc", profile="main10", full_range=True)
    assert (hevc.video_codec, hevc.h264_profile, hevc.pixel_format) == ("hevc", "high", "yuv420p")
    mp3 = read(audio_codec="mp3", sample_rate=48000, channels=2)
    assert (mp3.audio_codec, mp3.sample_rate, mp3.channels) == ("mp3", 48000, 2)


def test_what_the_fallback_cannot_copy_becomes_the_nearest_it_can() -> None:
    """Odd sizes and sounds that no encoder makes."""
    profile = read(width=1281, channels=3, sample_rate=37800)
    assert (profile.width, profile.channels, profile.sample_rate) == (1280, 2, 48000)
    assert read(audio_codec="mp3", channels=6, sample_rate=96000).channels == 2
    assert read(profile="high 4:2:2").h264_profile == "high"


@pytest.mark.parametrize("codec", ["", "opus"])
def test_a_stream_without_sound_that_can_be_matched_keeps_that_of_before(codec: str) -> None:
    """The program fills in the sound of the fallback."""
    profile = read(read(), audio_codec=codec, sample_rate=0, channels=0)
    assert (profile.audio_codec, profile.sample_rate, profile.channels) == ("aac", 44100, 1)


@pytest.mark.parametrize("changes", [{"video_codec": "vp9"}, {"width": 20}, {"height": 9000}])
def test_a_stream_that_no_fallback_can_match_is_refused(changes: dict[str, Any]) -> None:
    """By its codec or its size."""
    with pytest.raises(RestreamError):
        read(**changes)


def test_album_cover_is_no_video_stream() -> None:
    """The cover of a song does not make it a video."""
    assert video_stream([{**VIDEO, "disposition": {"attached_pic": 1}}]) is None


def test_json_keeps_everything() -> None:
    """A profile survives being stored, with its exact rate."""
    profile = Profile(640, 360, Fraction(30000, 1001), "yuvj420p", "baseline", 44100, 1)
    assert from_json(profile.to_json()) == profile
    other = replace(profile, video_codec="av1", audio_codec="mp3")
    assert from_json(other.to_json()) == other


def test_json_of_the_usual_codecs_is_that_of_earlier_versions() -> None:
    """The names of prepared files depend on it, which would all be converted again."""
    assert DEFAULT.to_json() == (
        '{"channels": 2, "fps": "30", "h264_profile": "high", "height": 1080, "pixel_format": "yuv420p", '
        '"sample_rate": 48000, "width": 1920}'
    )


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"fps": "1/0"}', '{"fps": "30", "colour": 1}'])
def test_damaged_json_is_an_error_a_user_can_understand(text: str) -> None:
    """A half-written file is reported as such, whatever is wrong with it."""
    with pytest.raises(RestreamError, match="stored stream profile"):
        from_json(text)


@pytest.mark.parametrize(
    "fields",
    [
        {"width": 1281}, {"height": 0}, {"width": 10000}, {"fps": Fraction(1000)}, {"channels": 3},
        {"sample_rate": 44000}, {"pixel_format": "nv12"}, {"video_codec": "vp9"}, {"audio_codec": "opus"},
        {"audio_codec": "mp3", "channels": 6},
    ],
)  # fmt: skip
def test_impossible_values_are_refused(fields: dict[str, Any]) -> None:
    """No profile exists that the encoder could not make."""
    with pytest.raises(RestreamError):
        Profile(**{"width": 1280, "height": 720, "fps": Fraction(30), **fields})


def test_label_names_the_parameters() -> None:
    """The label is what people call such a stream."""
    assert Profile(1280, 720, Fraction(30000, 1001)).label() == "1280x720p29.97-high-48000x2"
    other = Profile(1280, 720, Fraction(30), video_codec="hevc", audio_codec="mp3", sample_rate=44100)
    assert other.label() == "1280x720p30-hevc-mp3-44100x2"
