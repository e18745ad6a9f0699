"""What decoder parameters say: parameters of real encoders, and whatever else a publisher sends.

The parameters are those that ffmpeg 5.1 (H.264, AAC, MP3) and 7.1 (HEVC, AV1) wrote for a test picture.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restream_agent.stream.flv import AUDIO, VIDEO, Tag
from restream_agent.stream.parameters import (
    PictureShape,
    SoundShape,
    is_telling,
    picture_shape,
    sound_shape,
)

PICTURES = {
    "17000000000164001fffe1001a6764001facd9405005bb0110000003001000000303c0f183196001000668ebe3cb22c0fdf8f800":
        PictureShape("h264", 1280, 720, "high"),
    "17000000000142c028ffe100196742c028da01e0089f970110000003001000000303c0f1832a01000468ce0fc8":
        PictureShape("h264", 1920, 1080, "baseline"),
    "1700000000014d401fffe1001a674d401feca06c1ef3780b64000003000400000300f03c60c65801000568ebe3cb20":
        PictureShape("h264", 854, 480, "main", is_full_range=True),
    "17000000000164001fffe100196764001facd940b414360220000003002000000783e2c5b2c001000668fba3cb22c0fdf8f800":
        PictureShape("h264", 720, 1280, "high"),
    "170000000001f4001effe1001a67f4001e919b281485fc7cf80880000003008000001e078b16cb01000668ebe3c44844fff8f800":
        PictureShape("h264", 642, 362, "high"),
    "906876633101016000000090000000000078f000fcfdf8f800000f04200001001840010c01ffff016000000300900000030000"
    "030078959809210001002a420101016000000300900000030000030078a003c08010e596566924caf0168080000003008000000f"
    "0420": PictureShape("hevc", 1920, 1080, "main"),
    "90687663310102200000009000000000003ff000fcfdfafa00000f04200001001840010c01ffff02200000030090000003000003"
    "003f959809210001002c42010102200000030090000003000003003fa005120171c92365959a4932bc05a020000003002000000"
    "303c1": PictureShape("hevc", 642, 362, "main10"),
    "906176303181080c000a0b00000042abbfc3700be001": PictureShape("av1", 1920, 1080),
    "906176303181010c000a0b0000000cc5036936be4010": PictureShape("av1", 642, 362),
    "9061763031": PictureShape("av1"),
    "1700000000": PictureShape("h264"),
    "9076703039": PictureShape("vp9"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "shape"), PICTURES.items(), ids=[str(shape) for shape in PICTURES.values()])
def test_parameters_of_encoders_tell_the_picture(body: str, shape: PictureShape) -> None:
    """Cropped to the size that is shown; without parameters, the codec alone."""
    assert picture_shape(Tag(VIDEO, 0, bytes.fromhex(body))) == shape


SOUNDS = {
    "af00119056e500": SoundShape("aac", 48000, 2),
    "af00120856e500": SoundShape("aac", 44100, 1),
    "af0011b056e500": SoundShape("aac", 48000, 6),
    "af00 2b8a0800": SoundShape("aac", 44100, 1),  # HE-AAC: 22050, doubled
    "af00 17804650 1000": SoundShape("aac", 36000, 2),  # a rate of its own
    "af00": SoundShape("aac"),
    "af01": SoundShape("aac"),
    "2ffffb90640000026b": SoundShape("mp3", 44100, 2),
    "2ffff384c4": SoundShape("mp3", 24000, 1),
    "2efffb94c4": SoundShape("mp3", 48000, 1),
    "e2ffe388c4": SoundShape("mp3", 8000, 1),
    "2f00000000": SoundShape("mp3"),
    "2fffffffff": SoundShape("mp3"),
    "904f707573 4f707573 48656164 0102": SoundShape("opus", 48000, 2),
    "914f707573 00": SoundShape("opus"),
}


@pytest.mark.parametrize(("body", "shape"), SOUNDS.items(), ids=SOUNDS)
def test_parameters_of_encoders_tell_the_sound(body: str, shape: SoundShape) -> None:
    """AAC in its AudioSpecificConfig, MP3 in each frame, Opus in its head."""
    assert sound_shape(Tag(AUDIO, 0, bytes.fromhex(body))) == shape


@given(st.sampled_from(sorted(PICTURES)), st.data())
def test_damaged_parameters_tell_what_they_tell(body: str, data: st.DataObject) -> None:
    """A size within bounds or none; never an error, whatever a bit is turned into."""
    damaged = bytearray.fromhex(body)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(1, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    shape = picture_shape(Tag(VIDEO, 0, bytes(damaged[: data.draw(st.integers(1, len(damaged)))])))
    assert 0 <= shape.width <= 2**16
    assert (shape.width == 0) == (shape.height == 0)


@given(st.binary(min_size=1, max_size=40))
def test_any_sound_tells_what_it_tells(body: bytes) -> None:
    """Never an error."""
    assert sound_shape(Tag(AUDIO, 0, body)).sample_rate >= 0


def test_a_long_parameter_set_costs_little() -> None:
    """Of 64 KiB of zeros, the longest Exp-Golomb number, only the beginning is read."""
    body = bytes.fromhex("17000000000164001fffe1ffff6764001f") + bytes(60_000)
    assert picture_shape(Tag(VIDEO, 0, body)) == PictureShape("h264")


def test_headers_and_mp3_tell_something() -> None:
    """Other tags need not be looked at."""
    bodies = (b"\xaf\x00", b"\xaf\x01", b"\x2f\xff", b"\x2e\xff", b"\xe2\xff", b"\x91Opus", b"")
    told = [True, False, True, True, True, False, False]
    assert [is_telling(Tag(AUDIO, 0, body)) for body in bodies] == told
    assert not is_telling(Tag(VIDEO, 0, b"\x2f\x01"))
