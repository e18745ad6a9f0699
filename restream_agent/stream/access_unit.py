"""What is inside a picture of H.264 as FLV carries it: a sequence of units, each after its length. Pure.

Sources: ISO/IEC 14496-15 5.3 (lengths, avcC), ITU-T H.264 7.4.1.2.3 (the order of units), annex D (SEI).
"""

from collections.abc import Iterator
from itertools import islice

from restream_agent.stream.bits import unescaped
from restream_agent.stream.flv import VIDEO, Tag

LARGEST_PARAMETERS = 64 * 1024
"""Bytes of decoder parameters that are put in front of a picture. SPS and PPS are less than 1 KiB."""

USUAL_WIDTH = 4
"""Bytes of a unit's length, unless a sequence header says another number."""

_KEYFRAME = b"\x17\x01"
_PICTURES = (b"\x17\x01", b"\x27\x01")
_HEADER = b"\x17\x00"
_HEAD = 5  # frame type and codec, packet type, composition time
_SLICES = range(1, 6)
_SEI, _DELIMITER = 6, 9
_RECOVERY_POINT = 6
_LARGEST_SEI = 4096
_MOST_UNITS = 8
"""Units before the first slice that are looked at: delimiter, parameters and some SEI."""

_MOST_MESSAGES = 8
"""Messages of a picture that are looked at. A publisher may send thousands of pictures of thousands each."""

_LONGEST_NUMBER = 16
"""Bytes of a message's type or length: 4 KiB."""


def with_parameters(keyframe: Tag, header: Tag) -> Tag:
    """Return a keyframe with the SPS and PPS of an H.264 sequence header in front of its picture.

    Some decoders and parsers read sequence headers only at the beginning of a stream. With the parameters
    inside the keyframe, a change of parameters between two sources costs them no picture (measured with
    ffmpeg's parser). An access unit delimiter stays the first unit. With another codec or a damaged header
    the keyframe is returned as it is.
    """
    if keyframe.body[:2] != _KEYFRAME or header.body[:2] != _HEADER or len(header.body) < 12:
        return keyframe
    parameters = _parameters(header.body[_HEAD : LARGEST_PARAMETERS + _HEAD])
    if parameters is None:
        return keyframe
    head, picture = keyframe.body[:_HEAD], keyframe.body[_HEAD:]
    begin, end = _delimiter(picture, width_of_lengths(header))
    body = b"".join((head, picture[begin:end], parameters, picture[:begin], picture[end:]))
    return Tag(VIDEO, keyframe.timestamp, body)


def width_of_lengths(header: Tag) -> int:
    """Return how many bytes a unit's length has, by an H.264 sequence header."""
    return (header.body[_HEAD + 4] & 0x03) + 1 if len(header.body) > _HEAD + 4 else USUAL_WIDTH


def is_recovery_point(tag: Tag, width: int) -> bool:
    """Whether the encoder says that a decoder may begin here, though it is no keyframe (intra-refresh)."""
    if tag.kind != VIDEO or tag.body[:2] not in _PICTURES:
        return False
    return _RECOVERY_POINT in islice(_messages(tag.body[_HEAD:], width), _MOST_MESSAGES)


def _parameters(record: bytes) -> bytes | None:
    """Return the SPS and PPS of an avcC record as units, None if it is damaged."""
    units = []
    width = (record[4] & 0x03) + 1
    position = 5
    for mask in (0x1F, 0xFF):
        count = record[position] & mask if position < len(record) else 0
        position += 1
        for _ in range(count):
            end = position + 2 + int.from_bytes(record[position : position + 2], "big")
            if end > len(record):
                return None
            unit = record[position + 2 : end]
            if len(unit) >= 1 << 8 * width:
                return None
            units.append(len(unit).to_bytes(width, "big") + unit)
            position = end
    return b"".join(units)


def _delimiter(picture: bytes, width: int) -> tuple[int, int]:
    """Return where the access unit delimiter begins and ends, its length included; (0, 0) if there is none.

    It belongs in front of everything. ffmpeg puts x264's SEI of the first picture before it (libx264.c).
    """
    for begin, end in _units_before_slice(picture, width):
        if picture[begin + width] & 0x1F == _DELIMITER:
            return begin, end
    return 0, 0


def _units_before_slice(picture: bytes, width: int) -> Iterator[tuple[int, int]]:
    """Yield where each unit before the picture itself begins and ends, its length included."""
    begin = 0
    for _ in range(_MOST_UNITS):
        end = begin + width + int.from_bytes(picture[begin : begin + width], "big")
        if not begin + width < end <= len(picture) or picture[begin + width] & 0x1F in _SLICES:
            return
        yield begin, end
        begin = end


def _messages(picture: bytes, width: int) -> Iterator[int]:
    """Yield the type of each SEI message before the picture itself."""
    for begin, end in _units_before_slice(picture, width):
        unit = picture[begin + width : min(end, begin + width + _LARGEST_SEI)]
        if unit[0] & 0x1F == _SEI:
            messages, position = unescaped(unit), 1
            while position + 1 < len(messages):
                kind, position = _number(messages, position)
                size, position = _number(messages, position)
                yield kind
                position += size


def _number(messages: bytes, position: int) -> tuple[int, int]:
    """Read a number of an SEI message: bytes of 255 and a last one are added up. Return what follows, too."""
    number, most = 0, position + _LONGEST_NUMBER
    while position < most and messages[position : position + 1] == b"\xff":
        number += 255
        position += 1
    return number + int.from_bytes(messages[position : position + 1], "big"), position + 1
