"""The publisher's codecs: what cannot be carried, and what the fallback has to match."""

from typing import Any

import pytest

from restream_agent.agent.codecs import shape, unplayable
from tests.unit.agent.reports import NO_LIVE, live

OLD = {"hevc": "this machine's ffmpeg 5.1.9", "opus": "SRS"}
SEEN: dict[str, Any] = {
    "video_codec": "h264", "audio_codec": "aac", "width": 1280, "height": 720, "profile": "high",
    "sample_rate": 48000, "channels": 2, "stated_rate": 30.0,
}  # fmt: skip


def test_what_can_be_carried_is_no_trouble() -> None:
    """Nor is a publisher that is not there, or of which nothing is known yet."""
    assert unplayable(live(**SEEN), OLD) == {}
    assert unplayable(live(), OLD) == {}
    assert unplayable(NO_LIVE, OLD) == {}
    assert unplayable(None, OLD) == {}


SENTENCES = {
    ("hevc", "aac"): {
        "hevc": "OBS sends HEVC (H.265), which this machine's ffmpeg 5.1.9 cannot carry: "
        "set the video encoder in OBS to H.264 (Settings, Output)"
    },
    ("h264", "opus"): {
        "opus": "OBS sends Opus, which SRS cannot carry: "
        "set the audio encoder in OBS to AAC (Settings, Output)"
    },
    ("vp9", ""): {
        "vp9": "OBS sends VP9, which restream-agent cannot carry: "
        "set the video encoder in OBS to H.264 (Settings, Output)"
    },
}


@pytest.mark.parametrize("codecs", SENTENCES)
def test_what_cannot_be_carried_is_said_by_name_with_what_to_set(codecs: tuple[str, str]) -> None:
    """And by what."""
    report = live(video_codec=codecs[0], audio_codec=codecs[1])
    assert unplayable(report, OLD) == SENTENCES[codecs]


def test_sound_in_another_codec_than_the_broadcast_s_is_said_with_what_to_do() -> None:
    """A codec that nothing here can carry is said as that."""
    assert unplayable(live(audio_codec="mp3", broadcast_sound="aac"), OLD) == {
        "mp3": "OBS sends MP3, and the platforms' connections have AAC: silence is sent in its place; send "
        "AAC, or end the broadcast (restream-agent off-air) and begin it anew"
    }
    said = unplayable(live(audio_codec="opus", broadcast_sound="aac"), OLD)
    assert said == SENTENCES["h264", "opus"]


def shape_of(*, is_whole: bool = True, **changes: Any) -> str:
    """Return the shape of a stream that differs from SEEN."""
    return shape(live(**{**SEEN, **changes}), OLD, is_whole=is_whole)


@pytest.mark.parametrize(
    "change",
    [
        {"video_codec": "av1"}, {"width": 720}, {"height": 1280}, {"profile": "main"}, {"stated_rate": 60.0},
        {"audio_codec": "mp3"}, {"sample_rate": 44100}, {"channels": 1}, {"full_range": True},
    ],
)  # fmt: skip
def test_whatever_the_fallback_copies_makes_another_shape(change: dict[str, Any]) -> None:
    """Each alone."""
    assert shape_of(**change) not in ("", shape_of())


def test_a_rate_that_wanders_makes_no_other_shape() -> None:
    """Nor does the measured one, nor a rate that is off by a rounding."""
    assert shape_of(stated_rate=27.3) == shape_of(stated_rate=28.9)
    assert shape_of(measured_rate=29.1) == shape_of()
    assert shape_of(stated_rate=29.97) == shape_of()


@pytest.mark.parametrize(
    "change",
    [
        {"connected": False}, {"video_codec": ""}, {"width": 0}, {"video_codec": "hevc"}, {"audio_codec": ""},
        {"audio_codec": "mp3", "broadcast_sound": "aac"},
    ],
)  # fmt: skip
def test_what_cannot_be_matched_yet_has_no_shape(change: dict[str, Any]) -> None:
    """Sound comes soon after the picture, or never."""
    assert shape_of(**change) == ""


def test_a_stream_without_sound_has_a_shape_after_some_pictures() -> None:
    """Sound that cannot be carried counts as none."""
    silent = shape_of(audio_codec="", frames=90)
    assert silent
    assert shape_of(audio_codec="", frames=89) == ""
    assert shape_of(audio_codec="opus") == silent


def test_of_a_fixed_format_the_codecs_alone_count() -> None:
    """The TOML has the rest."""
    assert shape_of(is_whole=False) == shape_of(is_whole=False, width=640, stated_rate=60.0)
    assert shape_of(is_whole=False) != shape_of(is_whole=False, audio_codec="mp3")
