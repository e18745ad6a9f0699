"""FLV bytes to tags and back."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restream_agent.stream.flv import (
    AUDIO,
    HEADER,
    LARGEST_BODY,
    SCRIPT,
    VIDEO,
    FlvError,
    Reader,
    Tag,
    encode,
    metadata,
)
from tests.unit.stream.flv_making import parameters, picture, sound

TAGS = st.builds(
    Tag, st.sampled_from([AUDIO, VIDEO, SCRIPT]), st.integers(0, 2**32 - 1), st.binary(max_size=400)
)


@given(st.lists(TAGS, max_size=8), st.lists(st.integers(1, 50), min_size=1))
def test_encoded_tags_are_read_back_wherever_the_bytes_are_split(tags: list[Tag], cuts: list[int]) -> None:
    """Tags survive encoding and a connection that delivers them in any pieces."""
    data = HEADER + b"".join(map(encode, tags))
    reader, read, position, turn = Reader(), list[Tag](), 0, 0
    while position < len(data):
        size = cuts[turn % len(cuts)]
        read += reader.feed(data[position : position + size])
        position, turn = position + size, turn + 1
    assert tags == read


@given(st.binary(min_size=1, max_size=600))
def test_garbage_is_refused_or_waited_for_but_never_crashes(data: bytes) -> None:
    """Any bytes give tags, nothing yet, or FlvError."""
    try:
        tags = Reader().feed(data)
    except FlvError:
        return
    assert tags == [] or data.startswith(b"FLV")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"GET / HTTP/1.1", "does not begin"),
        (HEADER[:8] + b"\x0a" + bytes(4), "unknown length"),
        (HEADER + b"\x05" + bytes(10), "not a kind"),
        (HEADER + b"\x09\x80\x00\x01" + bytes(7), "larger than any picture"),
        (HEADER + encode(Tag(VIDEO, 0, b"x"))[:-1] + b"\x63", "not the tag's length"),
    ],
)
def test_what_cannot_be_flv_is_refused_with_a_reason(data: bytes, reason: str) -> None:
    """Garbage, an unknown kind, a giant tag and a wrong length each say what they are, as soon as can be."""
    with pytest.raises(FlvError, match=reason):
        Reader().feed(data)


def test_the_largest_tag_is_waited_for() -> None:
    """A tag of LARGEST_BODY bytes is a picture."""
    assert Reader().feed(HEADER + encode(Tag(VIDEO, 0, bytes(LARGEST_BODY)))[:11]) == []


def test_pictures_sound_and_parameters_are_told_apart() -> None:
    """Keyframes, other pictures, sound and sequence headers have the right claims."""
    claims = [
        (tag.is_keyframe, tag.is_media, tag.is_sequence_header)
        for tag in (
            picture(0, 1, is_keyframe=True),
            picture(0, 1, is_keyframe=False),
            sound(0, 1),
            parameters(VIDEO, 1),
            parameters(AUDIO, 1),
            Tag(VIDEO, 0, b"\x17\x02\x00\x00\x00"),  # end of sequence
            Tag(VIDEO, 0, b"\x90hvc1"),  # enhanced: parameters
            Tag(VIDEO, 0, b"\x91hvc1\0\0\0x"),  # enhanced: keyframe
            Tag(VIDEO, 0, b"\xa3av01x"),  # enhanced: other picture
            Tag(AUDIO, 0, b"\x90Opus"),
            Tag(AUDIO, 0, b"\x91Opusx"),
            Tag(SCRIPT, 0, b"\x02\x00"),
        )
    ]
    key, media, header, none = (True, True, False), (False, True, False), (False, False, True), (False,) * 3
    assert [key, media, media, header, header, none, header, key, media, header, media, none] == claims


def test_the_first_two_bytes_say_what_a_tag_is() -> None:
    """Nothing of a tag beyond them is asked, and a codec without parameters has none to be taken for."""
    claims = [
        (tag.is_media, tag.is_sequence_header)
        for tag in (
            Tag(AUDIO, 0, b"\xaf\x00"),
            Tag(AUDIO, 0, b"\xaf\x01"),
            Tag(AUDIO, 0, b"\x27\x00"),  # MP3 of 11 kHz: the low bits are no codec of pictures
            Tag(VIDEO, 0, b"\x22\x00"),  # H.263
            Tag(VIDEO, 0, b"\x17"),
        )
    ]
    header, media, none = (False, True), (True, False), (False, False)
    assert [header, media, media, media, none] == claims


def test_metadata_gives_the_numbers() -> None:
    """Width and frame rate are read from an ECMA array, past strings and booleans."""
    body = (
        b"\x02\x00\x0aonMetaData\x08\x00\x00\x00\x04"
        b"\x00\x05width\x00\x40\x94\x00\x00\x00\x00\x00\x00"
        b"\x00\x07encoder\x02\x00\x03obs"
        b"\x00\x06stereo\x01\x01"
        b"\x00\x09framerate\x00\x40\x3e\x00\x00\x00\x00\x00\x00"
        b"\x00\x00\x09"
    )
    assert metadata(Tag(SCRIPT, 0, body)) == {"width": 1280.0, "framerate": 30.0}


WIDTH = b"\x02\x00\x0aonMetaData\x03\x00\x05width\x00" + struct.pack(">d", 1280)


def test_a_number_may_end_the_metadata() -> None:
    """The end mark of the object may be missing; a number that is cut off is none."""
    assert metadata(Tag(SCRIPT, 0, WIDTH)) == {"width": 1280.0}
    assert metadata(Tag(SCRIPT, 0, WIDTH[:-1])) == {}


def test_only_on_meta_data_is_metadata() -> None:
    """Another script tag has no numbers for the program, nor has a picture of the same bytes."""
    assert metadata(Tag(SCRIPT, 0, WIDTH.replace(b"onMetaData", b"onCuePoint"))) == {}
    assert metadata(Tag(VIDEO, 0, WIDTH)) == {}


@given(st.binary(max_size=80))
def test_broken_metadata_is_not_an_error(tail: bytes) -> None:
    """Reading ends whatever follows the name."""
    metadata(Tag(SCRIPT, 0, b"\x02\x00\x0aonMetaData" + tail))


def test_numbers_that_cannot_be_are_left_out() -> None:
    """No number of a publisher or of a file ends the program."""
    for number in (float("nan"), float("inf"), -float("inf"), 1e300):
        body = b"\x02\x00\x0aonMetaData\x03\x00\x05width\x00" + struct.pack(">d", number)
        assert metadata(Tag(SCRIPT, 0, body)) == {}


def test_a_codec_may_be_four_letters() -> None:
    """Four bytes, the largest number that metadata has, are kept."""
    body = WIDTH[:-8] + struct.pack(">d", 2**32)
    assert metadata(Tag(SCRIPT, 0, body)) == {"width": 2**32}


def test_b_frames_are_shown_later_than_their_timestamp() -> None:
    """The composition time is read as a signed number, from H.264 and enhanced HEVC, and is 0 elsewhere."""
    tags = (
        Tag(VIDEO, 0, b"\x27\x01\x00\x00\x42abc"),
        Tag(VIDEO, 0, b"\x27\x01\xff\xff\xfeabc"),
        Tag(VIDEO, 0, b"\xa1hvc1\x00\x00\x21x"),
        Tag(VIDEO, 0, b"\xa3hvc1\x00\x00\x21x"),
        sound(0, 1),
    )
    assert [tag.composition_time for tag in tags] == [66, -2, 33, 0, 0]


def test_what_has_no_composition_time_has_none() -> None:
    """Its place in a picture of H.264 and HEVC is the only one; the time may be the last thing in a tag."""
    tags = (
        Tag(VIDEO, 0, b"\x27\x01\x00\x00\x42"),
        Tag(VIDEO, 0, b"\xa1hvc1\x00\x00\x21"),
        Tag(VIDEO, 0, b"\x27\x01\x00\x42"),
        Tag(VIDEO, 0, b"\xa1hvc1\x00\x21"),
        Tag(VIDEO, 0, b"\x22\x01\x00\x00\x42"),  # H.263
        Tag(VIDEO, 0, b"\x17\x00\x00\x00\x42"),  # parameters
        Tag(AUDIO, 0, b"\x27\x01\x00\x00\x42"),  # MP3 of 11 kHz
    )
    assert [tag.composition_time for tag in tags] == [66, 33, 0, 0, 0, 0, 0]
