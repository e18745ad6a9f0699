"""The length of the prepared fallback, and the order and time of its tags."""

from dataclasses import replace
from fractions import Fraction
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restream_agent.fallback.profile import Profile
from restream_agent.fallback.seam import assemble, choose, frame_samples, priming_frames, spare_frames
from restream_agent.fallback.seam import metadata as loop_metadata
from restream_agent.stream.flv import AUDIO, VIDEO, Tag, metadata

RATES = st.sampled_from(["24", "25", "30000/1001", "30", "50", "60000/1001", "60"]).map(Fraction)
PROFILES = st.builds(
    lambda fps, rate, codec: Profile(1280, 720, fps, sample_rate=rate, audio_codec=codec),
    RATES, st.sampled_from([44100, 48000]), st.sampled_from(["aac", "mp3"]),
)  # fmt: skip
PICTURE_HEADER, SOUND_HEADER = Tag(VIDEO, 5, b"\x17\x00sps"), Tag(AUDIO, 5, b"\xaf\x00asc")
KEYFRAME, SOUND = b"\x17\x01k", b"\xaf\x01a"
THIRTY = Profile(1280, 720, Fraction(30))


@given(PROFILES, st.integers(1, 100_000))
def test_no_picture_is_lost_and_few_are_added(profile: Profile, frames: int) -> None:
    """A loop holds all the pictures and freezes the last for a quarter of a second at most."""
    assert 0 <= choose(frames, profile).frames - frames <= spare_frames(profile.fps)


@given(PROFILES, st.integers(1, 100_000))
def test_sound_does_not_drift_over_200_loops(profile: Profile, frames: int) -> None:
    """Samples counted and timestamps added differ by less than 50 ms after 200 loops."""
    loop = choose(frames, profile)
    counted = Fraction(200 * loop.audio_frames * frame_samples(profile), profile.sample_rate)
    assert abs(counted - Fraction(200 * loop.milliseconds, 1000)) < Fraction(50, 1000)


@given(PROFILES, st.integers(1, 100_000))
def test_last_picture_ends_before_the_next_loop_begins(profile: Profile, frames: int) -> None:
    """The last timestamp of pictures and of sound lies before the length that is added."""
    loop = choose(frames, profile)
    assert round((loop.frames - 1) * 1000 / profile.fps) < loop.milliseconds


@given(PROFILES, st.integers(1, 100_000))
def test_pictures_and_sound_are_of_equal_length(profile: Profile, frames: int) -> None:
    """They differ by less than one frame of sound."""
    loop = choose(frames, profile)
    assert abs(loop.leftover) < Fraction(frame_samples(profile), profile.sample_rate)


def test_a_five_second_clip_stays_as_it_is() -> None:
    """At 30 fps and 48 kHz nothing is frozen, and 8 ms of sound are cut."""
    loop = choose(150, THIRTY)
    assert (loop.frames, loop.audio_frames, loop.milliseconds) == (150, 234, 4992)
    assert (loop.leftover, loop.rounding) == (Fraction(-8, 1000), Fraction(0))


def assembled(pictures: list[Tag], sounds: list[Tag]) -> list[Tag]:
    """Assemble a one-picture loop from tags, dropping one AAC frame of priming."""
    return list(assemble(pictures, sounds, choose(1, THIRTY), THIRTY, priming=1))


def test_parameters_come_first_and_all_begins_at_zero() -> None:
    """Metadata, both headers, then a keyframe at 0, whatever the encoder's timestamps were."""
    pictures = [PICTURE_HEADER, *(Tag(VIDEO, 21 + n, KEYFRAME) for n in range(9))]
    sounds = [SOUND_HEADER, Tag(AUDIO, 0, b"\xaf\x01primed"), *(Tag(AUDIO, 21 + n, SOUND) for n in range(9))]
    tags = assembled(pictures, sounds)
    assert [tag.body for tag in tags[1:5]] == [PICTURE_HEADER.body, SOUND_HEADER.body, KEYFRAME, SOUND]
    assert {tag.timestamp for tag in tags[:5]} == {0}


def test_metadata_states_the_length_to_repeat_by() -> None:
    """The onMetaData tag's duration is the loop's length in seconds."""
    pictures = [PICTURE_HEADER, *(Tag(VIDEO, n, KEYFRAME) for n in range(9))]
    sounds = [SOUND_HEADER, *(Tag(AUDIO, n, SOUND) for n in range(9))]
    assert metadata(assembled(pictures, sounds)[0])["duration"] == choose(1, THIRTY).milliseconds / 1000


def test_changed_parameters_are_refused() -> None:
    """Two videos whose decoder parameters differ cannot become one stream."""
    sounds = [SOUND_HEADER, *(Tag(AUDIO, n, SOUND) for n in range(9))]
    with pytest.raises(ValueError, match="different parameters"):
        assembled([PICTURE_HEADER, Tag(VIDEO, 0, b"\x17\x00other"), Tag(VIDEO, 0, KEYFRAME)], sounds)


def test_missing_pictures_are_refused() -> None:
    """Fewer pictures than the loop needs is an error, not a short file."""
    sounds = [SOUND_HEADER, *(Tag(AUDIO, n, SOUND) for n in range(9))]
    with pytest.raises(ValueError, match="0 frames instead of"):
        assembled([PICTURE_HEADER], sounds)


def test_mp3_has_no_parameters() -> None:
    """Its frames follow the picture's parameters; slow MP3 has shorter frames."""
    profile = replace(THIRTY, audio_codec="mp3")
    pictures = [PICTURE_HEADER, *(Tag(VIDEO, n, KEYFRAME) for n in range(9))]
    sounds = [Tag(AUDIO, n, b"\x2f\xff") for n in range(9)]
    tags = list(assemble(pictures, sounds, choose(1, profile), profile, priming=1))
    assert [tag.body for tag in tags[1:4]] == [PICTURE_HEADER.body, KEYFRAME, b"\x2f\xff"]
    assert metadata(tags[0])["audiocodecid"] == 2
    assert [frame_samples(replace(profile, sample_rate=rate)) for rate in (44100, 22050)] == [1152, 576]


@pytest.mark.parametrize(("codec", "number"), [("h264", 7), ("hevc", 1752589105), ("av1", 1635135537)])
def test_metadata_name_the_codec(codec: Literal["h264", "hevc", "av1"], number: int) -> None:
    """As in Enhanced RTMP: a FourCC as a number."""
    profile = replace(THIRTY, video_codec=codec)
    assert metadata(loop_metadata(choose(1, profile), profile))["videocodecid"] == number


def test_priming_is_read_from_where_the_muxer_put_time_zero() -> None:
    """1024 samples of priming at 48 kHz put the first picture at 21 ms."""
    assert [priming_frames(at, THIRTY) for at in (0, 21, 43)] == [0, 1, 2]
