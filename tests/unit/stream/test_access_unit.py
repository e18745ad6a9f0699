"""Units inside a picture of H.264: parameters before a cut's keyframe, delimiters, recovery points."""

import time
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restream_agent.stream.access_unit import is_recovery_point, width_of_lengths, with_parameters
from restream_agent.stream.flv import AUDIO, LARGEST_BODY, VIDEO, Tag, encode
from tests.unit.stream.flv_making import parameters, picture, sound

SPS, PPS = b"\x67\x42\x00\x1f", b"\x68\xce"
SLICE, INTRA = b"\x41\x9a", b"\x65\x88"
DELIMITER = b"\x09\xf0"
WORDS = b"\x06\x05\x04abcd\x80"
"""An SEI unit with a message of the user, as x264 sends its settings."""
RECOVERY = b"\x06\x06\x01\xc4\x80"


def header(width: int = 4) -> Tag:
    """Return a sequence header that gives a unit's length so many bytes."""
    record = (
        bytes([1, 0x42, 0, 0x1F, 0xFC | width - 1, 0xE1, 0, len(SPS)]) + SPS + bytes([1, 0, len(PPS)]) + PPS
    )
    return Tag(VIDEO, 0, b"\x17\x00\x00\x00\x00" + record)


def made(*units: bytes, width: int = 4, first: int = 0x17) -> Tag:
    """Return a picture of these units."""
    framed = b"".join(len(unit).to_bytes(width, "big") + unit for unit in units)
    return Tag(VIDEO, 40, bytes([first, 1, 0, 0, 80]) + framed)


@pytest.mark.parametrize("width", [1, 2, 4])
@pytest.mark.parametrize(
    ("units", "expected"),
    [
        ((INTRA,), (SPS, PPS, INTRA)),
        ((DELIMITER, INTRA), (DELIMITER, SPS, PPS, INTRA)),
        ((WORDS, INTRA), (SPS, PPS, WORDS, INTRA)),
        ((DELIMITER, WORDS, INTRA), (DELIMITER, SPS, PPS, WORDS, INTRA)),
        ((WORDS, DELIMITER, INTRA), (DELIMITER, SPS, PPS, WORDS, INTRA)),
        ((DELIMITER, SPS, PPS, INTRA), (DELIMITER, SPS, PPS, SPS, PPS, INTRA)),
        # A delimiter after the picture would be another picture's.
        ((INTRA, DELIMITER), (SPS, PPS, INTRA, DELIMITER)),
    ],
)
def test_parameters_come_after_the_delimiter_and_before_all_else(
    units: tuple[bytes, ...], expected: tuple[bytes, ...], width: int
) -> None:
    """H.264 wants the access unit delimiter first."""
    assert with_parameters(made(*units, width=width), header(width)) == made(*expected, width=width)


@pytest.mark.parametrize(
    "body", [b"\x91hvc1\0\0\0\0\0\0\2\x46\1", b"\x1c\1\0\0\0\0\0\0\2\x46\1", b"\x12\0\0"]
)
def test_keyframes_of_other_codecs_stay_as_they_are(body: bytes) -> None:
    """HEVC, FLV1 and whatever comes next."""
    keyframe = Tag(VIDEO, 0, body)
    assert keyframe.is_keyframe
    assert with_parameters(keyframe, header()) == keyframe


def test_the_parameters_of_a_sequence_header_are_put_into_a_keyframe() -> None:
    """SPS and PPS, each after its length, come between the tag's header and the picture."""
    sps, pps = b"\x67\x42\x00\x1f", b"\x68\xce"
    record = b"\x01\x42\x00\x1f\xff\xe1\x00\x04" + sps + b"\x01\x00\x02" + pps
    header = Tag(VIDEO, 0, b"\x17\x00\x00\x00\x00" + record)
    keyframe = Tag(VIDEO, 40, b"\x17\x01\x00\x00\x00\x00\x00\x00\x01\x65")
    units = b"\x00\x00\x00\x04" + sps + b"\x00\x00\x00\x02" + pps
    expected = Tag(VIDEO, 40, keyframe.body[:5] + units + keyframe.body[5:])
    assert with_parameters(keyframe, header) == expected


@given(st.binary(max_size=60))
def test_a_damaged_header_leaves_the_keyframe_decodable(record: bytes) -> None:
    """The picture is still at the end, whatever the record holds."""
    keyframe = picture(0, 1, is_keyframe=True)
    changed = with_parameters(keyframe, Tag(VIDEO, 0, b"\x17\x00\x00\x00\x00" + record))
    assert changed.body.endswith(keyframe.body[5:])


def test_parameters_longer_than_their_length_can_say_are_left_out() -> None:
    """A record may state lengths of one byte, and units of up to 65,535."""
    record = b"\x01\x42\x00\x1f\xfc\xe1\x01\x2c" + bytes(300) + b"\x00"
    keyframe = picture(0, 1, is_keyframe=True)
    assert with_parameters(keyframe, Tag(VIDEO, 0, b"\x17\x00\x00\x00\x00" + record)) == keyframe


def test_the_largest_header_and_the_largest_picture_fit_into_one_tag() -> None:
    """A tag's length has three bytes: 16 MiB."""
    units = b"".join(b"\xff\xff" + bytes(0xFFFF) for _ in range(31))
    header = Tag(VIDEO, 0, b"\x17\x00\x00\x00\x00\x01\x42\x00\x1f\xff\xff" + units * 4 + b"\x00")
    keyframe = Tag(VIDEO, 0, b"\x17\x01" + bytes(LARGEST_BODY - 2))
    assert len(encode(with_parameters(keyframe, header))) < LARGEST_BODY + 100_000


@pytest.mark.parametrize("width", [1, 2, 4])
def test_a_recovery_point_is_found_among_the_units_before_the_picture(width: int) -> None:
    """Wherever its SEI is, and behind other messages of it."""
    both = WORDS[:-1] + RECOVERY[1:]
    for units in [*permutations((DELIMITER, WORDS, RECOVERY)), (both,), (RECOVERY,)]:
        assert is_recovery_point(made(*units, SLICE, width=width, first=0x27), width)


@pytest.mark.parametrize(
    "tag",
    [
        made(SLICE, first=0x27),
        made(DELIMITER, WORDS, SLICE, first=0x27),
        made(SLICE, RECOVERY, first=0x27),
        made(b"\x06\x05\x02\x06\x06\x80", SLICE, first=0x27),
        made(b"\x06\x05\x01a\x06", SLICE, first=0x27),
        made(RECOVERY, SLICE, first=0x2C),
        Tag(AUDIO, 0, made(RECOVERY, SLICE, first=0x27).body),
        sound(0, 1),
        parameters(VIDEO, 1),
        Tag(VIDEO, 0, b"\xa1hvc1\0\0\0\0\0\0\5" + RECOVERY),
        Tag(VIDEO, 0, b"\x27\1\0\0\0\0\0\0\0\0\0\0\5" + RECOVERY),
    ],
)
def test_what_is_no_recovery_point(tag: Tag) -> None:
    """Other messages, a message with the same bytes inside, SEI after the picture, other codecs."""
    assert not is_recovery_point(tag, 4)


def test_long_messages_are_passed_over() -> None:
    """A message of 255 bytes or more has more than one byte for its length, and zeros are escaped."""
    long = b"\x05\xff\x2d" + b"\0\0\3\1" * 100
    assert is_recovery_point(made(b"\x06" + long + RECOVERY[1:], SLICE, first=0x27), 4)


@given(st.binary(max_size=80), st.sampled_from([1, 2, 4]))
def test_damaged_pictures_are_no_error(data: bytes, width: int) -> None:
    """Whatever a publisher sends."""
    keyframe = Tag(VIDEO, 0, b"\x17\1\0\0\0" + data)
    is_recovery_point(keyframe, width)
    assert len(with_parameters(keyframe, header(width)).body) == len(keyframe.body) + 2 * width + 6


def test_the_width_of_lengths_is_the_headers() -> None:
    """Four bytes where a header is too short to say it."""
    assert [width_of_lengths(header(width)) for width in (1, 2, 4)] == [1, 2, 4]
    assert width_of_lengths(parameters(VIDEO, 1)) == 4
    assert [width_of_lengths(Tag(VIDEO, 0, b"\x17" + bytes(size))) for size in (8, 9)] == [4, 1]


@pytest.mark.parametrize(
    "units",
    [
        [b"\x06" + b"\x05\x00" * 2000] * 16,
        [b"\x06" + b"\xff" * 4000] * 16,
        [b"\x06\x05\x00"] * 5000,
        [DELIMITER] * 5000,
    ],
)
def test_looking_into_a_picture_costs_little_whatever_is_in_it(units: list[bytes]) -> None:
    """A publisher may send thousands of such pictures a second: a thousand take less than 0.2 s."""
    evil = made(*units, SLICE, first=0x27)
    begun = time.process_time()
    for _ in range(1000):
        assert not is_recovery_point(evil, 4)
    assert time.process_time() - begun < 0.2
