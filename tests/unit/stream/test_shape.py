"""The shape of a publisher's stream."""

import struct

import pytest

from restream_agent.stream.flv import AUDIO, SCRIPT, VIDEO, Tag
from restream_agent.stream.shape import StreamShape
from tests.unit.stream.flv_making import picture

WIDE = Tag(
    VIDEO,
    0,
    bytes.fromhex(
        "17000000000164001fffe1001a6764001facd9405005bb0110000003001000000303c0f183196001000668ebe3cb22c0fdf8f800"
    ),
)
TALL = Tag(
    VIDEO,
    0,
    bytes.fromhex(
        "17000000000164001fffe100196764001facd940b414360220000003002000000783e2c5b2c001000668fba3cb22c0fdf8f800"
    ),
)
STEREO = Tag(AUDIO, 0, bytes.fromhex("af00119056e500"))


def metadata(**numbers: float) -> Tag:
    """Return an onMetaData tag."""
    body = b"\x02\x00\x0aonMetaData\x08" + struct.pack(">I", len(numbers))
    for name, number in numbers.items():
        body += struct.pack(">H", len(name)) + name.encode() + b"\x00" + struct.pack(">d", number)
    return Tag(SCRIPT, 0, body + b"\x00\x00\x09")


def shape_of(*tags: Tag) -> StreamShape:
    """Return the shape after some tags."""
    shape = StreamShape()
    for tag in tags:
        shape.note(tag)
    return shape


def test_parameters_tell_the_size_whatever_the_metadata_state() -> None:
    """A phone that is turned sends new parameters and no new metadata."""
    shape = shape_of(metadata(width=1.0, height=2.0), WIDE)
    assert shape.size == (1280, 720)
    shape.note(TALL)
    assert shape.size == (720, 1280)


def test_metadata_tell_the_size_where_parameters_do_not() -> None:
    """Of a codec whose parameters are not read."""
    shape = shape_of(metadata(width=640.0, height=360.0), Tag(VIDEO, 0, b"\x90vp09"))
    assert (shape.size, shape.video_codec) == ((640, 360), "vp9")
    assert shape_of(metadata(width=65_536.0, height=65_537.0)).size == (65_536, 0)


def test_codecs_are_those_of_the_tags_and_before_them_those_of_the_metadata() -> None:
    """An ingest server may pass on the metadata alone. A FourCC is a number there."""
    shape = shape_of(metadata(videocodecid=float(0x61763031), audiocodecid=10.0))
    assert (shape.video_codec, shape.audio_codec) == ("av1", "aac")
    shape.note(picture(0, 1, is_keyframe=True))
    shape.note(Tag(AUDIO, 0, b"\x2f\xff\xfb\x90\x64"))
    assert (shape.video_codec, shape.audio_codec, shape.sound.sample_rate) == ("h264", "mp3", 44100)


@pytest.mark.parametrize("number", [-1.0, 2.0**32, 2.0**33, 3e300, float("nan"), 7.4])
def test_codecs_that_cannot_be_are_not_known(number: float) -> None:
    """A publisher's metadata may hold any number."""
    shape = shape_of(metadata(videocodecid=number))
    assert shape.video_codec == ("h264" if number == 7.4 else "")


def test_a_stated_frame_rate_is_told_beside_the_measured_one() -> None:
    """A rate that cannot be is not."""
    pictures = [picture(at, 1, is_keyframe=at == 0) for at in range(0, 5000, 50)]
    stated = shape_of(WIDE, metadata(framerate=30.0), *pictures)
    assert stated.stated_rate == 30
    assert stated.measured_rate == pytest.approx(20)
    for rate, believed in ((0.5, 0), (1.0, 1), (240.0, 240), (241.0, 0)):
        assert shape_of(WIDE, metadata(framerate=rate), *pictures).stated_rate == believed


def test_a_rate_that_is_not_stated_is_measured() -> None:
    """Over 2 s at least; anew after new parameters, and after a leap of the timestamps."""
    pictures = [picture(at, 1, is_keyframe=at == 0) for at in range(0, 2000, 40)]
    shape = shape_of(WIDE, *pictures)
    assert shape.measured_rate == 0
    shape.note(picture(2000, 1, is_keyframe=False))
    assert shape.measured_rate == 25
    for at in range(90_000, 94_000, 20):
        shape.note(picture(at, 1, is_keyframe=False))
    assert shape.measured_rate == 50
    shape.note(TALL)
    assert shape.measured_rate == 0


def test_each_picture_counts_for_the_rate() -> None:
    """Also one of the timestamp before it; and up to ten seconds after the first."""
    twice = [picture(at, 1, is_keyframe=at == 0) for at in (0, *range(0, 2001, 40))]
    assert shape_of(*twice).measured_rate == 25.5
    few = [picture(at, 1, is_keyframe=at == 0) for at in (*range(0, 8001, 40), 10_000)]
    assert shape_of(*few).measured_rate == 20.1


def test_sound_is_told_by_its_configuration() -> None:
    """Before that, by its codec alone."""
    shape = shape_of(Tag(AUDIO, 0, b"\xaf\x01abc"))
    assert (shape.audio_codec, shape.sound.channels) == ("aac", 0)
    shape.note(STEREO)
    shape.note(Tag(AUDIO, 0, b"\xaf\x01abc"))
    assert (shape.sound.sample_rate, shape.sound.channels) == (48000, 2)
