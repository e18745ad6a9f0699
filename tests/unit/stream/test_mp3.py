"""MP3: the shape of its frames, and silence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restream_agent.stream.flv import AUDIO, VIDEO, Tag
from restream_agent.stream.mp3 import is_mp3_shape, mp3_shape, silent_frame
from restream_agent.stream.parameters import SoundShape, sound_shape

STEREO_44100 = b"\x2f\xff\xfb\x90\x64"
MONO_24000 = b"\x2f\xff\xf3\x84\xc4"
MONO_48000 = b"\x2e\xff\xfb\x94\xc4"
"""As ffmpeg sends it: FLV's first byte says mono, too."""
MONO_22050 = b"\x2a\xff\xf3\x80\xc4"
MONO_8000 = b"\xe2\xff\xe3\x88\xc4"
"""8 kHz has a codec number of its own in FLV, 14."""


def shape_of(body: bytes) -> Tag | None:
    return mp3_shape(Tag(AUDIO, 77, body + bytes(100)))


def test_frames_of_one_shape_have_an_equal_shape() -> None:
    """Whatever their bitrate, padding and checksum, and how stereo is joined."""
    shape = shape_of(STEREO_44100)
    assert shape is not None
    assert is_mp3_shape(shape)
    for other in (b"\x2f\xff\xfb\xb2\x64", b"\x2f\xff\xfa\x90\x64", b"\x2f\xff\xfb\x90\x44"):
        assert shape_of(other) == shape
    for other in (MONO_24000, b"\x2f\xff\xfb\x94\x64", b"\x2f\xff\xfb\x90\xc4"):
        assert shape_of(other) not in (None, shape)


@pytest.mark.parametrize(
    "body", [b"", b"\xaf\x01\xff\xfb\x90", b"\x2f\xff\xfb", b"\x2f\x00\xfb\x90\x64", b"\x2f\xff\xfd\x90\x64",
             b"\x2f\xff\xeb\x90\x64", b"\x2f\xff\xfb\x9c\x64", b"\x2f\xff\x1b\x90\x64"],
)  # fmt: skip
def test_what_is_no_frame_of_mp3_has_no_shape(body: bytes) -> None:
    """AAC, a piece, another layer, a version and a rate that are reserved."""
    assert mp3_shape(Tag(AUDIO, 0, body)) is None
    assert mp3_shape(Tag(VIDEO, 0, STEREO_44100)) is None


@pytest.mark.parametrize(
    ("body", "size", "bitrate", "duration"),
    [
        (STEREO_44100, 208, 5, 1152 / 44.1),
        (MONO_24000, 192, 8, 24.0),
        (MONO_48000, 192, 5, 24.0),
        (MONO_22050, 208, 8, 576 / 22.05),
        (MONO_8000, 576, 8, 72.0),
    ],
)
def test_silence_has_the_shape_of_the_sound(body: bytes, size: int, bitrate: int, duration: float) -> None:
    """A frame of 64 kb/s: ffmpeg decodes it to silence without a message (measured with 5.1)."""
    shape = shape_of(body)
    assert shape is not None
    frame, lasts = silent_frame(shape)
    assert frame[0] == body[0]
    assert (len(frame) - 1, frame[3] >> 4) == (size, bitrate)
    assert lasts == pytest.approx(duration)
    assert sound_shape(Tag(AUDIO, 0, frame)) == sound_shape(Tag(AUDIO, 0, body)) != SoundShape("mp3")
    assert mp3_shape(Tag(AUDIO, 0, frame)) == shape
    assert not is_mp3_shape(Tag(AUDIO, 0, frame))


@given(st.binary(max_size=12))
def test_any_bytes_have_a_shape_or_none(body: bytes) -> None:
    """A shape has silence."""
    if (shape := mp3_shape(Tag(AUDIO, 0, b"\x2f\xff" + body))) is not None:
        assert silent_frame(shape)[1] > 0
