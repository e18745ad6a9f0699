"""Enhanced RTMP: track 0 as plain tags, the names of codecs and of other tracks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restream_agent.stream.enhanced import FirstTracks, codec
from restream_agent.stream.flv import AUDIO, SCRIPT, VIDEO, Tag

CONFIG = b"\x11\x90"
RECORD = b"\x01\x64\x00\x1f"

PLAIN = {
    "plain AAC": (AUDIO, b"\xaf\x01abc", b"\xaf\x01abc"),
    "plain H.264": (VIDEO, b"\x17\x01\0\0\0abc", b"\x17\x01\0\0\0abc"),
    "enhanced AAC, configuration": (AUDIO, b"\x90mp4a" + CONFIG, b"\xaf\x00" + CONFIG),
    "enhanced AAC": (AUDIO, b"\x91mp4aabc", b"\xaf\x01abc"),
    "enhanced MP3": (AUDIO, b"\x91.mp3abc", b"\x2fabc"),
    "enhanced Opus": (AUDIO, b"\x91Opusabc", b"\x91Opusabc"),
    "enhanced H.264, parameters": (VIDEO, b"\x90avc1" + RECORD, b"\x17\x00\0\0\0" + RECORD),
    "enhanced H.264": (VIDEO, b"\xa1avc1\0\0\x28abc", b"\x27\x01\0\0\x28abc"),
    "enhanced H.264 without B-frames": (VIDEO, b"\x93avc1abc", b"\x17\x01\0\0\0abc"),
    "enhanced HEVC": (VIDEO, b"\x91hvc1\0\0\x28abc", b"\x91hvc1\0\0\x28abc"),
    "HEVC of old, parameters": (VIDEO, b"\x1c\x00\0\0\0abc", b"\x90hvc1abc"),
    "HEVC of old": (VIDEO, b"\x2c\x01\0\0\x28abc", b"\xa1hvc1\0\0\x28abc"),
    "a part of a millisecond": (AUDIO, b"\x97\x02\0\0\0\x01mp4aabc", b"\xaf\x01abc"),
    "a long modifier": (VIDEO, b"\x97\xff\x01\x00" + bytes(257) + b"\x03hvc1abc", b"\x93hvc1abc"),
    "one track, number 0": (AUDIO, b"\x95\x01mp4a\x00abc", b"\xaf\x01abc"),
    "one picture track, number 0": (VIDEO, b"\x96\x01avc1\x00\0\0\x28abc", b"\x17\x01\0\0\x28abc"),
    "many tracks": (AUDIO, b"\x95\x11mp4a\x01\0\0\x02xy\x00\0\0\x03abc", b"\xaf\x01abc"),
    "many codecs": (AUDIO, b"\x95\x21Opus\x01\0\0\x02xymp4a\x00\0\0\x03abc", b"\xaf\x01abc"),
    "modified, then many tracks": (VIDEO, b"\x97\x00z\x06\x13hvc1\x00\0\0\x03abc", b"\x93hvc1abc"),
}


@pytest.mark.parametrize(("kind", "body", "plain"), PLAIN.values(), ids=PLAIN)
def test_the_first_track_goes_on_as_plain_as_it_can(kind: int, body: bytes, plain: bytes) -> None:
    """With its timestamp, whatever it was wrapped in."""
    assert FirstTracks().take(Tag(kind, 77, body)) == (Tag(kind, 77, plain),)


NOTHING = {
    "a second track": (AUDIO, b"\x95\x01mp4a\x01abc"),
    "a command": (VIDEO, b"\xd1hvc1\x00"),
    "colours": (VIDEO, b"\x94hvc1\x02"),
    "channels": (AUDIO, b"\x94mp4a\x01\x02"),
    "an end": (VIDEO, b"\x92hvc1"),
    "an end of old": (VIDEO, b"\x1c\x02\0\0\0"),
    "MP3 parameters": (AUDIO, b"\x90.mp3"),
    "no codec": (AUDIO, b"\x91mp4"),
    "no tracks": (AUDIO, b"\x95"),
    "no track": (AUDIO, b"\x95\x01mp4a"),
    "a track that ends early": (AUDIO, b"\x95\x11mp4a\x00\0\0\x04abc"),
    "a modifier that ends early": (AUDIO, b"\x97\xff\x01"),
    "modifiers for ever": (AUDIO, b"\x97" + b"\x00z\x07" * 1000),
}


@pytest.mark.parametrize(("kind", "body"), NOTHING.values(), ids=NOTHING)
def test_what_has_no_place_in_plain_flv_is_left_out(kind: int, body: bytes) -> None:
    """Other tracks, commands, and tags that end too early; none is an error."""
    assert FirstTracks().take(Tag(kind, 77, body)) == ()


@given(st.sampled_from([AUDIO, VIDEO, SCRIPT]), st.binary(max_size=80))
def test_any_bytes_are_taken(kind: int, body: bytes) -> None:
    """Whatever a publisher sends is no error, and no track comes out larger than it came in."""
    tracks = FirstTracks()
    for tag in tracks.take(Tag(kind, 5, body)):
        assert len(tag.body) <= len(body) + 5
        assert isinstance(codec(tag), str)


def test_other_tracks_are_named_once() -> None:
    """As people count, from 1; with the codec."""
    tracks = FirstTracks()
    for kind, body in (
        (AUDIO, b"\x95\x00mp4a\x01" + CONFIG),
        (AUDIO, b"\x95\x01mp4a\x01abc"),
        (VIDEO, b"\x96\x01avc1\x02\0\0\0abc"),
        (AUDIO, b"\xaf\x01abc"),
    ):
        tracks.take(Tag(kind, 0, body))
    assert tracks.others == ("sound track 2 (aac)", "picture track 3 (h264)")


def test_no_more_tracks_are_named_than_a_publisher_has() -> None:
    """A hostile one cannot fill the report."""
    tracks = FirstTracks()
    for number in range(1, 256):
        tracks.take(Tag(AUDIO, 0, b"\x95\x01mp4a" + bytes([number]) + b"abc"))
    assert len(tracks.others) == 16


CODECS = {
    (VIDEO, b"\x17\x01"): "h264",
    (VIDEO, b"\x22x"): "h263",
    (VIDEO, b"\x91hvc1"): "hevc",
    (VIDEO, b"\x93av01"): "av1",
    (VIDEO, b"\x93x\x00\xffz"): "x??z",
    (VIDEO, b"\x93a\x20\x7fz"): "a??z",
    (VIDEO, b"\x91"): "?",
    (VIDEO, b"\x1f"): "codec 15",
    (AUDIO, b"\xaf\x01"): "aac",
    (AUDIO, b"\x2f"): "mp3",
    (AUDIO, b"\x90Opus"): "opus",
    (AUDIO, b""): "",
    (SCRIPT, b"\x17\x01"): "",
}


@pytest.mark.parametrize(("tag", "name"), CODECS.items())
def test_a_codec_has_the_name_that_people_know(tag: tuple[int, bytes], name: str) -> None:
    """An unknown one its FourCC or its number."""
    assert codec(Tag(tag[0], 0, tag[1])) == name
