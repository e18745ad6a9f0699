"""What a stream looks like to a decoder: read from ffprobe, stored, named."""

from fractions import Fraction
from typing import Any

import pytest

from restream_agent.base.errors import RestreamError
from restream_agent.fallback.profile import DEFAULT, Profile, from_ffprobe, from_json, video_stream

VIDEO = {
    "codec_type": "video", "codec_name": "h264", "profile": "Main", "width": 1280, "height": 720,
    "pix_fmt": "yuv420p", "avg_frame_rate": "60/1", "r_frame_rate": "60/1",
}  # fmt: skip
AUDIO = {"codec_type": "audio", "codec_name": "aac", "sample_rate": "44100", "channels": 1}


def read(**changes: Any) -> Profile:
    """Read a stream whose picture differs from VIDEO in the given fields."""
    return from_ffprobe({"streams": [{**VIDEO, **changes}, AUDIO]})


def test_reads_every_parameter_from_ffprobe() -> None:
    """Size, rate, H.264 profile and sound come from ffprobe's answer."""
    assert read() == Profile(1280, 720, Fraction(60), "yuv420p", "main", 44100, 1)


@pytest.mark.parametrize(
    ("measured", "rate"),
    [
        ("30/1", Fraction(30)),
        ("19001/634", Fraction(30000, 1001)),
        ("359/12", Fraction(30000, 1001)),
        ("2997/50", Fraction(60000, 1001)),
        ("15/1", Fraction(15)),
        ("24000/1001", Fraction(24000, 1001)),
    ],
)
def test_measured_rate_becomes_the_usual_rate_nearby(measured: str, rate: Fraction) -> None:
    """A rate measured from whole milliseconds is taken as the usual one it stands for."""
    assert read(avg_frame_rate=measured).fps == rate


def test_unknown_average_rate_falls_back_to_the_other_one() -> None:
    """Ffprobe writes 0/0 for a rate it does not know."""
    assert read(avg_frame_rate="0/0", r_frame_rate="25/1").fps == 25


def test_constrained_baseline_is_baseline() -> None:
    """Ffprobe's name for what encoders call baseline is understood."""
    assert read(profile="Constrained Baseline").h264_profile == "baseline"


def test_what_the_fallback_cannot_copy_becomes_the_nearest_it_can() -> None:
    """A 10-bit HEVC stream still gives size and rate; the rest is the default's."""
    profile = read(codec_name="hevc", profile="Main 10", pix_fmt="yuv420p10le", width=1281)
    assert (profile.pixel_format, profile.width) == ("yuv420p", 1280)


def test_silent_stream_has_the_default_sound() -> None:
    """Sound parameters are the default's where there is no sound."""
    profile = from_ffprobe({"streams": [VIDEO]})
    assert (profile.sample_rate, profile.channels) == (DEFAULT.sample_rate, DEFAULT.channels)


def test_stream_without_picture_is_refused() -> None:
    """Sound alone says nothing about the picture."""
    with pytest.raises(RestreamError, match="no picture"):
        from_ffprobe({"streams": [AUDIO]})


def test_album_cover_is_no_video_stream() -> None:
    """The cover of a song does not make it a video."""
    assert video_stream([{**VIDEO, "disposition": {"attached_pic": 1}}]) is None


def test_json_keeps_everything() -> None:
    """A profile survives being stored, with its exact rate."""
    profile = Profile(640, 360, Fraction(30000, 1001), "yuvj420p", "baseline", 44100, 1)
    assert from_json(profile.to_json()) == profile


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"fps": "1/0"}', '{"fps": "30", "colour": 1}'])
def test_damaged_json_is_an_error_a_user_can_understand(text: str) -> None:
    """A half-written file is reported as such, whatever is wrong with it."""
    with pytest.raises(RestreamError, match="stored stream profile"):
        from_json(text)


@pytest.mark.parametrize(
    "fields",
    [
        {"width": 1281}, {"height": 0}, {"width": 10000}, {"fps": Fraction(1000)}, {"channels": 3},
        {"sample_rate": 44000}, {"pixel_format": "nv12"},
    ],
)  # fmt: skip
def test_impossible_values_are_refused(fields: dict[str, Any]) -> None:
    """No profile exists that the encoder could not make."""
    with pytest.raises(RestreamError):
        Profile(**{"width": 1280, "height": 720, "fps": Fraction(30), **fields})


def test_label_names_the_parameters() -> None:
    """The label is what people call such a stream."""
    assert Profile(1280, 720, Fraction(30000, 1001)).label() == "1280x720p29.97-high-48000x2"
